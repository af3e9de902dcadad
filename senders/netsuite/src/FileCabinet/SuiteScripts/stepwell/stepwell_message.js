/**
 * The message of an outbox row: what happened to which record, and the record's fields as they are now. They are read here, and not when the
 * event happened, so that an inline edit is told whole. A deleted record has none.
 *
 * @NApiVersion 2.1
 * @NModuleScope SameAccount
 */
define(['N/record', 'N/runtime', 'N/search', './stepwell_fields'],
  /**
   * @param {import('N/record')} record
   * @param {import('N/runtime')} runtime
   * @param {import('N/search')} search
   */
  (record, runtime, search, fields) => {
    const BASE_PRICE = '1'
    const isEmpty = (value) => value === '' || value === null || value === undefined

    /** A currency by its id. Its refName is its ISO code: the name that NetSuite shows may be anything. */
    const currency = (id) => {
      const { symbol } = search.lookupFields({ type: search.Type.CURRENCY, id, columns: ['symbol'] })
      return { id: String(id), refName: String(symbol) }
    }

    const READERS = {
      [fields.KIND.TEXT]: (value) => (isEmpty(value) ? null : String(value)),
      [fields.KIND.NUMBER]: (value) => (isEmpty(value) ? null : Number(value)),
      [fields.KIND.FLAG]: (value) => value === true || value === 'T',
      [fields.KIND.CHOICE]: (value, loaded, fieldId) =>
        (isEmpty(value) ? undefined : { id: String(value), refName: loaded.getText({ fieldId }) }),
      [fields.KIND.REFERENCE]: (value) => (isEmpty(value) ? null : { id: String(value) }),
      [fields.KIND.CURRENCY]: (value, _loaded, _fieldId, settings) => {
        if (!isEmpty(value)) {
          return currency(value)
        }
        return settings.currency ? { id: null, refName: settings.currency } : undefined
      },
    }

    /** Base prices: a sublist for each currency (price1, price2), one for all (price), or a plain rate, as the account's features have it. */
    const pricesOf = (item, settings) => {
      const lists = (item.getSublists() || []).filter((sublistId) => /^price\d*$/.test(sublistId))
      const prices = lists.map((sublistId) => {
        const line = item.findSublistLineWithValue({ sublistId, fieldId: 'pricelevel', value: BASE_PRICE })
        const price = line < 0 ? null : item.getSublistValue({ sublistId, fieldId: 'price_1_', line })
        const id = sublistId.slice('price'.length)
        return { id, price }
      })
      if (prices.length === 0) {
        prices.push({ id: '', price: item.getValue({ fieldId: 'rate' }) })
      }
      return prices
        .filter(({ id, price }) => !isEmpty(price) && (id !== '' || settings.currency))
        .map(({ id, price }) => ({ currency: id === '' ? { refName: settings.currency } : currency(id), price: Number(price) }))
    }

    /** The record as it is now: its external id, and its fields by their names in the REST API. Null if it is gone. */
    const current = (row, settings) => {
      let loaded
      try {
        loaded = record.load({ type: row.recordType, id: row.recordId })
      } catch (error) {
        if (error.name === 'RCRD_DSNT_EXIST') {
          return null
        }
        throw error
      }
      const result = {}
      for (const [fieldId, [name, kind]] of Object.entries(fields.of(row.recordType))) {
        const value = READERS[kind](loaded.getValue({ fieldId }), loaded, fieldId, settings)
        if (value !== undefined) {
          result[name] = value
        }
      }
      if (fields.isItem(row.recordType)) {
        result.prices = pricesOf(loaded, settings)
      }
      return { externalId: loaded.getValue({ fieldId: 'externalid' }), fields: result }
    }

    /** The order, or other transaction, that a fulfillment or an invoice was created from. */
    const origin = (id) => {
      const found = search.lookupFields({ type: search.Type.TRANSACTION, id, columns: ['recordtype', 'externalid'] })
      const [externalId] = [].concat(found.externalid || [])
      return {
        recordType: String(found.recordtype),
        id,
        externalId: (externalId && (externalId.value || externalId)) || null,
      }
    }

    /** The id of a row's message: the same each time that it is sent, another in each account. */
    const idOf = (row) => `ns-${runtime.accountId}-${row.id}`

    const build = (row, settings) => {
      const changed = row.changes ? row.changes.split(',') : []
      const now = row.event === 'delete' || !settings.withRecord ? null : current(row, settings)
      return {
        eventId: idOf(row),
        accountId: runtime.accountId,
        recordType: row.recordType,
        type: row.event,
        id: row.recordId,
        externalId: (now && now.externalId) || row.externalId || null,
        occurredAt: row.occurredAt,
        executionContext: row.context,
        userId: row.user,
        // Which fields were changed. Their values are the record's, as it is now.
        changes: changed.length === 0 ? null : Object.fromEntries(changed.map((name) => [name, {}])),
        createdFrom: row.createdFrom ? origin(row.createdFrom) : null,
        record: now && now.fields,
      }
    }

    return { idOf, build }
  })
