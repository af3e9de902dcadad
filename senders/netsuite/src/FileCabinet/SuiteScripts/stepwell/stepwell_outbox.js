/**
 * The outbox: one row for each event that the hub must hear of. A row names the record; what the record holds is read when the row is sent.
 * Times are whole seconds since 1970 or UTC texts, so that no account's date format or time zone changes them.
 *
 * @NApiVersion 2.1
 * @NModuleScope SameAccount
 */
define(['N/record', 'N/search'],
  /**
   * @param {import('N/record')} record
   * @param {import('N/search')} search
   */
  (record, search) => {
    const TYPE = 'customrecord_stepwell_outbox'
    const FIELD = {
      recordType: 'custrecord_stepwell_rectype',
      recordId: 'custrecord_stepwell_recid',
      event: 'custrecord_stepwell_event',
      externalId: 'custrecord_stepwell_extid',
      occurredAt: 'custrecord_stepwell_at',
      changes: 'custrecord_stepwell_changes',
      createdFrom: 'custrecord_stepwell_from',
      context: 'custrecord_stepwell_context',
      user: 'custrecord_stepwell_user',
      state: 'custrecord_stepwell_state',
      attempts: 'custrecord_stepwell_attempts',
      next: 'custrecord_stepwell_next',
      done: 'custrecord_stepwell_done',
      answer: 'custrecord_stepwell_answer',
    }
    const STATE = { WAITING: 'waiting', SENT: 'sent', REFUSED: 'refused', GIVEN_UP: 'given-up' }
    /** Rows of one record that one pass looks at. */
    const ROWS_MAX = 200

    /** Writes a row. `values` are those of FIELD, by their names here; returns the row's id. */
    const add = (values) => {
      const row = record.create({ type: TYPE })
      const all = { ...values, state: STATE.WAITING, attempts: 0, next: 0 }
      for (const [name, value] of Object.entries(all)) {
        row.setValue({ fieldId: FIELD[name], value })
      }
      return row.save()
    }

    const columns = () => [
      search.createColumn({ name: 'internalid', sort: search.Sort.ASC }),
      ...Object.values(FIELD).map((name) => search.createColumn({ name })),
    ]

    const read = (result) => {
      const row = { id: String(result.id) }
      for (const [name, fieldId] of Object.entries(FIELD)) {
        row[name] = result.getValue({ name: fieldId })
      }
      row.attempts = Number(row.attempts) || 0
      row.next = Number(row.next) || 0
      return row
    }

    /** The search for rows whose time has come, oldest first: the input of a Map/Reduce script. */
    const due = (now) => search.create({
      type: TYPE,
      filters: [[FIELD.state, 'is', STATE.WAITING], 'AND', [FIELD.next, 'lessthanorequalto', String(now)]],
      columns: columns(),
    })

    /** All waiting rows of one record, in the order of their events. */
    const waitingOf = (recordType, recordId) => search.create({
      type: TYPE,
      filters: [
        [FIELD.state, 'is', STATE.WAITING],
        'AND', [FIELD.recordType, 'is', recordType],
        'AND', [FIELD.recordId, 'is', recordId],
      ],
      columns: columns(),
    }).run().getRange({ start: 0, end: ROWS_MAX }).map(read)

    /** Sets some values of a row, by their names here. */
    const mark = (id, values) => {
      const fields = {}
      for (const [name, value] of Object.entries(values)) {
        fields[FIELD[name]] = value
      }
      record.submitFields({ type: TYPE, id, values: fields })
    }

    /** Ids of rows that were sent before a time. */
    const sentBefore = (seconds, rowsMax) => search.create({
      type: TYPE,
      filters: [[FIELD.state, 'is', STATE.SENT], 'AND', [FIELD.done, 'lessthan', String(seconds)]],
      columns: [search.createColumn({ name: 'internalid', sort: search.Sort.ASC })],
    }).run().getRange({ start: 0, end: rowsMax }).map((result) => String(result.id))

    const remove = (id) => record.delete({ type: TYPE, id })

    return { TYPE, FIELD, STATE, add, due, waitingOf, mark, sentBefore, remove }
  })
