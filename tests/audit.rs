//! The journal is tamper-evident: a changed, deleted, inserted or reordered row is found.

use sqlx::Executor;

use crate::harness::{Target, World, calls, hub};

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_tampering_is_found() {
    let target = Target::start().await;
    let world =
        World::new(&[("hub.yaml", hub()), ("calls.yaml", calls(&target, 2))], &[target.address().to_string()]).await;
    let node = world.node().await;
    let run = node.start_calls(1).await;
    node.run_becomes(&run, "completed").await;
    let (sound, told, _) = world.command(&["audit", "verify"]);
    assert!(sound, "{told}");
    let mut connection = world.connect().await;
    let harms = [
        ("changed data", "update journal set data = '{\"execution\":0}' where seq = 3"),
        ("changed actor", "update journal set actor = 'nobody' where seq = 2"),
        ("changed time", "update journal set at = at + interval '1 second' where seq = 2"),
        ("deleted in the middle", "delete from journal where seq = 3"),
        ("deleted at the end", "delete from journal where seq = (select max(seq) from journal)"),
        (
            "inserted",
            "insert into journal select shard, run_id, seq + 1, at, kind, task, attempt, actor, data, hash from journal
             where seq = (select max(seq) from journal)",
        ),
        (
            "reordered",
            "update journal set seq = seq + 40 where seq in (2, 3); update journal set seq = 3 where seq = 42;
             update journal set seq = 2 where seq = 43",
        ),
        ("anchor moved back", "update runs set seq = seq - 1"),
        ("run removed", "delete from runs"),
    ];
    for (what, harm) in harms {
        connection
            .execute("create table kept as select * from journal; create table kept_runs as select * from runs")
            .await
            .unwrap();
        connection.execute(harm).await.unwrap();
        let (sound, told, _) = world.command(&["audit", "verify"]);
        assert!(!sound && told.contains(&run), "{what} was not found: {told}");
        connection
            .execute(
                "delete from journal; insert into journal select * from kept; delete from runs; insert into runs select * from kept_runs;
                 drop table kept; drop table kept_runs",
            )
            .await
            .unwrap();
    }
    assert!(world.command(&["audit", "verify"]).0);
}
