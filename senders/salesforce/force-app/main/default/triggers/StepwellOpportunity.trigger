/** Tells the hub of won opportunities, and of what happens to them later. */
trigger StepwellOpportunity on Opportunity (after insert, after update, after delete, after undelete) {
    StepwellOpportunityChanges.publish(Trigger.operationType, Trigger.new, Trigger.oldMap);
}
