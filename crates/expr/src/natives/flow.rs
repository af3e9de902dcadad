//! Functions that run other filters, or take part in paths: `path`, `getpath`, `first`, `limit`, `//`, `reduce` and `foreach`.

use jaq_core::box_iter::box_once;
use jaq_core::native::Fun;
use jaq_core::{Bind, Exn, Native, PathsPtr, RunPtr};

use super::{fail, once, values};
use crate::Data;
use crate::meter::charge;
use crate::value::{Error, Val, delete_paths, get_path, set_path};

/// Taken over from the interpreter, and their names here.
const TAKEN_OVER: [(&str, &str); 5] =
    [("path", "path"), ("first", "first"), ("last", "last"), ("limit", "_limit"), ("skip", "_skip")];

fn filters(count: usize) -> Box<[Bind]> {
    vec![Bind::Fun(()); count].into()
}

pub(super) fn functions() -> Vec<Fun<Data>> {
    let taken_over = jaq_core::funs::<Data>().filter_map(|(name, arguments, function)| {
        let (_, here) = TAKEN_OVER.into_iter().find(|(known, _)| *known == name)?;
        Some((here, arguments, function))
    });
    let mut functions: Vec<Fun<Data>> = taken_over.collect();
    let native = |run: RunPtr<Data>| Native::<Data>::new(run);
    functions.extend([
        ("error", values(0), native(|cv| box_once(Err(Exn::from(Error::new(cv.1))))).with_paths(error_in_path())),
        ("getpath", values(1), native(getpath()).with_paths(getpath_in_path())),
        ("_caught", values(0), native(|cv| box_once(Ok(caught(cv.1))))),
        ("_range", values(3), native(range())),
        ("_assign", [Bind::Fun(()), Bind::Var(())].into(), native(assign())),
        ("_modify", filters(2), native(modify())),
        ("_last_or_null", filters(1), native(last_or_null()).with_paths(last_in_path())),
        ("_foreach", filters(3), native(foreach())),
        ("_alternative", filters(2), native(alternative()).with_paths(alternative_in_path())),
    ]);
    functions
}

fn error_in_path() -> PathsPtr<Data> {
    |cv| box_once(Err(Exn::from(Error::new(cv.1.0))))
}

fn getpath() -> RunPtr<Data> {
    |mut cv| {
        let path = cv.0.pop_var();
        box_once(get_path(cv.1, path).map(|(value, _)| value).map_err(Exn::from))
    }
}

fn getpath_in_path() -> PathsPtr<Data> {
    |mut cv| {
        let path = cv.0.pop_var();
        let (root, taken) = cv.1;
        let found = get_path(root, path);
        box_once(
            found
                .map(|(value, keys)| (value, keys.into_iter().fold(taken, |path, key| path.cons(key))))
                .map_err(Exn::from),
        )
    }
}

/// A message of the interpreter's own, in jq's words.
pub(crate) fn caught(error: Val) -> Val {
    match error.as_str().and_then(|text| text.strip_prefix("invalid path expression with input ")) {
        Some(value) => {
            let shown = serde_json::from_str(value).map(|value| Val::shared(&std::sync::Arc::new(value)).shown());
            Val::text(format!("Invalid path expression with result {}", shown.unwrap_or_else(|_| value.to_owned())))
        }
        None => error,
    }
}

/// `range($from; $upto; $by)`
fn range() -> RunPtr<Data> {
    |mut cv| {
        let (by, upto, from) = (cv.0.pop_var(), cv.0.pop_var(), cv.0.pop_var());
        let (Some(by), Some(upto), Some(mut next)) = (by.as_f64(), upto.as_f64(), from.as_f64()) else {
            return Box::new(once(fail("Range bounds must be numeric")).into_iter());
        };
        Box::new(std::iter::from_fn(move || {
            let goes_on = if by > 0.0 { next < upto } else { by < 0.0 && next > upto };
            goes_on.then(|| {
                charge(1);
                let this = next;
                next += by;
                Ok(Val::number(this))
            })
        }))
    }
}

/// Where `paths` leads from `value`.
fn paths_from<'a>(
    (paths, context): (jaq_core::compile::TermId, jaq_core::Ctx<'a, Data>),
    value: &Val,
) -> Result<Vec<Val>, Exn<'a, Val>> {
    let found = paths.paths((context, (value.clone(), Default::default())));
    found
        .map(|found| {
            let (_, path) = found?;
            let mut keys: Vec<Val> = path.iter().cloned().collect();
            keys.reverse();
            Ok(Val::array(keys))
        })
        .collect()
}

/// `paths = $value`
fn assign() -> RunPtr<Data> {
    |mut cv| {
        let new = cv.0.pop_var();
        let paths = cv.0.pop_fun();
        let assigned = paths_from(paths, &cv.1).and_then(|paths| {
            let set = |whole, path| set_path(whole, path, new.clone());
            paths.into_iter().try_fold(cv.1, set).map_err(Exn::from)
        });
        box_once(assigned)
    }
}

/// `paths |= update`: the first output counts; where there is none the place is deleted.
fn modify() -> RunPtr<Data> {
    |mut cv| {
        let (update, context) = cv.0.pop_fun();
        let paths = cv.0.pop_fun();
        let modified = paths_from(paths, &cv.1).and_then(|paths| {
            let (mut whole, mut gone) = (cv.1, Vec::new());
            for path in paths {
                let (old, _) = get_path(whole.clone(), path.clone())?;
                match update.run((context.clone(), old)).next().transpose()? {
                    Some(new) => whole = set_path(whole, path, new)?,
                    None => gone.push(path),
                }
            }
            Ok(delete_paths(whole, Val::array(gone))?)
        });
        box_once(modified)
    }
}

/// The state of a `reduce` after one step: the last output, or null where there is none.
fn last_or_null() -> RunPtr<Data> {
    |mut cv| {
        let (filter, context) = cv.0.pop_fun();
        let mut last = Ok(Val::Null);
        for output in filter.run((context, cv.1)) {
            last = output;
            if last.is_err() {
                break;
            }
        }
        box_once(last)
    }
}

fn last_in_path() -> PathsPtr<Data> {
    |mut cv| {
        let (filter, context) = cv.0.pop_fun();
        let mut last = None;
        for output in filter.paths((context, cv.1)) {
            let failed = output.is_err();
            last = Some(output);
            if failed {
                break;
            }
        }
        Box::new(last.into_iter())
    }
}

/// `_foreach(stream; init; update)`: `update` sees `[item, state]`; each of its outputs is an output together with the item, the
/// last one is the next state. Where there is none the state is lost, as in jq.
fn foreach() -> RunPtr<Data> {
    |mut cv| {
        let (update, update_context) = cv.0.pop_fun();
        let (init, init_context) = cv.0.pop_fun();
        let (stream, stream_context) = cv.0.pop_fun();
        let input = cv.1;
        Box::new(init.run((init_context, input.clone())).flat_map(move |state| {
            let (input, stream_context) = (input.clone(), stream_context.clone());
            let update_context = update_context.clone();
            let mut state = match state {
                Ok(state) => state,
                error => return Box::new(std::iter::once(error)) as jaq_core::box_iter::BoxIter<_>,
            };
            let mut items = stream.run((stream_context, input));
            let mut outputs: Option<(Val, jaq_core::box_iter::BoxIter<_>)> = None;
            Box::new(std::iter::from_fn(move || {
                loop {
                    if let Some((item, running)) = &mut outputs {
                        match running.next() {
                            Some(Ok(output)) => {
                                let output: Val = output;
                                state = output.clone();
                                return Some(Ok(Val::array(vec![item.clone(), output])));
                            }
                            Some(error) => return Some(error),
                            None => outputs = None,
                        }
                    }
                    charge(1);
                    let item = match items.next()? {
                        Ok(item) => item,
                        error => return Some(error),
                    };
                    let pair = Val::array(vec![item.clone(), std::mem::take(&mut state)]);
                    outputs = Some((item, update.run((update_context.clone(), pair))));
                }
            }))
        }))
    }
}

/// `l // r`
fn alternative() -> RunPtr<Data> {
    |mut cv| {
        let (right, right_context) = cv.0.pop_fun();
        let (left, left_context) = cv.0.pop_fun();
        let mut truths = left
            .run((left_context, cv.1.clone()))
            .filter(|output| output.as_ref().map_or(true, |value| !matches!(value, Val::Null | Val::Bool(false))));
        match truths.next() {
            Some(first) => Box::new(std::iter::once(first).chain(truths)),
            None => right.run((right_context, cv.1)),
        }
    }
}

fn alternative_in_path() -> PathsPtr<Data> {
    |mut cv| {
        let (right, right_context) = cv.0.pop_fun();
        let (left, left_context) = cv.0.pop_fun();
        let mut truths = left
            .paths((left_context, cv.1.clone()))
            .filter(|output| output.as_ref().map_or(true, |(value, _)| !matches!(value, Val::Null | Val::Bool(false))));
        match truths.next() {
            Some(first) => Box::new(std::iter::once(first).chain(truths)),
            None => right.paths((right_context, cv.1)),
        }
    }
}
