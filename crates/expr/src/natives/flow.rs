//! Functions that run other filters, on values and on paths: `first`, `limit`, `//`, `try`, `reduce` and `foreach`.

use jaq_core::box_iter::{box_once, flat_map_then};
use jaq_core::native::Fun;
use jaq_core::{Ctx, Exn, Native, PathsPtr, RunPtr, ValT};

use super::paths::{Flow, Outputs, Step};
use super::{fail, filters, once, values};
use crate::Data;
use crate::meter::charge;
use crate::value::{Error, Val};

/// Functions that the interpreter provides, and their names here.
const TAKEN_OVER: [(&str, &str); 4] = [("first", "first"), ("last", "last"), ("limit", "_limit"), ("skip", "_skip")];

pub(super) fn functions() -> Vec<Fun<Data>> {
    let taken_over = jaq_core::funs::<Data>().filter_map(|(name, arguments, function)| {
        let (_, here) = TAKEN_OVER.into_iter().find(|(known, _)| *known == name)?;
        Some((here, arguments, if name == "last" { function.with_paths(last) } else { function }))
    });
    let mut functions: Vec<Fun<Data>> = taken_over.collect();
    let native = |run: RunPtr<Data>| Native::<Data>::new(run);
    let both = |run: RunPtr<Data>, paths: PathsPtr<Data>| Native::<Data>::new(run).with_paths(paths);
    functions.extend([
        ("error", values(0), both(|cv| failed(cv.1), |cv| failed(cv.1.0))),
        ("error", values(1), both(|mut cv| failed(cv.0.pop_var()), |mut cv| failed(cv.0.pop_var()))),
        ("_range", values(3), native(range())),
        ("_last_or_null", filters(1), native(last_or_null())),
        ("_reduce", filters(3), both(reduce::<Val>, reduce::<Step>)),
        ("_foreach", filters(3), both(foreach::<Val>, foreach::<Step>)),
        ("_alternative", filters(2), both(alternative::<Val>, alternative::<Step>)),
        ("_and", filters(2), both(|cv| logical(cv, false), |cv| logical(cv, false))),
        ("_or", filters(2), both(|cv| logical(cv, true), |cv| logical(cv, true))),
        ("_try", filters(2), both(attempt::<Val>, attempt::<Step>)),
        ("_collect", filters(1), both(collect::<Val>, collect::<Step>)),
    ]);
    functions
}

fn failed<'a, T: 'a>(why: Val) -> Outputs<'a, T> {
    box_once(Err(Exn::from(Error::new(why))))
}

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

fn collect<'a, F: Flow>(mut cv: (Ctx<'a, Data>, F)) -> Outputs<'a, F> {
    let filter = cv.0.pop_fun();
    let items: Result<Val, _> = cv.1.clone().through(&filter).map(|item| Ok(item?.value().clone())).collect();
    box_once(items.map(|items| cv.1.computed(items)))
}

/// Returns the last output. Its path is lost.
fn last<'a>(mut cv: (Ctx<'a, Data>, Step)) -> Outputs<'a, Step> {
    let filter = cv.0.pop_fun();
    let last = cv.1.clone().through(&filter).try_fold(None, |_, step| step.map(Some)).transpose();
    Box::new(last.into_iter().map(move |last| Ok(cv.1.kept(last?.0))))
}

/// Returns the next state of a `reduce`: the last output of a step, or null if there is none.
fn last_or_null() -> RunPtr<Data> {
    |mut cv| {
        let filter = cv.0.pop_fun();
        let mut last = Ok(Val::Null);
        for output in cv.1.through(&filter) {
            last = output;
            if last.is_err() {
                break;
            }
        }
        box_once(last)
    }
}

/// `_reduce(stream; init; update)`: `update` receives `[item, state]`. Its last output is the next state, null if there
/// is none. On a path, a step has the path of its item, and the result the path of `init`.
fn reduce<'a, F: Flow>(mut cv: (Ctx<'a, Data>, F)) -> Outputs<'a, F> {
    let update = cv.0.pop_fun();
    let init = cv.0.pop_fun();
    let stream = cv.0.pop_fun();
    let input = cv.1;
    flat_map_then(input.clone().through(&init), move |start: F| {
        let mut state = start.value().clone();
        for item in start.kept(input.value().clone()).through(&stream) {
            charge(1);
            let item = match item {
                Ok(item) => item,
                Err(why) => return box_once(Err(why)),
            };
            let pair = Val::array(vec![item.value().clone(), std::mem::take(&mut state)]);
            for output in item.computed(pair).through(&update) {
                match output {
                    Ok(output) => state = output.value().clone(),
                    Err(why) => return box_once(Err(why)),
                }
            }
        }
        box_once(Ok(start.kept(state)))
    })
}

/// `_foreach(stream; init; update)`: `update` receives `[item, state]`. Each of its outputs is an output, paired with
/// the item; the last one is the next state. Without outputs the state is lost, as in jq.
fn foreach<'a, F: Flow>(mut cv: (Ctx<'a, Data>, F)) -> Outputs<'a, F> {
    let update = cv.0.pop_fun();
    let init = cv.0.pop_fun();
    let stream = cv.0.pop_fun();
    let input = cv.1;
    flat_map_then(input.clone().through(&init), move |start: F| {
        let update = update.clone();
        let mut items = start.kept(input.value().clone()).through(&stream);
        let mut state = start.value().clone();
        let mut outputs: Option<(Val, Outputs<'a, F>)> = None;
        drop(start);
        Box::new(std::iter::from_fn(move || {
            loop {
                if let Some((item, running)) = &mut outputs {
                    match running.next() {
                        Some(Ok(output)) => {
                            state = output.value().clone();
                            return Some(Ok(output.computed(Val::array(vec![item.clone(), state.clone()]))));
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
                let value = item.value().clone();
                let pair = Val::array(vec![value.clone(), std::mem::take(&mut state)]);
                outputs = Some((value, item.computed(pair).through(&update)));
            }
        }))
    })
}

fn alternative<'a, F: Flow>(mut cv: (Ctx<'a, Data>, F)) -> Outputs<'a, F> {
    let right = cv.0.pop_fun();
    let left = cv.0.pop_fun();
    let outputs = cv.1.clone().through(&left);
    let mut truths = outputs.filter(|output| output.as_ref().map_or(true, |output| output.value().as_bool()));
    match truths.next() {
        Some(first) => Box::new(std::iter::once(first).chain(truths)),
        None => cv.1.through(&right),
    }
}

/// `l and r`, or `l or r` if `decided` is true: if the left side is `decided`, it alone decides. On a path, the right
/// side continues from the path of the left side.
fn logical<'a, F: Flow>(mut cv: (Ctx<'a, Data>, F), decided: bool) -> Outputs<'a, F> {
    let right = cv.0.pop_fun();
    let left = cv.0.pop_fun();
    let input = cv.1.value().clone();
    flat_map_then(cv.1.through(&left), move |left: F| {
        if left.value().as_bool() == decided {
            return box_once(Ok(left.computed(Val::Bool(decided))));
        }
        let outputs = left.kept(input.clone()).through(&right);
        Box::new(outputs.map(|right| {
            let right = right?;
            Ok(right.computed(Val::Bool(right.value().as_bool())))
        }))
    })
}

fn attempt<'a, F: Flow>(mut cv: (Ctx<'a, Data>, F)) -> Outputs<'a, F> {
    let handler = cv.0.pop_fun();
    let body = cv.0.pop_fun();
    let input = cv.1;
    let mut outputs = input.clone().through(&body);
    let mut handling = false;
    Box::new(std::iter::from_fn(move || {
        let output = outputs.next()?;
        match output {
            Err(exception) if !handling => match exception.get_err() {
                Ok(error) => {
                    handling = true;
                    outputs = input.kept(error.into_val()).through(&handler);
                    outputs.next()
                }
                Err(exception) => Some(Err(exception)),
            },
            output => Some(output),
        }
    }))
}
