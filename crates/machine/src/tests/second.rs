//! Acts that a definition reserves for two people.

use serde_json::{Value, json};

use super::world::build::{Plan, definition};
use super::world::{Answer, World};
use crate::*;
use stepwell_language::dsl::{ActRule, Definition, OnFault};

fn reserving(rules: &[ActRule], plans: &[Plan]) -> Definition {
    let mut definition = definition(plans, OnFault::Park);
    definition.metadata.two_people = rules.iter().copied().collect();
    definition
}

/// A run that stands at its first call, which the target refused.
fn parked(definition: &Definition) -> World<'_> {
    let mut world = World::new(definition, 7);
    world.start(json!({ "amount": 1 })).unwrap();
    world.answer(Answer::Permanent);
    assert!(world.run.is_parked());
    world
}

fn user(name: &str) -> Actor {
    Actor(format!("user:{name}"))
}

fn by(who: Actor) -> Option<Approval> {
    Some(Approval { by: who, reason: Some("checked".into()), step: None })
}

fn ann(act: Act, approval: Option<Approval>) -> Fact {
    Fact::Operator { act, actor: user("ann"), reason: Some("because".into()), approval }
}

fn retry(input: Option<Value>) -> Act {
    Act::Retry { input, step: None }
}

fn skip(output: Value) -> Act {
    Act::Skip { output, step: None, confirm: false }
}

/// Each rule with acts that it reserves, in a state in which they fit.
fn reserved() -> Vec<(ActRule, Act)> {
    vec![
        (ActRule::Retry, retry(None)),
        (ActRule::Retry, retry(Some(json!(2)))),
        (ActRule::Skip, skip(Value::Null)),
        (ActRule::Skip, skip(json!(2))),
        (ActRule::Edit, retry(Some(Value::Null))),
        (ActRule::Edit, skip(json!(2))),
        (ActRule::Cancel, Act::Cancel { compensate: CancelMode::Compensate }),
        (ActRule::Cancel, Act::Cancel { compensate: CancelMode::Abandon }),
        (ActRule::Dismiss, Act::Dismiss),
    ]
}

#[test]
fn an_act_reserved_for_two_is_done_only_when_another_user_approves_it() {
    for (rule, act) in reserved() {
        let definition = reserving(&[rule], &[Plan::call()]);
        let mut world = parked(&definition);
        let before = world.run.clone();
        for (approval, why) in [
            (None, "no second person has approved it"),
            (by(user("ann")), "the user who proposes it cannot approve it"),
            (by(Actor("token:ci".into())), "only a user can approve it"),
            (by(Actor("local:root@host".into())), "only a user can approve it"),
            (by(Actor::engine()), "only a user can approve it"),
            (Some(Approval::of_freeze(uuid::Uuid::nil())), "only a user can approve it"),
        ] {
            let refused = world.feed(ann(act.clone(), approval)).unwrap_err();
            assert_eq!(refused, Rejected::NeedsSecond { act: act.name(), rule: rule.as_str(), why });
            assert_eq!(world.run, before);
        }
        world.feed(ann(act.clone(), by(user("bob")))).unwrap();
        let told = world.journal.iter().find_map(|r| match &r.change {
            Change::OperatorActed { act, reason, approved_by, approval_reason, .. } => {
                Some((act.clone(), &r.actor, reason.as_deref(), approved_by.clone(), approval_reason.as_deref()))
            }
            _ => None,
        });
        assert_eq!(told, Some((act, &user("ann"), Some("because"), Some(user("bob")), Some("checked"))));
    }
}

#[test]
fn undoing_suspending_and_resuming_can_be_reserved_too() {
    let compensates = reserving(&[ActRule::Compensate], &[Plan::compensated(), Plan::call()]);
    let mut world = World::new(&compensates, 7);
    world.start(json!({})).unwrap();
    world.answer(Answer::Success);
    assert!(world.feed(ann(Act::Compensate, None)).is_err());
    world.feed(ann(Act::Compensate, by(user("bob")))).unwrap();

    let holds = reserving(&[ActRule::Suspend, ActRule::Resume], &[Plan::Wait(60)]);
    let mut world = World::new(&holds, 7);
    world.start(json!({})).unwrap();
    assert!(world.feed(ann(Act::Suspend, None)).is_err());
    world.feed(ann(Act::Suspend, by(user("bob")))).unwrap();
    // It is suspended: saying it again needs nobody and records nothing.
    let seq = world.run.seq;
    world.feed(ann(Act::Suspend, None)).unwrap();
    assert_eq!(world.run.seq, seq);
    assert!(world.feed(ann(Act::Resume, None)).is_err());
    world.feed(ann(Act::Resume, by(user("bob")))).unwrap();
    assert!(!world.run.suspended);
}

#[test]
fn the_end_of_a_freeze_resumes_its_runs_without_a_second_person() {
    let definition = reserving(&[ActRule::Resume], &[Plan::call()]);
    let mut world = World::new(&definition, 7);
    let hold = Hold { freeze: uuid::Uuid::nil(), actor: user("ann"), reason: "month end".into() };
    let started = Started {
        input: std::sync::Arc::new(json!({})),
        parent: None,
        event: None,
        actor: Actor("source:crm".into()),
        environment: None,
        begin: Begin::Now,
        hold: Some(hold),
        restarts: None,
    };
    world.feed(Fact::Started(Box::new(started))).unwrap();
    assert!(world.feed(ann(Act::Resume, None)).is_err());
    // To keep it suspended beyond the freeze is an act of its own.
    let mut suspends = reserving(&[ActRule::Suspend], &[Plan::call()]);
    suspends.workflow = definition.workflow.clone();
    assert!(propose(&suspends, &world.run, &Act::Suspend, None).unwrap().is_some());
    world.feed(ann(Act::Resume, Some(Approval::of_freeze(uuid::Uuid::nil())))).unwrap();
    assert_eq!(world.pending.len(), 1);
}

#[test]
fn an_edit_rule_reserves_only_what_gives_a_step_another_value() {
    for act in [retry(None), skip(Value::Null), Act::Dismiss] {
        let definition = reserving(&[ActRule::Edit], &[Plan::call()]);
        let mut world = parked(&definition);
        // An approval that nobody needs is not recorded: the act is one person's.
        world.feed(ann(act, by(user("bob")))).unwrap();
        let approved = |r: &Record| matches!(&r.change, Change::OperatorActed { approved_by: Some(_), .. });
        assert!(!world.journal.iter().any(approved));
    }
}

#[test]
fn a_proposal_names_the_step_and_what_it_replaces() {
    let definition = reserving(&[ActRule::Edit, ActRule::Dismiss], &[Plan::call()]);
    let world = parked(&definition);
    let at = "/do/0/t0#0".to_owned();
    let proposed = |act: &Act| propose(&definition, &world.run, act, None).unwrap();
    let edit = proposed(&retry(Some(json!({ "amount": 2 })))).unwrap();
    assert_eq!(edit.act, Act::Retry { input: Some(json!({ "amount": 2 })), step: Some(at.clone()) });
    assert_eq!((edit.step, edit.before.as_deref()), (Some(at.clone()), Some(&json!({ "amount": 1 }))));
    let skipped = proposed(&skip(json!(2))).unwrap();
    assert_eq!(
        (skipped.act, skipped.before),
        (Act::Skip { output: json!(2), step: Some(at.clone()), confirm: false }, None)
    );
    assert_eq!(proposed(&Act::Dismiss).unwrap().step, Some(at));
    assert_eq!(proposed(&retry(None)), None, "one person may do it");
    let elsewhere = Act::Skip { output: json!(2), step: Some("/do/7/other".into()), confirm: false };
    assert!(matches!(propose(&definition, &world.run, &elsewhere, None), Err(Rejected::StandsElsewhere { .. })));
}

#[test]
fn an_approval_hits_no_other_step_than_the_one_that_was_meant() {
    let rules = [ActRule::Edit, ActRule::Dismiss, ActRule::Cancel];
    let definition = reserving(&rules, &[Plan::call(), Plan::call()]);
    let acts = [skip(json!(2)), retry(Some(json!(2))), Act::Dismiss, Act::Cancel { compensate: CancelMode::Abandon }];
    for act in acts {
        let mut world = parked(&definition);
        let Proposed { act, step, .. } = propose(&definition, &world.run, &act, None).unwrap().unwrap();
        // Someone retries it, and it stops at the next step.
        world.feed(ann(retry(None), None)).unwrap();
        world.answer(Answer::Success);
        world.answer(Answer::Permanent);
        assert!(world.run.is_parked());
        let before = world.run.clone();
        let approval = Approval { by: user("bob"), reason: None, step };
        let refused = world.feed(ann(act.clone(), Some(approval))).unwrap_err();
        assert!(matches!(&refused, Rejected::StandsElsewhere { at, .. } if at == "/do/1/t1#1"), "{act:?}: {refused}");
        assert_eq!(world.run, before);
    }
}

#[test]
fn an_ended_run_takes_no_proposal() {
    let definition = reserving(&[ActRule::Cancel], &[Plan::call()]);
    let mut world = World::new(&definition, 7);
    world.start(json!({})).unwrap();
    world.answer(Answer::Success);
    let cancel = Act::Cancel { compensate: CancelMode::Compensate };
    assert_eq!(propose(&definition, &world.run, &cancel, None), Err(Rejected::Closed(Status::Completed)));
}

#[test]
fn journals_from_before_there_were_approvals_are_read_and_written_alike() {
    let old = json!({ "kind": "operator.acted", "data": { "act": "suspend", "reason": "month end" } });
    let change: Change = serde_json::from_value(old.clone()).unwrap();
    assert_eq!(serde_json::to_value(&change).unwrap(), old);
    let mut approved = old;
    approved["data"]["approved_by"] = "user:bob".into();
    let change: Change = serde_json::from_value(approved.clone()).unwrap();
    assert!(matches!(&change, Change::OperatorActed { approved_by: Some(by), .. } if *by == user("bob")));
    assert_eq!(serde_json::to_value(&change).unwrap(), approved);
}
