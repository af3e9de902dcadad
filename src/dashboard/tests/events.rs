//! The pages of events.

use super::*;

#[sqlx::test]
async fn an_event_shows_what_was_received_and_its_outcome(pool: PgPool) {
    let site = Site::new(&pool, Scope::Read).await;
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
    assert!(page.contains("no workflow subscribes to such events") && page.contains("1.50") && !page.contains("<b>\""));
    assert_eq!(site.get("/events/none").await.0, StatusCode::NOT_FOUND);
}

#[sqlx::test]
async fn an_event_shows_where_its_redeliveries_differ(pool: PgPool) {
    let site = Site::new(&pool, Scope::Read).await;
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
        "Sent again with a different body",
        "<code>/pending</code></td><td><code>2</code></td><td><code>1</code>",
        "<code>&#34;&#60;i&#62;&#34;</code>",
        "bytes only",
        "How it was read",
        "unpaired surrogates",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!page.contains("<i>"), "{page}");
}

/// Stores a rejected event that needs attention, and an unmatched one.
async fn rejected(pool: &PgPool) -> Uuid {
    let (rejected, unmatched) = (Uuid::now_v7(), Uuid::now_v7());
    for (id, key, outcome) in [(rejected, "e-1", "rejected"), (unmatched, "e-2", "unmatched")] {
        sqlx::query(
            r#"insert into events (id, source, event_id, type, received_at, headers, body, attributes, outcome, runs, detail)
               values ($1, 'crm<b>', $2, 'won', now(), '{}', '{}', '{}', $3, '{}', '{"errors": [{"pointer": "/0", "message": "<i>"}]}')"#,
        )
        .bind(id)
        .bind(key)
        .bind(outcome)
        .execute(pool)
        .await
        .unwrap();
    }
    sqlx::query("insert into event_attention (event, of_source) values ($1, 'crm<b>')")
        .bind(rejected)
        .execute(pool)
        .await
        .unwrap();
    rejected
}

#[sqlx::test]
async fn an_event_that_needs_attention_is_seen_from_the_first_page_and_listed_alone(pool: PgPool) {
    let id = rejected(&pool).await;
    let site = Site::new(&pool, Scope::Read).await;
    for home in ["/", "/?attention=any"] {
        let (_, page) = site.get(home).await;
        assert!(page.contains("href=\"/events?attention=any\"") && page.contains("Event needs attention"), "{page}");
    }
    let (_, list) = site.get("/events?attention=any").await;
    assert!(list.contains("e-1") && !list.contains("e-2") && list.contains("needs attention"), "{list}");
    let (_, page) = site.get(&format!("/events/{id}")).await;
    assert!(page.contains("Why it was rejected") && !page.contains("<i>") && !page.contains("crm<b>"), "{page}");
    assert!(!page.contains("/dismiss\""), "who only reads may not dismiss");
    sqlx::query("delete from event_attention").execute(&pool).await.unwrap();
    let (_, home) = site.get("/").await;
    assert!(!home.contains("/events?attention=any"), "{home}");
    assert!(site.get("/events?attention=any").await.1.contains("No event needs attention"));
}

#[sqlx::test]
async fn unmatched_events_are_counted_above_their_list(pool: PgPool) {
    rejected(&pool).await;
    let site = Site::new(&pool, Scope::Read).await;
    let (_, page) = site.get("/events?outcome=unmatched").await;
    assert!(page.contains("/events?outcome=unmatched&#38;source=crm%3Cb%3E") && page.contains("<td>1</td>"), "{page}");
}

#[sqlx::test]
async fn an_event_is_replayed_and_dismissed_with_a_reason(pool: PgPool) {
    let id = rejected(&pool).await;
    let site = Site::new(&pool, Scope::Operate).await;
    let csrf = site.csrf().await;
    let (status, page, text) = site.post(&format!("/events/{id}/dismiss"), &format!("csrf={csrf}&reason=")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{page:?}");
    assert!(text.contains("give a reason"), "{text}");
    let (status, answer, _) =
        site.post(&format!("/events/{id}/dismiss"), &format!("csrf={csrf}&reason=test+data")).await;
    assert_eq!(
        (status, header(&answer, &LOCATION)),
        (StatusCode::SEE_OTHER, format!("/events/{id}?done=dismiss").as_str())
    );
    let (status, answer, _) = site.post(&format!("/events/{id}/replay"), &format!("csrf={csrf}&reason=fixed")).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let replay: (Uuid, String, String) =
        sqlx::query_as("select id, headers ->> 'stepwell-replayed-by', headers ->> 'stepwell-replay-reason' from events where headers ->> 'stepwell-replay-of' = $1")
            .bind(id.to_string())
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!(header(&answer, &LOCATION), format!("/events/{}?done=replay", replay.0));
    assert_eq!((replay.1.as_str(), replay.2.as_str()), ("user:ada", "fixed"));
    let attention: i64 = sqlx::query_scalar("select count(*) from event_attention").fetch_one(&pool).await.unwrap();
    assert_eq!(attention, 0, "it was dismissed");
    assert_eq!(site.post(&format!("/events/{id}/dismiss"), "csrf=x&reason=y").await.0, StatusCode::FORBIDDEN);

    sqlx::query("update events set type = $2 where id = $1")
        .bind(id)
        .bind(store::runs::commit::START_TYPE)
        .execute(&pool)
        .await
        .unwrap();
    let (status, _, text) = site.post(&format!("/events/{id}/replay"), &format!("csrf={csrf}&reason=fixed")).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(text.contains("Not done: ") && text.contains("not an event"), "{text}");
}
