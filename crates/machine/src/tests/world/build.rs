//! Definitions built in code: for tests of rules that need no text.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use stepwell_expr::{Expression, Template};
use stepwell_language::dsl::*;

/// A task to be: kind and metadata, children inline.
#[derive(Debug, Clone)]
pub(crate) enum Plan {
    Set(i64),
    Call {
        compensated: bool,
        pivot: bool,
        never_resend: bool,
        reconciled: bool,
    },
    Do(Vec<Plan>),
    Try {
        body: Vec<Plan>,
        retries: Option<u32>,
        handler: Option<Vec<Plan>>,
    },
    For {
        items: usize,
        concurrency: u32,
        body: Vec<Plan>,
    },
    Fork {
        compete: bool,
        branches: Vec<Plan>,
    },
    Wait(u64),
    /// A task with a timeout of so many seconds.
    Timed(u64, Box<Plan>),
    /// A `do` that is the point of no return.
    PivotBlock(Vec<Plan>),
    Raise(u16),
    /// A `raise` of class `person`.
    Ask(u16),
    /// A run of the workflow `built-N`.
    Child {
        number: usize,
        awaits: bool,
    },
}

impl Plan {
    pub(crate) fn call() -> Self {
        Self::Call { compensated: false, pivot: false, never_resend: false, reconciled: false }
    }

    pub(crate) fn compensated() -> Self {
        Self::Call { compensated: true, pivot: false, never_resend: false, reconciled: false }
    }

    pub(crate) fn pivot() -> Self {
        Self::Call { compensated: false, pivot: true, never_resend: false, reconciled: false }
    }
}

struct Builder {
    tasks: Vec<Task>,
}

/// A definition of these tasks, named `t0`, `t1` and so on in each list.
pub(crate) fn definition(plans: &[Plan], on_fault: OnFault) -> Definition {
    version(plans, on_fault, "1.0.0", 0)
}

/// A version of these tasks, after so many others at the top: their names and addresses stay, and their references do not.
pub(crate) fn version(plans: &[Plan], on_fault: OnFault, version: &str, before: usize) -> Definition {
    let mut builder = Builder { tasks: Vec::new() };
    let mut root: TaskList = (0..before).map(|i| builder.task(&format!("/do/{i}/added{i}"), &Plan::Set(0))).collect();
    root.extend((0..).zip(plans).map(|(i, plan): (usize, _)| builder.task(&format!("/do/{}/t{i}", i + before), plan)));
    let by_reference: HashMap<String, TaskId> =
        (0..).zip(&builder.tasks).map(|(i, t)| (t.reference.clone(), TaskId(i))).collect();
    Definition {
        mappings: Vec::new(),
        workflow: WorkflowRef { namespace: "test".into(), name: "built".into(), version: version.into() },
        title: None,
        summary: None,
        document: Arc::new(json!({})),
        metadata: WorkflowMetadata { on_fault, ..WorkflowMetadata::default() },
        input: InputSpec::default(),
        output: OutputSpec::default(),
        timeout: None,
        timing: None,
        triggers: Vec::new(),
        join: None,
        root,
        tasks: builder.tasks,
        by_reference,
    }
}

impl Builder {
    fn list(&mut self, pointer: &str, plans: &[Plan]) -> TaskList {
        (0..).zip(plans).map(|(i, plan): (usize, _)| self.task(&format!("{pointer}/{i}/t{i}"), plan)).collect()
    }

    fn task(&mut self, reference: &str, plan: &Plan) -> TaskId {
        if let Plan::Timed(seconds, inner) = plan {
            let id = self.task(reference, inner);
            self.tasks[id.0 as usize].timeout = Some(DurationSpec::Fixed(Duration::from_secs(*seconds)));
            return id;
        }
        let mut metadata = TaskMetadata::default();
        let kind = match plan {
            Plan::Set(n) => TaskKind::Set(Template::Literal(json!({ "n": n }))),
            Plan::Timed(..) => unreachable!("it was unfolded"),
            Plan::PivotBlock(inner) => {
                metadata.pivot = true;
                TaskKind::Do(self.list(&format!("{reference}/do"), inner))
            }
            Plan::Do(inner) => TaskKind::Do(self.list(&format!("{reference}/do"), inner)),
            Plan::Wait(seconds) => TaskKind::Wait(DurationSpec::Fixed(Duration::from_secs(*seconds))),
            Plan::Raise(status) | Plan::Ask(status) => {
                metadata.asks_person = matches!(plan, Plan::Ask(_));
                TaskKind::Raise(Box::new(raise(*status)))
            }
            Plan::Child { number, awaits } => TaskKind::Run(Box::new(RunTask {
                namespace: "test".into(),
                name: format!("built-{number}"),
                version: None,
                input: None,
                awaits: *awaits,
            })),
            Plan::For { items, concurrency, body } => TaskKind::For(Box::new(ForTask {
                each: "item".into(),
                at: "index".into(),
                items: Expression::parse(&json!((0..*items).collect::<Vec<_>>()).to_string(), &[]).unwrap(),
                condition: None,
                concurrency: *concurrency,
                body: match concurrency {
                    1 => self.list(&format!("{reference}/do"), body),
                    _ => vec![self.task(&format!("{reference}/iteration"), &Plan::Do(body.clone()))],
                },
            })),
            Plan::Fork { compete, branches } => TaskKind::Fork(ForkTask {
                branches: self.list(&format!("{reference}/fork/branches"), branches),
                join: if *compete { Join::First } else { Join::All },
            }),
            Plan::Try { body, retries, handler } => {
                let body = self.list(&format!("{reference}/try"), body);
                let handler = handler.as_ref().map(|h| self.list(&format!("{reference}/catch/do"), h));
                let retry = retries.map(|count| RetryPolicy {
                    count_max: Some(count),
                    delay: Some(DurationSpec::Fixed(Duration::from_secs(1))),
                    ..RetryPolicy::default()
                });
                let catch = Catch { variable: "error".into(), retry, handler, ..Catch::default() };
                TaskKind::Try(Box::new(TryTask { body, catch }))
            }
            Plan::Call { compensated, pivot, never_resend, reconciled } => {
                metadata.pivot = *pivot;
                if *compensated {
                    let undo = self.task(&format!("{reference}/metadata/compensate"), &Plan::call());
                    metadata.compensate = Some(Compensate::Task(undo));
                }
                if *never_resend {
                    metadata.resend = Resend::Never;
                }
                if *reconciled {
                    metadata.reconcile = Some(self.task(&format!("{reference}/metadata/reconcile"), &Plan::call()));
                }
                TaskKind::Call(Box::new(CallTask { function: None, protocol: Protocol::Http(post(reference)) }))
            }
        };
        self.push(reference, metadata, kind)
    }

    fn push(&mut self, reference: &str, metadata: TaskMetadata, kind: TaskKind) -> TaskId {
        let id = TaskId(u32::try_from(self.tasks.len()).unwrap());
        let name = reference.rsplit('/').next().unwrap_or_default().to_owned();
        let source = (Arc::new(Value::Null), Position::default());
        let plain = Task::plain(name, reference.to_owned(), source, kind);
        self.tasks.push(Task { metadata, reentrant: true, ..plain });
        id
    }
}

/// A call whose address is that of its names, wherever the task at the top stands.
fn post(reference: &str) -> HttpCall {
    let inside = reference.trim_start_matches("/do/").split_once('/').map_or("", |(_, inside)| inside);
    let number: String = inside.chars().skip(1).take_while(char::is_ascii_digit).collect();
    let reference = format!("/do/{number}/{inside}");
    HttpCall {
        named_errors: false,
        method: Template::Literal(json!("POST")),
        endpoint: Endpoint::UriTemplate(format!("http://target.example{reference}")),
        headers: None,
        query: None,
        body: None,
        output: HttpOutput::Content,
        redirect: Redirect::IsError,
        authentication: None,
    }
}

fn raise(status: u16) -> ErrorTemplate {
    ErrorTemplate {
        r#type: Template::Literal(json!("https://example.com/errors/raised")),
        status: Template::Literal(json!(status)),
        title: None,
        detail: None,
    }
}
