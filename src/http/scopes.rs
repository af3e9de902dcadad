//! What each route needs, in one table, and the test that holds the router, its description and the table against each other.

use std::collections::BTreeMap;

use serde_json::Value;
use sqlx::PgPool;

use super::status::OPENAPI;
use super::tests::Face;
use super::{Settings, routes};
use crate::store::access::Scope;

/// What a caller of a route must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needs {
    /// Nothing.
    Nothing,
    /// The proof of a source; at `/events` a token with `operate` will do.
    Proof,
    /// A token or session with this scope.
    Scope(Scope),
}

const NOTHING: Needs = Needs::Nothing;
const PROOF: Needs = Needs::Proof;
const READ: Needs = Needs::Scope(Scope::Read);
const OPERATE: Needs = Needs::Scope(Scope::Operate);
const DEPLOY: Needs = Needs::Scope(Scope::Deploy);
const ADMIN: Needs = Needs::Scope(Scope::Admin);

/// Every route that is not a page. What pages change stands in `dashboard::act_routes`.
const TABLE: &[(&str, &str, Needs)] = &[
    ("GET", "/healthz", NOTHING),
    ("GET", "/readyz", NOTHING),
    ("GET", "/openapi.json", NOTHING),
    ("GET", "/metrics", READ),
    ("GET", "/api/v1/stream", READ),
    ("POST", "/hooks/{source}", PROOF),
    ("OPTIONS", "/hooks/{source}", NOTHING),
    ("POST", "/events", PROOF),
    ("OPTIONS", "/events", NOTHING),
    ("GET", "/api/v1/workflows", READ),
    ("GET", "/api/v1/workflows/{namespace}/{name}", READ),
    ("PUT", "/api/v1/workflows/{namespace}/{name}", DEPLOY),
    ("DELETE", "/api/v1/workflows/{namespace}/{name}/{version}", DEPLOY),
    ("POST", "/api/v1/workflows/{namespace}/{name}/runs", OPERATE),
    ("GET", "/api/v1/mappings", READ),
    ("GET", "/api/v1/connections", READ),
    ("POST", "/api/v1/connections/{name}/{act}", OPERATE),
    ("GET", "/api/v1/sources", READ),
    ("GET", "/api/v1/batches", READ),
    ("GET", "/api/v1/batches/{id}", READ),
    ("GET", "/api/v1/batches/{id}/rows", READ),
    ("POST", "/api/v1/batches/{id}/retry", OPERATE),
    ("GET", "/api/v1/conflicts", READ),
    ("GET", "/api/v1/conflicts/{id}", READ),
    ("POST", "/api/v1/conflicts/{id}/settle", OPERATE),
    ("GET", "/api/v1/drift", READ),
    ("GET", "/api/v1/drift/{run}", READ),
    ("GET", "/api/v1/attention", READ),
    ("GET", "/api/v1/attention/{fingerprint}/notes", READ),
    ("POST", "/api/v1/attention/{fingerprint}/notes", OPERATE),
    ("POST", "/api/v1/attention/{fingerprint}/{act}", OPERATE),
    ("GET", "/api/v1/freezes", READ),
    ("POST", "/api/v1/freezes", OPERATE),
    ("POST", "/api/v1/freezes/{id}/end", OPERATE),
    ("GET", "/api/v1/totals", READ),
    ("GET", "/api/v1/totals/lines", READ),
    ("GET", "/api/v1/totals/changes", READ),
    ("GET", "/api/v1/totals/sign-offs", READ),
    ("POST", "/api/v1/totals/sign-offs", OPERATE),
    ("GET", "/api/v1/schedules", READ),
    ("GET", "/api/v1/schedules/{namespace}/{name}", READ),
    ("POST", "/api/v1/schedules/{namespace}/{name}/{act}", OPERATE),
    ("GET", "/api/v1/runs", READ),
    ("GET", "/api/v1/runs/{id}", READ),
    ("GET", "/api/v1/runs/{id}/journal", READ),
    ("GET", "/api/v1/runs/{id}/notes", READ),
    ("POST", "/api/v1/runs/{id}/notes", OPERATE),
    ("POST", "/api/v1/runs/{id}/move", OPERATE),
    ("POST", "/api/v1/runs/{id}/{act}", OPERATE),
    ("POST", "/api/v1/runs:bulk", OPERATE),
    ("GET", "/api/v1/bulk", READ),
    ("GET", "/api/v1/bulk/{id}", READ),
    ("POST", "/api/v1/bulk/{id}/{act}", OPERATE),
    ("GET", "/api/v1/search", READ),
    ("GET", "/api/v1/proposals", READ),
    ("GET", "/api/v1/proposals/{id}", READ),
    ("POST", "/api/v1/proposals/{id}/approve", OPERATE),
    ("POST", "/api/v1/proposals/{id}/decline", OPERATE),
    ("GET", "/api/v1/tasks", READ),
    ("GET", "/api/v1/tasks/{id}", READ),
    ("POST", "/api/v1/tasks/{id}/complete", OPERATE),
    ("GET", "/api/v1/events", READ),
    ("GET", "/api/v1/events/unmatched", READ),
    ("GET", "/api/v1/events/{id}", READ),
    ("POST", "/api/v1/events/{id}/replay", OPERATE),
    ("POST", "/api/v1/events/{id}/dismiss", OPERATE),
    ("GET", "/api/v1/me", READ),
    ("GET", "/api/v1/users", ADMIN),
    ("POST", "/api/v1/users", ADMIN),
    ("GET", "/api/v1/users/{name}", ADMIN),
    ("PATCH", "/api/v1/users/{name}", ADMIN),
    ("DELETE", "/api/v1/users/{name}", ADMIN),
    ("POST", "/api/v1/users/{name}/{act}", ADMIN),
    ("GET", "/api/v1/tokens", ADMIN),
    ("POST", "/api/v1/tokens", ADMIN),
    ("DELETE", "/api/v1/tokens/{id}", ADMIN),
    ("GET", "/api/v1/sessions", ADMIN),
    ("DELETE", "/api/v1/sessions/{id}", ADMIN),
    ("GET", "/api/v1/audit/acts", ADMIN),
    ("GET", "/api/v1/audit/refusals", ADMIN),
];

/// What a scope may do beside its own: said here once more, so that a slip in `Scope` is seen.
fn may(has: Scope, needs: Scope) -> bool {
    has == needs || has == Scope::Admin || needs == Scope::Read
}

#[test]
fn every_route_has_its_scope_in_the_table_and_in_the_description() {
    let table: BTreeMap<(&str, &str), Needs> = TABLE.iter().map(|(m, path, needs)| ((*m, *path), *needs)).collect();
    assert_eq!(table.len(), TABLE.len());
    let served: Vec<(&str, &str)> = routes().map(|(method, path, _)| (method, path)).collect();
    assert_eq!(served.len(), table.len(), "a route is missing in the table, or one of the table is served no more");
    let document: Value = serde_json::from_str(OPENAPI).unwrap();
    for (method, path) in served {
        let needs = table.get(&(method, path)).unwrap_or_else(|| panic!("{method} {path} is missing in the table"));
        let described = &document["paths"][path][method.to_lowercase()];
        let text = described["description"].as_str().unwrap_or_default();
        match needs {
            Needs::Scope(scope) => {
                assert!(text.contains(&format!("Needs the scope `{scope}`.")), "{method} {path}: {text}");
                assert!(described["security"].is_null(), "{method} {path} is open in the description");
            }
            Needs::Nothing => assert_eq!(described["security"], serde_json::json!([]), "{method} {path}"),
            Needs::Proof => assert!(described["security"].is_array(), "{method} {path}"),
        }
    }
}

#[sqlx::test]
async fn every_call_of_the_api_needs_its_scope(pool: PgPool) {
    let face = Face::with(&pool, Settings { streams_max: 0, ..Settings::default() }).await;
    for (method, path, needs) in TABLE {
        let Needs::Scope(needs) = needs else { continue };
        let path = path.replace("{id}", "01900000-0000-7000-8000-000000000000").replace("{act}", "cancel");
        let path = path.replace("{namespace}", "a").replace("{name}", "b").replace("{version}", "1.0.0");
        let path = path.replace("{run}", "01900000-0000-7000-8000-000000000000");
        face.send(method, &path, &[], "").await.is_problem(401, "unauthorized", &path);
        for has in Scope::ALL {
            let answer = face.call(has, method, &path, "").await;
            if may(has, *needs) {
                let status = answer.status.as_u16();
                assert!(![401, 403].contains(&status), "{method} {path} with {has}: {answer:?}");
            } else {
                answer.is_problem(403, "missing-scope", &path);
            }
        }
    }
    face.close().await;
}
