//! Changes that are about one task.

use std::sync::Arc;

use super::begin::begin;
use super::close::{Onward, close, close_below, completed, fail, leave, pass_impact_up, remember};
use super::{Applied, GONE};
use crate::task::{self, calls, child};
use crate::{Change, FaultClass, Record, Role, Run, Time};
use stepwell_language::dsl::Definition;

pub(super) fn change_task(definition: &Definition, run: &mut Run, record: &Record, at: Time) -> Applied {
    match &record.change {
        Change::TaskStarted { execution, beginning, opening, deadline } => {
            begin(definition, run, *execution, beginning, record, at)?;
            let progress = task::opened(definition, run.execution(*execution).ok_or(GONE)?, opening, at)?;
            let opened = run.execution_mut(*execution).ok_or(GONE)?;
            (opened.progress, opened.deadline) = (progress, *deadline);
            Ok(())
        }
        Change::IterationStarted { execution, index } => task::iteration_started(run, *execution, *index),
        Change::SegmentStarted { execution, segment } => task::segment_started(definition, run, *execution, *segment),
        Change::IterationCompleted { execution, output, context } => {
            task::iteration_completed(run, *execution, output)?;
            if let Some(context) = context {
                run.context = Arc::clone(context);
            }
            Ok(())
        }
        Change::EventConsumed { execution, filter, event, bound, enough } => {
            task::event_consumed(definition, run, *execution, *filter, event, bound, *enough)
        }
        Change::ChildStarted { execution } => child::started(run, *execution),
        Change::ChildFaulted { execution, fault, .. } => child::faulted(run, *execution, *fault),
        Change::ChildEnded { execution, outcome } => child::ended(run, *execution, outcome),
        Change::AttemptStarted { execution, request } => calls::attempt_started(run, *execution, request.as_ref()),
        Change::AttemptFailed { execution, error, class, effect, response, retry_at, settles_at } => {
            calls::attempt_failed(
                run,
                *execution,
                (*class, response.is_some(), error),
                calls::impact(*effect, settles_at.unwrap_or(at)),
                *retry_at,
                at,
            )
        }
        Change::AttemptAbandoned { execution, settles_at } => calls::attempt_abandoned(run, *execution, *settles_at),
        Change::TaskHeld { execution } => {
            run.execution_mut(*execution).ok_or(GONE)?.held = true;
            Ok(())
        }
        Change::OutcomeUnknown { execution, error, class, retry_at } => {
            calls::outcome_unknown(run, *execution, error, *class, *retry_at)
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
        Change::ErrorCaught { execution, error, then } => task::caught(definition, run, *execution, error, *then, at),
        Change::RoundStarted { execution, round } => task::round_started(definition, run, *execution, *round, at),
        _ => Err("the change is about no task"),
    }
}
