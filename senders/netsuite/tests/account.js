'use strict'
// A NetSuite account in memory, as far as the scripts of this package use one: records, the outbox, searches, parameters, secrets, calls. It
// gives implementations of the modules' functions. Tests put them into Oracle's stubs, `play.js` uses them as they are.

const crypto = require('node:crypto')

const OUTBOX = 'customrecord_stepwell_outbox'

class Account {
  /** `post({url, headers, body})` answers `{code, body}` or throws, as `https.post` does. */
  constructor({ parameters = {}, secrets = {}, post } = {}) {
    this.accountId = '1234567_SB1'
    this.records = new Map()
    this.outbox = new Map()
    this.symbols = { 1: 'USD', 4: 'EUR' }
    this.log = []
    this.submitted = []
    this.usage = 5000
    this.secrets = secrets
    this.posts = []
    this.answer = post || (() => ({ code: 202, body: '{}' }))
    this.parameters = {
      custscript_stepwell_url: 'https://hub.example.com/hooks/netsuite',
      custscript_stepwell_secret: 'custsecret_stepwell',
      custscript_stepwell_account: this.accountId,
      custscript_stepwell_currency: '',
      custscript_stepwell_record: true,
      ...parameters,
    }
  }

  /** Puts a record there. `texts` are what the form shows for ids, `sublists` are lines by sublist. */
  put(type, id, values, { texts = {}, sublists = {} } = {}) {
    const record = readable(type, id, values, texts, sublists)
    this.records.set(`${type}:${id}`, record)
    return record
  }

  rows() {
    return [...this.outbox.values()]
  }

  modules() {
    const account = this
    const rowOf = (id) => {
      const row = account.outbox.get(String(id))
      if (!row) throw fault('RCRD_DSNT_EXIST', `no row ${id}`)
      return row
    }
    return {
      'N/record': {
        create({ type }) {
          if (type !== OUTBOX) throw fault('UNEXPECTED', `nothing here creates ${type}`)
          const values = {}
          return {
            setValue: ({ fieldId, value }) => { values[fieldId] = value },
            save() {
              const id = account.outbox.size + 1
              account.outbox.set(String(id), { id: String(id), ...values })
              return id
            },
          }
        },
        load({ type, id }) {
          const record = account.records.get(`${type}:${id}`)
          if (!record) throw fault('RCRD_DSNT_EXIST', 'That record does not exist.')
          return record
        },
        submitFields({ id, values }) {
          Object.assign(rowOf(id), values)
          return Number(id)
        },
        delete({ id }) {
          rowOf(id)
          account.outbox.delete(String(id))
          return Number(id)
        },
      },
      'N/search': {
        Sort: { ASC: 'ASC', DESC: 'DESC', NONE: 'NONE' },
        Type: { CURRENCY: 'currency', TRANSACTION: 'transaction' },
        createColumn: (column) => column,
        create: ({ type, filters }) => {
          if (type !== OUTBOX) throw fault('UNEXPECTED', `nothing here searches ${type}`)
          const found = () => account.rows().filter((row) => fits(row, filters)).map(result)
          return { run: () => ({ getRange: ({ start, end }) => found().slice(start, end) }), found }
        },
        lookupFields({ type, id }) {
          if (type === 'currency') return { symbol: account.symbols[id] }
          const record = [...account.records.values()].find((one) => String(one.id) === String(id))
          return { recordtype: record.type, externalid: [{ value: record.getValue({ fieldId: 'externalid' }), text: '' }] }
        },
      },
      'N/runtime': {
        accountId: account.accountId,
        executionContext: 'USERINTERFACE',
        getCurrentUser: () => ({ id: 12 }),
        getCurrentScript: () => ({
          getParameter: ({ name }) => account.parameters[name],
          getRemainingUsage: () => account.usage,
        }),
      },
      'N/crypto': {
        HashAlg: { SHA256: 'SHA256' },
        createSecretKey: ({ secret, encoding }) => {
          if (!account.secrets[secret]) throw fault('INVALID_SECRET_ID', `no secret ${secret}`)
          return { secret, encoding }
        },
        createHmac: ({ key }) => {
          const hmac = crypto.createHmac('sha256', Buffer.from(account.secrets[key.secret], key.encoding === 'BASE_64' ? 'base64' : 'utf8'))
          return {
            update: ({ input, inputEncoding }) => hmac.update(input, inputEncoding === 'UTF_8' ? 'utf8' : undefined),
            digest: ({ outputEncoding }) => hmac.digest(outputEncoding === 'BASE_64' ? 'base64' : 'hex'),
          }
        },
      },
      'N/encode': { Encoding: { UTF_8: 'UTF_8', BASE_64: 'BASE_64' } },
      'N/https': {
        post(request) {
          account.posts.push(request)
          return account.answer(request)
        },
      },
      'N/task': {
        TaskType: { MAP_REDUCE: 'MAP_REDUCE' },
        create: (options) => ({ submit: () => account.submitted.push(options) }),
      },
      'N/log': Object.fromEntries(['debug', 'audit', 'error'].map((level) => [level, (entry) => account.log.push({ level, ...entry })])),
      'N/error': { create: ({ name, message }) => fault(name, message) },
    }
  }
}

function fault(name, message) {
  return Object.assign(new Error(message), { name })
}

function readable(type, id, values, texts, sublists) {
  return {
    type,
    id,
    getValue: ({ fieldId }) => (fieldId in values ? values[fieldId] : ''),
    getText: ({ fieldId }) => texts[fieldId] || '',
    getFields: () => Object.keys(values),
    getSublists: () => Object.keys(sublists),
    findSublistLineWithValue: ({ sublistId, fieldId, value }) => sublists[sublistId].findIndex((line) => line[fieldId] === value),
    getSublistValue: ({ sublistId, fieldId, line }) => sublists[sublistId][line][fieldId],
  }
}

const COMPARE = {
  is: (a, b) => String(a) === String(b),
  lessthanorequalto: (a, b) => Number(a) <= Number(b),
  lessthan: (a, b) => Number(a) < Number(b),
}

function fits(row, filters) {
  return filters.filter(Array.isArray).every(([field, operator, value]) => COMPARE[operator](row[field], value))
}

function result(row) {
  return { id: row.id, row, getValue: ({ name }) => (row[name] === undefined ? '' : String(row[name])) }
}

/** A Map/Reduce script as NetSuite runs it: input, map, one reduce for each key, summary. */
function runMapReduce(script) {
  const output = []
  const keys = new Set()
  const errors = { map: [], reduce: [] }
  const stage = (name, key, run) => {
    try { run() } catch (error) { errors[name].push([key, error]) }
  }
  for (const found of script.getInputData().found()) {
    const value = JSON.stringify({ recordType: OUTBOX, id: found.id, values: found.row })
    stage('map', found.id, () => script.map({ key: found.id, value, write: ({ key }) => keys.add(key) }))
  }
  for (const key of keys) {
    stage('reduce', key, () => script.reduce({ key, values: [], write: (pair) => output.push(pair) }))
  }
  const iterator = (pairs) => ({ iterator: () => ({ each: (callback) => { pairs.every(([key, value]) => callback(key, value)) } }) })
  script.summarize({
    inputSummary: { error: null },
    mapSummary: { errors: iterator(errors.map) },
    reduceSummary: { errors: iterator(errors.reduce) },
    output: iterator(output.map(({ key, value }) => [key, value])),
  })
}

module.exports = { Account, readable: (type, id, values) => readable(type, id, values, {}, {}), runMapReduce, fault, OUTBOX }
