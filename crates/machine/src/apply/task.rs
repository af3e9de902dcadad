//! Changes that are about one task.

use std::sync::Arc;

use super::begin::{begin, composite};
use super::call::{attempt_abandoned, attempt_failed, attempt_started, call_mut, impact, sending};
use super::close::{Onward, close, close_below, completed, fail, leave, pass_impact_up, remember};
use super::tries::{caught, round_started};
use super::{Applied, GONE, links};
use crate::{
    CallPhase, Change, ChildPhase, FaultClass, Next, Opening, Progress, Record, ReportedFault, Role, Run, Time, Unacted,
};
use stepwell_language::dsl::Definition;

pub(super) fn change_task(definition: &Definition, run: &mut Run, record: &Record, at: Time) -> Applied {
    match &record.change {
        Change::TaskStarted { execution, beginning, opening, deadline } => {
            begin(definition, run, *execution, beginning, record, at)?;
            let progress = match opening {
                Opening::Call(request) => Progress::Call(sending(request)),
                Opening::Wait(until) => Progress::Wait { until: *until },
                Opening::Child(child) => links::child(child, beginning.role),
                Opening::Listen(listening) => links::listen(listening),
                Opening::Tasks | Opening::Function(_) | Opening::Loop(_) => {
                    composite(definition, run, *execution, opening, at)?
                }
            };
            let opened = run.execution_mut(*execution).ok_or(GONE)?;
            (opened.progress, opened.deadline) = (progress, *deadline);
            Ok(())
        }
        Change::IterationStarted { execution, index } => {
            match &mut run.execution_mut(*execution).ok_or(GONE)?.progress {
                Progress::For(progress) => {
                    (progress.index, progress.cursor.next) = (Some(*index), Next::Task(0));
                    Ok(())
                }
                Progress::Listen(progress) => links::iteration_started(progress, *index),
                _ => Err("the execution has no iterations"),
            }
        }
        Change::SegmentStarted { execution, segment } => links::segment_started(definition, run, *execution, *segment),
        Change::IterationCompleted { execution, output, context } => {
            links::iteration_completed(run, *execution, output)?;
            if let Some(context) = context {
                run.context = Arc::clone(context);
            }
            Ok(())
        }
        Change::EventConsumed { execution, filter, event, bound, enough } => {
            links::event_consumed(definition, run, *execution, *filter, event, bound, *enough)
        }
        Change::ChildStarted { execution } => {
            links::child_mut(run, *execution)?.phase = ChildPhase::Running;
            Ok(())
        }
        // The run that it is about is looked at by itself; this one keeps waiting.
        Change::ChildFaulted { execution, fault, .. } => {
            let own = run.seq + 1;
            links::child_mut(run, *execution)?.fault = Some(ReportedFault { own, of_child: *fault });
            Ok(())
        }
        Change::ChildEnded { execution, outcome } => links::child_ended(run, *execution, outcome),
        Change::AttemptStarted { execution, request } => attempt_started(run, *execution, request.as_ref()),
        Change::AttemptFailed { execution, error, class, effect, response, retry_at, settles_at } => attempt_failed(
            run,
            *execution,
            (*class, response.is_some(), error),
            impact(*effect, settles_at.unwrap_or(at)),
            *retry_at,
            at,
        ),
        Change::AttemptAbandoned { execution, settles_at } => attempt_abandoned(run, *execution, *settles_at),
        Change::TaskHeld { execution } => {
            run.execution_mut(*execution).ok_or(GONE)?.held = true;
            Ok(())
        }
        Change::OutcomeUnknown { execution, error, class, retry_at } => {
            let call = call_mut(run, *execution)?;
            call.phase = CallPhase::Reconciling { error: error.clone() };
            let unacted = |class| Box::new(Unacted { error: error.clone(), class, retry_at: *retry_at });
            call.unacted = class.map(unacted);
            Ok(())
        }
        Change::TaskCompleted { execution, beginning, output, context, case, ended, .. } => {
            if let Some(beginning) = beginning {
                begin(definition, run, *execution, beginning, record, at)?;
            }
            if let Some(context) = context {
                run.context = Arc::clone(context);
            }
            completed(definition, run, *execution, output, case.as_deref(), *ended, at)
        }
        Change::TaskSkipped { execution, beginning, output } => {
            if let Some(beginning) = beginning {
                begin(definition, run, *execution, beginning, record, at)?;
            }
            close_below(definition, run, *execution);
            let skipped = close(definition, run, *execution).ok_or(GONE)?;
            if skipped.impact.is_any() && run.track_of(&skipped) == Role::Step && run.compensation.is_none() {
                pass_impact_up(run, &skipped);
                remember(definition, run, &skipped, Some(output));
            }
            leave(definition, run, &skipped, Arc::clone(output), Onward::NextInList, at)
        }
        Change::TaskFaulted { execution, beginning, error, class } => {
            if let Some(beginning) = beginning {
                begin(definition, run, *execution, beginning, record, at)?;
            }
            fail(definition, run, *execution, error, class.unwrap_or(FaultClass::Permanent))
        }
        Change::ErrorCaught { execution, error, then } => caught(definition, run, *execution, error, *then, at),
        Change::RoundStarted { execution, round } => round_started(definition, run, *execution, *round, at),
        _ => Err("the change is about no task"),
    }
}
