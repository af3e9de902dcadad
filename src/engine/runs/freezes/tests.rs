//! Whom a freeze holds back.

use sqlx::PgPool;
use uuid::Uuid;

use super::*;

const PARENT: &str = "
document: { dsl: '1.0.3', namespace: test, name: parent, version: '1.0.0' }
do:
  - order: { run: { workflow: { namespace: test, name: child, version: '1.0.0' } } }
";

const CHILD: &str = "
document: { dsl: '1.0.3', namespace: test, name: child, version: '1.0.0' }
do:
  - create: { call: http, with: { method: post, endpoint: 'connection://erp/orders' } }
  - again: { run: { workflow: { namespace: test, name: child, version: latest } } }
";

const OTHER: &str = "
document: { dsl: '1.0.3', namespace: test, name: other, version: '1.0.0' }
do:
  - read: { call: http, with: { method: get, endpoint: 'connection://crm/accounts' } }
";

fn by<'a>(actor: &'a Actor, reason: &'a str) -> By<'a> {
    By { actor, reason: Some(reason) }
}

fn of<'a>(workflows: &'a [String], connections: &'a [String], until: Option<crate::machine::Time>) -> NewFreeze<'a> {
    NewFreeze { workflows, connections, until, holds: Holds::Events }
}

#[sqlx::test]
async fn a_frozen_connection_holds_back_whatever_calls_it_or_starts_what_does(pool: PgPool) {
    let engine = Engine::outside(pool.clone()).await.unwrap();
    let ada = Actor("user:ada".into());
    for (file, text) in [("child.yaml", CHILD), ("parent.yaml", PARENT), ("other.yaml", OTHER)] {
        let built = crate::dsl::build(file, text, &crate::dsl::Functions::default()).unwrap();
        engine.deploy(&built, &ada).await.unwrap();
    }
    let freeze = engine.freeze(&of(&[], &["erp".to_owned()], None), by(&ada, "month end")).await.unwrap();
    let known = engine.inner.freezes_in_force().await.unwrap();
    let deployed = engine.inner.catalog.deployed();
    let held = |name: &str| {
        let definition = &deployed.definitions[&("test".to_owned(), name.to_owned())][0];
        engine.inner.hold_of(&known, definition).map(|hold| (hold.freeze, hold.reason))
    };
    let expected = Some((freeze.id, "freeze: month end".to_owned()));
    assert_eq!((held("child"), held("parent"), held("other")), (expected.clone(), expected, None));
}

#[sqlx::test]
async fn a_freeze_names_what_exists_a_time_to_come_and_a_reason(pool: PgPool) {
    let engine = Engine::outside(pool.clone()).await.unwrap();
    let ada = Actor("user:ada".into());
    let built = crate::dsl::build("other.yaml", OTHER, &crate::dsl::Functions::default()).unwrap();
    engine.deploy(&built, &ada).await.unwrap();
    let name = |text: &str| vec![text.to_owned()];
    let past = Some("2020-01-01T00:00:00Z".parse().unwrap());
    let why = By { actor: &ada, reason: None };
    for (workflows, connections, until, by, needle) in [
        (Vec::new(), Vec::new(), None, by(&ada, "x"), "at least one"),
        (name("test/nothing"), Vec::new(), None, by(&ada, "x"), "test/nothing"),
        (name("other"), Vec::new(), None, by(&ada, "x"), "namespace/name"),
        (Vec::new(), name("erp"), None, by(&ada, "x"), "no deployed workflow calls"),
        (name("test/other"), Vec::new(), past, by(&ada, "x"), "in the past"),
        (name("test/other"), Vec::new(), None, why, "reason"),
    ] {
        let refused = engine.freeze(&of(&workflows, &connections, until), by).await.unwrap_err().to_string();
        assert!(refused.contains(needle), "{refused}");
    }
    assert!(engine.freezes(None, 10).await.unwrap().is_empty());
    assert!(engine.end_freeze(Uuid::now_v7(), by(&ada, "x")).await.unwrap().is_none());
}

#[sqlx::test]
async fn a_pause_holds_back_its_own_workflow_whatever_starts_it_and_none_that_starts_it(pool: PgPool) {
    let engine = Engine::outside(pool.clone()).await.unwrap();
    let ada = Actor("user:ada".into());
    for (file, text) in [("child.yaml", CHILD), ("parent.yaml", PARENT)] {
        let built = crate::dsl::build(file, text, &crate::dsl::Functions::default()).unwrap();
        engine.deploy(&built, &ada).await.unwrap();
    }
    let child = ["test/child".to_owned()];
    let pause = NewFreeze { holds: Holds::Starts, ..of(&child, &[], None) };
    engine.freeze(&pause, by(&ada, "wrong price list")).await.unwrap();
    let known = engine.inner.freezes_in_force().await.unwrap();
    let deployed = engine.inner.catalog.deployed();
    let held = |name: &str| {
        let definition = &deployed.definitions[&("test".to_owned(), name.to_owned())][0];
        let (event, any) = (engine.inner.hold_of(&known, definition), engine.inner.pause_of(&known, definition));
        (event.map(|hold| hold.reason), any.map(|hold| hold.reason))
    };
    let why = Some("paused: wrong price list".to_owned());
    assert_eq!((held("child"), held("parent")), ((why.clone(), why), (None, None)));
    let erp = ["erp".to_owned()];
    let refused = engine.freeze(&NewFreeze { holds: Holds::Steps, ..of(&[], &erp, None) }, by(&ada, "x")).await;
    assert!(refused.unwrap_err().to_string().contains("pause the connection"));
}
