//! Steps that ask people: the inbox, the form, the decision.

use super::*;
use crate::engine::tasks::Task;
use crate::machine::Status;
use crate::store::runs::tasks::{TaskFilter, TaskStatus};

const ASKING: &str = r#"document: { dsl: '1.0.3', namespace: test, name: order, version: '1.0.0', metadata: { key: '${ .order }' } }
do:
  - ask:
      listen: { to: { one: { with: { type: dev.stepwell.task.completed } } } }
      timeout: { after: { days: 2 } }
      metadata:
        title: Approval
        task:
          title: '${ "Approve \(.order)?" }'
          description: It is above <limit>.
          assignees: '${ .people // ["ada"] }'
          schema:
            type: object
            required: [approved]
            additionalProperties: false
            properties:
              approved: { type: boolean, title: Approve it, description: Booked at once }
              discount: { type: number, maximum: 20 }
              until: { type: string, format: date }
              level: { enum: [low, middle, high, highest, none] }
              note: { type: string, maxLength: 1000 }
              lines: { type: array, items: { type: string } }
"#;

/// Starts a run that asks, and returns it with the task.
async fn asked(site: &Site, input: Value) -> (RunId, Task) {
    site.deploy(ASKING).await;
    let request = StartRequest {
        namespace: "test".into(),
        name: "order".into(),
        version: None,
        input,
        idempotency_key: None,
        actor: Actor("test".into()),
    };
    let run = site.engine.start(request).await.unwrap();
    site.until(run, |view| view.status == Status::Waiting).await;
    let filter = TaskFilter { status: TaskStatus::Any, run: Some(run), ..TaskFilter::default() };
    let task = site.engine.tasks(&filter, 1).await.unwrap().0.remove(0);
    (run, task)
}

fn form(id: Uuid) -> String {
    format!("action=\"/tasks/{id}\"")
}

#[sqlx::test]
async fn the_inbox_leads_to_a_form_and_the_decision_carries_the_name_of_who_is_signed_in(pool: PgPool) {
    let site = Site::running(&pool, Scope::Operate).await;
    let (run, task) = asked(&site, json!({ "order": "SO-<1>" })).await;
    let there = format!("/tasks/{}", task.id);
    let (_, front) = site.get("/").await;
    assert!(front.contains("In the inbox") && front.contains("href=\"/tasks\""), "{front}");
    let (_, inbox) = site.get("/tasks").await;
    let link = format!("<a href=\"{there}\">Approve SO-&#60;1&#62;?</a>");
    assert!(
        inbox.contains(&link) && inbox.contains("Waits for a person") && inbox.contains("times out in "),
        "{inbox}"
    );
    let (_, page) = site.get(&format!("/runs/{run}")).await;
    assert!(
        page.contains(&format!("href=\"{there}\"")) && page.contains("is waiting for a person&#39;s answer"),
        "{page}"
    );
    let (_, page) = site.get(&there).await;
    for drawn in [
        "It is above &#60;limit&#62;.",
        "ada",
        "Times out",
        "<legend>Approve it</legend>",
        "Booked at once",
        "type=\"number\" id=\"field-1\"",
        "step=\"any\" max=\"20\"",
        "type=\"date\"",
        "<select id=\"field-3\"",
        "<textarea id=\"field-4\"",
        "placeholder=\"JSON\"",
        "Input of the step",
    ] {
        assert!(page.contains(drawn), "{drawn}: {page}");
    }
    let answer = "field-0=true&field-1=7.5&field-2=2026-12-24&field-3=%22high%22&field-4=&field-5=%5B%22a%22%5D&reason=called+them";
    let body = format!("csrf={}&by=user:mallory&{answer}", site.csrf().await);
    let (status, answered, page) = site.post(&there, &body).await;
    assert_eq!(
        (status, header(&answered, &LOCATION)),
        (StatusCode::SEE_OTHER, &*format!("{there}?done=yes")),
        "{page}"
    );
    let view = site.until(run, |view| view.status == Status::Completed).await;
    let output = view.output.unwrap();
    let expected = json!({ "approved": true, "discount": 7.5, "until": "2026-12-24", "level": "high", "lines": ["a"] });
    assert_eq!((&output[0]["answer"], &output[0]["by"]), (&expected, &json!("user:ada")));
    assert_eq!(output[0]["reason"], "called them");
    let (_, page) = site.get(&format!("{there}?done=yes")).await;
    assert!(page.contains("Decided. The run continues.") && page.contains("It was decided by user:ada"), "{page}");
    assert!(page.contains("called them") && !page.contains(&form(task.id)), "{page}");
    assert!(!site.get("/tasks").await.1.contains(&there));
    for list in ["/tasks?status=done", "/tasks?status=any&mine=1"] {
        assert!(site.get(list).await.1.contains(&there), "{list}");
    }
    site.engine.shut_down().await;
}

#[sqlx::test]
async fn an_answer_that_is_none_is_named_at_its_field_and_what_was_typed_stays(pool: PgPool) {
    let site = Site::running(&pool, Scope::Operate).await;
    let (run, task) = asked(&site, json!({ "order": "SO-1" })).await;
    let (there, csrf) = (format!("/tasks/{}", task.id), site.csrf().await);
    for (answer, wrong) in [
        ("field-4=%3Cb%3Ekept%3C%2Fb%3E", "this is required"),
        ("field-0=true&field-1=50&field-4=%3Cb%3Ekept%3C%2Fb%3E", "is greater than the maximum of 20"),
        ("field-0=true&field-5=%5B1%5D&field-4=%3Cb%3Ekept%3C%2Fb%3E", "is not of type"),
        ("field-0=true&field-5=%7B&field-4=%3Cb%3Ekept%3C%2Fb%3E", "this is not valid JSON"),
    ] {
        let (status, _, page) = site.post(&there, &format!("csrf={csrf}&{answer}")).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.contains("some fields need a correction") && page.contains(wrong), "{wrong}: {page}");
        assert!(page.contains("&#60;b&#62;kept&#60;/b&#62;") && page.contains(&form(task.id)), "{page}");
    }
    assert_eq!(site.post(&there, "csrf=guess&field-0=true").await.0, StatusCode::FORBIDDEN);
    assert_eq!(
        site.post(&format!("/tasks/{}", Uuid::from_u128(7)), &format!("csrf={csrf}")).await.0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(site.get(&format!("/tasks/{}", Uuid::from_u128(7))).await.0, StatusCode::NOT_FOUND);
    assert_eq!(site.until(run, |_| true).await.status, Status::Waiting);
    assert_eq!(commands(&pool).await, 0);
    site.engine.shut_down().await;
}

#[sqlx::test]
async fn who_only_reads_or_is_not_named_sees_the_question_and_no_form(pool: PgPool) {
    let site = Site::running(&pool, Scope::Operate).await;
    let (_, open) = asked(&site, json!({ "order": "SO-1" })).await;
    let (_, bobs) = asked(&site, json!({ "order": "SO-2", "people": ["bob"] })).await;
    let reader = site.of(&pool, Scope::Read).await;
    let csrf = site.csrf().await;
    for (site, task, why) in [
        (&reader, &open, "Only ada may decide, and local:ada is not among them."),
        (&site, &bobs, "Only bob may decide, and user:ada is not among them."),
    ] {
        let there = format!("/tasks/{}", task.id);
        let (status, page) = site.get(&there).await;
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains(&*task.title) && page.contains(why) && !page.contains(&form(task.id)), "{page}");
        let (status, _, _) = site.post(&there, &format!("csrf={}&field-0=true", site.csrf().await)).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
    }
    let (_, mine) = site.get("/tasks?mine=1").await;
    assert!(mine.contains(&open.id.to_string()) && !mine.contains(&bobs.id.to_string()), "{mine}");
    let (_, all) = site.get("/tasks").await;
    assert!(all.contains(&bobs.id.to_string()) && all.contains("Can decide: bob"), "{all}");
    assert_eq!(
        site.post(&format!("/tasks/{}", open.id), &format!("csrf={csrf}&field-0=true")).await.0,
        StatusCode::SEE_OTHER
    );
    let second = site.post(&format!("/tasks/{}", open.id), &format!("csrf={csrf}&field-0=false")).await;
    assert_eq!(
        (second.0, second.2.contains("Not done: it was decided by user:ada")),
        (StatusCode::CONFLICT, true),
        "{}",
        second.2
    );
    site.engine.shut_down().await;
}

#[sqlx::test]
async fn skipping_what_a_person_is_to_decide_is_asked_twice(pool: PgPool) {
    let site = Site::running(&pool, Scope::Operate).await;
    let (run, task) = asked(&site, json!({ "order": "SO-1" })).await;
    let (_, page) = site.get(&format!("/runs/{run}")).await;
    assert!(page.contains("name=\"confirm\" value=\"yes\" required> The step waits for a person to decide"), "{page}");
    assert!(
        page.contains("name=\"step\" value=\"/do/0/ask#0\"") || page.contains("name=\"step\" value=\"/do/0/ask#"),
        "{page}"
    );
    let path = format!("/runs/{run}/skip");
    let form = format!("csrf={}&reason=agreed+by+phone&output=7", site.csrf().await);
    let (status, _, page) = site.post(&path, &form).await;
    assert_eq!((status, page.contains("confirm: true")), (StatusCode::CONFLICT, true), "{page}");
    assert_eq!(site.engine.task(task.id).await.unwrap().unwrap().status, "open");
    let (status, ..) = site.post(&path, &format!("{form}&confirm=yes")).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let view = site.until(run, |view| view.status == Status::Completed).await;
    let closed = site.engine.task(task.id).await.unwrap().unwrap();
    assert_eq!((view.output, closed.outcome.as_deref()), (Some(json!(7)), Some("skipped")));
    let (_, page) = site.get(&format!("/tasks/{}", task.id)).await;
    assert!(page.contains("The step was skipped by user:ada") && page.contains("agreed by phone"), "{page}");
    site.engine.shut_down().await;
}
