/** Sends webhooks, where this org is set up to. A hub that subscribes to the event itself needs none of this. */
trigger StepwellRecordChanged on Stepwell_Record_Changed__e (after insert) {
    StepwellWebhook.enqueue(Trigger.new);
}
