//! How values and runs are written for serde where its own way would lose something: null that is a value and not the lack of one,
//! values that are shared, maps whose keys are not strings.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A field that is present, even if it is null. Without it, serde reads null as none.
pub(super) fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Values of the run that is written or read, each once however many parts of the run share it.
#[derive(Default)]
struct Values {
    list: Vec<Arc<Value>>,
    places: HashMap<*const Value, usize>,
}

thread_local! {
    static VALUES: RefCell<Values> = RefCell::default();
}

/// Writes or reads something whose values are [`shared`], beginning with these; gives them with those that were added.
pub(super) fn sharing<T>(values: Vec<Arc<Value>>, work: impl FnOnce() -> T) -> (T, Vec<Arc<Value>>) {
    VALUES.replace(Values { list: values, places: HashMap::new() });
    let done = work();
    (done, VALUES.take().list)
}

/// For serde: a shared value is written as its place among the values.
pub(super) mod shared {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use super::{Arc, VALUES, Value};

    pub fn serialize<S: Serializer>(value: &Arc<Value>, serializer: S) -> Result<S::Ok, S::Error> {
        let place = VALUES.with_borrow_mut(|values| {
            let next = values.list.len();
            let place = *values.places.entry(Arc::as_ptr(value)).or_insert(next);
            if place == next {
                values.list.push(Arc::clone(value));
            }
            place
        });
        serializer.serialize_u64(place as u64)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<Value>, D::Error> {
        let place = usize::deserialize(deserializer)?;
        let value = VALUES.with_borrow(|values| values.list.get(place).cloned());
        value.ok_or_else(|| D::Error::custom(format!("there is no value {place}")))
    }
}

/// For serde: a map whose keys are not strings is written as a list of pairs.
pub(super) mod pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer, K: Serialize, V: Serialize>(
        map: &BTreeMap<K, V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map)
    }

    pub fn deserialize<'de, D, K, V>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
    where
        D: Deserializer<'de>,
        K: Deserialize<'de> + Ord,
        V: Deserialize<'de>,
    {
        Ok(Vec::<(K, V)>::deserialize(deserializer)?.into_iter().collect())
    }
}

/// For serde: a span of time as whole seconds, and nanoseconds beside them.
pub(super) mod span {
    use chrono::TimeDelta;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de::Error as _};

    pub fn serialize<S: Serializer>(span: &TimeDelta, serializer: S) -> Result<S::Ok, S::Error> {
        (span.num_seconds(), span.subsec_nanos()).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TimeDelta, D::Error> {
        let (seconds, nanos) = <(i64, i32)>::deserialize(deserializer)?;
        let whole = TimeDelta::try_seconds(seconds).and_then(|s| s.checked_add(&TimeDelta::nanoseconds(nanos.into())));
        whole.ok_or_else(|| D::Error::custom("the span is too long"))
    }
}

/// For serde: lists of values in which some are missing. A missing one is null, another one stands in an array of its own.
pub(super) mod lists {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    use super::{Arc, Value};

    type Lists = Vec<Arc<Vec<Option<Arc<Value>>>>>;

    pub fn serialize<S: Serializer>(lists: &Lists, serializer: S) -> Result<S::Ok, S::Error> {
        let one = |list: &Arc<Vec<Option<Arc<Value>>>>| -> Vec<Option<(Arc<Value>,)>> {
            list.iter().map(|value| value.clone().map(|value| (value,))).collect()
        };
        lists.iter().map(one).collect::<Vec<_>>().serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Lists, D::Error> {
        let lists = Vec::<Vec<Option<(Arc<Value>,)>>>::deserialize(deserializer)?;
        let one =
            |list: Vec<Option<(Arc<Value>,)>>| list.into_iter().map(|value| value.map(|(value,)| value)).collect();
        Ok(lists.into_iter().map(one).map(Arc::new).collect())
    }
}
