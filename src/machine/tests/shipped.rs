//! The simulator over what ships: every definition in `workflows/`, crashed at every boundary, with every call refused in
//! turn, ends as it would have ended undisturbed.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::dsl::{self, Definition, Functions};
use crate::expr::Expression;
use crate::machine::*;

/// A target that keeps records by URI, as upserts by external id do, and refuses what it is told to refuse.
#[derive(Debug, Default, Clone, PartialEq)]
struct Records {
    by_uri: BTreeMap<String, Value>,
}

impl Records {
    fn answer(&mut self, request: &CallRequest) -> CallOutcome {
        let uri = request.uri.split('?').next().unwrap_or_default().to_owned();
        match request.method.as_str() {
            "GET" => match self.by_uri.get(&uri) {
                Some(record) => succeeded(record.clone()),
                None => refused(404),
            },
            "DELETE" => {
                self.by_uri.remove(&uri);
                succeeded(Value::Null)
            }
            "PATCH" if !self.by_uri.contains_key(&uri) && uri.contains("netsuite") => refused(404),
            _ => {
                let record = self.by_uri.entry(uri).or_insert_with(|| json!({ "id": "42", "tranId": "SO42" }));
                for (name, value) in request.body.iter().filter_map(Value::as_object).flatten() {
                    record[name] = value.clone();
                }
                succeeded(Value::Null)
            }
        }
    }
}

fn succeeded(output: Value) -> CallOutcome {
    let response =
        ResponseSummary { url: "http://target".into(), status: 200, headers: Vec::new(), body: None, duration_ms: 1 };
    CallOutcome::Succeeded { output: Arc::new(output), response }
}

fn refused(status: u16) -> CallOutcome {
    CallOutcome::Failed(CallFailure {
        error: WorkflowError::standard(ErrorKind::Communication, "refused", "by the test").with_status(status),
        class: FaultClass::Permanent,
        effect: TargetEffect::None,
        response: None,
        retry: CallRetry::default(),
        retry_after: None,
    })
}

/// How one simulated life goes.
#[derive(Debug, Clone, Copy)]
struct Life {
    /// The node dies after this many decisions; the call on its way did or did not arrive.
    crash: Option<(usize, bool)>,
    /// This call, counted in order of the undisturbed run's distinct steps, is refused for good.
    refuse: Option<usize>,
}

/// What remains of a life, whatever happened in between.
#[derive(Debug, PartialEq)]
struct End {
    ended_well: bool,
    output: Option<Value>,
    records: Records,
    completed: Vec<String>,
}

struct Simulation<'d> {
    definition: &'d Definition,
    run: Run,
    journal: Vec<Record>,
    now: Time,
    pending: Vec<(ExecutionId, u32, Arc<CallRequest>)>,
    goes_on: bool,
    decisions: usize,
    records: Records,
    /// Idempotency keys in order of first arrival: they number the calls.
    keys: Vec<String>,
}

impl<'d> Simulation<'d> {
    fn new(definition: &'d Definition) -> Self {
        Self {
            definition,
            run: Run::new(RunId::from_u128(7)),
            journal: Vec::new(),
            now: Time::UNIX_EPOCH,
            pending: Vec::new(),
            goes_on: false,
            decisions: 0,
            records: Records::default(),
            keys: Vec::new(),
        }
    }

    fn feed(&mut self, fact: Fact) {
        let mut answers = Vec::new();
        let decision = loop {
            match decide(self.definition, &self.run, fact.clone(), &answers, self.now) {
                Ok(decision) => break decision,
                Err(NoDecision::Evaluate(asked)) => {
                    let names: Vec<&str> = asked.variables.iter().map(String::as_str).collect();
                    let expression = Expression::parse(&asked.text, &names).unwrap();
                    answers.push(expression.evaluate(&asked.input, &asked.arguments.iter().collect::<Vec<_>>()));
                }
                Err(NoDecision::Rejected(rejected)) => panic!("{rejected}"),
            }
        };
        self.decisions += 1;
        self.journal.extend(decision.records);
        self.run = decision.run;
        assert_eq!(fold(self.definition, Run::new(self.run.id), &self.journal).unwrap(), self.run);
        for effect in decision.effects {
            match effect {
                Effect::Call { execution, attempt, request, .. } => self.pending.push((execution, attempt, request)),
                Effect::Abort { .. } => {}
                Effect::Continue => self.goes_on = true,
                _ => panic!("no shipped definition asks for {effect:?}"),
            }
        }
    }

    fn arrive(&mut self, request: &CallRequest, refuse: Option<usize>) -> CallOutcome {
        let known = self.keys.iter().position(|k| *k == request.idempotency_key);
        let number = known.unwrap_or_else(|| {
            self.keys.push(request.idempotency_key.clone());
            self.keys.len() - 1
        });
        if refuse == Some(number) { refused(400) } else { self.records.answer(request) }
    }

    fn live(&mut self, input: Value, life: Life) {
        let started = Started {
            input: Arc::new(input),
            parent: None,
            event: None,
            actor: Actor("test".into()),
            begin: Begin::Now,
        };
        self.feed(Fact::Started(Box::new(started)));
        let mut crash = life.crash;
        for _ in 0..1_000 {
            if self.run.is_closed() || self.run.is_parked() {
                return;
            }
            if let Some((_, arrived)) = crash.filter(|(at, _)| self.decisions > *at) {
                crash = None;
                for (_, _, request) in std::mem::take(&mut self.pending) {
                    if arrived {
                        self.arrive(&request, life.refuse);
                    }
                }
                self.goes_on = false;
                self.run = fold(self.definition, Run::new(self.run.id), &self.journal).unwrap();
                self.feed(Fact::TakenOver);
            } else if let Some((execution, attempt, request)) = self.pending.pop() {
                let outcome = Box::new(self.arrive(&request, life.refuse));
                self.feed(Fact::CallEnded { execution, attempt, outcome });
            } else if self.goes_on {
                self.goes_on = false;
                self.feed(Fact::Continue);
            } else {
                self.now = self.run.wake_at().expect("a run that rests waits for a timer");
                self.feed(Fact::TimerDue);
            }
        }
        panic!("the run does not end");
    }

    fn end(self) -> End {
        let mut completed: Vec<String> = self
            .journal
            .iter()
            .filter(|r| matches!(r.change, Change::TaskCompleted { .. }))
            .filter_map(|r| r.task.as_deref().map(str::to_owned))
            // An attempt that a crash left unknown is undone, although a later attempt was refused.
            .filter(|reference| !reference.contains("/metadata/"))
            .collect();
        completed.sort();
        let output = self.run.output.as_deref().cloned();
        End { ended_well: self.run.status == Status::Completed, output, records: self.records, completed }
    }
}

/// An input for a shipped definition: its example among the test data.
fn input_of(definition: &Definition) -> Value {
    match definition.workflow.name.as_str() {
        "closed-won" => json!([crate::sandbox::closed_won_event(0)]),
        other => panic!("give the simulator an input for the shipped workflow {other}"),
    }
}

fn shipped() -> Vec<Arc<Definition>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("workflows");
    let functions = Functions::load(&folder).unwrap();
    let files = dsl::definition_files(&folder).unwrap();
    assert!(!files.is_empty());
    let read = |file: &std::path::PathBuf| std::fs::read_to_string(file).unwrap();
    files.iter().map(|f| dsl::build(&f.display().to_string(), &read(f), &functions).unwrap().definition).collect()
}

fn live(definition: &Definition, life: Life) -> (End, usize, usize) {
    let mut simulation = Simulation::new(definition);
    simulation.live(input_of(definition), life);
    let (decisions, calls) = (simulation.decisions, simulation.keys.len());
    (simulation.end(), decisions, calls)
}

#[test]
fn every_shipped_definition_ends_the_same_whatever_the_boundary_at_which_its_node_dies() {
    for definition in shipped() {
        let (undisturbed, _, calls) = live(&definition, Life { crash: None, refuse: None });
        assert!(undisturbed.ended_well, "{}", definition.workflow);
        assert!(calls > 3, "the simulation of {} makes too few calls to prove anything", definition.workflow);
        for refuse in std::iter::once(None).chain((0..calls).map(Some)) {
            let (expected, decisions, _) = live(&definition, Life { crash: None, refuse });
            for at in 0..decisions {
                for arrived in [false, true] {
                    let life = Life { crash: Some((at, arrived)), refuse };
                    let (end, ..) = live(&definition, life);
                    assert_eq!(end, expected, "{}: {life:?}", definition.workflow);
                }
            }
        }
    }
}

#[test]
fn a_refused_order_undoes_exactly_the_customer() {
    let definition = shipped().into_iter().find(|d| d.workflow.name == "closed-won").unwrap();
    let mut undone = 0;
    for refuse in 0..8 {
        let (end, ..) = live(&definition, Life { crash: None, refuse: Some(refuse) });
        if !end.ended_well
            && end.completed.iter().any(|r| r.ends_with("/createCustomer"))
            && !end.completed.iter().any(|r| r.ends_with("/createOrder"))
        {
            undone += 1;
            let customers: Vec<&Value> =
                end.records.by_uri.iter().filter(|(uri, _)| uri.contains("/customer/")).map(|(_, r)| r).collect();
            assert!(customers.iter().all(|c| c["isInactive"] == true), "{end:?}");
            assert!(!end.records.by_uri.keys().any(|uri| uri.contains("/salesOrder/")), "{end:?}");
        }
    }
    assert!(undone >= 2, "no refusal between customer and order was undone");
}
