//! Whether a run fits once its journal was replayed, and the first difference where it does not.

use super::gate::{Near, Offer, What};
use super::replay::Replay;
use super::{is_call, path, place};
use crate::compare::{FieldChange, changes, differences, shown};
use crate::decide::Stop;
use crate::{Act, Actor, Change, Execution, Impact, Progress};
use stepwell_language::dsl::Resend;

impl Replay<'_> {
    /// Checks that nothing of the journal is left, and lets the step at which the run stopped begin anew.
    pub(super) fn finish(&mut self, actor: &Actor) -> Result<(), Stop> {
        // What it would stop at is not left for after the move.
        self.may_stop = true;
        self.settle()?;
        self.check_stops()?;
        self.check_left()?;
        self.check_calls()?;
        self.check_identity()?;
        if self.decider.run.is_parked() {
            self.decider.now = self.now;
            let change = Change::acted(Act::Retry { input: None, step: None }, None);
            self.decider.emit_by(actor.clone(), None, change);
        }
        Ok(())
    }

    /// The new version must not end or stop before the run did.
    fn check_stops(&self) -> Result<(), Stop> {
        let run = &self.decider.run;
        let why = |error: Option<&crate::WorkflowError>| {
            let error = error.and_then(|error| error.detail.as_deref().or(error.title.as_deref()));
            error.unwrap_or("an error that nothing catches").to_owned()
        };
        if run.stop.is_some() || run.compensation.is_some() || run.is_closed() {
            let step = run.error.as_ref().and_then(|error| error.instance.as_deref());
            return Err(
                self.misfit(step, format!("it stops there too, and would undo the run: {}", why(run.error.as_ref())))
            );
        }
        if !run.is_parked() {
            return Ok(());
        }
        let failed: Vec<&Execution> =
            run.open.iter().filter(|e| matches!(e.progress, Progress::Failed { .. })).collect();
        let new = failed.iter().find(|e| !self.old_of(e.id).is_some_and(|old| self.of.run.is_failed(old)));
        if new.is_some() || failed.is_empty() {
            let error = match new.map(|e| &e.progress) {
                Some(Progress::Failed { error, .. }) => Some(error),
                _ => run.error.as_ref(),
            };
            let step = new.map(|e| self.of.to.task(e.task).reference.as_str());
            return Err(self.misfit(step, format!("it stops there too: {}", why(error))));
        }
        for execution in failed {
            self.check_retry(execution)?;
        }
        Ok(())
    }

    /// A step that failed is done again only where that cannot do it twice.
    fn check_retry(&self, execution: &Execution) -> Result<(), Stop> {
        let task = self.of.to.task(execution.task);
        let sent_once = task.metadata.resend == Resend::Never || task.metadata.pivot;
        match execution.impact {
            Impact::Acted if is_call(self.of.to, execution.task) => {
                let why = "its target acted on the last attempt and the answer cannot be used: skip the step with an output first";
                Err(self.misfit(Some(&task.reference), why))
            }
            Impact::Perhaps { .. } if sent_once => {
                let why = "its target may have acted on the last attempt, and the call must not be made twice";
                Err(self.misfit(Some(&task.reference), why))
            }
            _ => Ok(()),
        }
    }

    /// Everything that the run did, the new version did too.
    fn check_left(&self) -> Result<(), Stop> {
        let left = self.offers.iter().filter(|offer| !offer.is_taken && !self.is_dispensable(offer));
        let Some(first) = left.min_by_key(|offer| offer.place) else { return Ok(()) };
        let step = Some(first.reference.as_str());
        let request = match &first.what {
            What::Call(request) => request,
            What::Wait(_) | What::Listen(_) => {
                return Err(self.misfit(step, "it does not take the event that was taken there"));
            }
            What::Child(child) => {
                let why = format!(
                    "it does not start the run of {}/{} that was started there with this input",
                    child.namespace, child.name
                );
                return Err(self.misfit(step, why));
            }
            What::Emit(_) => return Err(self.misfit(step, "it does not send the event that was sent there")),
        };
        let Some(near) = self.near(first) else {
            let (method, address) = shown(request);
            return Err(self.misfit(step, format!("it does not make this call any more: {method} {address}")));
        };
        let mut fields = changes(request, &near.request, &self.masks);
        if request.output != near.request.output {
            fields.extend(output_shape(request, &near.request, &self.masks));
        }
        if path(&near.reference) != path(&first.reference) {
            let (method, address) = shown(&near.request);
            let why = format!("it calls {method} {address} at {} first", near.reference);
            return Err(self.misfit(step, why));
        }
        let in_doubt = self.of.run.execution(first.execution).is_some_and(|e| e.impact.settles_at().is_some());
        let why = match in_doubt {
            true => "its target may have acted on the call that was made, and this version would make another one",
            false => "it makes another call than the one that was made",
        };
        Err(self.misfit_with(step, why, fields))
    }

    /// The call of the new version that comes nearest to one that is left.
    fn near(&self, left: &Offer) -> Option<&Near> {
        let stands = |near: &&Near| {
            path(&near.reference) == path(&left.reference) && place(&near.coordinates) == place(&left.coordinates)
        };
        self.near.iter().find(stands).or(self.near.first())
    }

    /// Whether the new version need not do this.
    fn is_dispensable(&self, offer: &Offer) -> bool {
        let open = self.of.run.execution(offer.execution);
        match &offer.what {
            What::Wait(_) => true,
            What::Listen(_) => open.is_some_and(|e| match &e.progress {
                Progress::Listen(progress) => progress.met.is_empty(),
                _ => false,
            }),
            What::Call(_) => open.is_some_and(|e| {
                let failed = matches!(e.progress, Progress::Failed { .. } | Progress::NotStarted { .. });
                let backs_off = matches!(&e.progress, Progress::Call(call) if matches!(call.phase, crate::CallPhase::Backoff { .. }));
                e.impact == Impact::None && (failed || backs_off)
            }),
            What::Child(_) => open.is_some_and(|e| matches!(e.progress, Progress::Failed { .. } | Progress::NotStarted { .. })),
            What::Emit(_) => false,
        }
    }

    /// No call is on its way, and each was tried as often as it was.
    fn check_calls(&self) -> Result<(), Stop> {
        for execution in &self.decider.run.open {
            let Some(old) = self.old_of(execution.id).and_then(|old| self.of.run.execution(old)) else {
                if execution.is_in_flight() || execution.starts_child() || execution.is_asked_about() {
                    let step = &self.of.to.task(execution.task).reference;
                    return Err(
                        self.misfit(Some(step), "it would still wait for this call, whose outcome is not known")
                    );
                }
                continue;
            };
            let goes_on = execution.is_in_flight() || execution.starts_child() || execution.is_asked_about();
            if goes_on || execution.attempts() != old.attempts() {
                let step = &self.of.from.task(old.task).reference;
                return Err(self.misfit(Some(step), "it would not go on there as the run did"));
            }
        }
        Ok(())
    }

    /// What others know of the run stays.
    fn check_identity(&self) -> Result<(), Stop> {
        let (old, new) = (self.of.run, &self.decider.run);
        if old.key != new.key {
            let (old, new) = (old.key.clone().map(Into::into), new.key.clone().map(Into::into));
            let fields = vec![FieldChange { part: "key", pointer: String::new(), recorded: old, new }];
            return Err(self.misfit_with(None, "it gives the run another business key", fields));
        }
        let serialize = (self.of.from.metadata.serialize, self.of.to.metadata.serialize);
        if old.key.is_some() && serialize.0 != serialize.1 {
            return Err(self.misfit(None, "only one of the versions says `serialize: key`"));
        }
        if old.queued != new.queued || old.suspended != new.suspended {
            return Err(self.misfit(None, "it would not wait as the run does"));
        }
        Ok(())
    }
}

fn output_shape(
    recorded: &crate::CallRequest,
    new: &crate::CallRequest,
    masks: &[crate::masks::Masks],
) -> Vec<FieldChange> {
    let shape = |request: &crate::CallRequest| serde_json::to_value(request.output).ok();
    differences("output", shape(recorded).as_ref(), shape(new).as_ref(), masks)
}
