//! Asynchronous requests. As in NetSuite, only these honor an idempotency key.
//!
//! The work is done immediately, but the job reports it only from the second status request on, so that callers have to
//! poll.

use std::collections::{HashMap, VecDeque};

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::super::call::{Answer, Call, Payload};
use super::refusal::{LOCATION, Refusal};
use super::{COLLECTION, Erp, SINGULAR, address, self_link};

const JOBS_MAX: usize = 10_000;

/// The jobs, and their idempotency keys.
#[derive(Default)]
pub struct Jobs {
    last_id: u64,
    jobs: VecDeque<Job>,
    by_key: HashMap<String, u64>,
}

struct Job {
    id: u64,
    key: Option<String>,
    answer: Answer,
    readings: u32,
}

/// Whether the caller requests asynchronous execution.
pub fn wanted(call: &Call) -> bool {
    call.method != Method::GET && call.prefers("respond-async")
}

impl Erp {
    /// Executes the request and answers with a job.
    pub(super) fn submit(&mut self, call: &Call, path: &[&str]) -> Answer {
        let key = call.header("x-netsuite-idempotency-key").map(str::to_owned);
        if let Some(first) = key.as_ref().and_then(|key| self.jobs.by_key.get(key)) {
            return Refusal::repeated_key().answer().with_header(LOCATION, &job_address(call, *first));
        }
        let savepoint = self.tables.savepoint();
        let answer = self.record(call, path).unwrap_or_else(|refusal| {
            self.tables.undo_to(savepoint);
            refusal.answer()
        });
        let id = self.jobs.add(key, answer);
        Answer::empty(StatusCode::ACCEPTED).with_header(LOCATION, &job_address(call, id))
    }

    /// Handles a job, its task, and its result.
    pub(super) fn job(&mut self, call: &Call, path: &[&str]) -> Result<Answer, Refusal> {
        if call.method != Method::GET {
            return Err(Refusal::method(&call.method));
        }
        let Some((id, rest)) = path.split_first() else { return Err(Refusal::no_resource(&call.path)) };
        let job = id.parse().ok().and_then(|id| self.jobs.get(id)).ok_or_else(Refusal::no_record)?;
        let href = job_address(call, job.id);
        match rest {
            [] => {
                job.readings += 1;
                Ok(Answer::json(StatusCode::OK, SINGULAR, job.view(&href)))
            }
            ["task"] => {
                let items = json!([{"links": self_link(&format!("{href}/task/1"))}]);
                let body = json!({"links": self_link(&format!("{href}/task")), "count": 1, "hasMore": false,
                    "items": items, "offset": 0, "totalResults": 1});
                Ok(Answer::json(StatusCode::OK, COLLECTION, body))
            }
            ["task", "1"] => Ok(Answer::json(StatusCode::OK, SINGULAR, job.task_view(&href))),
            ["task", "1", "result"] => Ok(job.answer.clone()),
            _ => Err(Refusal::no_resource(&call.path)),
        }
    }
}

impl Jobs {
    fn add(&mut self, key: Option<String>, answer: Answer) -> u64 {
        self.last_id += 1;
        if let Some(key) = &key {
            self.by_key.insert(key.clone(), self.last_id);
        }
        self.jobs.push_back(Job { id: self.last_id, key, answer, readings: 0 });
        if self.jobs.len() > JOBS_MAX {
            let oldest = self.jobs.pop_front();
            oldest.and_then(|job| job.key).map(|key| self.by_key.remove(&key));
        }
        self.last_id
    }

    fn get(&mut self, id: u64) -> Option<&mut Job> {
        self.jobs.iter_mut().find(|job| job.id == id)
    }
}

impl Job {
    fn succeeded(&self) -> bool {
        self.answer.status.is_success()
    }

    fn view(&self, href: &str) -> Value {
        let completed = self.readings > 1;
        let progress = match (completed, self.succeeded()) {
            (false, _) => "pending",
            (true, true) => "succeeded",
            (true, false) => "failed",
        };
        json!({
            "links": self_link(href),
            "completed": completed,
            "id": self.id.to_string(),
            "progress": progress,
            "task": {"links": self_link(&format!("{href}/task"))},
        })
    }

    fn task_view(&self, href: &str) -> Value {
        let task = format!("{href}/task/1");
        let mut view = json!({
            "links": self_link(&task),
            "completed": true,
            "id": "1",
            "progress": if self.succeeded() { "succeeded" } else { "failed" },
            "result": {"links": self_link(&format!("{task}/result"))},
        });
        let location = self.answer.headers.iter().find(|(name, _)| name == LOCATION);
        if let Some(location) = location.and_then(|(_, value)| value.to_str().ok()) {
            view["operationResult"] = json!({"links": self_link(location)});
        }
        if let Payload::Json(_, error) = &self.answer.payload {
            view["error"] = error.clone();
        }
        view
    }
}

fn job_address(call: &Call, id: u64) -> String {
    address(&call.base, &format!("async/v1/job/{id}"))
}
