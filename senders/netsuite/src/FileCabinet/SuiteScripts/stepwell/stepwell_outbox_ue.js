/**
 * Writes an outbox row after each change of a record that the hub's workflows follow, within the request that changed it. It calls nobody:
 * the sender does, and the user does not wait for it.
 *
 * @NApiVersion 2.1
 * @NScriptType UserEventScript
 * @NModuleScope SameAccount
 */
define(['N/log', 'N/task', './stepwell_event', './stepwell_outbox'],
  /**
   * @param {import('N/log')} log
   * @param {import('N/task')} task
   */
  (log, task, event, outbox) => {
    const SENDER = { scriptId: 'customscript_stepwell_send_mr', deploymentId: 'customdeploy_stepwell_send_now' }

    /** Starts the sender. It is refused while one is running or queued: then that one, or the next scheduled one, finds the row. */
    const wakeSender = () => {
      try {
        task.create({ taskType: task.TaskType.MAP_REDUCE, ...SENDER }).submit()
      } catch (error) {
        log.debug({ title: 'Stepwell: the sender runs already', details: error })
      }
    }

    const afterSubmit = (context) => {
      try {
        outbox.add(event.fromUserEvent(context, new Date()))
      } catch (error) {
        // The record is saved by now, and an error here would tell the user otherwise. The hub's hourly sweeps find what was missed.
        log.error({ title: `Stepwell: no outbox row for ${context.type} of ${(context.newRecord || context.oldRecord).type}`, details: error })
        return
      }
      wakeSender()
    }

    return { afterSubmit }
  })
