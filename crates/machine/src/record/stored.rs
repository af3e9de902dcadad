//! Serde helpers where the default would lose something: null as a value, shared values, and maps whose keys are not
//! strings.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Reads a field that is present, even if it is null; serde's default reads null as `None`.
pub(crate) fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// The values of the run being written or read, each stored once however many parts of the run share it.
#[derive(Default)]
struct Values {
    list: Vec<Arc<Value>>,
    places: HashMap<*const Value, usize>,
}

thread_local! {
    static VALUES: RefCell<Values> = RefCell::default();
}

/// Writes or reads something whose values are [`shared`], starting with `values`. Returns them with those that were
/// added.
pub(crate) fn sharing<T>(values: Vec<Arc<Value>>, work: impl FnOnce() -> T) -> (T, Vec<Arc<Value>>) {
    VALUES.replace(Values { list: values, places: HashMap::new() });
    let done = work();
    (done, VALUES.take().list)
}

/// Writes a shared value as its index in the list of values.
pub(crate) mod shared {
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

/// Writes a map whose keys are not strings as a list of pairs.
pub(crate) mod pairs {
    use rpds::RedBlackTreeMapSync;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer, K: Serialize + Ord, V: Serialize>(
        map: &RedBlackTreeMapSync<K, V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map)
    }

    pub fn deserialize<'de, D, K, V>(deserializer: D) -> Result<RedBlackTreeMapSync<K, V>, D::Error>
    where
        D: Deserializer<'de>,
        K: Deserialize<'de> + Ord,
        V: Deserialize<'de>,
    {
        Ok(Vec::<(K, V)>::deserialize(deserializer)?.into_iter().collect())
    }
}

/// Writes a time span as whole seconds and nanoseconds.
pub(crate) mod span {
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

/// Writes a list of values with gaps as many short lists. A gap is null; a value is wrapped in an array.
pub(crate) mod lists {
    use rpds::VectorSync;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    use super::{Arc, Value};

    const SHORT: usize = 128;

    type Values = VectorSync<Option<Arc<Value>>>;

    pub fn serialize<S: Serializer>(values: &Values, serializer: S) -> Result<S::Ok, S::Error> {
        let values: Vec<Option<(&Arc<Value>,)>> =
            values.iter().map(|value| value.as_ref().map(|value| (value,))).collect();
        values.chunks(SHORT).map(until_last).collect::<Vec<_>>().serialize(serializer)
    }

    /// Cuts off trailing gaps.
    fn until_last<T>(values: &[Option<T>]) -> &[Option<T>] {
        &values[..values.iter().rposition(Option::is_some).map_or(0, |last| last + 1)]
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Values, D::Error> {
        let mut values = Values::default();
        for (list, short) in Vec::<Vec<Option<(Arc<Value>,)>>>::deserialize(deserializer)?.into_iter().enumerate() {
            while values.len() < list * SHORT {
                values.push_back_mut(None);
            }
            short.into_iter().for_each(|value| values.push_back_mut(value.map(|(value,)| value)));
        }
        Ok(values)
    }
}
