//! The CRM: tokens, records, upserts, collections, errors.

use super::*;

const DATA: &str = "/crm/services/data/v62.0";
const ACCOUNT: &str = "/crm/services/data/v62.0/sobjects/Account/001Ws00000Kq3EaIAJ";
const BY_NETSUITE_ID: &str = "/crm/services/data/v62.0/sobjects/Account/NetSuite_Id__c/647";

#[tokio::test]
async fn each_refusal_has_the_body_of_the_sample() {
    let served = Served::start().await;
    let accounts = format!("{DATA}/sobjects/Account");
    let missing = served.post(&accounts, &json!({"Phone": "1"})).await;
    assert_eq!(missing, (400, sample("salesforce_error_400_required_field_missing.json")));

    let unknown = served.post(&accounts, &json!({"Name": "A", "Credit_Limt__c": 1})).await;
    assert_eq!(unknown, (400, sample("salesforce_error_400_invalid_field.json")));

    let contact = json!({"LastName": "B", "Email": "joerdis(at)example",
        "Phone": "+49 711 555 0142 / +49 711 555 0143 (after 6 pm: 0170 555 0144)"});
    let (status, mut two) = served.post(&format!("{DATA}/sobjects/Contact"), &contact).await;
    let mut expected = sample("salesforce_error_400_two_errors.json");
    for mistakes in [&mut two, &mut expected] {
        mistakes.as_array_mut().expect("a list").sort_by_key(|mistake| mistake["errorCode"].to_string());
    }
    assert_eq!((status, two), (400, expected));

    served.patch(ACCOUNT, &json!({"NetSuite_Id__c": "647"})).await;
    let duplicate = served.post(&accounts, &json!({"Name": "A", "NetSuite_Id__c": "647"})).await;
    assert_eq!(duplicate, (400, sample("salesforce_error_400_duplicate_value.json")));

    let malformed = served.get(&format!("{DATA}/query?q=SELEKT+Id+FROM+Account")).await;
    assert_eq!(malformed, (400, sample("salesforce_error_400_malformed_query.json")));

    let absent = served.get(&format!("{DATA}/sobjects/Account/001Ws00000000zzIAA")).await;
    assert_eq!(absent, (404, sample("salesforce_error_404_not_found.json")));

    let id = served.post(&accounts, &json!({"Name": "A"})).await.1["id"].as_str().expect("an id").to_owned();
    assert_eq!(served.delete(&format!("{accounts}/{id}")).await.0, 204);
    let deleted = served.get(&format!("{accounts}/{id}")).await;
    assert_eq!(deleted, (404, sample("salesforce_error_404_entity_is_deleted.json")));
}

#[tokio::test]
async fn a_stranger_gets_the_sample_s_401_and_an_issued_token_admits_until_reset() {
    let served = Served::start().await;
    let stranger = || served.client.get(format!("{}{DATA}/limits/", served.base));
    let refused = (401, sample("salesforce_error_401_invalid_session_id.json"));
    assert_eq!(answered(stranger()).await, refused);
    assert_eq!(answered(stranger().bearer_auth("stale")).await, refused);

    let token = served.client.post(format!("{}/crm/services/oauth2/token", served.base));
    let token = token.basic_auth("client", Some("secret")).body("grant_type=client_credentials");
    let (status, token) = answered(token).await;
    assert_eq!((status, &token["instance_url"]), (200, &json!(format!("{}/crm", served.base))));
    let expected: Vec<String> =
        sample("salesforce_token_response.json").as_object().expect("an object").keys().cloned().collect();
    assert_eq!(token.as_object().expect("an object").keys().cloned().collect::<Vec<_>>(), expected);

    let bearer = token["access_token"].as_str().expect("a token");
    assert_eq!(answered(stranger().bearer_auth(bearer)).await.0, 200);
    served.post("/reset", &json!({})).await;
    assert_eq!(answered(stranger().bearer_auth(bearer)).await, refused);

    let bad =
        served.client.post(format!("{}/crm/services/oauth2/token", served.base)).body("grant_type=client_credentials");
    assert_eq!(answered(bad).await, (400, sample("salesforce_error_400_oauth_invalid_grant.json")));
}

#[tokio::test]
async fn create_read_update_and_delete_one_record() {
    let served = Served::start().await;
    let accounts = format!("{DATA}/sobjects/Account/");
    let create = served.call(Method::POST, &accounts).json(&json!({"Name": "Ny & Co", "Credit_Limit__c": 5000}));
    let response = create.send().await.expect("an answer");
    let usage = response.headers()["sforce-limit-info"].to_str().expect("text").to_owned();
    assert_eq!(usage, "api-usage=1/15000000");
    let (status, created) = content(response).await;
    let id = created["id"].as_str().expect("an id").to_owned();
    assert_eq!((status, id.len(), &created["success"]), (201, 18, &json!(true)));

    let (_, read) = served.get(&format!("{accounts}{}?fields=Name,Credit_Limit__c", &id[..15])).await;
    assert_eq!(
        read,
        json!({"attributes": {"type": "Account", "url": format!("/services/data/v62.0/sobjects/Account/{id}")},
        "Name": "Ny & Co", "Credit_Limit__c": 5000.0, "Id": id})
    );
    assert_eq!(served.patch(&format!("{accounts}{id}"), &json!({"Phone": "1"})).await, (204, Value::Null));
    assert_eq!(served.get(&format!("{accounts}{id}")).await.1["Phone"], json!("1"));
    assert_eq!(served.delete(&format!("{accounts}{id}")).await, (204, Value::Null));
    let actions: Vec<Value> = served.effects("Account").await.iter().map(|effect| effect["action"].clone()).collect();
    assert_eq!(actions, ["created", "updated", "deleted"]);
}

#[tokio::test]
async fn an_upsert_says_what_it_did_by_its_status() {
    let served = Served::start().await;
    let (status, created) = served.patch(BY_NETSUITE_ID, &json!({"Name": "A"})).await;
    assert_eq!((status, &created["created"]), (201, &json!(true)));
    let (status, mut changed) = served.patch(BY_NETSUITE_ID, &json!({"Name": "B"})).await;
    assert_eq!((&changed["id"], status), (&created["id"], 200));
    changed["id"] = json!("001Ws00000Kq3EaIAJ");
    assert_eq!(changed, sample("salesforce_upsert_response.json"));
    let old = BY_NETSUITE_ID.replace("v62.0", "v45.0");
    assert_eq!(served.patch(&old, &json!({"Name": "C"})).await, (204, Value::Null));
    let (status, refused) = served.patch(BY_NETSUITE_ID, &json!({"Name": "A", "NetSuite_Id__c": "647"})).await;
    assert_eq!((status, &refused[0]["errorCode"]), (400, &json!("INVALID_FIELD")));
    let absent = format!("{DATA}/sobjects/Account/NetSuite_Id__c/none?updateOnly=true");
    assert_eq!(served.patch(&absent, &json!({"Name": "A"})).await.0, 404);
}

#[tokio::test]
async fn an_upsert_by_a_key_of_two_records_answers_their_urls() {
    let served = Served::start().await;
    for id in ["001Ws00000Kq3EaIAJ", "001Ws00000Kq3EbIAJ"] {
        served.patch(&format!("{DATA}/sobjects/Account/{id}"), &json!({"Legacy_Id__c": "L-1"})).await;
    }
    let mut answer = served.patch(&format!("{DATA}/sobjects/Account/Legacy_Id__c/L-1"), &json!({"Name": "A"})).await;
    answer.1.as_array_mut().expect("a list").sort_by_key(Value::to_string);
    assert_eq!(answer, (300, sample("salesforce_error_300_multiple_choices.json")));
}

#[tokio::test]
async fn a_collection_succeeds_in_part_unless_it_asks_for_all_or_none() {
    let served = Served::start().await;
    let record = |name: Value| json!({"attributes": {"type": "Account"}, "Name": name});
    let body =
        |all_or_none: bool| json!({"allOrNone": all_or_none, "records": [record(json!("A")), record(Value::Null)]});
    let path = format!("{DATA}/composite/sobjects");
    let (status, results) = served.post(&path, &body(false)).await;
    assert_eq!(
        (status, &results[0]["success"], &results[1]),
        (200, &json!(true), &sample("salesforce_collections_partial.json")[2])
    );
    assert_eq!(served.effects("Account").await.len(), 1);

    let (status, results) = served.post(&path, &body(true)).await;
    assert_eq!((status, &results[0]["errors"][0]["statusCode"]), (200, &json!("ALL_OR_NONE_OPERATION_ROLLED_BACK")));
    assert_eq!(served.effects("Account").await.len(), 1, "nothing more was written");

    let upsert = json!({"records": [
        {"attributes": {"type": "Product2"}, "NetSuite_Item_Id__c": "ITEM-CM-200", "Name": "Renamed"},
        {"attributes": {"type": "Product2"}, "NetSuite_Item_Id__c": "ITEM-NEW", "Name": "New"}]});
    let (_, results) = served.patch(&format!("{path}/Product2/NetSuite_Item_Id__c"), &upsert).await;
    assert_eq!(results[0], sample("salesforce_collections_partial.json")[0]);
    assert_eq!(results[1]["created"], json!(true));
    let ids = format!("{path}?ids={},001Ws00000000zzIAA", results[1]["id"].as_str().expect("an id"));
    let (_, results) = served.delete(&ids).await;
    assert_eq!((&results[0]["success"], &results[1]["success"]), (&json!(true), &json!(false)));
}

#[tokio::test]
async fn a_composite_request_is_rolled_back_as_a_whole_like_the_sample() {
    let served = Served::start().await;
    let part = |reference: &str, url: &str, body: Value| json!({"method": "POST", "url": format!("/services/data/v62.0/sobjects/{url}"), "referenceId": reference, "body": body});
    let body = |account: &str| {
        json!({"allOrNone": true, "compositeRequest": [
        part("account", "Account", json!({"Name": "A"})),
        part("contact", "Contact", json!({"LastName": "B", "AccountId": account}))]})
    };
    let path = format!("{DATA}/composite");
    let (_, failed) = served.post(&path, &body("001Ws00000000zzIAA")).await;
    assert_eq!(
        failed["compositeResponse"][0]["body"],
        sample("salesforce_composite_rolled_back.json")["compositeResponse"][0]["body"]
    );
    assert!(served.effects("Account").await.is_empty());
    let (_, done) = served.post(&path, &body("@{account.id}")).await;
    assert_eq!(done["compositeResponse"][1]["httpStatusCode"], json!(201), "{done}");
    let effects = served.effects("Contact").await;
    assert_eq!(effects[0]["after"]["AccountId"], done["compositeResponse"][0]["body"]["id"]);
}

#[tokio::test]
async fn the_records_of_any_demo_webhook_are_there() {
    let served = Served::start().await;
    for n in [0, 1, 40_000] {
        let event = crate::closed_won_event(n);
        let id = event["data"]["Id"].as_str().expect("an id");
        let path = format!("{DATA}/sobjects/Opportunity/{id}");
        let change = json!({"NetSuite_Sales_Order_Id__c": format!("order-{n}")});
        assert_eq!(served.patch(&path, &change).await.0, 204);
        let (_, read) = served.get(&path).await;
        assert_eq!((&read["Name"], &read["AccountId"]), (&event["data"]["Name"], &event["data"]["AccountId"]));
        let account = event["data"]["AccountId"].as_str().expect("an id");
        assert_eq!(
            served.get(&format!("{DATA}/sobjects/Account/{account}")).await.1["Name"],
            event["data"]["Account"]["Name"]
        );
    }
}

#[tokio::test]
async fn a_body_that_is_not_json_gets_the_crm_s_own_error() {
    let served = Served::start().await;
    for body in ["", "{", "[]", "{\"Name\": NaN}", "{\"Name\": \"\\ud800\"}"] {
        let call = served.call(Method::POST, &format!("{DATA}/sobjects/Account")).body(body);
        let (status, refused) = answered(call).await;
        assert_eq!((status, &refused[0]["errorCode"]), (400, &json!("JSON_PARSER_ERROR")), "{body}");
    }
}

#[tokio::test]
async fn the_daily_limit_refuses_like_the_sample() {
    let served = Served::start().await;
    served.post("/settings", &json!({"crm": {"dailyRequests": 1}})).await;
    assert_eq!(served.get(&format!("{DATA}/limits")).await.0, 200);
    let refused = served.get(&format!("{DATA}/limits")).await;
    assert_eq!(refused, (403, sample("salesforce_error_403_total_requests.json")));
}

#[tokio::test]
async fn those_who_copy_records_learn_what_was_changed_and_deleted() {
    let served = Served::start().await;
    let id = served.post(&format!("{DATA}/sobjects/Contact"), &json!({"LastName": "A"})).await.1["id"].clone();
    let other = served.post(&format!("{DATA}/sobjects/Contact"), &json!({"LastName": "B"})).await.1["id"].clone();
    served.delete(&format!("{DATA}/sobjects/Contact/{}", id.as_str().expect("an id"))).await;
    let now = chrono::Utc::now();
    let time = |minutes: i64| (now + chrono::TimeDelta::minutes(minutes)).format("%Y-%m-%dT%H:%M:%S+00:00").to_string();
    let asked =
        |what: &str, start: i64| format!("{DATA}/sobjects/Contact/{what}?start={}&end={}", time(start), time(5));

    let (_, deleted) = served.get(&asked("deleted", -5)).await;
    assert_eq!(deleted["deletedRecords"].as_array().map(Vec::len), Some(1));
    assert_eq!(deleted["deletedRecords"][0]["id"], id);
    assert_eq!(served.get(&asked("updated", -5)).await.1["ids"], json!([other]));
    assert_eq!(served.get(&asked("deleted", 4)).await.1["deletedRecords"], json!([]));
    let (status, refusal) = served.get(&format!("{DATA}/sobjects/Contact/deleted?start=soon")).await;
    assert_eq!((status, &refusal[0]["errorCode"]), (400, &json!("INVALID_REPLICATION_DATE")));
}
