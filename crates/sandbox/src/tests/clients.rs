//! Requests exactly as client libraries send them, in cases where the sandbox once differed from the real systems.
//! `scripts/clients.sh` runs the libraries themselves.

use super::*;

/// `is_sandbox()` of simple-salesforce: with a trailing slash, and spaces as `+`.
#[tokio::test]
async fn a_client_can_ask_whether_the_org_is_a_sandbox() {
    let served = Served::start().await;
    let (status, found) =
        served.get("/crm/services/data/v59.0/query/?q=SELECT+IsSandbox+FROM+Organization+LIMIT+1").await;
    assert_eq!((status, &found["records"][0]["IsSandbox"]), (200, &json!(true)));
    let (status, identity) = served.get("/crm/id/00DWs000003aBcDMAU/005Ws000002IntAIAS").await;
    let (_, org) = served.get("/crm/services/data/v59.0/query?q=SELECT+Id+FROM+Organization").await;
    assert_eq!((status, &identity["organization_id"]), (200, &org["records"][0]["Id"]));
    let objects = "/crm/services/data/v59.0/sobjects/Organization";
    let (status, refusal) = served.post(objects, &json!({})).await;
    assert_eq!((status, &refusal[0]["errorCode"]), (400, &json!("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY")));
    let (status, refusal) = served.delete(&format!("{objects}/00DWs000003aBcDMAU")).await;
    assert_eq!((status, &refusal[0]["errorCode"]), (403, &json!("INSUFFICIENT_ACCESS_OR_READONLY")));
    assert!(served.effects("Organization").await.is_empty());
}

/// `jsonschema()` and `openapi()` of the Python library netsuite.
#[tokio::test]
async fn a_client_can_ask_what_records_are_like() {
    let served = Served::start().await;
    let catalog = "/erp/services/rest/record/v1/metadata-catalog";
    let ask = async |path: &str, accept: &str| {
        let request = served.call(Method::GET, &format!("{catalog}{path}")).header("accept", accept);
        let request = request.header("x-netsuite-propertynamevalidation", "error");
        let response = request.send().await.expect("an answer");
        let kind = response.headers()["content-type"].to_str().expect("text").to_owned();
        (kind, content(response).await)
    };
    let (kind, (status, schema)) = ask("/customer", "application/schema+json").await;
    assert_eq!((kind.as_str(), status), ("application/schema+json", 200));
    let properties = &schema["properties"];
    assert_eq!(
        (&properties["companyName"]["type"], &properties["creditLimit"]["type"]),
        (&json!("string"), &json!("number"))
    );
    assert_eq!(
        (&properties["subsidiary"]["type"], &properties["balance"]["readOnly"]),
        (&json!("object"), &json!(true))
    );
    let (kind, (status, openapi)) = ask("?select=customer,salesOrder", "application/swagger+json").await;
    assert_eq!((kind.as_str(), status), ("application/swagger+json", 200));
    assert_eq!(openapi["paths"].as_object().expect("paths").len(), 4);
    stepwell_language::openapi::Document::new(openapi).expect("a document that can be read");
    let (_, (_, listed)) = ask("", "application/json").await;
    assert!(listed["items"].as_array().is_some_and(|items| items.len() > 5), "{listed}");
    let (_, (status, refusal)) = ask("/nothing", "application/schema+json").await;
    assert_eq!((status, &refusal["o:errorDetails"][0]["o:errorCode"]), (400, &json!("INVALID_PARAMETER")));
}
