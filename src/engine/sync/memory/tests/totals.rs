//! Totals over a real Postgres: what a pass shows, what is signed off, and what is marked afterwards.

use uuid::Uuid;

use super::*;
use crate::engine::sync::totals::{self, Signed, Signing, TotalsLine};
use crate::memory::totals::{Scope, State};
use crate::store::acts;
use crate::store::sync::totals::shown::Filter;
use crate::store::sync::totals::signing::{self, ChangeRow};

async fn told(engine: &Engine, name: &str, body: &Value) -> Result<Value, crate::memory::Refusal> {
    super::super::answer(&engine.inner.context, &format!("/totals/{name}"), body.to_string().as_bytes()).await
}

/// A deal and its order of these amounts; no order without an amount.
fn line(day: &str, currency: &str, deal: &str, amount: &str, ordered: Option<&str>) -> Value {
    let order = |amount: &str| json!({ "id": format!("9{deal}"), "number": format!("SO{deal}"), "currency": currency, "cancelled": false, "amounts": [amount] });
    json!({
        "day": day, "currency": currency, "company": "2", "deal": { "id": deal, "name": format!("Deal {deal}"), "amounts": [amount] },
        "orders": ordered.map(order).into_iter().collect::<Vec<_>>(),
    })
}

async fn begun(engine: &Engine, from: &str, until: &str) -> Value {
    let run = Uuid::now_v7();
    told(engine, "begin", &json!({ "run": run, "timeZone": "UTC", "from": from, "until": until })).await.unwrap()["id"]
        .clone()
}

/// A whole pass over November 2025.
async fn passed(engine: &Engine, lines: &[Value]) -> Value {
    let pass = begun(engine, "2025-11-01", "2025-11-30").await;
    for line in lines {
        told(engine, "lines", &json!({ "pass": pass, "lines": [line] })).await.unwrap();
    }
    told(engine, "end", &json!({ "pass": pass, "companies": { "2": "Helvetia GmbH" } })).await.unwrap()
}

fn november() -> Scope {
    let day = |text: &str| text.parse().expect("a date");
    Scope { from: day("2025-11-01"), until: day("2025-11-30"), currency: None, company: None }
}

fn all() -> Filter {
    Filter { scope: november(), state: None }
}

async fn shown(engine: &Engine) -> Vec<TotalsLine> {
    let found = totals::lines(engine.reader(), &all(), None, 100).await.unwrap();
    found.into_iter().map(|(_, line)| line).collect()
}

async fn marked(engine: &Engine) -> Vec<ChangeRow> {
    let Scope { from, until, .. } = november();
    signing::changes(engine.reader(), (from, until), true, None, 100).await.unwrap()
}

async fn sign(engine: &Engine, scope: Scope, seen: Option<Uuid>, by: &str, reason: Option<&str>) -> Signed {
    let signing = Signing { scope, seen, reason: reason.map(str::to_owned) };
    engine.sign_totals(&signing, &Actor(by.into())).await.unwrap()
}

#[sqlx::test]
async fn a_pass_shows_exact_sums_at_its_end_and_an_aborted_one_nothing(pool: PgPool) {
    let engine = node(&pool).await;
    let lines = [
        line("2025-11-03", "EUR", "a", "0.1", Some("0.1")),
        line("2025-11-03", "EUR", "b", "0.2", Some("0.2")),
        line("2025-11-03", "EUR", "c", "90071992547409.93", None),
        line("2025-11-03", "JPY", "d", "1200", Some("1200")),
        line("2025-11-04", "KWD", "e", "0.125", Some("0.124")),
    ];
    let ended = passed(&engine, &lines).await;
    assert_eq!(
        (&ended["lines"], &ended["states"]["agrees"], &ended["states"]["no_order"]),
        (&json!(5), &json!(3), &json!(1))
    );
    let sums = totals::by_day(engine.reader(), &all(), None, 10).await.unwrap();
    let told_of: Vec<[&str; 4]> =
        sums.iter().map(|sum| [sum.currency.as_str(), &sum.deal_amount, &sum.order_amount, &sum.difference]).collect();
    assert_eq!(
        told_of,
        [
            ["KWD", "0.125", "0.124", "-0.001"],
            ["EUR", "90071992547410.23", "0.30", "-90071992547409.93"],
            ["JPY", "1200", "1200", "0"],
        ]
    );
    assert!(sums.iter().all(|sum| sum.complete && sum.company_name.as_deref() == Some("Helvetia GmbH")));
    let before = shown(&engine).await;
    assert_eq!(before[0].state, State::NoOrder, "what a person has to look at comes first");
    // Its run never was, so that the next pass does not wait for it.
    let aborted = begun(&engine, "2025-11-01", "2025-11-30").await;
    told(&engine, "lines", &json!({ "pass": aborted, "lines": [line("2025-11-05", "EUR", "x", "1", None)] }))
        .await
        .unwrap();
    assert_eq!(shown(&engine).await, before);
    passed(&engine, &lines).await;
    assert_eq!(shown(&engine).await, before, "the same pass again changes nothing");
    let late = told(&engine, "end", &json!({ "pass": aborted })).await.unwrap_err();
    assert_eq!(late.status, 404, "{late}");
    engine.shut_down().await;
}

#[sqlx::test]
async fn what_changes_after_a_sign_off_is_marked_until_somebody_signs_again(pool: PgPool) {
    let engine = node(&pool).await;
    let even = |deal: &str, amount: &str| line("2025-11-03", "EUR", deal, amount, Some(amount));
    passed(&engine, &[even("a", "1"), even("b", "2"), even("c", "3")]).await;
    let Signed::Done(done) = sign(&engine, november(), None, "user:ada", None).await else { panic!("nothing is open") };
    assert_eq!((done.actor.as_str(), &done.totals["sums"][0]["deal_amount"]), ("user:ada", &json!("6.00")));
    let found = acts::list(engine.reader(), Some("2025-11-01/2025-11-30"), None, 10).await.unwrap();
    assert_eq!((found[0].act.as_str(), found[0].actor.as_str()), ("totals.sign", "user:ada"));
    let ended =
        passed(&engine, &[even("a", "1"), line("2025-11-03", "EUR", "b", "2", Some("2.01")), even("d", "4")]).await;
    assert_eq!(ended["changed"], 3, "b is another, c is gone, d is new");
    let mut changes: Vec<(String, String)> = marked(&engine).await.into_iter().map(|c| (c.key, c.kind)).collect();
    changes.sort();
    let expected =
        [("b", "changed"), ("c", "vanished"), ("d", "new")].map(|(key, kind)| (key.to_owned(), kind.to_owned()));
    assert_eq!(changes, expected);
    let change = marked(&engine).await.into_iter().find(|change| change.key == "b").unwrap();
    let amount = |side: Option<Value>| side.unwrap()["order_amount"].clone();
    assert_eq!((amount(change.before), amount(change.after)), (json!("2.00"), json!("2.01")));
    let lines = shown(&engine).await;
    let is_marked: Vec<(&str, bool)> = lines.iter().map(|line| (line.deal.as_deref().unwrap(), line.changed)).collect();
    assert_eq!(is_marked, [("b", true), ("a", false), ("d", true)]);
    let refused = sign(&engine, november(), None, "user:ada", None).await;
    assert!(matches!(refused, Signed::NeedsReason(why) if why == "1 line does not agree"));
    let other = Scope { currency: Some("USD".into()), ..november() };
    assert!(matches!(sign(&engine, other, None, "user:ada", None).await, Signed::Done(_)));
    assert_eq!(marked(&engine).await.len(), 3, "dollars were signed off, and these are euros");
    assert!(matches!(sign(&engine, november(), None, "user:bo", Some("credited in December")).await, Signed::Done(_)));
    assert!(marked(&engine).await.is_empty());
    let kept: i64 = sqlx::query_scalar("select count(*) from totals_changes where sign_off is not null")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(kept, 3, "signing deletes nothing");
    engine.shut_down().await;
}

#[sqlx::test]
async fn nobody_signs_totals_they_did_not_see_or_an_open_period_without_a_reason(pool: PgPool) {
    let engine = node(&pool).await;
    let needs = |signed| if let Signed::NeedsReason(why) = signed { why } else { panic!("{signed:?}") };
    let why = needs(sign(&engine, november(), None, "user:ada", None).await);
    assert!(why.contains("30 of its days"), "{why}");
    passed(&engine, &[line("2025-11-03", "EUR", "a", "1", Some("1"))]).await;
    let Scope { from, until, .. } = november();
    let seen = signing::as_of(engine.reader(), from, until).await.unwrap();
    passed(&engine, &[line("2025-11-03", "EUR", "a", "2", Some("2"))]).await;
    assert!(matches!(sign(&engine, november(), seen, "user:ada", Some("x")).await, Signed::Stale(_)));
    let program = sign(&engine, november(), None, "token:ci", Some("x")).await;
    assert!(matches!(program, Signed::Refused(why) if why.starts_with("only a person can sign off")));
    let backwards = Scope { from: until, until: from, ..november() };
    assert!(matches!(sign(&engine, backwards, None, "user:ada", Some("x")).await, Signed::Refused(_)));
    let signed: i64 = sqlx::query_scalar("select count(*) from totals_sign_offs").fetch_one(&pool).await.unwrap();
    assert_eq!(signed, 0);
    // Tomorrow is not over, however complete a pass over it is.
    let tomorrow = (chrono::Utc::now() + chrono::Days::new(1)).date_naive();
    let pass = begun(&engine, &tomorrow.to_string(), &tomorrow.to_string()).await;
    told(&engine, "end", &json!({ "pass": pass })).await.unwrap();
    let open = Scope { from: tomorrow, until: tomorrow, ..november() };
    assert!(needs(sign(&engine, open, None, "user:ada", None).await).contains("1 of its days"));
    engine.shut_down().await;
}

#[sqlx::test]
async fn a_deal_that_moves_out_of_the_days_of_a_pass_stands_once_and_is_marked(pool: PgPool) {
    let engine = node(&pool).await;
    passed(&engine, &[line("2025-11-03", "EUR", "a", "1", Some("1"))]).await;
    assert!(matches!(sign(&engine, november(), None, "user:ada", None).await, Signed::Done(_)));
    let pass = begun(&engine, "2025-12-01", "2025-12-31").await;
    let moved = line("2025-12-02", "EUR", "a", "1", Some("1"));
    told(&engine, "lines", &json!({ "pass": pass, "lines": [moved] })).await.unwrap();
    assert_eq!(told(&engine, "end", &json!({ "pass": pass })).await.unwrap()["changed"], 1);
    assert!(shown(&engine).await.is_empty());
    assert_eq!(marked(&engine).await[0].kind, "vanished");
    engine.shut_down().await;
}

#[sqlx::test]
async fn nobody_signs_a_period_that_lost_a_line_to_a_pass_over_other_days(pool: PgPool) {
    let engine = node(&pool).await;
    passed(&engine, &[line("2025-11-03", "EUR", "a", "1", Some("1"))]).await;
    let Scope { from, until, .. } = november();
    let seen = signing::as_of(engine.reader(), from, until).await.unwrap();
    let pass = begun(&engine, "2025-12-01", "2025-12-31").await;
    let moved = line("2025-12-02", "EUR", "a", "1", Some("1"));
    told(&engine, "lines", &json!({ "pass": pass, "lines": [moved] })).await.unwrap();
    told(&engine, "end", &json!({ "pass": pass })).await.unwrap();
    assert!(matches!(sign(&engine, november(), seen, "user:ada", Some("x")).await, Signed::Stale(_)));
    let now = signing::as_of(engine.reader(), from, until).await.unwrap();
    assert!(matches!(sign(&engine, november(), now, "user:ada", None).await, Signed::Done(_)), "its days are complete");
    engine.shut_down().await;
}

#[sqlx::test]
async fn an_order_is_shown_once_although_its_deal_is_won_or_lost_on_the_day_of_another_pass(pool: PgPool) {
    let engine = node(&pool).await;
    let alone = json!({
        "day": "2025-11-03", "currency": "EUR", "company": "2", "deal": null,
        "orders": [{ "id": "9a", "deal": "a", "currency": "EUR", "cancelled": false, "amounts": ["1"] }],
    });
    passed(&engine, std::slice::from_ref(&alone)).await;
    assert_eq!(shown(&engine).await[0].state, State::OrderWithoutDeal);
    let pass = begun(&engine, "2025-12-01", "2025-12-31").await;
    let won = line("2025-12-02", "EUR", "a", "1", Some("1"));
    told(&engine, "lines", &json!({ "pass": pass, "lines": [won] })).await.unwrap();
    told(&engine, "end", &json!({ "pass": pass })).await.unwrap();
    assert!(shown(&engine).await.is_empty(), "it counts on the day of its deal");
    passed(&engine, &[alone]).await;
    let year = Scope { until: "2025-12-31".parse().expect("a date"), ..november() };
    let lines = totals::lines(engine.reader(), &Filter { scope: year, state: None }, None, 100).await.unwrap();
    let states: Vec<State> = lines.into_iter().map(|(_, line)| line.state).collect();
    assert_eq!(states, [State::OrderWithoutDeal], "the deal was lost, and its line of December is gone");
    engine.shut_down().await;
}

#[sqlx::test]
async fn lines_come_page_by_page_without_loss_and_know_their_runs(pool: PgPool) {
    let engine = node(&pool).await;
    let lines: Vec<Value> = (0..23)
        .map(|n| line(&format!("2025-11-{:02}", n % 5 + 1), "EUR", &format!("d{n}"), "1", (n % 3 > 0).then_some("1")))
        .collect();
    passed(&engine, &lines).await;
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = totals::lines(engine.reader(), &all(), after.as_ref(), 7).await.unwrap();
        let Some((last, _)) = page.last() else { break };
        let token = last.to_token();
        after = crate::store::sync::totals::shown::After::of_token(&token);
        assert!(after.is_some(), "{token}");
        seen.extend(page.into_iter().map(|(_, line)| (line.state, line.day, line.deal)));
    }
    assert_eq!(seen.len(), 23);
    assert!(seen.is_sorted_by_key(|(state, day, _)| (*state, *day)));
    let (mut days, mut after) = (Vec::new(), None);
    while let Some(sum) = totals::by_day(engine.reader(), &all(), after.as_ref(), 1).await.unwrap().pop() {
        after = Some((sum.day.unwrap(), sum.currency.clone(), sum.company.clone().unwrap_or_default()));
        days.push((sum.day.unwrap(), sum.deals));
    }
    assert_eq!(days.iter().map(|(_, deals)| deals).sum::<i64>(), 23);
    assert!(days.is_sorted_by(|a, b| a.0 > b.0), "{days:?}");
    engine.shut_down().await;
}
