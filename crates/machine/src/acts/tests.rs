//! What people are offered is what a decision accepts.

use proptest::prelude::*;
use serde_json::json;

use super::{Form, forms, judge_acknowledge, judge_restart};
use crate::tests::properties::{Event, events, plans};
use crate::tests::world::build::definition;
use crate::tests::world::{SETTLE, World};
use crate::*;
use stepwell_language::dsl::OnFault;

/// Whether a decision takes an act, and changes something. A run is started again by starting another one, and acknowledged
/// without a record of its own.
fn is_taken(world: &World<'_>, other: &stepwell_language::dsl::Definition, form: &Form) -> bool {
    let around = Around { now: world.now, answers: &[], settles_after: &|_| SETTLE, continues: false };
    let (actor, reason) = (Actor("anna".into()), form.explained.then(|| "explained".to_owned()));
    if let Act::Restart { again, .. } = form.act {
        return judge_restart(&world.run, again).is_ok();
    }
    if form.act == Act::Acknowledge {
        return judge_acknowledge(&world.run, reason.as_deref()).is_ok();
    }
    if let Act::Rewind { .. } = form.act {
        let of = Rewind { definition: world.definition, run: &world.run, records: &world.journal, base: 0 };
        let first = world.definition.task(world.definition.root[0]).reference.clone();
        // What stands in the way is of this step; whether the run may go back at all is of its state.
        return match decide_rewind(of, &first, RewoundBy { actor, reason, approval: None }, around) {
            Err(NoDecision::Rejected(rejected)) => matches!(rejected, Rejected::CannotGoBack { .. }),
            _ => true,
        };
    }
    if matches!(form.act, Act::Move { .. }) {
        let (from, run, records) = (world.definition, &world.run, world.journal.as_slice());
        let of = Move { from, to: other, definitions: (1, 2), run, records };
        // What does not fit was permitted by the run's state.
        return match decide_move(of, MovedBy { actor, reason, approval: None }, around) {
            Err(NoDecision::Rejected(rejected)) => matches!(rejected, Rejected::DoesNotFit(_)),
            _ => true,
        };
    }
    let fact = Fact::Operator { act: form.act.clone(), actor, reason, approval: None };
    decide(world.definition, &world.run, fact, around).is_ok_and(|decision| !decision.records.is_empty())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    /// What people are offered, and what they are told is not possible.
    #[test]
    fn an_act_is_permitted_exactly_where_a_decision_accepts_it(
        plans in plans(), compensates in any::<bool>(), events in events(), id in any::<u128>(),
    ) {
        let on_fault = if compensates { OnFault::Compensate } else { OnFault::Park };
        let (definition, mut other) = (definition(&plans, on_fault), definition(&plans, on_fault));
        other.workflow.version = "9.9.9".to_owned();
        let mut world = World::new(&definition, id);
        world.start(json!({ "id": 1 })).unwrap();
        for event in events {
            match event {
                Event::Answered(which, answer) if !world.pending.is_empty() => { world.answer_call(which, answer); }
                Event::Answered(..) => {}
                Event::TimePasses => { world.pass_time(); }
                Event::Crash(arrived) => world.crash(arrived),
                Event::Operator(act) => {
                    let _ = world.feed(Fact::Operator { act, actor: Actor("anna".into()), reason: None, approval: None });
                }
            }
            for found in permitted(&definition, &world.run) {
                let taken: Vec<(Form, bool)> = forms(found.act).into_iter().map(|form| {
                    let is_taken = is_taken(&world, &other, &form);
                    (form, is_taken)
                }).collect();
                let can = taken.iter().any(|(_, taken)| *taken);
                prop_assert_eq!(found.permitted, can, "{:?} of {:?}", found, world.run);
                prop_assert_eq!(found.why_not.is_none(), can);
                let refused = taken.iter().filter(|(form, taken)| can && !taken && form.tells.is_some()).count();
                prop_assert_eq!(found.except.len(), refused, "{:?} of {:?}", found, world.run);
            }
        }
    }
}

#[test]
fn an_edit_is_recorded_as_the_input_that_came_out() {
    use crate::tests::world::Answer;
    use crate::tests::world::build::Plan;

    let definition = definition(&[Plan::call()], OnFault::Park);
    let mut world = World::new(&definition, 7);
    world.start(json!({ "id": 1 })).unwrap();
    world.answer(Answer::Permanent);
    let edit = |edit: &str| Fact::Operator {
        act: Act::Edit { edit: edit.to_owned(), step: None },
        actor: Actor("anna".into()),
        reason: None,
        approval: None,
    };
    let before = world.run.clone();
    for (text, why) in [("error(\"no\")", "no"), ("if", "cannot change the input of the step")] {
        let refused = world.feed(edit(text)).unwrap_err();
        assert!(matches!(refused, Rejected::EditFailed { .. }) && refused.to_string().contains(why), "{refused}");
        assert_eq!(world.run, before);
    }
    world.feed(edit(".id += 4")).unwrap();
    let acted = world.journal.iter().find_map(|record| match &record.change {
        Change::OperatorActed { act, .. } => Some(act.clone()),
        _ => None,
    });
    assert_eq!(acted, Some(Act::Retry { input: Some(json!({ "id": 5 })), step: None }));
    assert_eq!(world.pending.len(), 1, "the step is called again");
}

#[test]
fn the_table_names_every_act_as_its_rule_and_its_json_do() {
    for kind in ActKind::ALL {
        let about = kind.about();
        assert_eq!(serde_json::to_value(kind).unwrap(), json!(about.name));
        assert_eq!(about.name.parse(), Ok(*kind));
        assert!(about.rule.is_none_or(|rule| rule.as_str() == about.name));
        for form in forms(*kind) {
            assert_eq!(form.act.kind(), *kind);
            let read: Act = serde_json::from_value(serde_json::to_value(&form.act).unwrap()).unwrap();
            assert_eq!(read, form.act);
        }
    }
}
