//! The pages of bulk acts.

use super::*;
use crate::machine::ActKind;
use crate::store::runs::bulk::{self, NewBulk, Whose};
use crate::store::runs::unacknowledged;

/// What bulk acts there are: id, trial, rate, who, why, filter, status, who changed it last and why.
type Begun = (Uuid, Option<i32>, Option<f64>, String, Option<String>, Value, String, Option<String>);

async fn begun(pool: &PgPool) -> Vec<Begun> {
    let rows = "select id, trial, rate, actor, reason, filter::jsonb, status, change_reason from bulk_acts";
    sqlx::query_as(rows).fetch_all(pool).await.unwrap()
}

#[sqlx::test]
async fn a_cause_leads_to_a_preview_and_from_there_to_a_start_on_trial_and_at_a_rate(pool: PgPool) {
    for _ in 0..12 {
        fixture::store(&pool, &fixture::faulted(), &FAULTED).await;
    }
    sqlx::query("update runs set error = '{}', attention_at = now(), fingerprint = 'cafe'")
        .execute(&pool)
        .await
        .unwrap();
    let site = Site::new(&pool, Scope::Operate).await;
    let (_, page) = site.get("/?attention=any").await;
    let begin = "/bulk/new?attention=any&#38;fingerprint=cafe";
    assert!(page.contains(begin), "{page}");
    let (status, page) = site.get("/bulk/new?attention=any&fingerprint=cafe").await;
    assert_eq!(status, StatusCode::OK);
    for act in ActKind::ALL {
        assert!(page.contains(&format!("name=\"act\" value=\"{}\"", act.name())), "{act:?}: {page}");
    }
    assert!(!page.contains("action=\"/bulk\""), "nothing is started before the preview");
    let (status, page) = site.get("/bulk/new?attention=any&fingerprint=cafe&act=retry").await;
    assert_eq!(status, StatusCode::OK);
    let trial = "name=\"trial\" type=\"number\" min=\"1\" max=\"10000\" value=\"3\"";
    for text in ["12 runs match. You would retry all of them.", "crm-erp/closed-won", "Retry 12 runs", trial] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let id = page.split("name=\"id\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
    let csrf = site.csrf().await;
    let form =
        format!("csrf={csrf}&id={id}&act=retry&attention=any&fingerprint=cafe&reason=back&trial=3&rate=30&unit=min");
    let (status, answer, _) = site.post("/bulk", &form).await;
    assert_eq!((status, header(&answer, &LOCATION)), (StatusCode::SEE_OTHER, format!("/bulk/{id}").as_str()));
    let (found, trial, rate, by, why, filter, ..) = begun(&pool).await.remove(0);
    assert_eq!((found.to_string(), trial, why.as_deref()), (id, Some(3), Some("back")));
    assert_eq!((rate, by.as_str()), (Some(0.5), "user:ada"));
    assert_eq!(filter, json!({ "attention": "any", "fingerprint": "cafe" }));
    assert_eq!(site.post("/bulk", &form).await.0, StatusCode::SEE_OTHER);
    assert_eq!(begun(&pool).await.len(), 1, "a form sent twice is one bulk act");
}

#[sqlx::test]
async fn a_form_that_says_too_little_comes_back_with_what_is_missing(pool: PgPool) {
    let site = Site::new(&pool, Scope::Operate).await;
    let csrf = site.csrf().await;
    for (form, needle) in [
        ("act=retry&attention=any&reason=", "give a reason"),
        ("attention=any&reason=x", "choose what to do"),
        ("act=cancel&attention=any&reason=x", "choose what to do"),
        ("act=move&attention=any&reason=x", "choose what to do"),
        ("act=retry&attention=any&reason=x&trial=0", "number of runs for a trial"),
        ("act=retry&attention=any&reason=x&rate=fast", "is not a rate"),
        ("act=retry&attention=any&reason=x&edit=if", "is not a jq expression"),
    ] {
        let (status, _, page) = site.post("/bulk", &format!("csrf={csrf}&{form}")).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{form}");
        assert!(page.contains(needle), "{form}: {page}");
    }
    let (status, page) = site.get("/bulk/new?act=retry").await;
    assert_eq!(status, StatusCode::NOT_FOUND, "never every run");
    assert!(page.contains("never means every run"), "{page}");
    assert!(begun(&pool).await.is_empty());
    let reader = site.of(&pool, Scope::Read).await;
    let (_, page) = reader.get("/bulk/new?attention=any&act=retry").await;
    assert!(!page.contains("action=\"/bulk\""), "who only reads starts nothing");
    let (_, page) = reader.get("/?attention=any").await;
    assert!(!page.contains("/bulk/new"), "{page}");
}

#[sqlx::test]
async fn a_bulk_act_is_shown_with_a_result_per_run_and_steered_with_a_reason(pool: PgPool) {
    let run = fixture::store(&pool, &fixture::faulted(), &FAULTED).await;
    let (ada, id) = (Actor("user:ada".into()), Uuid::now_v7());
    let (act, filter) = (Act::Retry { input: None, step: None }, json!({ "attention": "any" }));
    let runs = [(run, None), (RunId::from_u128(9), None)];
    let new = NewBulk {
        id,
        act: &act,
        filter: &filter,
        more: false,
        trial: Some(1),
        rate: Some(0.5),
        whose: Whose::default(),
        runs: &runs,
    };
    assert!(bulk::create(&pool, &new, By { actor: &ada, reason: Some("<back>") }).await.unwrap());
    assert!(!bulk::create(&pool, &new, By::from(&ada)).await.unwrap(), "a form sent twice is one bulk act");
    let marks = "update bulk_items set told_at = now(), result = case place when 1 then 'done' else 'refused' end,
                 detail = case place when 2 then 'it is gone' end";
    sqlx::query(marks).execute(&pool).await.unwrap();
    sqlx::query("update bulk_acts set told = 2, done = 1, refused = 1, status = 'paused', change_reason = 'slow'")
        .execute(&pool)
        .await
        .unwrap();
    let site = Site::new(&pool, Scope::Operate).await;
    let (status, page) = site.get(&format!("/bulk/{id}")).await;
    assert_eq!(status, StatusCode::OK);
    for text in
        ["Retry 2 runs", "&#60;back&#62;", "30/min", "Failed again", "it is gone", "Paused by user:ada: slow", "2 of 2"]
    {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(page.contains(&format!("action=\"/bulk/{id}/resume\"")) && !page.contains("/pause\""), "{page}");
    let (_, some) = site.get(&format!("/bulk/{id}?result=refused")).await;
    assert!(some.contains("it is gone") && !some.contains(&format!("/runs/{run}")), "{some}");
    let (_, listed) = site.get("/bulk").await;
    assert!(listed.contains(&format!("/bulk/{id}")) && listed.contains("needs attention"), "{listed}");
    let csrf = site.csrf().await;
    let (status, answer, _) = site.post(&format!("/bulk/{id}/resume"), &format!("csrf={csrf}&reason=fine")).await;
    assert_eq!(
        (status, header(&answer, &LOCATION)),
        (StatusCode::SEE_OTHER, format!("/bulk/{id}?done=resume").as_str())
    );
    let (.., status, why) = begun(&pool).await.remove(0);
    assert_eq!((status.as_str(), why.as_deref()), ("running", Some("fine")));
    let (status, _, page) = site.post(&format!("/bulk/{id}/stop"), &format!("csrf={csrf}&reason=")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{page}");
    sqlx::query("update bulk_acts set status = 'done', finished_at = now()").execute(&pool).await.unwrap();
    let (status, _, page) = site.post(&format!("/bulk/{id}/stop"), &format!("csrf={csrf}&reason=y")).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(page.contains("cannot stop any more"), "{page}");
    let (status, _) = site.get("/bulk/00000000-0000-0000-0000-000000000007").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[sqlx::test]
async fn the_box_at_the_top_leads_to_the_one_thing_found_or_lists_all(pool: PgPool) {
    let run = fixture::store(&pool, &fixture::completed(), &COMPLETED).await;
    let site = Site::new(&pool, Scope::Read).await;
    let (_, page) = site.get("/").await;
    assert!(page.contains("action=\"/search\""), "{page}");
    let found = Request::get("/search?q=006Ws00000Hd9XqIAJ").header(COOKIE, &site.cookie).body(Body::empty()).unwrap();
    let (status, answer, _) = site.send(found).await;
    assert_eq!((status, header(&answer, &LOCATION)), (StatusCode::SEE_OTHER, format!("/runs/{run}").as_str()));
    fixture::store(&pool, &fixture::faulted(), &FAULTED).await;
    let (status, page) = site.get("/search?q=006Ws").await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("2 found for “006Ws”") && page.contains(&format!("/runs/{run}")), "{page}");
    let (_, page) = site.get("/search?q=%3Cnothing%3E").await;
    assert!(page.contains("Nothing found for “&#60;nothing&#62;”"), "{page}");
}

#[sqlx::test]
async fn work_that_did_not_happen_is_counted_listed_and_acted_on_until_it_is_acknowledged(pool: PgPool) {
    let ended = Row { status: "compensated", attention: None, finished: Some(9_000), ..FAULTED };
    let run = fixture::store(&pool, &fixture::compensated(), &ended).await;
    let mut connection = pool.acquire().await.unwrap();
    unacknowledged::begin(&mut connection, &[run]).await.unwrap();
    drop(connection);
    assert_eq!(unacknowledged::count(&pool).await.unwrap(), 0, "it still undoes its work");
    unacknowledged::end(&mut pool.acquire().await.unwrap(), &[run]).await.unwrap();
    let site = Site::new(&pool, Scope::Operate).await;
    let (_, page) = site.get("/?unacknowledged=true").await;
    for text in ["Work that did not happen", "Did not happen", "/bulk/new?unacknowledged=true", &run.to_string()] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let (_, page) = site.get("/bulk/new?unacknowledged=true&act=acknowledge").await;
    for text in ["1 run matches.", "work did not happen, not acknowledged", "leave the list of runs"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(site.get(&format!("/runs/{run}")).await.1.contains("The work of this run did not happen"));
    let by = crate::store::acts::By { actor: &Actor("user:ada".into()), reason: Some("entered <by> hand") };
    assert!(unacknowledged::acknowledge(&pool, run, by).await.unwrap());
    let (_, page) = site.get(&format!("/runs/{run}")).await;
    assert!(page.contains("by user:ada: entered &#60;by&#62; hand") && !page.contains("did not happen"), "{page}");
}
