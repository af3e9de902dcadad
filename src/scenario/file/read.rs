//! Parses the text of a scenario file into [`ScenarioFile`] and locates every mistake.

use std::path::Path;
use std::time::Duration;

use super::around::{acts, events, runs, tasks};
use super::expectation::{expect, predicate};
use super::{
    CallPattern, Invariant, MockAnswer, MockReply, Remembered, SandboxRequest, SandboxSetup, Scenario, ScenarioFile,
};
use crate::dsl::mistake::Report;
use crate::dsl::source::{self, Node};
use crate::dsl::{Mistake, parse_duration};
use crate::machine::{RunId, Time};
use crate::sandbox::Profile;

/// Most scenarios in a file.
const SCENARIOS_MAX: usize = 1_000;

/// Most calls per answer.
const TIMES_MAX: u64 = 10_000;

/// Id of every run in scenario files.
const RUN: u128 = 0x0199_5a00_0000_7000_8000_0000_0000_0001;

/// Default start time of runs.
pub(super) fn default_now() -> Time {
    Time::UNIX_EPOCH + chrono::Duration::days(20_454) + chrono::Duration::hours(9)
}

/// Parses a scenario file.
///
/// # Errors
/// All mistakes in the text.
pub fn read(file: &str, text: &str) -> Result<ScenarioFile, Vec<Mistake>> {
    let source = source::read(file, text)?;
    let mut report = Report::new(file);
    let read = scenario_file(file, source.root(), &mut report);
    let failed = report.has_errors();
    match read.filter(|_| !failed) {
        Some(read) => Ok(read),
        None => Err(report.finish()),
    }
}

fn scenario_file<'s>(file: &str, root: Node<'s>, report: &mut Report<'s>) -> Option<ScenarioFile> {
    let root = report.closed(root, &["definition", "scenarios", "invariants"])?;
    let definition = report.optional_text(root, "definition").unwrap_or_else(|| definition_beside(file));
    let list = report.required(root, "scenarios")?;
    let mut scenarios: Vec<Scenario> = Vec::new();
    for node in items(list, report).take(SCENARIOS_MAX) {
        let Some(scenario) = scenario(node, report) else { continue };
        if scenarios.iter().any(|other| other.name == scenario.name) {
            report.error(node, format!("there are two scenarios named {:?}", scenario.name));
        }
        scenarios.push(scenario);
    }
    if list.items().count() == 0 {
        report.error(list, "a scenario file needs a scenario");
    }
    let invariants = root.get("invariants").map(|list| {
        let nodes: Vec<Node<'s>> = items(list, report).collect();
        nodes.into_iter().filter_map(|node| invariant(node, report)).collect()
    });
    Some(ScenarioFile { file: file.to_owned(), definition, scenarios, invariants: invariants.unwrap_or_default() })
}

/// Returns `closed-won.yaml` for `closed-won.scenarios.yaml`.
fn definition_beside(file: &str) -> String {
    let name = Path::new(file).file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.replacen(".scenarios.", ".", 1)
}

/// Returns the items of a list; reports any other node.
pub(super) fn items<'s>(node: Node<'s>, report: &mut Report<'s>) -> impl Iterator<Item = Node<'s>> + use<'s> {
    report.list(node);
    node.items()
}

fn scenario<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<Scenario> {
    let node = report.closed(
        node,
        &[
            "name", "profiles", "input", "now", "sandbox", "memory", "calls", "acts", "events", "tasks", "runs",
            "expect",
        ],
    )?;
    let name = report.required(node, "name").and_then(|name| report.text(name));
    let input = report.required(node, "input").map(Node::to_value);
    let expected = report.required(node, "expect").map(|node| expect(node, report));
    let sandbox = node.get("sandbox").map(|node| sandbox(node, report));
    let calls = node.get("calls").map(|node| calls(node, report)).unwrap_or_default();
    if sandbox.is_none() && node.get("calls").is_none() {
        let hint = "`sandbox: {}` for the sandbox CRM and ERP, `calls: {}` if nothing is called";
        report.error_with_hint(node, "the scenario does not define what answers calls", hint.to_owned());
    }
    let acts = node.get("acts").map(|list| acts(list, report)).unwrap_or_default();
    let now = node.get("now").map_or_else(|| Some(default_now()), |node| moment(node, report));
    Some(Scenario {
        run: RunId::from_u128(RUN),
        name: name?.to_owned(),
        line: node.place().map_or(1, |place| place.line),
        input: input?,
        profiles: node.get("profiles").map(|list| profiles(list, report)).unwrap_or_default(),
        now: now?,
        sandbox,
        memory: node.get("memory").map(|list| remembered(list, report)).unwrap_or_default(),
        calls,
        acts,
        events: node.get("events").map(|list| events(list, report)).unwrap_or_default(),
        tasks: node.get("tasks").map(|list| tasks(list, report)).unwrap_or_default(),
        runs: node.get("runs").map(|node| runs(node, report)).unwrap_or_default(),
        expect: expected?,
    })
}

fn profiles<'s>(list: Node<'s>, report: &mut Report<'s>) -> Vec<&'static Profile> {
    let nodes: Vec<Node<'s>> = items(list, report).collect();
    let mut found = Vec::new();
    for node in nodes {
        match report.text(node).map(Profile::named) {
            Some(Ok(profile)) => found.push(profile),
            Some(Err(why)) => report.error(node, why),
            None => {}
        }
    }
    found
}

fn moment<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<Time> {
    let text = report.text(node)?;
    match text.parse() {
        Ok(moment) => Some(moment),
        Err(why) => {
            let hint = "as in 2026-11-20T16:42:07Z".to_owned();
            report.error_with_hint(node, format!("{text:?} is not a time: {why}"), hint);
            None
        }
    }
}

fn invariant<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<Invariant> {
    let node = report.closed(node, &["name", "holds", "always"])?;
    let name = report.required(node, "name").and_then(|name| report.text(name));
    let holds = report.required(node, "holds").and_then(|holds| predicate(holds, report));
    let always = node.get("always").and_then(|always| report.boolean(always)).unwrap_or(false);
    Some(Invariant { name: name?.to_owned(), holds: holds?, always })
}

/// Reads the hub's memory before the run: `- watermarks/write: { name: items, value: 7 }`. The operations are checked
/// later together with the definition, whose mappings name the sides of links.
fn remembered<'s>(list: Node<'s>, report: &mut Report<'s>) -> Vec<Remembered> {
    let nodes: Vec<Node<'s>> = items(list, report).collect();
    let mut before = Vec::new();
    for node in nodes {
        let Some(operation) = report.object(node) else { continue };
        before.extend(operation.entries().map(|(path, body)| Remembered {
            path: path.to_owned(),
            body: body.to_value(),
            position: body.place().unwrap_or_default(),
        }));
    }
    before
}

fn sandbox<'s>(node: Node<'s>, report: &mut Report<'s>) -> SandboxSetup {
    let mut setup = SandboxSetup::default();
    let Some(node) = report.closed(node, &["before", "settings", "faults"]) else { return setup };
    if let Some(list) = node.get("before") {
        let nodes: Vec<Node<'s>> = items(list, report).collect();
        setup.before = nodes.into_iter().filter_map(|node| sandbox_request(node, report)).collect();
    }
    if let Some(settings) = node.get("settings") {
        let value = settings.to_value();
        if let Err(why) = crate::sandbox::Sandbox::new().change_settings(value.clone()) {
            report.error(settings, why);
        }
        setup.settings = Some(value);
    }
    if let Some(list) = node.get("faults") {
        for node in items(list, report) {
            match serde_json::from_value(node.to_value()) {
                Ok(fault) => setup.faults.push(fault),
                Err(why) => report.error(node, format!("this is not a sandbox fault: {why}")),
            }
        }
        if let Err(why) = crate::sandbox::Sandbox::new().add_faults(setup.faults.clone()) {
            report.error(list, why);
        }
    }
    setup
}

fn sandbox_request<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<SandboxRequest> {
    let node = report.closed(node, &["method", "path", "body"])?;
    let method = report.required(node, "method").and_then(|method| method_of(method, report));
    let path = report.required(node, "path")?;
    let text = report.text(path)?;
    if crate::sandbox::Door::of(text).is_none() || text.parse::<http::Uri>().is_err() {
        let hint = "as in /erp/services/rest/record/v1/customer/eid:7".to_owned();
        report.error_with_hint(path, format!("{text:?} is not a path of the sandbox"), hint);
        return None;
    }
    Some(SandboxRequest { method: method?, path: text.to_owned(), body: node.get("body").map(Node::to_value) })
}

fn method_of<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<http::Method> {
    let text = report.text(node)?;
    let method = http::Method::from_bytes(text.to_ascii_uppercase().as_bytes());
    if method.is_err() {
        report.error(node, format!("{text:?} is not an HTTP method"));
    }
    method.ok()
}

fn calls<'s>(node: Node<'s>, report: &mut Report<'s>) -> Vec<(CallPattern, Vec<MockAnswer>)> {
    let Some(node) = report.object(node) else { return Vec::new() };
    let mut calls = Vec::new();
    for (key, list) in node.entries() {
        let pattern = match key.split_once(' ') {
            Some((method, uri)) => {
                CallPattern::Request { method: method.to_ascii_uppercase(), uri: uri.trim().to_owned() }
            }
            None => CallPattern::Step(key.to_owned()),
        };
        // A single answer need not be in a list.
        let nodes: Vec<Node<'s>> = if list.is_object() { vec![list] } else { items(list, report).collect() };
        if nodes.is_empty() {
            report.error(list, format!("`{key}` has no answer"));
        }
        calls.push((pattern, nodes.into_iter().filter_map(|node| answer(node, report)).collect()));
    }
    calls
}

fn answer<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<MockAnswer> {
    let node = report.closed(node, &["when", "status", "headers", "body", "fault", "delay", "times"])?;
    let when = node.get("when").map_or(Some(None), |when| predicate(when, report).map(Some))?;
    let times = node.get("times").map_or(Some(1), |times| report.whole_number(times, TIMES_MAX))?;
    if times == 0 {
        report.error(node, "an answer with `times: 0` has no effect");
    }
    let delay = node.get("delay").map_or(Some(Duration::ZERO), |delay| duration(delay, report))?;
    let reply = match node.get("fault") {
        Some(fault) => {
            if node.get("status").or(node.get("body")).is_some() {
                report.error(fault, "an answer has either a `fault` or a `status`");
            }
            let words =
                [("reset", MockReply::Reset), ("lost-reply", MockReply::LostReply), ("timeout", MockReply::Timeout)];
            let at = words.iter().enumerate().map(|(at, (name, _))| (*name, at)).collect::<Vec<_>>();
            words[report.word(fault, &at)?].1.clone()
        }
        None => MockReply::Answer {
            status: node.get("status").map_or(Some(http::StatusCode::OK), |status| status_code(status, report))?,
            headers: node.get("headers").map(|headers| header_map(headers, report)).unwrap_or_default(),
            body: node.get("body").map(Node::to_value).unwrap_or_default(),
        },
    };
    Some(MockAnswer { when, reply, delay, times: u32::try_from(times).unwrap_or(u32::MAX) })
}

pub(super) fn duration<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<Duration> {
    let text = report.text(node)?;
    match parse_duration(text) {
        Ok(duration) => Some(duration),
        Err(why) => {
            report.error(node, why);
            None
        }
    }
}

fn status_code<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<http::StatusCode> {
    let number = report.whole_number(node, 599)?;
    let status = u16::try_from(number).ok().filter(|n| *n >= 200).and_then(|n| http::StatusCode::from_u16(n).ok());
    if status.is_none() {
        report.error(node, format!("{number} is not a response status: use 200 to 599"));
    }
    status
}

fn header_map<'s>(node: Node<'s>, report: &mut Report<'s>) -> http::HeaderMap {
    let mut headers = http::HeaderMap::new();
    let Some(node) = report.object(node) else { return headers };
    for (name, value) in node.entries() {
        let Some(text) = report.text(value) else { continue };
        match (http::HeaderName::from_bytes(name.as_bytes()), http::HeaderValue::from_str(text)) {
            (Ok(name), Ok(value)) => drop(headers.append(name, value)),
            _ => report.error(value, format!("{name:?} is not a valid HTTP header name")),
        }
    }
    headers
}
