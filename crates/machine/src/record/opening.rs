//! The initial state of a task that stays open. In the journal it is stored beside the other fields of a
//! `task.started`, under a name for its kind.

use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny};
use serde::ser::{SerializeStruct, Serializer};
use serde_json::Value;

use crate::{Beginning, CallRequest, ChildRequest, ExecutionId, Listening, Time, stored};

/// The initial state of a task that stays open, besides its input.
#[derive(Debug, Clone, PartialEq)]
pub enum Opening {
    /// The tasks of a `do`, `try`, `fork` or a task with extensions.
    Tasks,
    /// The body of a function, with its arguments.
    Function(Arc<Value>),
    /// A call's request: attempt 1 is about to be sent.
    Call(Arc<CallRequest>),
    /// A `wait`, with its end.
    Wait(Time),
    /// A `for`, with its items.
    Loop(Arc<Value>),
    /// A `listen`, with what each of its filters waits for.
    Listen(Arc<Vec<Listening>>),
    /// A `run`, with the run that it starts; or its undo, with the run to undo.
    Child(Arc<ChildRequest>),
}

impl Opening {
    /// Name of the field in which it is stored.
    fn field(&self) -> &'static str {
        match self {
            Self::Tasks => "nothing",
            Self::Function(_) => "arguments",
            Self::Call(_) => "request",
            Self::Wait(_) => "until",
            Self::Loop(_) => "items",
            Self::Listen(_) => "listening",
            Self::Child(_) => "child",
        }
    }
}

/// Writes the fields of a `task.started`.
#[allow(clippy::trivially_copy_pass_by_ref, clippy::ref_option, reason = "serde passes references")]
pub(super) fn serialize<S: Serializer>(
    execution: &ExecutionId,
    beginning: &Beginning,
    opening: &Opening,
    deadline: &Option<Time>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let is_named = !matches!(opening, Opening::Tasks);
    let fields = 2 + usize::from(is_named) + usize::from(deadline.is_some());
    let mut started = serializer.serialize_struct("TaskStarted", fields)?;
    started.serialize_field("execution", execution)?;
    started.serialize_field("beginning", beginning)?;
    let field = opening.field();
    match opening {
        Opening::Tasks => {}
        Opening::Function(value) | Opening::Loop(value) => started.serialize_field(field, value)?,
        Opening::Call(request) => started.serialize_field(field, request)?,
        Opening::Wait(until) => started.serialize_field(field, until)?,
        Opening::Listen(listening) => started.serialize_field(field, listening)?,
        Opening::Child(child) => started.serialize_field(field, child)?,
    }
    if let Some(deadline) = deadline {
        started.serialize_field("deadline", deadline)?;
    }
    started.end()
}

/// A `task.started` as stored. Unknown fields are an error: this version must not treat the task as one without them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    execution: ExecutionId,
    beginning: Beginning,
    #[serde(default, deserialize_with = "stored::present")]
    arguments: Option<Arc<Value>>,
    request: Option<Arc<CallRequest>>,
    until: Option<Time>,
    #[serde(default, deserialize_with = "stored::present")]
    items: Option<Arc<Value>>,
    listening: Option<Arc<Vec<Listening>>>,
    child: Option<Arc<ChildRequest>>,
    deadline: Option<Time>,
    /// Belongs to the record, not to the change.
    #[serde(rename = "note")]
    _note: Option<IgnoredAny>,
}

type Started = (ExecutionId, Beginning, Opening, Option<Time>);

/// Reads the fields of a `task.started`.
///
/// # Errors
/// It has two openings, or one that this version does not know.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Started, D::Error> {
    let written = Written::deserialize(deserializer)?;
    let openings = [
        written.arguments.map(Opening::Function),
        written.request.map(Opening::Call),
        written.until.map(Opening::Wait),
        written.items.map(Opening::Loop),
        written.listening.map(Opening::Listen),
        written.child.map(Opening::Child),
    ];
    let mut openings = openings.into_iter().flatten();
    let opening = openings.next().unwrap_or(Opening::Tasks);
    if let Some(second) = openings.next() {
        let (one, other) = (opening.field(), second.field());
        return Err(D::Error::custom(format!("a task begins with `{one}` or with `{other}`, and this one has both")));
    }
    Ok((written.execution, written.beginning, opening, written.deadline))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Serialize;
    use serde_json::json;

    use super::*;
    use crate::{Change, Coordinates, Role};

    /// The form that versions up to 0.3 used: six options, at most one of them set.
    #[derive(Debug, Serialize, Deserialize)]
    #[serde(tag = "kind", content = "data")]
    enum Before {
        #[serde(rename = "task.started")]
        TaskStarted {
            execution: ExecutionId,
            beginning: Beginning,
            #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "stored::present")]
            arguments: Option<Arc<Value>>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            request: Option<Arc<CallRequest>>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            until: Option<Time>,
            #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "stored::present")]
            items: Option<Arc<Value>>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            listening: Option<Arc<Vec<Listening>>>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            child: Option<Arc<ChildRequest>>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            deadline: Option<Time>,
        },
    }

    fn before((execution, beginning, opening, deadline): Started) -> Before {
        let (mut arguments, mut request, mut until, mut items, mut listening, mut child) = Default::default();
        match opening {
            Opening::Tasks => {}
            Opening::Function(value) => arguments = Some(value),
            Opening::Call(value) => request = Some(value),
            Opening::Wait(value) => until = Some(value),
            Opening::Loop(value) => items = Some(value),
            Opening::Listen(value) => listening = Some(value),
            Opening::Child(value) => child = Some(value),
        }
        Before::TaskStarted { execution, beginning, arguments, request, until, items, listening, child, deadline }
    }

    fn value() -> impl Strategy<Value = Arc<Value>> {
        let values = vec![
            Value::Null,
            json!([]),
            json!({ "id": "7", "n": [1, null] }),
            serde_json::from_str("123456789012345678901234567890.10").unwrap(),
        ];
        prop::sample::select(values).prop_map(Arc::new)
    }

    fn moment() -> impl Strategy<Value = Time> {
        (0_i64..4_000_000_000_000_000).prop_map(|micros| Time::from_timestamp_micros(micros).unwrap())
    }

    fn opening() -> impl Strategy<Value = Opening> {
        let call = value().prop_map(|body| {
            let request = json!({
                "method": "POST", "uri": "https://erp.example/one", "body": body, "idempotency_key": "k", "traceparent": "t",
            });
            Opening::Call(Arc::new(serde_json::from_value(request).unwrap()))
        });
        let child = value().prop_map(|input| {
            let request = json!({
                "run": "018f0000-0000-7000-8000-000000000000", "namespace": "a", "name": "b", "version": "1.0.0",
                "input": input, "awaits": true, "depth": 1, "attempt": 1,
            });
            Opening::Child(Arc::new(serde_json::from_value(request).unwrap()))
        });
        let listen = prop::collection::vec("[a-z.]{1,9}", 0..3).prop_map(|types| {
            let filters = types.into_iter().map(|name| json!({ "with": { "type": name }, "correlate": {} }));
            Opening::Listen(Arc::new(serde_json::from_value(filters.collect()).unwrap()))
        });
        prop_oneof![
            Just(Opening::Tasks),
            value().prop_map(Opening::Function),
            call,
            moment().prop_map(Opening::Wait),
            value().prop_map(Opening::Loop),
            listen,
            child,
        ]
    }

    fn beginning() -> impl Strategy<Value = Beginning> {
        let coordinates = (0_u32..3, prop::collection::vec(0_u32..9, 0..3), 0_u32..2);
        let coordinates = coordinates.prop_map(|(visit, iteration, round)| Coordinates { visit, iteration, round });
        let role = prop_oneof![Just(Role::Step), (0_u32..9).prop_map(Role::Undo), (0_u32..9).prop_map(Role::Reconcile)];
        (prop::option::of(0_u32..9), coordinates, role, prop::option::of(value()))
            .prop_map(|(parent, coordinates, role, input)| Beginning { parent, coordinates, role, input })
    }

    fn change((execution, beginning, opening, deadline): Started) -> Change {
        Change::TaskStarted { execution, beginning, opening, deadline }
    }

    proptest! {
        /// Byte for byte, because the hashes of journals cover them.
        #[test]
        fn a_start_is_written_and_read_as_it_was_by_earlier_versions(
            started in (0_u32..1_000_000, beginning(), opening(), prop::option::of(moment()))
        ) {
            let text = serde_json::to_string(&before(started.clone())).unwrap();
            prop_assert_eq!(&serde_json::to_string(&change(started.clone())).unwrap(), &text);
            let Change::TaskStarted { execution, beginning, opening, deadline } = serde_json::from_str(&text).unwrap()
            else { panic!("{text}") };
            prop_assert_eq!((execution, beginning, opening, deadline), started);
        }
    }

    #[test]
    fn a_start_in_two_ways_or_in_an_unknown_one_is_refused() {
        let read = |more: Value| {
            let mut data = json!({ "execution": 3, "beginning": {} });
            data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            serde_json::from_value::<Change>(json!({ "kind": "task.started", "data": data })).map(|_| ())
        };
        assert!(read(json!({})).is_ok());
        assert!(read(json!({ "items": null, "note": "1 character was replaced" })).is_ok(), "null are items too");
        let both = read(json!({ "items": [1], "until": "2026-01-01T00:00:00Z" })).unwrap_err().to_string();
        assert!(both.contains("`until`") && both.contains("`items`"), "{both}");
        let unknown = read(json!({ "signal": "go" })).unwrap_err().to_string();
        assert!(unknown.contains("signal"), "{unknown}");
    }
}
