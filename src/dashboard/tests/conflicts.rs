//! The page of conflicts between records of both systems.

use serde_json::json;

use super::*;
use crate::store::sync::links::{self, NewConflict};

async fn open(pool: &PgPool, row: Option<&str>, kind: &str, values: [serde_json::Value; 2]) -> Uuid {
    let field = row.map(|_| "MobilePhone");
    let [crm, erp] = values.map(|value| json!({ "field": field, "value": value }));
    let new = NewConflict {
        link: Uuid::now_v7(),
        entity: "contact",
        crm_id: Some("003Ws00000Lm7PuIAJ"),
        erp_id: Some("1801"),
        row_name: row,
        kind,
        crm: &crm,
        erp: &erp,
        run: Uuid::from_u128(9),
    };
    links::open_conflict(&mut pool.acquire().await.unwrap(), &new).await.unwrap();
    crate::store::sync::conflicts::list(pool, "open", None, None, 1).await.unwrap()[0].id
}

#[sqlx::test]
async fn both_values_stand_side_by_side_with_what_a_choice_means(pool: PgPool) {
    let site = Site::new(&pool, Scope::Operate, Desk::default()).await;
    assert!(site.get("/conflicts").await.1.contains("Nothing needs attention"));
    open(&pool, Some("MobilePhone"), "both", [json!("111"), json!("")]).await;
    open(&pool, None, "deleted", [json!(false), json!(true)]).await;
    let (status, page) = site.get("/conflicts").await;
    assert_eq!(status, StatusCode::OK);
    for text in [
        "003Ws00000Lm7PuIAJ",
        "1801",
        "Both sides changed it",
        "“111”",
        "nothing",
        "Its value goes to the ERP",
        "Its value goes to the CRM",
        "It is also deleted in the ERP",
        "It is recreated in the CRM from the ERP",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert_eq!(page.matches("<h2>contact</h2>").count(), 1, "one pair, one panel");
    let reader = Site::new(&pool, Scope::Read, Desk::default()).await;
    assert!(page.contains("name=\"side\"") && !page.contains("checked"), "nothing is chosen beforehand");
    assert!(!reader.get("/conflicts").await.1.contains("name=\"side\""));
}

#[sqlx::test]
async fn a_choice_reaches_the_engine_with_who_and_why(pool: PgPool) {
    let site = Site::new(&pool, Scope::Operate, Desk::default()).await;
    let id = open(&pool, Some("MobilePhone"), "both", [json!("111"), json!("222")]).await;
    let csrf = site.csrf().await;
    let path = format!("/conflicts/{id}");
    assert_eq!(site.post(&path, "csrf=guess&side=crm&reason=x").await.0, StatusCode::FORBIDDEN);
    assert_eq!(site.post(&path, &format!("csrf={csrf}&side=both&reason=x")).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(site.post(&path, &format!("csrf={csrf}&side=crm&reason=+")).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(site.desk.settled.lock().unwrap().is_empty());
    let form = format!("csrf={csrf}&side=erp&reason=asked+her");
    assert_eq!(site.post(&path, &form).await.0, StatusCode::NOT_FOUND, "the desk knows none");
    let settled = site.desk.settled.lock().unwrap().clone();
    assert_eq!(settled, [(id, Side::Second, "user:ada".to_owned(), "asked her".to_owned())]);
    let late =
        Site::new(&pool, Scope::Operate, Desk { refusal: Some("it was already settled"), ..Desk::default() }).await;
    let form = format!("csrf={}&side=erp&reason=x", late.csrf().await);
    let (status, _, page) = late.post(&path, &form).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(page.contains("it was already settled"), "{page}");
}

#[sqlx::test]
async fn what_records_hold_stays_text(pool: PgPool) {
    let site = Site::new(&pool, Scope::Operate, Desk::default()).await;
    let hostile = format!("<script>alert(1)</script>{}", "x".repeat(500));
    open(&pool, Some("<script>alert(2)</script>"), "both", [json!(hostile), json!({ "a": hostile })]).await;
    let (_, page) = site.get("/conflicts").await;
    assert!(!page.contains("<script>alert") && page.contains("Full value"), "{page}");
}
