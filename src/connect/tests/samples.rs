//! Checks every error sample of Salesforce and NetSuite against the rules of `workflows/hub.yaml`.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::any;

use super::*;
use crate::hub::Hub;
use crate::machine::STANDARD_PREFIX;
use FaultClass::{Credentials, Duplicate, Permanent, Person, Throttled, Transient};

const ERRORS: &str = "https://stepwell.dev/errors/";

macro_rules! sample {
    ($file:literal) => {
        ($file, include_bytes!(concat!("../../../tests/data/hub/", $file)).as_slice())
    };
}

/// File name and content.
type Sample = (&'static str, &'static [u8]);

/// File (its name contains the status), class, and type of the error that the workflow sees (default: `communication`).
const SAMPLES: [(Sample, FaultClass, &str); 30] = [
    (sample!("netsuite_error_400_entity_exists.json"), Duplicate, "duplicate"),
    (sample!("netsuite_error_400_invalid_content.json"), Permanent, "validation"),
    (sample!("netsuite_error_400_permission.json"), Person, "permission"),
    (sample!("netsuite_error_400_restlet_request_limit.json"), Transient, ""),
    (sample!("netsuite_error_400_user_error_missing.json"), Permanent, "validation"),
    (sample!("netsuite_error_401_invalid_login.json"), Transient, "session-expired"),
    (sample!("netsuite_error_403_insufficient_permission.json"), Person, "permission"),
    (sample!("netsuite_error_404_nonexistent_id.json"), Permanent, "missing"),
    (sample!("netsuite_error_429_concurrency_limit.json"), Transient, ""),
    (sample!("netsuite_error_500_unexpected_error.json"), Transient, ""),
    (sample!("salesforce_error_300_multiple_choices.json"), Person, "ambiguous"),
    (sample!("salesforce_error_400_duplicate_value.json"), Duplicate, "duplicate"),
    (sample!("salesforce_error_400_duplicates_detected.json"), Person, "possible-duplicate"),
    (sample!("salesforce_error_400_entity_is_locked.json"), Person, "locked-for-approval"),
    (sample!("salesforce_error_400_invalid_field.json"), Permanent, "validation"),
    (sample!("salesforce_error_400_invalid_query_locator.json"), Permanent, "query-expired"),
    (sample!("salesforce_error_400_lock_in_trigger.json"), Transient, ""),
    (sample!("salesforce_error_400_malformed_query.json"), Permanent, "validation"),
    (sample!("salesforce_error_400_oauth_invalid_grant.json"), Permanent, "validation"),
    (sample!("salesforce_error_400_query_timeout.json"), Transient, ""),
    (sample!("salesforce_error_400_required_field_missing.json"), Permanent, "validation"),
    (sample!("salesforce_error_400_two_errors.json"), Permanent, "validation"),
    (sample!("salesforce_error_400_unable_to_lock_row.json"), Transient, ""),
    (sample!("salesforce_error_401_invalid_session_id.json"), Credentials, "session-expired"),
    (sample!("salesforce_error_403_concurrent_requests.json"), Transient, ""),
    (sample!("salesforce_error_403_insufficient_access.json"), Person, "permission"),
    (sample!("salesforce_error_403_total_requests.json"), Throttled, ""),
    (sample!("salesforce_error_404_entity_is_deleted.json"), Permanent, "missing"),
    (sample!("salesforce_error_404_not_found.json"), Permanent, "missing"),
    (sample!("salesforce_error_503_server_unavailable.json"), Transient, ""),
];

fn hub() -> Hub {
    let secrets = Secrets::fixed([("salesforceWebhook", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]);
    Hub::load("hub.yaml", include_str!("../../../workflows/hub.yaml"), &secrets).expect("sound")
}

/// Gives every call the sample as answer, over the connections of hub.yaml.
async fn answering(status: u16, body: &'static [u8]) -> Connections {
    let answer = move || async move {
        (StatusCode::from_u16(status).expect("a status"), [("content-type", "application/json")], body)
    };
    let address = serve(Router::new().fallback(any(answer))).await;
    let connections = hub().connections;
    let base: Url = format!("http://{address}/").parse().expect("a URL");
    Connections::new(ConnectSettings {
        base_url_overrides: connections.keys().map(|name| (name.clone(), base.clone())).collect(),
        connections,
        network_allow: vec![address.to_string()],
        secrets: Secrets::fixed([("netsuiteToken", CANARY), ("salesforceToken", CANARY)]),
        ..ConnectSettings::default()
    })
    .expect("valid settings")
}

#[tokio::test]
async fn every_error_sample_is_classified_as_the_table_says() {
    for ((file, body), class, named) in SAMPLES {
        let mut parts = file.split('_');
        let connection = parts.next().expect("the system");
        let status: u16 = parts.nth(1).and_then(|part| part.parse().ok()).expect("the status");
        let connections = answering(status, body).await;
        let plain = request("POST", &format!("connection://{connection}/x"));
        let communication = format!("{STANDARD_PREFIX}communication");
        let seen = failure(connections.call(&plain, None).await).error.r#type;
        assert_eq!(seen, communication, "{file}: to a call of no function that declares its errors");
        let failure = failure(connections.call(&CallRequest { named_errors: true, ..plain }, None).await);
        assert_eq!((failure.class, failure.error.status), (class, status), "{file}");
        let named = if named.is_empty() { communication } else { format!("{ERRORS}{named}") };
        assert_eq!(failure.error.r#type, named, "{file}");
        let after = (class == Throttled).then_some(Duration::from_hours(1));
        assert_eq!(failure.retry_after, after, "{file}");
    }
}

/// The first job does what the repeated request asked for, and the answer's URL names that job.
#[tokio::test]
async fn a_repeated_asynchronous_request_is_done() {
    let (_, body) = sample!("netsuite_error_400_idempotency.json");
    let outcome = answering(400, body).await.call(&request("POST", "connection://netsuite/x"), None).await;
    assert!(matches!(outcome, CallOutcome::Succeeded { .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_rule_can_find_a_failure_inside_a_200() {
    let text = "connections: { crm: { baseUrl: { sandbox: 'https://crm.example' }, faults: [
        { status: [200], when: '${ .body[0].success == false }', class: person },
        { when: '${ .headers[\"x-failed\"] == \"yes\" }', class: permanent } ] } }";
    let rules = Hub::load("hub.yaml", text, &Secrets::fixed([])).expect("sound").connections["crm"].faults.clone();
    let bodies: [(&[u8], Option<FaultClass>); 3] =
        [(br#"[{"success":false}]"#, Some(Person)), (br#"[{"success":true}]"#, None), (br#"{"success":false}"#, None)];
    for (body, class) in bodies {
        let answer = move || async move { ([("content-type", "application/json")], body) };
        let mut settings = settings(serve(Router::new().fallback(any(answer))).await);
        erp(&mut settings).faults.clone_from(&rules);
        match (call(settings, &post()).await, class) {
            (CallOutcome::Failed(failure), Some(class)) => {
                assert_eq!(verdict(&failure), (class, TargetEffect::Unknown));
                assert_eq!(failure.error.status, 200);
            }
            (CallOutcome::Succeeded { output, .. }, None) => assert_eq!(output.to_string().as_bytes(), body),
            (outcome, _) => panic!("{outcome:?}"),
        }
    }
    let answer = || async { [("x-failed", "yes")] };
    let mut settings = settings(serve(Router::new().fallback(any(answer))).await);
    erp(&mut settings).faults = rules;
    assert_eq!(failure(call(settings, &post()).await).class, Permanent);
}
