//! Comparing deals with orders, the lines that a pass shows, and the changes after a sign-off.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use http::StatusCode;
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::Refusal;

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

fn noon() -> DateTime<Utc> {
    "2026-11-30T23:30:00Z".parse().expect("a time")
}

fn parsed(name: &str, body: &Value) -> Result<Operation, Refusal> {
    Operation::parse(name, body.to_string().as_bytes())
}

fn order(id: &str, currency: &str, amounts: Value) -> Value {
    json!({ "id": id, "number": format!("SO{id}"), "currency": currency, "cancelled": false, "amounts": amounts })
}

fn cancelled(id: &str) -> Value {
    let mut order = order(id, "EUR", json!(["1"]));
    order["cancelled"] = json!(true);
    order
}

fn judged(amounts: &Value, orders: &[Value]) -> Line {
    let found = json!({
        "day": "2026-11-20", "currency": "EUR", "company": "2",
        "deal": { "id": "006A", "name": "A deal", "amounts": amounts }, "orders": orders,
    });
    judge(&serde_json::from_value(found).expect("fits")).expect("numbers").expect("a deal is always a line")
}

fn amounts(line: &Line) -> [Option<String>; 3] {
    let currency = &line.place.currency;
    [line.deal_amount, line.order_amount, line.difference()]
        .map(|amount| amount.map(|amount| written(amount, currency)))
}

#[test]
fn amounts_agree_to_the_last_digit_or_not_at_all() {
    // In binary floating point 0.1 + 0.2 is not 0.3, and 24688.86 is about 24688.859999999997.
    let same = judged(&json!([0.3]), &[order("7", "EUR", json!(["0.1", "0.2"]))]);
    assert_eq!(same.state, State::Agrees);
    let cent = judged(&json!([24688.86]), &[order("7", "EUR", json!(["21088.86", "3599.99"]))]);
    assert_eq!((cent.state, amounts(&cent)[2].as_deref()), (State::Differs, Some("-0.01")));
    let fraction = judged(&json!([10]), &[order("7", "EUR", json!(["10.001"]))]);
    assert_eq!(
        (fraction.state, amounts(&fraction)[2].as_deref()),
        (State::Differs, Some("0.001")),
        "nothing is rounded"
    );
    assert_eq!(judged(&json!(["12.50"]), &[order("7", "EUR", json!([12.5]))]).state, State::Agrees);
}

#[test]
fn every_way_in_which_deal_and_order_stand_has_its_state() {
    let orders = |orders: &[Value]| judged(&json!([10]), orders);
    let none = orders(&[]);
    assert_eq!((none.state, amounts(&none)[2].as_deref()), (State::NoOrder, Some("-10.00")));
    let gone = orders(&[cancelled("7")]);
    assert_eq!((gone.state, gone.order.as_deref(), gone.order_amount), (State::Cancelled, Some("7"), None));
    let again = orders(&[cancelled("7"), order("8", "EUR", json!(["10"]))]);
    assert_eq!((again.state, again.order.as_deref()), (State::Agrees, Some("8")), "the cancelled one was made anew");
    let abroad = orders(&[order("7", "USD", json!(["10"]))]);
    assert_eq!((abroad.state, abroad.order_amount), (State::Differs, None), "dollars are no euros");
    assert_eq!(abroad.note.as_deref(), Some("order SO7 is in USD, 10.00"));
    let twice = orders(&[order("7", "EUR", json!(["10"])), order("8", "EUR", json!(["10"]))]);
    assert_eq!((twice.state, amounts(&twice)[2].as_deref()), (State::Differs, Some("10.00")));
    assert_eq!(twice.note.as_deref(), Some("2 orders claim the deal: SO7, SO8"));
    let split = orders(&[order("7", "EUR", json!(["4"])), order("8", "EUR", json!(["6"]))]);
    assert_eq!(split.state, State::Agrees, "two orders may share a deal");
    let unseen = orders(&[order("7", "EUR", Value::Null)]);
    assert_eq!((unseen.state, unseen.note.as_deref()), (State::Unknown, Some("the order's lines cannot be read")));
    let unpriced = judged(&Value::Null, &[order("7", "EUR", json!(["10"]))]);
    assert_eq!((unpriced.state, unpriced.note.as_deref()), (State::Unknown, Some("the deal has no amount")));
    assert!(State::ALL.is_sorted() && State::ALL.iter().all(|state| State::named(state.as_str()) == Some(*state)));
    assert!(State::ALL.iter().enumerate().all(|(place, state)| usize::try_from(state.rank()) == Ok(place)));
}

#[test]
fn what_the_workflow_notes_of_a_deal_comes_before_what_follows_from_its_amounts() {
    let noted = |amounts: Value, orders: Value| {
        let found = json!({
            "day": "2026-11-20", "currency": "EUR", "deal": { "id": "a", "amounts": amounts }, "orders": orders, "note": "a copy",
        });
        judge(&serde_json::from_value(found).expect("fits")).expect("numbers").expect("a line").note
    };
    assert_eq!(noted(json!([10]), json!([])).as_deref(), Some("a copy"));
    assert_eq!(noted(Value::Null, json!([])).as_deref(), Some("a copy; the deal has no amount"));
    let dollars = noted(json!([10]), json!([order("7", "USD", json!(["10"]))]));
    assert_eq!(dollars.as_deref(), Some("a copy; order SO7 is in USD, 10.00"));
}

#[test]
fn an_order_without_a_deal_is_a_line_unless_it_is_cancelled() {
    let alone = |order: Value| {
        let found = json!({ "day": "2026-11-20", "currency": "EUR", "deal": null, "orders": [order] });
        judge(&serde_json::from_value(found).expect("fits")).expect("numbers")
    };
    let Some(line) = alone(order("7", "EUR", json!(["10"]))) else { panic!("a line") };
    assert_eq!((line.state, line.place.key.as_str(), line.deal_amount), (State::OrderWithoutDeal, "order:7", None));
    assert_eq!(alone(cancelled("7")), None);
}

#[test]
fn amounts_are_written_with_the_digits_of_their_currency() {
    let text = |amount: &str, currency: &str| written(Decimal::parse(amount).expect("a number"), currency);
    assert_eq!(text("1200", "JPY"), "1200");
    assert_eq!(text("0.5", "KWD"), "0.500");
    assert_eq!(text("1200", "EUR"), "1200.00");
    assert_eq!(text("1200.5", "JPY"), "1200.5", "a digit that should not be there is still shown");
}

#[test]
fn days_are_those_of_the_companys_zone() {
    let begin = |body: Value| {
        let Ok(Operation::Begin(begin)) = parsed("begin", &body) else { panic!("not read: {body}") };
        Pass::begin(&begin, Uuid::nil(), &[], noon())
    };
    let run = Uuid::nil();
    let pass = begin(json!({ "run": run, "timeZone": "Europe/Berlin", "days": 31 })).expect("begun");
    assert_eq!((pass.from, pass.until, pass.today), (day("2026-11-01"), day("2026-12-01"), day("2026-12-01")));
    let pass = begin(json!({ "run": run, "timeZone": "America/New_York" })).expect("begun");
    assert_eq!((pass.from, pass.until), (day("2026-11-30"), day("2026-11-30")));
    for body in [
        json!({ "run": run, "timeZone": "Berlin" }),
        json!({ "run": run, "timeZone": "UTC", "from": "2026-12-02", "until": "2026-12-01" }),
        json!({ "run": run, "timeZone": "UTC", "from": "2025-01-01", "until": "2026-12-01" }),
    ] {
        assert_eq!(begin(body.clone()).expect_err("bad").status, StatusCode::BAD_REQUEST, "{body}");
    }
    let Ok(Operation::Begin(again)) = parsed("begin", &json!({ "run": run, "timeZone": "UTC" })) else { panic!() };
    let busy = Pass::begin(&again, run, &[Uuid::from_u128(1)], noon()).expect_err("one is under way");
    assert!(busy.status == StatusCode::LOCKED && busy.retry_after.is_some());
}

fn line(day_of: &str, key: &str, amount: &str) -> Line {
    let place = Place { day: day(day_of), currency: "EUR".into(), company: "2".into(), key: key.into() };
    Line {
        place,
        deal: Some(key.into()),
        name: None,
        deal_amount: Decimal::parse(amount),
        order: Some("7".into()),
        number: None,
        order_amount: Decimal::parse(amount),
        state: State::Agrees,
        note: None,
    }
}

fn by_place(lines: &[Line]) -> BTreeMap<Place, Line> {
    lines.iter().map(|line| (line.place.clone(), line.clone())).collect()
}

fn november() -> Scope {
    Scope { from: day("2026-11-01"), until: day("2026-11-30"), currency: None, company: None }
}

#[test]
fn what_changes_in_a_signed_period_is_marked_with_what_it_was_and_is() {
    let shown = by_place(&[line("2026-11-02", "a", "1"), line("2026-11-03", "b", "1"), line("2026-12-01", "c", "1")]);
    let found = by_place(&[line("2026-11-02", "a", "2"), line("2026-12-01", "c", "2"), line("2026-11-04", "d", "1")]);
    let changes = changes(&shown, &found, &[november()]);
    let marked: Vec<(&str, ChangeKind)> = changes.marked.iter().map(|c| (c.place.key.as_str(), c.kind)).collect();
    assert_eq!(marked, [("a", ChangeKind::Changed), ("d", ChangeKind::New), ("b", ChangeKind::Vanished)]);
    let [before, after] = [&changes.marked[0].before, &changes.marked[0].after].map(|told| told.clone().expect("told"));
    assert_eq!((&before["deal_amount"], &after["deal_amount"]), (&json!("1.00"), &json!("2.00")));
    assert_eq!((&changes.marked[1].before, &changes.marked[2].after), (&None, &None));
    assert_eq!(changes.put.len(), 3, "December changes without a mark");
}

#[test]
fn another_name_is_shown_and_no_change_of_what_was_signed() {
    let known = line("2026-11-02", "a", "1");
    let renamed = Line { name: Some("Another name".into()), ..known.clone() };
    let changes = changes(&by_place(&[known]), &by_place(&[renamed]), &[november()]);
    assert_eq!((changes.put.len(), changes.marked.len()), (1, 0));
}

#[test]
fn a_sign_off_covers_its_days_currency_and_company_and_nothing_else() {
    let scope = Scope { currency: Some("EUR".into()), company: Some("2".into()), ..november() };
    let place = line("2026-11-30", "a", "1").place;
    assert!(scope.covers(&place));
    for other in [
        Place { day: day("2026-12-01"), ..place.clone() },
        Place { currency: "USD".into(), ..place.clone() },
        Place { company: "3".into(), ..place },
    ] {
        assert!(!scope.covers(&other) && (other.day > scope.until || november().covers(&other)), "{other:?}");
    }
}

#[test]
fn objections_to_signing_are_sentences() {
    assert_eq!(Problems::default().told(), None);
    let problems = Problems { open_days: 1, not_agreeing: 2, under_way: true };
    let told = problems.told().expect("told");
    for part in ["1 of its days", "2 lines do not agree", "in progress"] {
        assert!(told.contains(part), "{told}");
    }
}

fn begun(totals: &mut Rehearsed, run: u128, from: &str, until: &str) -> Value {
    let body = json!({ "run": Uuid::from_u128(run), "timeZone": "UTC", "from": from, "until": until });
    totals.perform(&parsed("begin", &body).expect("fits"), noon()).expect("begun")["id"].clone()
}

fn tell(totals: &mut Rehearsed, pass: &Value, day: &str, deal: &str, amount: &str) -> Result<Value, Refusal> {
    let deal = json!({ "id": deal, "amounts": [amount] });
    let body = json!({ "pass": pass, "lines": [{ "day": day, "currency": "EUR", "deal": deal, "orders": [] }] });
    totals.perform(&parsed("lines", &body)?, noon())
}

fn keys(totals: &Rehearsed) -> Vec<String> {
    let lines = totals.to_value()["lines"].clone();
    let told =
        |line: &Value| format!("{} {}", line["day"].as_str().expect("a day"), line["key"].as_str().expect("a key"));
    lines.as_array().expect("a list").iter().map(told).collect()
}

#[test]
fn nothing_of_a_pass_is_shown_before_its_end_and_a_repetition_changes_nothing() {
    let mut totals = Rehearsed::default();
    let pass = begun(&mut totals, 1, "2026-11-01", "2026-11-30");
    assert_eq!(begun(&mut totals, 1, "2026-11-01", "2026-11-30"), pass, "the answer was lost: the same pass");
    assert_eq!(tell(&mut totals, &pass, "2026-11-02", "a", "1"), Ok(json!({ "lines": 1 })));
    assert_eq!(tell(&mut totals, &pass, "2026-11-02", "a", "1"), Ok(json!({ "lines": 1 })));
    assert!(keys(&totals).is_empty());
    let end = parsed("end", &json!({ "pass": pass, "companies": { "2": "Helvetia" } })).expect("fits");
    let ended = totals.perform(&end, noon()).expect("ended");
    assert_eq!((&ended["lines"], &ended["states"]["no_order"], &ended["changed"]), (&json!(1), &json!(1), &json!(0)));
    assert_eq!(totals.perform(&end, noon()), Ok(ended));
    assert_eq!(keys(&totals), ["2026-11-02 a"]);
    assert_eq!(tell(&mut totals, &pass, "2026-11-02", "b", "1").expect_err("over").status, StatusCode::CONFLICT);
}

#[test]
fn a_pass_replaces_its_days_and_a_deal_that_moved_stands_once() {
    let mut totals = Rehearsed::default();
    for (run, from, until, lines) in [
        (
            1,
            "2026-10-01",
            "2026-11-30",
            &[("2026-10-05", "moved"), ("2026-11-02", "gone"), ("2026-11-03", "stays")][..],
        ),
        (2, "2026-11-01", "2026-11-30", &[("2026-11-03", "stays"), ("2026-11-04", "moved")]),
    ] {
        let pass = begun(&mut totals, run, from, until);
        for (day, deal) in lines {
            tell(&mut totals, &pass, day, deal, "1").expect("told");
        }
        totals.perform(&parsed("end", &json!({ "pass": pass })).expect("fits"), noon()).expect("ended");
    }
    assert_eq!(keys(&totals), ["2026-11-03 stays", "2026-11-04 moved"]);
}

#[test]
fn an_invalid_value_is_refused_with_the_reason() {
    let id = Uuid::nil();
    let line = |change: fn(&mut Value)| {
        let mut line =
            json!({ "day": "2026-11-02", "currency": "EUR", "deal": { "id": "a", "amounts": [1] }, "orders": [] });
        change(&mut line);
        json!({ "pass": id, "lines": [line] })
    };
    for (name, body) in [
        ("begin", json!({ "run": "no id", "timeZone": "UTC" })),
        ("begin", json!({ "run": id, "timeZone": "UTC", "days": -1 })),
        ("begin", json!({ "run": id, "timeZone": "UTC", "more": 1 })),
        ("lines", line(|it| it["currency"] = json!("euro"))),
        ("lines", line(|it| it["day"] = json!("20.11.2026"))),
        ("lines", line(|it| it["deal"]["id"] = json!(""))),
        ("lines", line(|it| it["deal"]["name"] = json!("a\0"))),
        ("lines", line(|it| it["deal"] = Value::Null)),
        ("lines", line(|it| it["note"] = json!("a\0"))),
        ("lines", line(|it| it["orders"] = json!([{ "id": "7", "currency": "E", "cancelled": false, "amounts": [] }]))),
        ("end", json!({ "pass": id, "companies": { "": "x" } })),
    ] {
        assert_eq!(parsed(name, &body).expect_err("bad").status, StatusCode::BAD_REQUEST, "{name} {body}");
    }
    assert_eq!(parsed("drop", &json!({})).expect_err("unknown").status, StatusCode::NOT_FOUND);
    let mut totals = Rehearsed::default();
    let pass = begun(&mut totals, 1, "2026-11-01", "2026-11-30");
    for (day, amount) in [("2026-12-01", "1"), ("2026-11-01", "1,5"), ("2026-11-01", "NaN")] {
        let refused = tell(&mut totals, &pass, day, "a", amount).expect_err("bad");
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{refused}");
    }
    assert_eq!(tell(&mut totals, &json!(id), "2026-11-01", "a", "1").expect_err("none").status, StatusCode::NOT_FOUND);
}

/// Lines with few keys and days, so that they collide.
fn some_lines() -> impl Strategy<Value = BTreeMap<Place, Line>> {
    proptest::collection::vec((0_u64..6, 0_u8..6, 0_i32..3), 0..20).prop_map(|drawn| {
        let lines: Vec<Line> = drawn
            .into_iter()
            .map(|(days, key, amount)| {
                let mut line = line("2026-11-28", &format!("k{key}"), &amount.to_string());
                line.place.day = line.place.day + chrono::Days::new(days);
                line
            })
            .collect();
        by_place(&lines)
    })
}

proptest! {
    #[test]
    fn shown_becomes_found_and_every_change_of_a_signed_day_is_marked(shown in some_lines(), found in some_lines()) {
        let changes = changes(&shown, &found, &[november()]);
        let mut after = shown.clone();
        changes.gone.iter().for_each(|place| drop(after.remove(place)));
        after.extend(changes.put.iter().map(|line| (line.place.clone(), line.clone())));
        prop_assert_eq!(&after, &found);
        let differs = |place: &&Place| shown.get(*place) != found.get(*place);
        let expected: BTreeSet<&Place> =
            shown.keys().chain(found.keys()).filter(differs).filter(|place| november().covers(place)).collect();
        let marked: BTreeSet<&Place> = changes.marked.iter().map(|change| &change.place).collect();
        prop_assert_eq!(marked, expected);
    }

    #[test]
    fn sums_of_any_cents_are_exact_in_any_order(cents in proptest::collection::vec(-1_000_000_i64..1_000_000, 1..30)) {
        let texts: Vec<String> = cents.iter().map(|c| Decimal::new(i128::from(*c), 2).with_digits(2)).collect();
        let mut reversed = texts.clone();
        reversed.reverse();
        let total = Decimal::new(cents.iter().map(|c| i128::from(*c)).sum(), 2);
        let line = judged(&json!([total.with_digits(2)]), &[order("7", "EUR", json!(reversed))]);
        prop_assert_eq!(line.state, State::Agrees);
        prop_assert_eq!(line.difference(), Some(Decimal::ZERO));
    }
}
