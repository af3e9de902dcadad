//! The pages of events.

use super::*;

#[sqlx::test]
async fn an_event_shows_what_was_received_and_what_became_of_it(pool: PgPool) {
    let site = Site::new(&pool, Scope::Read, Desk::default()).await;
    let id = uuid::Uuid::now_v7();
    sqlx::query(
        r#"insert into events (id, source, event_id, type, received_at, headers, body, attributes, outcome, runs)
           values ($1, 'salesforce', 'e-1', 'opportunity.closed_won', now(), '{"user-agent": "<b>"}',
                   '\x7b2261223a312e35307d', '{"id": "e-1"}', 'unmatched', '{}')"#,
    )
    .bind(id)
    .execute(&pool)
    .await
    .unwrap();
    assert!(site.get("/events?outcome=unmatched").await.1.contains(&id.to_string()));
    assert!(!site.get("/events?outcome=run").await.1.contains(&id.to_string()));
    let (status, page) = site.get(&format!("/events/{id}")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("no workflow waits for such events") && page.contains("1.50") && !page.contains("<b>\""));
    assert_eq!(site.get("/events/none").await.0, StatusCode::NOT_FOUND);
}

#[sqlx::test]
async fn an_event_shows_where_its_redeliveries_differ(pool: PgPool) {
    let site = Site::new(&pool, Scope::Read, Desk::default()).await;
    let id = uuid::Uuid::now_v7();
    let statements = [
        "insert into events (id, source, event_id, type, received_at, headers, body, attributes, outcome, runs, detail)
         values ($1, 's', 'e-1', 't', now(), '{}', '{\"pending\":2,\"x\":\"<b>\"}', '{}', 'unmatched', '{}',
                 '{\"note\":\"1 unpaired surrogates replaced by U+FFFD\"}')",
        "insert into redeliveries values ($1, '1', '{\"pending\":1,\"x\":\"<i>\"}', 3, now(), now())",
        "insert into redeliveries values ($1, '2', '{ \"pending\":2,\"x\":\"<b>\"}', 1, now(), now())",
    ];
    for statement in statements {
        sqlx::query(statement).bind(id).execute(&pool).await.unwrap();
    }
    let (status, page) = site.get(&format!("/events/{id}")).await;
    assert_eq!(status, StatusCode::OK);
    for text in [
        "Sent again with another body",
        "<code>/pending</code></td><td><code>2</code></td><td><code>1</code>",
        "<code>&#34;&#60;i&#62;&#34;</code>",
        "only in its bytes",
        "How it was read",
        "unpaired surrogates",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!page.contains("<i>"), "{page}");
}
