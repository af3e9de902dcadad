//! `try`, `catch` and `retry`, with warnings about retries that are likely to surprise their author.

use crate::dsl::builder::Builder;
use crate::dsl::builder::expression::{RESERVED, Scope, Stage};
use crate::dsl::builder::fields::complete;
use crate::dsl::builder::task::Site;
use crate::dsl::definition::{Backoff, Catch, Endpoint, ErrorFilter, Protocol, RetryPolicy, TaskId, TaskKind, TryTask};
use crate::dsl::mistake::{Spot, shortened};
use crate::dsl::source::Node;
use stepwell_expr::Template;

const STATUS_MAX: u64 = 599;
const RETRIES_MAX: u64 = 10_000;

impl<'s> Builder<'s> {
    pub(crate) fn r#try(&mut self, task: Node<'s>, body: Node<'s>, site: &Site<'_, 's>) -> Option<TaskKind> {
        let body = self.list(body, &format!("{}/try", site.reference), site.scope);
        let catch = self.required(task, "catch")?;
        let retry = catch.get("retry");
        let catch = self.catch(catch, site);
        let body = body?;
        if let Some(retry) = retry {
            self.warn_about_retries(retry, &body);
        }
        Some(TaskKind::Try(Box::new(TryTask { body, catch: catch? })))
    }

    fn catch(&mut self, node: Node<'s>, site: &Site<'_, 's>) -> Option<Catch> {
        let object = self.closed(node, &["errors", "as", "when", "exceptWhen", "retry", "do"])?;
        let with = object.get("errors").and_then(|n| self.closed(n, &["with"])).and_then(|n| n.get("with"));
        let with = with.map(|n| self.error_filter(n)).unwrap_or_default();
        let variable = object.get("as").map_or_else(|| Some("error".to_owned()), |n| self.variable(n));
        let mut scope = site.scope.clone();
        scope.name(variable.as_deref());
        let when = object.get("when").map(|n| self.bare(n, Stage::Within, &scope));
        let except_when = object.get("exceptWhen").map(|n| self.bare(n, Stage::Within, &scope));
        let retry = object.get("retry").map(|n| self.retry_or_name(n, &scope));
        let below = format!("{}/catch/do", site.reference);
        let handler = object.get("do").map(|n| self.list(n, &below, &scope));
        Some(Catch {
            with,
            variable: variable?,
            when: complete(when)?,
            except_when: complete(except_when)?,
            retry: complete(retry)?,
            handler: complete(handler)?,
        })
    }

    /// Reads the name of a variable: `catch.as`, `for.each` and similar fields.
    pub(crate) fn variable(&mut self, node: Node<'s>) -> Option<String> {
        let name = self.text(node)?;
        let name = name.strip_prefix('$').unwrap_or(name);
        let mut characters = name.chars();
        let fits = characters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && characters.all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !fits || RESERVED.contains(&name) {
            let message = format!("`{}` must name a free jq variable, not `{}`", node.label(), shortened(name));
            let hint = format!("letters, digits and underscores, such as `{}: current`", node.label());
            self.report.error_with_hint(node, message, hint);
            return None;
        }
        Some(name.to_owned())
    }

    fn error_filter(&mut self, node: Node<'s>) -> ErrorFilter {
        let known = ["type", "status", "instance", "title", "detail", "details"];
        let Some(object) = self.closed(node, &known) else { return ErrorFilter::default() };
        for (key, value) in object.entries() {
            if value.as_text().is_some_and(|text| text.contains("${")) {
                let hint = "compare with `catch.when`".to_owned();
                self.report.error_with_hint(value, format!("`errors.with.{key}` cannot be an expression"), hint);
            }
        }
        // The official schema spells it `details`, the DSL reference `detail`.
        let detail = self.optional_text(object, "detail").or_else(|| self.optional_text(object, "details"));
        let status = object.get("status").and_then(|n| self.whole_number(n, STATUS_MAX));
        ErrorFilter {
            r#type: self.optional_text(object, "type"),
            status: status.and_then(|n| u16::try_from(n).ok()),
            instance: self.optional_text(object, "instance"),
            title: self.optional_text(object, "title"),
            detail,
        }
    }

    fn retry_or_name(&mut self, node: Node<'s>, scope: &Scope) -> Option<RetryPolicy> {
        let policy = match node.as_text() {
            Some(name) => self.reusable("retries", "retry policy", name, node)?,
            None => node,
        };
        self.retry(policy, scope)
    }

    /// Reads a retry policy.
    pub(crate) fn retry(&mut self, node: Node<'s>, scope: &Scope) -> Option<RetryPolicy> {
        let object = self.closed(node, &["when", "exceptWhen", "delay", "backoff", "limit", "jitter"])?;
        let when = object.get("when").map(|n| self.bare(n, Stage::Within, scope));
        let except_when = object.get("exceptWhen").map(|n| self.bare(n, Stage::Within, scope));
        let delay = object.get("delay").map(|n| self.duration(n, scope));
        let backoff = object.get("backoff").map_or(Some(Backoff::default()), |n| self.backoff(n));
        let limit = object.get("limit").and_then(|n| self.closed(n, &["attempt", "duration"]));
        let duration_max = limit.and_then(|n| n.get("duration")).map(|n| self.duration(n, scope));
        let attempt = limit.and_then(|n| n.get("attempt")).and_then(|n| self.closed(n, &["count", "duration"]));
        let count = attempt.and_then(|n| n.get("count")).map(|n| self.whole_number(n, RETRIES_MAX));
        let attempt_duration = attempt.and_then(|n| n.get("duration")).map(|n| self.duration(n, scope));
        let jitter = object.get("jitter").and_then(|n| self.closed(n, &["from", "to"])).map(|n| {
            let from = self.required(n, "from").and_then(|n| self.duration(n, scope));
            let to = self.required(n, "to").and_then(|n| self.duration(n, scope));
            Some((from?, to?))
        });
        Some(RetryPolicy {
            when: complete(when)?,
            except_when: complete(except_when)?,
            delay: complete(delay)?,
            backoff: backoff?,
            count_max: complete(count)?.and_then(|n| u32::try_from(n).ok()),
            attempt_duration: complete(attempt_duration)?,
            duration_max: complete(duration_max)?,
            jitter: complete(jitter)?,
        })
    }

    fn backoff(&mut self, node: Node<'s>) -> Option<Backoff> {
        let object = self.closed(node, &["constant", "linear", "exponential"])?;
        let mut entries = object.entries();
        let (Some((name, value)), None) = (entries.next(), entries.next()) else {
            self.report.error(object, "`backoff` must be one of `constant`, `linear`, `exponential`");
            return None;
        };
        let known: &[&str] = if name == "exponential" { &["multiplier", "maxDelay"] } else { &[] };
        let value = self.closed(value, known)?;
        match name {
            "constant" => Some(Backoff::Constant),
            "linear" => Some(Backoff::Linear),
            "exponential" => {
                let multiplier = value.get("multiplier").map_or(Some(2.0), |n| self.multiplier(n));
                let max_delay = value.get("maxDelay").map(|n| self.fixed_duration(n));
                Some(Backoff::Exponential { multiplier: multiplier?, max_delay: complete(max_delay)? })
            }
            _ => None,
        }
    }

    fn multiplier(&mut self, node: Node<'s>) -> Option<f64> {
        let number = node.as_number().and_then(serde_json::Number::as_f64).filter(|n| (1.0..=100.0).contains(n));
        if number.is_none() {
            self.report.error(node, "`multiplier` must be a number from 1 to 100");
        }
        number
    }

    fn warn_about_retries(&mut self, retry: Node<'s>, body: &[TaskId]) {
        let (mut calls, mut through_connection) = (0, false);
        let mut pending: Vec<TaskId> = body.to_vec();
        while let Some(task) = pending.pop().and_then(|id| self.tasks[id.0 as usize].as_ref()) {
            match &task.kind {
                TaskKind::Call(call) => {
                    calls += 1;
                    through_connection |= goes_through_connection(&call.protocol);
                }
                kind => pending.extend(kind.nested()),
            }
        }
        if through_connection {
            let hint = "leave transient faults to the connection's own retries, or catch only what it does not retry";
            let message = "retries multiply: the connection has retried already before `catch` sees a fault";
            self.report.warning(Spot::key(retry), message, hint.to_owned());
        }
        if calls > 1 {
            let message = format!("a retry runs the whole `try` list again, all {calls} calls of it");
            self.report.warning(Spot::key(retry), message, "give each call a `try` of its own".to_owned());
        }
    }
}

/// Whether an HTTP call goes through a connection, as far as the definition shows. An OpenAPI document decides its own
/// servers.
fn goes_through_connection(protocol: &Protocol) -> bool {
    let Protocol::Http(http) = protocol else { return false };
    match &http.endpoint {
        Endpoint::UriTemplate(uri) => uri.starts_with("connection://"),
        Endpoint::Expression(expression) => expression.text().contains("connection://"),
    }
}

/// Whether a call only reads: a literal GET or HEAD, or an operation with such a method if the definition includes its
/// document.
pub(crate) fn is_read(protocol: &Protocol) -> bool {
    let method = match protocol {
        Protocol::Http(http) => match &http.method {
            Template::Literal(method) => method.as_str(),
            _ => None,
        },
        Protocol::OpenApi(call) => call.method.as_deref(),
        Protocol::Process(_) => None,
    };
    method.is_some_and(|m| m.eq_ignore_ascii_case("get") || m.eq_ignore_ascii_case("head"))
}
