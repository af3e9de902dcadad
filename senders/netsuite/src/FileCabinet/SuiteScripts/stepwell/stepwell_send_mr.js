/**
 * Sends the rows of the outbox to the hub. Rows of one record are sent one after the other, in the order of their events; records go side by
 * side. A row that fails holds back the later ones of its record until it is sent, refused or given up.
 *
 * Each row is sent at least once: the id of its message stays the same, and the hub knows it by that.
 *
 * @NApiVersion 2.1
 * @NScriptType MapReduceScript
 * @NModuleScope SameAccount
 */
define(['N/error', 'N/https', 'N/log', 'N/runtime', './stepwell_delivery', './stepwell_message', './stepwell_outbox', './stepwell_signature'],
  /**
   * @param {import('N/error')} error
   * @param {import('N/https')} https
   * @param {import('N/log')} log
   * @param {import('N/runtime')} runtime
   */
  (error, https, log, runtime, delivery, message, outbox, signature) => {
    /** Loading a transaction 10, lookups of currencies and origin, the call 10, the mark 2. */
    const UNITS_FOR_A_ROW = 60
    const UNITS_FOR_A_REMOVAL = 6
    const DAYS_KEPT = 14
    const REMOVALS_MAX = 1000

    const seconds = () => Math.floor(Date.now() / 1000)

    const parameter = (name) => runtime.getCurrentScript().getParameter({ name: `custscript_stepwell_${name}` })

    /** The deployment's parameters. A copy of the account, such as a refreshed sandbox, must not send as if it were the original. */
    const settings = () => {
      const account = parameter('account')
      if (account !== runtime.accountId) {
        throw error.create({
          name: 'STEPWELL_OTHER_ACCOUNT',
          message: `this deployment is meant for account ${account || '(none)'}, and this is ${runtime.accountId}: set its parameter Account`,
        })
      }
      const [url, secret] = [parameter('url'), parameter('secret')]
      if (!url || !secret) {
        throw error.create({ name: 'STEPWELL_NOT_SET_UP', message: 'set the parameters URL and Secret of this deployment' })
      }
      const withRecord = parameter('record')
      return { url, secret, currency: parameter('currency') || null, withRecord: withRecord === true || withRecord === 'T' }
    }

    const send = (row, set) => {
      const body = JSON.stringify(message.build(row, set))
      const response = https.post({ url: set.url, body, headers: signature.headers(message.idOf(row), seconds(), body, set.secret) })
      return { status: response.code, detail: response.body }
    }

    const attempt = (row, set) => {
      try {
        return send(row, set)
      } catch (failure) {
        return { status: 0, detail: `${failure.name}: ${failure.message}` }
      }
    }

    const getInputData = () => {
      settings()
      return outbox.due(seconds())
    }

    const map = (context) => {
      const { values } = JSON.parse(context.value)
      const [recordType, recordId] = [values[outbox.FIELD.recordType], values[outbox.FIELD.recordId]]
      context.write({ key: `${recordType}:${recordId}`, value: '' })
    }

    const reduce = (context) => {
      const [recordType, recordId] = context.key.split(':')
      const set = settings()
      for (const row of outbox.waitingOf(recordType, recordId)) {
        if (row.next > seconds() || runtime.getCurrentScript().getRemainingUsage() < UNITS_FOR_A_ROW) {
          return
        }
        const { status, detail } = attempt(row, set)
        const result = delivery.after(row, status, detail, seconds())
        outbox.mark(row.id, result)
        if (result.state === outbox.STATE.WAITING) {
          return
        }
        if (result.state !== outbox.STATE.SENT) {
          context.write({ key: row.id, value: `${result.state}: ${row.event} of ${recordType} ${recordId}: ${result.answer}` })
        }
      }
    }

    const removeOld = () => {
      for (const id of outbox.sentBefore(seconds() - DAYS_KEPT * 86400, REMOVALS_MAX)) {
        if (runtime.getCurrentScript().getRemainingUsage() < UNITS_FOR_A_REMOVAL) {
          return
        }
        outbox.remove(id)
      }
    }

    const failuresOf = (summary) => {
      const failures = []
      const note = (failure) => {
        failures.push(failure)
        return true // go on to the next
      }
      if (summary.inputSummary.error) {
        failures.push(`input: ${summary.inputSummary.error}`)
      }
      for (const stage of [summary.mapSummary, summary.reduceSummary]) {
        stage.errors.iterator().each((key, failure) => note(`${key}: ${failure}`))
      }
      summary.output.iterator().each((key, value) => note(`row ${key}, ${value}`))
      return failures
    }

    /** Throws when something needs a person: NetSuite sends the owner of a script its errors, and the log alone nobody reads. */
    const summarize = (summary) => {
      const failures = failuresOf(summary)
      removeOld()
      if (failures.length > 0) {
        log.error({ title: `Stepwell: ${failures.length} need a person`, details: failures.join('\n') })
        throw error.create({ name: 'STEPWELL_NOT_DELIVERED', message: failures.slice(0, 20).join('\n') })
      }
    }

    return { getInputData, map, reduce, summarize, config: { retryCount: 1, exitOnError: false } }
  })
