//! Paths: where a filter leads in a value, for `path`, `|=` and everything built on them.
//!
//! A value on a path is accompanied by the keys that lead to it. In jq a filter may leave the path and return:
//! `path(.a | . as $x | 1 | $x)` is `["a"]`. jq checks that a value is identical to the one at the keys only when the
//! next key is taken, and at the end. So each value here has its keys or, if the filter has left the path, the mark
//! [`OFF`], the value at the keys, and the keys.

use std::sync::{Arc, LazyLock};

use jaq_core::box_iter::{BoxIter, box_once};
use jaq_core::compile::TermId;
use jaq_core::native::Fun;
use jaq_core::{Bind, Ctx, Exn, Native, PathsPtr, RunPtr, ValX};

use super::{filters, values};
use crate::Data;
use crate::value::{Error, Val, delete_paths, get_path, set_path};

/// Names the interpreter's type of key lists, which is part of a public signature but not exported.
pub(super) trait PathsFunction {
    type Keys;
}

impl<K> PathsFunction for for<'a> fn((Ctx<'a, Data>, (Val, K))) -> BoxIter<'a, ValX<'a, (Val, K), Val>> {
    type Keys = K;
}

/// A list of keys, the last one first.
type Keys = <PathsPtr<Data> as PathsFunction>::Keys;

/// A value on a path, as the interpreter passes it.
pub(super) type Step = (Val, Keys);

pub(super) type Closure<'a> = (TermId, Ctx<'a, Data>);

/// Marks a value that is not the one at the keys. It is recognized by its address, so no key can imitate it.
static OFF: LazyLock<Val> = LazyLock::new(|| Val::from_name(Arc::from("off the path")));

fn is_off(keys: &Keys) -> bool {
    keys.head().is_some_and(|head| head.is(&OFF))
}

/// Returns the value at the keys of a step, and the keys.
fn target((value, keys): &Step) -> (Val, Keys) {
    if is_off(keys) {
        (keys.get(1).cloned().unwrap_or_default(), keys.skip(2).clone())
    } else {
        (value.clone(), keys.clone())
    }
}

fn off(value: Val, (target, keys): (Val, Keys)) -> Step {
    (value, keys.cons(target).cons(OFF.clone()))
}

pub(super) type Outputs<'a, T> = BoxIter<'a, ValX<'a, T, Val>>;

/// The input of a filter: a value, or a value on a path. Functions that only run other filters are implemented once for
/// both.
pub(super) trait Flow: Clone + 'static {
    fn through<'a>(self, filter: &Closure<'a>) -> Outputs<'a, Self>;
    fn value(&self) -> &Val;
    /// Replaces the value with a computed one.
    fn computed(&self, value: Val) -> Self;
    /// Replaces the value with one that existed elsewhere.
    fn kept(&self, value: Val) -> Self;
}

impl Flow for Val {
    fn through<'a>(self, (filter, context): &Closure<'a>) -> Outputs<'a, Self> {
        filter.run((context.clone(), self))
    }

    fn value(&self) -> &Val {
        self
    }

    fn computed(&self, value: Val) -> Self {
        value
    }

    fn kept(&self, value: Val) -> Self {
        value
    }
}

impl Flow for Step {
    fn through<'a>(self, (filter, context): &Closure<'a>) -> Outputs<'a, Self> {
        filter.paths((context.clone(), self))
    }

    fn value(&self) -> &Val {
        &self.0
    }

    /// A computed number is never on the path, because jq distinguishes it from numbers of the input.
    fn computed(&self, value: Val) -> Self {
        if matches!(value, Val::Num(_)) { off(value, target(self)) } else { self.kept(value) }
    }

    fn kept(&self, value: Val) -> Self {
        let (target, keys) = target(self);
        if value.is(&target) { (value, keys) } else { off(value, (target, keys)) }
    }
}

pub(super) fn functions() -> Vec<Fun<Data>> {
    let native = |run: RunPtr<Data>, paths: PathsPtr<Data>| Native::<Data>::new(run).with_paths(paths);
    vec![
        ("path", filters(1), Native::<Data>::new(path())),
        ("getpath", values(1), native(getpath(), getpath_on_path())),
        ("_assign", [Bind::Fun(()), Bind::Var(())].into(), Native::<Data>::new(assign())),
        ("_modify", filters(2), native(modify(), modify_on_path())),
        ("_computed", filters(1), native(same(), computed_on_path())),
        ("_kept", filters(1), native(same(), kept_on_path())),
        ("_index", [Bind::Fun(()), Bind::Var(())].into(), native(same_before_key(), index_on_path())),
        ("_iterate", filters(1), native(same(), iterate_on_path())),
    ]
}

fn near(what: &str) -> Error {
    Error::str(format_args!("Invalid path expression near attempt to {what}"))
}

/// Returns the paths to which `filter` leads from `value`.
fn paths_from<'a>((filter, context): Closure<'a>, value: Val) -> BoxIter<'a, ValX<'a, Val, Val>> {
    Box::new(filter.paths((context, (value, Keys::default()))).map(|step| {
        let (value, keys) = step?;
        if is_off(&keys) {
            return Err(Error::str(format_args!("Invalid path expression with result {}", value.shown())).into());
        }
        let mut keys: Vec<Val> = keys.iter().cloned().collect();
        keys.reverse();
        Ok(Val::array(keys))
    }))
}

fn path() -> RunPtr<Data> {
    |mut cv| {
        let filter = cv.0.pop_fun();
        paths_from(filter, cv.1)
    }
}

fn getpath() -> RunPtr<Data> {
    |mut cv| {
        let path = cv.0.pop_var();
        box_once(get_path(cv.1, path).map(|(value, _)| value).map_err(Exn::from))
    }
}

/// Off the path it takes no key and never fails.
fn getpath_on_path() -> PathsPtr<Data> {
    |mut cv| {
        let path = cv.0.pop_var();
        let found = get_path(cv.1.0.clone(), path).map(|(value, taken)| {
            if is_off(&cv.1.1) { cv.1.computed(value) } else { (value, taken.into_iter().fold(cv.1.1, Keys::cons)) }
        });
        box_once(found.map_err(Exn::from))
    }
}

fn assign() -> RunPtr<Data> {
    |mut cv| {
        let new = cv.0.pop_var();
        let paths = cv.0.pop_fun();
        let paths: Result<Vec<Val>, _> = paths_from(paths, cv.1.clone()).collect();
        let set = |whole, path| set_path(whole, path, new.clone());
        box_once(paths.and_then(|paths| paths.into_iter().try_fold(cv.1, set).map_err(Exn::from)))
    }
}

/// Evaluates `paths |= update`. The first output of `update` is the new value. Paths without an output are returned, to
/// be deleted.
fn modified<'a>(
    paths: Closure<'a>,
    value: Val,
    mut update: impl FnMut(Val) -> Result<Option<Val>, Exn<'a, Val>>,
) -> Result<(Val, Val), Exn<'a, Val>> {
    let paths: Vec<Val> = paths_from(paths, value.clone()).collect::<Result<_, _>>()?;
    let (mut whole, mut gone) = (value, Vec::new());
    for path in paths {
        let (old, _) = get_path(whole.clone(), path.clone())?;
        match update(old)? {
            Some(new) => whole = set_path(whole, path, new)?,
            None => gone.push(path),
        }
    }
    Ok((whole, Val::array(gone)))
}

fn modify() -> RunPtr<Data> {
    |mut cv| {
        let update = cv.0.pop_fun();
        let paths = cv.0.pop_fun();
        let modified = modified(paths, cv.1, |old| old.through(&update).next().transpose());
        box_once(modified.and_then(|(whole, gone)| Ok(delete_paths(whole, gone)?)))
    }
}

/// jq takes the result out of a pair, which is off the path.
fn modify_on_path() -> PathsPtr<Data> {
    |mut cv| {
        let update = cv.0.pop_fun();
        let paths = cv.0.pop_fun();
        let modified = modified(paths, cv.1.0.clone(), |old| {
            Ok(cv.1.kept(old).through(&update).next().transpose()?.map(|(new, _)| new))
        });
        box_once(modified.and_then(|(whole, gone)| {
            let pair = Val::array(vec![whole, gone]);
            Err(near(&format!("access element 0 of {}", pair.shown())).into())
        }))
    }
}

/// Outside of paths: returns the outputs of the argument.
fn same() -> RunPtr<Data> {
    |mut cv| {
        let filter = cv.0.pop_fun();
        cv.1.through(&filter)
    }
}

fn same_before_key() -> RunPtr<Data> {
    |mut cv| {
        cv.0.pop_var();
        let filter = cv.0.pop_fun();
        cv.1.through(&filter)
    }
}

/// `_computed(f)`: the outputs of `f`, as computed values.
fn computed_on_path() -> PathsPtr<Data> {
    |mut cv| {
        let filter = cv.0.pop_fun();
        let outputs = cv.1.0.clone().through(&filter);
        Box::new(outputs.map(move |output| Ok(cv.1.computed(output?))))
    }
}

/// `_kept(f)`: the outputs of `f`, as values that existed elsewhere.
fn kept_on_path() -> PathsPtr<Data> {
    |mut cv| {
        let filter = cv.0.pop_fun();
        let outputs = cv.1.0.clone().through(&filter);
        Box::new(outputs.map(move |output| Ok(cv.1.kept(output?))))
    }
}

/// `_index(f; $key)`: the outputs of `f`, checked to be on the path before `.[$key]`.
fn index_on_path() -> PathsPtr<Data> {
    |mut cv| {
        let key = cv.0.pop_var();
        let filter = cv.0.pop_fun();
        Box::new(cv.1.through(&filter).map(move |step| {
            let (value, keys) = step?;
            let failed = || near(&format!("access element {} of {}", key.shown(), value.shown()));
            if is_off(&keys) { Err(failed().into()) } else { Ok((value, keys)) }
        }))
    }
}

/// `_iterate(f)`: the outputs of `f`, checked to be on the path before `.[]`.
fn iterate_on_path() -> PathsPtr<Data> {
    |mut cv| {
        let filter = cv.0.pop_fun();
        Box::new(cv.1.through(&filter).map(|step| {
            let (value, keys) = step?;
            let failed = || near(&format!("iterate through {}", value.shown()));
            if is_off(&keys) { Err(failed().into()) } else { Ok((value, keys)) }
        }))
    }
}
