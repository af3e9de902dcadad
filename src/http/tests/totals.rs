//! Totals over the API: sums, lines, CSV, sign-offs.

use super::*;
use crate::store::access::{create_session, fixture_user};
use crate::store::fixture::{totals_line, totals_pass};

const NOVEMBER: &str = "from=2025-11-01&until=2025-11-30";

async fn passed(pool: &PgPool) {
    let lines = [
        totals_line("2025-11-20", "d1", "=HYPERLINK(\"x\")", "24688.86", Some("24688.86")),
        totals_line("2025-11-20", "d2", "Norrland", "5", None),
        totals_line("2025-11-21", "d3", "Delft", "10", Some("9.99")),
    ];
    totals_pass(pool, &json!(lines)).await;
}

#[sqlx::test]
async fn sums_and_lines_are_filtered_and_paged(pool: PgPool) {
    let api = TestApi::new(&pool).await;
    passed(&pool).await;
    let get = async |path: String| api.call(Scope::Read, "GET", &path, "").await;
    let sums = get(format!("/api/v1/totals?{NOVEMBER}&limit=1")).await;
    assert_eq!(sums.body["items"][0]["day"], "2025-11-21", "{sums:?}");
    assert_eq!(sums.body["items"][0]["difference"], "-0.01");
    let cursor = sums.body["next"].as_str().unwrap().to_owned();
    let rest = get(format!("/api/v1/totals?{NOVEMBER}&limit=1&cursor={cursor}")).await;
    assert_eq!((&rest.body["items"][0]["deals"], &rest.body["next"]), (&json!(2), &Value::Null), "{rest:?}");
    let period = get(format!("/api/v1/totals?{NOVEMBER}&by=period")).await;
    assert_eq!(period.body["items"][0]["deal_amount"], "24703.86", "{period:?}");
    assert_eq!(period.body["items"][0]["company_name"], "Helvetia & Söhne");
    let (mut deals, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = get(format!("/api/v1/totals/lines?{NOVEMBER}&limit=1{cursor}")).await.body;
        deals.push(page["items"][0]["deal"].as_str().unwrap().to_owned());
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(deals, ["d2", "d3", "d1"], "what a person has to look at comes first");
    let one = get(format!("/api/v1/totals/lines?{NOVEMBER}&state=differs")).await;
    assert_eq!(one.body["items"].as_array().map(Vec::len), Some(1), "{one:?}");
    for (query, pointer) in [
        ("from=2025-11-30&until=2025-11-01", "?from"),
        ("from=2020-01-01&until=2025-11-01", "?from"),
        ("until=tomorrow", "?until"),
        ("state=lost", "?state"),
        ("format=xls", "?format"),
        ("cursor=bm90aGluZw", "?cursor"),
    ] {
        let refused = get(format!("/api/v1/totals/lines?{query}")).await;
        assert_eq!((refused.status.as_u16(), &refused.body["errors"][0]["pointer"]), (400, &json!(pointer)), "{query}");
    }
    api.close().await;
}

#[sqlx::test]
async fn csv_is_a_file_that_calculates_nothing(pool: PgPool) {
    let api = TestApi::new(&pool).await;
    passed(&pool).await;
    let bearer = format!("Bearer {}", api.token(Scope::Read));
    let path = format!("/api/v1/totals/lines?{NOVEMBER}");
    let accepted = api.send("GET", &path, &[("authorization", &bearer), ("accept", "text/csv")], "").await;
    let asked = api.call(Scope::Read, "GET", &format!("{path}&format=csv"), "").await;
    assert_eq!(accepted.headers["content-type"], "text/csv; charset=utf-8");
    assert_eq!(
        accepted.headers["content-disposition"],
        "attachment; filename=\"totals-lines-2025-11-01-2025-11-30.csv\""
    );
    assert_eq!(accepted.body, asked.body);
    let text = accepted.body.as_str().unwrap().to_owned();
    assert!(text.contains("\"'=HYPERLINK(\"\"x\"\")\"") && text.contains(",10.00,9.99,-0.01,"), "{text}");
    assert_eq!(text.lines().count(), 4, "{text}");
    let sums = api.call(Scope::Read, "GET", &format!("/api/v1/totals?{NOVEMBER}&format=csv"), "").await;
    assert!(
        sums.body.as_str().unwrap().contains("2025-11-21,EUR,2,Helvetia & Söhne,1,1,10.00,9.99,-0.01,"),
        "{sums:?}"
    );
    api.close().await;
}

#[sqlx::test]
async fn a_person_signs_with_a_reason_where_one_is_needed_and_a_program_never(pool: PgPool) {
    let api = TestApi::new(&pool).await;
    passed(&pool).await;
    let path = "/api/v1/totals/sign-offs";
    let ada = fixture_user(&pool, "ada", &[Scope::Operate]).await;
    let session = create_session(&pool, &ada, std::time::Duration::from_secs(60)).await.unwrap();
    let cookie = format!("stepwell_session={session}");
    let sign = async |body: Value| {
        let headers = [
            ("cookie", cookie.as_str()),
            ("host", "localhost"),
            ("origin", "http://localhost"),
            ("sec-fetch-site", "same-origin"),
        ];
        api.send("POST", path, &headers, body.to_string()).await
    };
    let period = json!({ "from": "2025-11-01", "until": "2025-11-30" });
    let program = api.call(Scope::Operate, "POST", path, period.to_string()).await;
    program.is_problem(409, "conflict", path);
    let why = sign(period.clone()).await;
    assert_eq!((why.status.as_u16(), &why.body["errors"][0]["pointer"]), (422, &json!("/reason")), "{why:?}");
    assert!(why.body["errors"][0]["message"].as_str().unwrap().contains("2 lines do not agree"), "{why:?}");
    let with = |name: &str, value: &str| {
        let mut body = period.clone();
        body[name] = json!(value);
        body
    };
    for (body, pointer) in
        [(with("until", "2025-10-01"), "/until"), (with("from", "1.11.2025"), "/from"), (with("seen", "x"), "/seen")]
    {
        let refused = sign(body.clone()).await;
        assert_eq!((refused.status.as_u16(), &refused.body["errors"][0]["pointer"]), (422, &json!(pointer)), "{body}");
    }
    let mut stale = with("reason", "known");
    stale["seen"] = json!(uuid::Uuid::nil());
    assert_eq!(sign(stale).await.status, 409);
    let done = sign(with("reason", "two deals are billed by hand")).await;
    assert_eq!((done.status.as_u16(), &done.body["actor"]), (201, &json!("user:ada")), "{done:?}");
    let listed = api.call(Scope::Read, "GET", &format!("{path}?{NOVEMBER}"), "").await;
    assert_eq!(listed.body["items"][0], done.body);
    let acts = api.call(Scope::Admin, "GET", "/api/v1/audit/acts", "").await;
    assert_eq!(
        (&acts.body["items"][0]["act"], &acts.body["items"][0]["reason"]),
        (&json!("totals.sign"), &json!("two deals are billed by hand"))
    );
    api.close().await;
}
