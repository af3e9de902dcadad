//! One search box for any id: it finds what the id belongs to.

use serde_json::{Value, json};

use crate::harness::{Target, World, calls, hub};

#[tokio::test(flavor = "multi_thread")]
async fn any_id_or_key_leads_to_its_run_event_record_or_workflow() {
    let target = Target::start().await;
    let world =
        World::new(&[("hub.yaml", hub()), ("calls.yaml", calls(&target, 1))], &[target.address().to_string()]).await;
    let node = world.node().await;
    let run = node.start_calls(70_123).await;
    let event = node.run_becomes(&run, "completed").await["event"].as_str().unwrap().to_owned();
    sqlx::query("insert into links (id, entity, crm_id, erp_id, state) values (gen_random_uuid(), 'account', '001A', '4711', '{}')")
        .execute(&mut world.connect().await)
        .await
        .unwrap();
    let search = async |q: &str| {
        let (status, found) = node.get(&format!("/api/v1/search?q={q}")).await;
        assert_eq!(status, 200, "{found}");
        found["items"].as_array().unwrap().clone()
    };
    let first = |found: &[Value]| (found[0]["kind"].clone(), found[0]["id"].clone(), found[0]["exact"].clone());
    let run_found = (json!("run"), json!(run), json!(true));
    assert_eq!(first(&search(&run).await), run_found);
    assert_eq!(first(&search("70123").await), run_found, "its key");
    let short = search("7012").await;
    assert_eq!((&short[0]["id"], &short[0]["exact"]), (&json!(run), &json!(false)), "the beginning of its key");
    assert!(search(&run[..20]).await.iter().any(|one| one["id"] == json!(run)), "the beginning of its id");
    assert_eq!(first(&search(&event).await), (json!("event"), json!(event), json!(true)));
    let by_sender = search("event-70123").await;
    assert_eq!(first(&by_sender), (json!("event"), json!(event), json!(true)), "the sender's id");
    assert_eq!(by_sender[0]["href"], json!(format!("/events/{event}")));
    for record in ["001A", "4711"] {
        let found = search(record).await;
        assert_eq!((&found[0]["kind"], &found[0]["title"]), (&json!("record"), &json!("001A and 4711")), "{record}");
    }
    assert_eq!(first(&search("test/calls").await), (json!("workflow"), json!("test/calls"), json!(true)));
    assert!(search("nothing-of-the-kind").await.is_empty());
    assert_eq!(node.get("/api/v1/search?q=").await.0, 400);
    let (ok, out, err) = world.command(&["search", "70123"]);
    assert!(ok && out.contains(&run), "{out}{err}");
}
