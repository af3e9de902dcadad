//! The page of totals.

use super::*;
use crate::memory::totals::{Change, ChangeKind, Pass, Scope as Period};
use crate::store::fixture::{totals_line, totals_pass};
use crate::store::sync::totals as store;
use crate::store::sync::totals::signing::{self, NewSignOff};

/// Stores a pass over November 2025: a deal that agrees, one without an order, one that differs.
async fn passed(pool: &PgPool, name: &str) -> Pass {
    let lines = [
        totals_line("2025-11-20", "006Ws00000Hd9XqIAJ", name, "24688.86", Some("24688.86")),
        totals_line("2025-11-20", "006Ws00000Hd9XrIAJ", name, "1234567.5", None),
        totals_line("2025-11-21", "006Ws00000Hd9XsIAJ", name, "10", Some("9.99")),
    ];
    totals_pass(pool, &json!(lines)).await
}

const NOVEMBER: &str = "from=2025-11-01&until=2025-11-30";

#[sqlx::test]
async fn sums_lines_and_runs_stand_on_one_page_and_what_needs_a_person_comes_first(pool: PgPool) {
    let site = Site::new(&pool, Scope::Operate).await;
    assert!(site.get("/totals").await.1.contains("No pass has covered these days"));
    let run = fixture::store(&pool, &fixture::faulted(), &FAULTED).await;
    passed(&pool, "Brückner").await;
    let (status, page) = site.get(&format!("/totals?{NOVEMBER}")).await;
    assert_eq!(status, StatusCode::OK);
    for text in [
        "Helvetia &#38; Söhne",
        "1,259,266.36",
        "24,698.85",
        "−1,234,567.51",
        "1 no order, 1 differs",
        "20 Nov 2025",
        "−0.01",
        "SO-006Ws00000Hd9XsIAJ",
        "Not everything is in order: 2 lines do not agree",
        "/api/v1/totals/lines?from=2025%2D11%2D01&#38;until=2025%2D11%2D30&amp;format=csv",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(page.contains(&format!("/runs/{run}")), "the run about the deal without an order: {page}");
    let lines = page.split("id=\"lines\"").nth(1).unwrap();
    assert!(lines.find("No order").unwrap() < lines.find("Differs").unwrap(), "{lines}");
    assert!(lines.find("Differs").unwrap() < lines.find("Agrees").unwrap(), "{lines}");
    let (_, one) = site.get("/totals?from=2025-11-21&until=2025-11-21").await;
    assert!(
        one.contains("SO-006Ws00000Hd9XsIAJ") && !one.contains("SO-006Ws00000Hd9XqIAJ"),
        "a day leads to its lines: {one}"
    );
    let (_, none) = site.get(&format!("/totals?{NOVEMBER}&currency=USD")).await;
    assert!(!none.contains("SO-006Ws00000Hd9XsIAJ"), "{none}");
    let reader = site.of(&pool, Scope::Read).await;
    assert!(!reader.get(&format!("/totals?{NOVEMBER}")).await.1.contains("/totals/sign-offs"));
}

#[sqlx::test]
async fn a_sign_off_is_recorded_with_what_was_seen_by_whom_and_why(pool: PgPool) {
    let site = Site::new(&pool, Scope::Operate).await;
    let pass = passed(&pool, "Brückner").await;
    assert!(site.get(&format!("/totals?{NOVEMBER}")).await.1.contains(&format!("name=\"seen\" value=\"{}\"", pass.id)));
    let csrf = site.csrf().await;
    let path = "/totals/sign-offs";
    assert_eq!(site.post(path, &format!("csrf=guess&{NOVEMBER}")).await.0, StatusCode::FORBIDDEN);
    let (status, _, page) = site.post(path, &format!("csrf={csrf}&{NOVEMBER}&seen={}&reason=+", pass.id)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("2 lines do not agree. Give a reason"), "{page}");
    let (status, _, page) = site.post(path, &format!("csrf={csrf}&from=2025-11-30&until=2025-11-01&reason=x")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{page}");
    let form = format!("csrf={csrf}&{NOVEMBER}&currency=EUR&company=&seen={}&reason=checked+by+hand", pass.id);
    let stale = form.replace(&pass.id.to_string(), &Uuid::from_u128(8).to_string());
    assert_eq!(site.post(path, &stale).await.0, StatusCode::CONFLICT, "other totals were seen");
    assert_eq!(site.post(path, &form).await.0, StatusCode::SEE_OTHER);
    let signed = "select concat_ws(' ', actor, reason, from_day, until_day, currency) from totals_sign_offs";
    let signed: Vec<String> = sqlx::query_scalar(signed).fetch_all(&pool).await.unwrap();
    assert_eq!(signed, ["user:ada checked by hand 2025-11-01 2025-11-30 EUR"]);
}

#[sqlx::test]
async fn changes_since_a_sign_off_are_shown_with_both_values(pool: PgPool) {
    let site = Site::new(&pool, Scope::Read).await;
    let pass = passed(&pool, "Brückner").await;
    let filter = store::shown::Filter {
        scope: Period { from: pass.from, until: pass.until, currency: None, company: None },
        state: None,
    };
    let line = store::shown::lines(&pool, &filter, None, 1).await.unwrap().remove(0);
    let conn = &mut *pool.acquire().await.unwrap();
    let new = NewSignOff { scope: &filter.scope, actor: "user:bo", reason: Some("<i>fine</i>"), totals: &json!({}) };
    signing::sign(conn, &new).await.unwrap();
    let after =
        json!({ "order": "71", "number": "SO71", "deal_amount": "1.00", "order_amount": "2.00", "state": "differs" });
    let change =
        Change { place: line.place.clone(), kind: ChangeKind::Changed, before: Some(line.told()), after: Some(after) };
    signing::mark(conn, pass.run, &[change]).await.unwrap();
    let (_, page) = site.get(&format!("/totals?{NOVEMBER}")).await;
    for text in [
        "Changed since the sign-off",
        "deal 1,234,567.50, order none EUR, no order",
        "deal 1.00, order SO71 2.00 EUR, differs",
        "1 changed since signed off",
        "changed since signed off</b>",
        "user:bo: <q>&#60;i&#62;fine&#60;/i&#62;</q>",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
}

#[sqlx::test]
async fn deal_names_stay_text_and_a_bad_period_is_reported(pool: PgPool) {
    let site = Site::new(&pool, Scope::Read).await;
    passed(&pool, "<script>alert(1)</script>").await;
    let (_, page) = site.get(&format!("/totals?{NOVEMBER}&state=differs")).await;
    assert!(!page.contains("<script>alert") && page.contains("&#60;script&#62;alert"), "{page}");
    for bad in ["from=yesterday", "from=2025-11-30&until=2025-11-01", "from=2020-01-01&until=2025-11-01"] {
        let (status, page) = site.get(&format!("/totals?{bad}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(page.contains("Not shown: "), "{page}");
    }
}
