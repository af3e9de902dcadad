//! The pages of bulk acts.

use super::*;
use crate::dashboard::bulk::BulkOperations;
use crate::engine::runs::bulk::{BulkAsked, BulkError, BulkView, NextCall, Preview, PreviewGroup, Rate};
use crate::store::runs::bulk::{self, NewBulk, Steer, Whose};
use crate::store::runs::listing::RunFilter;

/// What was previewed, begun and steered.
#[derive(Default)]
pub(super) struct Asked {
    pub(super) previewed: Vec<(Act, RunFilter)>,
    pub(super) begun: Vec<(BulkAsked, Identity)>,
    pub(super) steered: Vec<(Uuid, Steer, String)>,
}

fn preview() -> Preview {
    Preview {
        matched: 40,
        more: false,
        runs: Vec::new(),
        groups: vec![PreviewGroup {
            workflow: crate::dsl::WorkflowRef {
                namespace: "crm-erp".into(),
                name: "closed-won".into(),
                version: "1.0.0".into(),
            },
            status: "faulted".into(),
            attention: Some("faulted".into()),
            step: Some("/do/1/createOrder".into()),
            count: 40,
            sample: RunId::from_u128(7),
        }],
        calls: vec![NextCall {
            connection: Some("netsuite".into()),
            call: "POST /record/v1/salesOrder".into(),
            step: "createOrder".into(),
            undoes: false,
            runs: 40,
        }],
        irreversible: Vec::new(),
        two_people: 0,
        words: vec!["40 runs call POST /record/v1/salesOrder to <netsuite>.".into()],
    }
}

fn view(id: Uuid) -> BulkView {
    BulkView::of(bulk::BulkRow {
        id,
        act: serde_json::json!({ "act": "retry" }),
        filter: serde_json::json!({}),
        more: false,
        actor: "user:ada".into(),
        reason: None,
        trial: None,
        rate: None,
        status: "running".into(),
        total: 1,
        told: 0,
        done: 0,
        refused: 0,
        proposed: 0,
        failed_again: None,
        acts_as: "user:ada".into(),
        created_at: Time::UNIX_EPOCH,
        changed_at: Time::UNIX_EPOCH,
        changed_by: "user:ada".into(),
        change_reason: None,
        finished_at: None,
    })
}

impl BulkOperations for Desk {
    fn preview_bulk(&self, act: Act, filter: RunFilter) -> BoxFuture<'_, Result<Preview, StoreError>> {
        self.bulk.lock().unwrap().previewed.push((act, filter));
        Box::pin(std::future::ready(Ok(preview())))
    }

    fn begin_bulk(&self, asked: BulkAsked, by: Identity) -> BoxFuture<'_, Result<BulkView, StoreError>> {
        let begun = view(asked.id);
        self.bulk.lock().unwrap().begun.push((asked, by));
        Box::pin(std::future::ready(Ok(begun)))
    }

    fn steer_bulk(
        &self,
        id: Uuid,
        steer: Steer,
        _: Identity,
        reason: String,
    ) -> BoxFuture<'_, Result<BulkView, BulkError>> {
        self.bulk.lock().unwrap().steered.push((id, steer, reason));
        let ended = |_| Err(BulkError::Ended { id, status: "done".into(), verb: steer.as_str() });
        Box::pin(std::future::ready(self.refusal.map_or_else(|| Ok(view(id)), ended)))
    }
}

#[sqlx::test]
async fn a_cause_leads_to_a_preview_and_from_there_to_a_start_on_trial_and_at_a_rate(pool: PgPool) {
    fixture::store(&pool, &fixture::faulted(), &FAULTED).await;
    sqlx::query("update runs set error = '{}', attention_at = now(), fingerprint = 'cafe'")
        .execute(&pool)
        .await
        .unwrap();
    let site = Site::new(&pool, Scope::Operate, Desk::default()).await;
    let (_, page) = site.get("/?attention=any").await;
    let begin = "/bulk/new?attention=any&#38;fingerprint=cafe";
    assert!(page.contains(begin), "{page}");
    let (status, page) = site.get("/bulk/new?attention=any&fingerprint=cafe").await;
    assert_eq!(status, StatusCode::OK);
    for act in crate::http::api::runs::acts::ACTS {
        assert!(page.contains(&format!("name=\"act\" value=\"{act}\"")), "{act}: {page}");
    }
    assert!(!page.contains("action=\"/bulk\""), "nothing is started before the preview");
    let (status, page) = site.get("/bulk/new?attention=any&fingerprint=cafe&act=retry").await;
    assert_eq!(status, StatusCode::OK);
    for text in ["to &#60;netsuite&#62;.", "crm-erp/closed-won", "Retry 40 runs", "name=\"trial\" type=\"number\""] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let id = page.split("name=\"id\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
    let csrf = site.csrf().await;
    let form =
        format!("csrf={csrf}&id={id}&act=retry&attention=any&fingerprint=cafe&reason=back&trial=3&rate=30&unit=min");
    let (status, answer, _) = site.post("/bulk", &form).await;
    assert_eq!((status, header(&answer, &LOCATION)), (StatusCode::SEE_OTHER, format!("/bulk/{id}").as_str()));
    let asked = std::mem::take(&mut *site.desk.bulk.lock().unwrap());
    let (begun, by) = &asked.begun[0];
    assert_eq!((begun.id.to_string(), begun.trial, begun.reason.as_deref()), (id, Some(3), Some("back")));
    assert_eq!((begun.rate.map(Rate::per_second), by.actor().0.as_str()), (Some(0.5), "user:ada"));
    assert_eq!(begun.written, serde_json::json!({ "attention": "any", "fingerprint": "cafe" }));
    assert_eq!(begun.filter.fingerprint.as_deref(), Some("cafe"));
    assert_eq!(asked.previewed.len(), 1);
}

#[sqlx::test]
async fn a_form_that_says_too_little_comes_back_with_what_is_missing(pool: PgPool) {
    let site = Site::new(&pool, Scope::Operate, Desk::default()).await;
    let csrf = site.csrf().await;
    for (form, needle) in [
        ("act=retry&attention=any&reason=", "give a reason"),
        ("attention=any&reason=x", "choose what to do"),
        ("act=cancel&attention=any&reason=x", "choose what to do"),
        ("act=retry&attention=any&reason=x&trial=0", "number of runs for a trial"),
        ("act=retry&attention=any&reason=x&rate=fast", "is not a rate"),
    ] {
        let (status, _, page) = site.post("/bulk", &format!("csrf={csrf}&{form}")).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{form}");
        assert!(page.contains(needle), "{form}: {page}");
    }
    let (status, page) = site.get("/bulk/new?act=retry").await;
    assert_eq!(status, StatusCode::NOT_FOUND, "never every run");
    assert!(page.contains("never means every run"), "{page}");
    assert!(site.desk.bulk.lock().unwrap().begun.is_empty());
    let reader = Site::new(&pool, Scope::Read, Desk::default()).await;
    let (_, page) = reader.get("/bulk/new?attention=any&act=retry").await;
    assert!(!page.contains("action=\"/bulk\""), "who only reads starts nothing");
    let (_, page) = reader.get("/?attention=any").await;
    assert!(!page.contains("/bulk/new"), "{page}");
}

#[sqlx::test]
async fn a_bulk_act_is_shown_with_a_result_per_run_and_steered_with_a_reason(pool: PgPool) {
    let run = fixture::store(&pool, &fixture::faulted(), &FAULTED).await;
    let (ada, id) = (Actor("user:ada".into()), Uuid::now_v7());
    let (act, filter) = (Act::Retry { input: None, step: None }, serde_json::json!({ "attention": "any" }));
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
    let site = Site::new(&pool, Scope::Operate, Desk::default()).await;
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
    assert_eq!(site.desk.bulk.lock().unwrap().steered, [(id, Steer::Resume, "fine".to_owned())]);
    let (status, _, page) = site.post(&format!("/bulk/{id}/stop"), &format!("csrf={csrf}&reason=")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{page}");
    let refusing = Site::new(&pool, Scope::Operate, Desk { refusal: Some("x"), ..Desk::default() }).await;
    let csrf = refusing.csrf().await;
    let (status, _, page) = refusing.post(&format!("/bulk/{id}/stop"), &format!("csrf={csrf}&reason=y")).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(page.contains("cannot stop any more"), "{page}");
    let (status, _) = site.get("/bulk/00000000-0000-0000-0000-000000000007").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[sqlx::test]
async fn the_box_at_the_top_leads_to_the_one_thing_found_or_lists_all(pool: PgPool) {
    let run = fixture::store(&pool, &fixture::completed(), &COMPLETED).await;
    let site = Site::new(&pool, Scope::Read, Desk::default()).await;
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
