/**
 * What a user event means for the outbox. Only names of fields are kept, no values: an inline edit holds just the fields that were edited,
 * and by the time the row is sent the record may be another.
 *
 * @NApiVersion 2.1
 * @NModuleScope SameAccount
 */
define(['N/runtime', './stepwell_fields'],
  /**
   * @param {import('N/runtime')} runtime
   */
  (runtime, fields) => {
    const text = (value) => (value === null || value === undefined ? '' : String(value))
    const valueOf = (record, fieldId) => (record ? record.getValue({ fieldId }) : null)

    /** REST names of the fields that the event changed, of those that the hub looks at. */
    const changesOf = (context) => {
      const { oldRecord, newRecord } = context
      if (!oldRecord || !newRecord || context.type === 'delete') {
        return []
      }
      const edited = context.type === 'xedit' ? newRecord.getFields() : null
      return Object.entries(fields.of(newRecord.type))
        .filter(([id]) => edited === null || edited.includes(id))
        .filter(([id]) => text(valueOf(oldRecord, id)) !== text(valueOf(newRecord, id)))
        .map(([, [name]]) => name)
    }

    /** The outbox row of an `afterSubmit`, whatever its type: create, edit, xedit, delete, approve, cancel, reject, pack, ship and others. */
    const fromUserEvent = (context, now) => {
      const { oldRecord, newRecord } = context
      const record = context.type === 'delete' ? oldRecord || newRecord : newRecord || oldRecord
      // An inline edit does not hold the fields that were not edited.
      const either = (fieldId) => text(valueOf(newRecord, fieldId)) || text(valueOf(oldRecord, fieldId))
      return {
        recordType: record.type,
        recordId: String(record.id),
        event: context.type,
        externalId: either('externalid'),
        occurredAt: now.toISOString().replace(/\.\d+Z$/, 'Z'),
        changes: changesOf(context).join(','),
        createdFrom: fields.of(record.type).createdfrom ? either('createdfrom') : '',
        context: runtime.executionContext,
        user: String(runtime.getCurrentUser().id),
      }
    }

    return { fromUserEvent }
  })
