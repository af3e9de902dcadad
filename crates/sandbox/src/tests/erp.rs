//! The ERP: records, lines, totals, errors, jobs.

use super::*;

const RECORDS: &str = "/erp/services/rest/record/v1";

/// Replaces the base URL with that of the sample's account, and removes timestamps.
fn comparable(body: &Value, base: &str) -> Value {
    let text = body.to_string().replace(base, "https://1234567-sb1.suitetalk.api.netsuite.com");
    let mut body: Value = serde_json::from_str(&text).expect("still JSON");
    let fields = body.as_object_mut().expect("an object");
    let moments = ["createdDate", "dateCreated", "lastModifiedDate"];
    assert_eq!(moments.iter().filter_map(|moment| fields.remove(*moment)).count(), 2, "{fields:?}");
    body
}

async fn lines_of_order(served: &Served) -> usize {
    let (_, order) = served.get(&format!("{ORDER}?expandSubResources=true")).await;
    order["item"]["items"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn an_order_reads_like_the_sample() {
    let served = Served::start().await;
    served.customer().await;
    let request = sample("netsuite_sales_order_request.json");
    let response = served.call(Method::PUT, ORDER).json(&request).send().await.expect("an answer");
    let location = response.headers()["location"].to_str().expect("text").to_owned();
    assert_eq!(location, format!("{}/erp/services/rest/record/v1/salesOrder/90871", served.base));
    assert_eq!(content(response).await, (204, Value::Null));

    let (status, order) = served.get(&format!("{ORDER}?expandSubResources=true")).await;
    let expected = sample("netsuite_sales_order.json");
    assert_eq!(status, 200);
    let base = format!("{}/erp", served.base);
    assert_eq!(comparable(&order, &base), comparable(&expected, &base));
}

#[tokio::test]
async fn a_customer_reads_like_the_sample() {
    let served = Served::start().await;
    let customer = json!({
        "companyName": "Brückner & Söhne Fördertechnik GmbH", "email": "einkauf@foerdertechnik.example",
        "phone": "+49 711 555 0142", "subsidiary": {"id": "2"}, "terms": {"id": 2}, "creditLimit": 100000,
    });
    served.put(CUSTOMER, &customer).await;
    let (_, read) = served.get(&format!("{RECORDS}/customer/647")).await;
    let base = format!("{}/erp", served.base);
    let mut expected = comparable(&sample("netsuite_customer.json"), &base);
    // These amounts come from invoices, and a new customer has none.
    for name in ["balance", "unbilledOrders"] {
        expected[name] = json!(0.0);
    }
    assert_eq!(comparable(&read, &base), expected);
}

#[tokio::test]
async fn amounts_sent_with_the_lines_give_the_total_of_the_opportunity() {
    let served = Served::start().await;
    served.customer().await;
    served.put(ORDER, &order()).await;
    let (_, read) = served.get(ORDER).await;
    assert_eq!(read["subtotal"], json!(24688.86));
    assert_eq!((&read["taxTotal"], &read["total"]), (&json!(4690.88), &json!(29379.74)));
}

#[tokio::test]
async fn a_repeated_put_doubles_the_lines() {
    let served = Served::start().await;
    served.customer().await;
    for expected in [2, 4] {
        served.put(ORDER, &order()).await;
        assert_eq!(lines_of_order(&served).await, expected);
    }
    let (_, read) = served.get(ORDER).await;
    assert_eq!((&read["id"], &read["subtotal"]), (&json!("90871"), &json!(49377.72)));
}

#[tokio::test]
async fn a_repeated_put_that_replaces_the_items_does_not() {
    let served = Served::start().await;
    served.customer().await;
    for _ in 0..3 {
        assert_eq!(served.put(&format!("{ORDER}?replace=item"), &order()).await.0, 204);
        assert_eq!(lines_of_order(&served).await, 2);
    }
    assert_eq!(served.effects("salesOrder").await.iter().filter(|effect| effect["created"] == json!(true)).count(), 1);
}

#[tokio::test]
async fn a_line_with_its_key_is_changed_in_place() {
    let served = Served::start().await;
    served.customer().await;
    served.put(ORDER, &order()).await;
    let change = |line: u32| json!({"item": {"items": [{"line": line, "quantity": 4}]}});
    assert_eq!(served.patch(ORDER, &change(2)).await.0, 204);
    let (_, read) = served.get(&format!("{ORDER}?expandSubResources=true")).await;
    assert_eq!(read["item"]["totalResults"], json!(2));
    assert_eq!(read["item"]["items"][1]["amount"], json!(4800.0));
    let (status, refused) = served.patch(ORDER, &change(9)).await;
    assert_eq!((status, &refused["o:errorDetails"][0]["o:errorPath"]), (400, &json!("item.items[0].line")));
}

#[tokio::test]
async fn each_refusal_has_the_body_of_the_sample() {
    let served = Served::start().await;
    let missing = served.post(&format!("{RECORDS}/customer"), &json!({"email": "a@b.example"})).await;
    assert_eq!(missing, (400, sample("netsuite_error_400_user_error_missing.json")));

    served.customer().await;
    let again = json!({"companyName": "B", "subsidiary": {"id": "2"}, "externalId": "001Ws00000Kq3EaIAJ"});
    let exists = served.post(&format!("{RECORDS}/customer"), &again).await;
    assert_eq!(exists, (400, sample("netsuite_error_400_entity_exists.json")));

    let mut unknown_item = order();
    unknown_item["item"]["items"][0]["item"] = json!({"id": "9999"});
    let invalid = served.put(ORDER, &unknown_item).await;
    assert_eq!(invalid, (400, sample("netsuite_error_400_invalid_content.json")));

    let absent = served.get(&format!("{RECORDS}/customer/1")).await;
    assert_eq!(absent, (404, sample("netsuite_error_404_nonexistent_id.json")));

    let stranger = served.client.get(format!("{}{RECORDS}/customer/641", served.base)).bearer_auth("stale");
    assert_eq!(answered(stranger).await, (401, sample("netsuite_error_401_invalid_login.json")));
    assert!(served.effects("salesOrder").await.is_empty(), "a refused order leaves nothing");
}

#[tokio::test]
async fn an_inactive_customer_gets_no_orders() {
    let served = Served::start().await;
    served.customer().await;
    served.patch(CUSTOMER, &json!({"isInactive": true})).await;
    let (status, refused) = served.put(ORDER, &order()).await;
    assert_eq!((status, &refused["o:errorDetails"][0]["o:errorPath"]), (400, &json!("entity")));
    assert_eq!(served.get(CUSTOMER).await.1["isInactive"], json!(true));
}

#[tokio::test]
async fn references_may_name_external_ids() {
    let served = Served::start().await;
    served.customer().await;
    let order = json!({"entity": {"externalId": "001Ws00000Kq3EaIAJ"},
        "item": {"items": [{"item": {"externalId": "ITEM-SRV-COM"}, "quantity": 2}]}});
    assert_eq!(served.put(ORDER, &order).await.0, 204);
    let (_, read) = served.get(&format!("{ORDER}?expandSubResources=true")).await;
    assert_eq!(read["entity"]["id"], json!("647"));
    assert_eq!(read["item"]["items"][0]["amount"], json!(2400.0));
}

#[tokio::test]
async fn a_customer_with_orders_cannot_be_deleted_and_one_without_can() {
    let served = Served::start().await;
    served.customer().await;
    served.put(ORDER, &order()).await;
    assert_eq!(served.delete(CUSTOMER).await.0, 400);
    assert_eq!(served.delete(ORDER).await.0, 204);
    assert_eq!(served.delete(CUSTOMER).await.0, 204);
    assert_eq!(served.get(CUSTOMER).await.0, 404);
}

#[tokio::test]
async fn a_customer_is_transformed_into_an_order_and_the_order_into_an_invoice() {
    let served = Served::start().await;
    served.customer().await;
    let lines = json!({"item": {"items": [{"item": {"id": "2207"}, "quantity": 3, "rate": 1200}]}});
    let (status, _) = served.post(&format!("{RECORDS}/customer/647/!transform/salesOrder"), &lines).await;
    assert_eq!(status, 204);
    let invoice = format!("{RECORDS}/salesOrder/90871/!transform/invoice");
    assert_eq!(served.post(&invoice, &json!({})).await.0, 400, "an order is approved before it is billed");
    served.patch(&format!("{RECORDS}/salesOrder/90871"), &json!({"orderStatus": {"id": "B"}})).await;
    assert_eq!(served.post(&invoice, &json!({})).await.0, 204);
    let (_, invoice) = served.get(&format!("{RECORDS}/invoice/90872")).await;
    assert_eq!((&invoice["subtotal"], &invoice["createdFrom"]["id"]), (&json!(3600.0), &json!("90871")));
}

#[tokio::test]
async fn an_idempotency_key_is_ignored_unless_the_call_is_asynchronous() {
    let served = Served::start().await;
    let customer = json!({"companyName": "A", "subsidiary": {"id": "2"}});
    let path = format!("{RECORDS}/customer");
    let call = || served.call(Method::POST, &path).header("x-netsuite-idempotency-key", "key-1").json(&customer);
    for _ in 0..2 {
        assert_eq!(answered(call()).await.0, 204);
    }
    let first = call().header("prefer", "respond-async").send().await.expect("an answer");
    let job = first.headers()["location"].clone();
    assert_eq!(
        (first.status().as_u16(), job.to_str().expect("text")),
        (202, &*format!("{}/erp/services/rest/async/v1/job/1", served.base))
    );
    let second = call().header("prefer", "respond-async").send().await.expect("an answer");
    assert_eq!(second.headers()["location"], job);
    assert_eq!(content(second).await, (400, sample("netsuite_error_400_idempotency.json")));
    assert_eq!(served.effects("customer").await.len(), 3, "two synchronous creations and one job");
}

#[tokio::test]
async fn a_job_is_pending_first_and_then_leads_to_its_result() {
    let served = Served::start().await;
    let customer = json!({"companyName": "A", "subsidiary": {"id": "2"}});
    let call = served.call(Method::POST, &format!("{RECORDS}/customer")).header("prefer", "respond-async");
    answered(call.json(&customer)).await;
    let job = "/erp/services/rest/async/v1/job/1";
    let (_, pending) = served.get(job).await;
    let text =
        pending.to_string().replace(&format!("{}/erp", served.base), "https://1234567-sb1.suitetalk.api.netsuite.com");
    assert_eq!(serde_json::from_str::<Value>(&text).expect("JSON"), sample("netsuite_async_job.json"));
    let (_, done) = served.get(job).await;
    assert_eq!((&done["completed"], &done["progress"]), (&json!(true), &json!("succeeded")));
    let (_, task) = served.get(&format!("{job}/task/1")).await;
    let customer = task["operationResult"]["links"][0]["href"].as_str().expect("a link");
    assert!(customer.ends_with("/customer/647"), "{customer}");
}

#[tokio::test]
async fn a_body_that_is_not_an_object_gets_the_erp_s_own_error() {
    let served = Served::start().await;
    for body in ["", "{", "[]", "\u{feff}{}", "{\"a\": NaN}", "null"] {
        let call = served.call(Method::POST, &format!("{RECORDS}/customer")).body(body);
        let (status, refused) = answered(call).await;
        assert_eq!((status, &refused["o:errorDetails"][0]["o:errorCode"]), (400, &json!("INVALID_CONTENT")), "{body}");
    }
    let deep = format!("{}1{}", "[".repeat(20_000), "]".repeat(20_000));
    let (status, _) = answered(served.call(Method::POST, &format!("{RECORDS}/customer")).body(deep)).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn a_token_is_issued_for_an_assertion_and_admits_its_bearer() {
    let served = Served::start().await;
    let form = "grant_type=client_credentials&client_assertion_type=jwt&client_assertion=secret-canary";
    let path = "/erp/services/rest/auth/oauth2/v1/token";
    let call = served.client.post(format!("{}{path}", served.base));
    let call = call.header("content-type", "application/x-www-form-urlencoded").body(form);
    let (status, token) = answered(call).await;
    assert_eq!((status, &token["expires_in"]), (200, &json!("3600")));
    let call = served.client.get(format!("{}{RECORDS}/customer/641", served.base));
    let token = token["access_token"].as_str().expect("a token");
    assert_eq!(answered(call.bearer_auth(token)).await.0, 200);
    let (_, ledger) = served.get("/ledger").await;
    assert!(!ledger.to_string().contains("canary") && !ledger.to_string().contains(token));
}

/// Returns `orderStatus` and `status` of the scenario's order.
async fn state(served: &Served) -> (Value, Value) {
    let (_, order) = served.get(ORDER).await;
    (order["orderStatus"]["id"].clone(), order["status"]["id"].clone())
}

/// Posts one step and returns the order's state afterwards.
async fn after(served: &Served, path: &str, body: &Value) -> Value {
    let (status, answer) = served.post(path, body).await;
    assert_eq!(status, 204, "{path}: {answer}");
    state(served).await.1
}

#[tokio::test]
async fn the_state_of_an_order_follows_from_its_fulfillments_and_invoices() {
    let served = Served::start().await;
    served.customer().await;
    served.put(ORDER, &order()).await;
    assert_eq!(state(&served).await, (json!("A"), json!("A")));
    let refused = served.patch(ORDER, &json!({"orderStatus": {"id": "G"}})).await;
    assert_eq!((refused.0, &refused.1["o:errorDetails"][0]["o:errorPath"]), (400, &json!("orderStatus")));
    served.patch(ORDER, &json!({"orderStatus": {"id": "B"}})).await;
    assert_eq!(state(&served).await, (json!("B"), json!("B")));

    let make = |what: &str| format!("{ORDER}/!transform/{what}");
    let part = json!({"item": {"items": [{"orderLine": 1, "quantity": 2}]}});
    assert_eq!(after(&served, &make("itemFulfillment"), &part).await, json!("E"));
    assert_eq!(after(&served, &make("invoice"), &part).await, json!("D"));
    assert_eq!(after(&served, &make("itemFulfillment"), &json!({})).await, json!("F"));
    assert_eq!(after(&served, &make("invoice"), &json!({})).await, json!("G"));
    assert_eq!(state(&served).await.0, json!("B"), "callers read what they may write");
    assert_eq!(served.post(&make("invoice"), &json!({})).await.0, 400, "nothing is left");
    let (_, again) = served.put(&format!("{ORDER}?replace=item"), &order()).await;
    assert!(again.to_string().contains("fulfilled or billed"), "{again}");

    served.delete(&format!("{RECORDS}/invoice/90875")).await;
    assert_eq!(state(&served).await.1, json!("F"), "a deleted invoice bills nothing");
    let (_, invoice) = served.get(&format!("{RECORDS}/invoice/90873")).await;
    assert_eq!((&invoice["subtotal"], &invoice["amountRemaining"]), (&json!(3514.81), &invoice["total"]));
}

#[tokio::test]
async fn people_approve_cancel_and_close_orders_and_programs_cannot() {
    let served = Served::start().await;
    served.customer().await;
    served.put(ORDER, &order()).await;
    let button = |name: &str| format!("/erp/app/salesOrder/90871/{name}");
    assert_eq!(after(&served, &button("approve"), &json!({})).await, json!("B"));
    assert_eq!(after(&served, &button("cancel"), &json!({})).await, json!("C"));
    assert_eq!(served.post(&button("approve"), &json!({})).await.0, 400, "what is cancelled stays cancelled");
    served.patch(ORDER, &json!({"orderStatus": {"id": "B"}})).await;
    assert_eq!(state(&served).await.1, json!("C"));

    let other = "/erp/services/rest/record/v1/salesOrder/eid:006Ws00000Hd9XrIAJ";
    served
        .put(other, &json!({"entity": {"id": "641"}, "item": {"items": [{"item": {"id": "2201"}, "quantity": 1}]}}))
        .await;
    served.patch(other, &json!({"item": {"items": [{"line": 1, "isClosed": true}]}})).await;
    assert_eq!(served.get(other).await.1["status"]["id"], json!("H"));
}

#[tokio::test]
async fn an_order_is_in_a_currency_of_its_customer() {
    let served = Served::start().await;
    served.customer().await;
    let mut dollars = order();
    dollars["currency"] = json!({"id": "1"});
    let (status, refused) = served.put(ORDER, &dollars).await;
    assert_eq!((status, &refused["o:errorDetails"][0]["o:errorPath"]), (400, &json!("currency")));
    let more = json!({"currencyList": {"items": [{"currency": {"id": "1"}}]}});
    assert_eq!(served.patch(CUSTOMER, &more).await.0, 204);
    assert_eq!(served.put(ORDER, &dollars).await.0, 204);
}

#[tokio::test]
async fn the_primary_currency_stays_once_there_are_transactions_and_takes_the_limit_along_before() {
    let served = Served::start().await;
    served.customer().await;
    served.patch(CUSTOMER, &json!({"creditLimit": 5000})).await;
    let dollars = json!({"currency": {"id": "1"}});
    assert_eq!(served.patch(CUSTOMER, &dollars).await.0, 204);
    let (_, read) = served.get(CUSTOMER).await;
    assert_eq!((&read["currency"]["refName"], &read["creditLimit"]), (&json!("US Dollar"), &Value::Null));
    let mut order = order();
    order["currency"] = json!({"id": "1"});
    served.put(ORDER, &order).await;
    assert_eq!(served.patch(CUSTOMER, &json!({"currency": {"id": "4"}})).await.0, 400);
    assert_eq!(served.patch(CUSTOMER, &dollars).await.0, 204, "the same currency is no change");
}

#[tokio::test]
async fn a_field_that_records_do_not_have_is_ignored_unless_the_caller_wants_to_hear_of_it() {
    let served = Served::start().await;
    served.customer().await;
    let misspelt = json!({"phone": "1", "mobilPhone": "2", "custentity_region": "north"});
    assert_eq!(served.patch(CUSTOMER, &misspelt).await.0, 204);
    let (_, read) = served.get(CUSTOMER).await;
    assert_eq!(
        (&read["phone"], &read["mobilPhone"], &read["custentity_region"]),
        (&json!("1"), &Value::Null, &json!("north"))
    );
    let strict = |path: &str, body: &Value| {
        let call = served.call(Method::PATCH, path).header("X-NetSuite-PropertyNameValidation", "Error");
        answered(call.json(body))
    };
    served.put(ORDER, &order()).await;
    let line = json!({"item": {"items": [{"line": 1, "quantitty": 2}]}});
    let address = json!({"addressBook": {"items": [{"addressBookAddress": {"street": "x"}}]}});
    for (path, body, place) in [
        (CUSTOMER, &misspelt, "mobilPhone"),
        (ORDER, &line, "item.items[0].quantitty"),
        (CUSTOMER, &address, "addressBook.items[0].addressBookAddress.street"),
    ] {
        let (status, refused) = strict(path, body).await;
        assert_eq!((status, &refused["o:errorDetails"][0]["o:errorPath"]), (400, &json!(place)), "{refused}");
    }
}

#[tokio::test]
async fn a_text_that_is_too_long_is_refused_with_its_field_and_nothing_is_cut() {
    let served = Served::start().await;
    served.customer().await;
    let long = |length: usize| Value::from("x".repeat(length));
    for (path, body) in [
        (CUSTOMER, json!({"companyName": long(84)})),
        (CUSTOMER, json!({"phone": long(33)})),
        (CUSTOMER, json!({"addressBook": {"items": [{"addressBookAddress": {"addr1": long(151)}}]}})),
        (CUSTOMER, json!({"addressBook": {"items": [{"addressBookAddress": {"country": "Germany"}}]}})),
    ] {
        assert_eq!(served.patch(path, &body).await.0, 400, "{body}");
    }
    let mut order = order();
    order["otherRefNum"] = long(46);
    assert_eq!(served.put(ORDER, &order).await.0, 400);
    order["otherRefNum"] = long(45);
    assert_eq!(served.put(ORDER, &order).await.0, 204);
}

#[tokio::test]
async fn purchased_items_are_not_sold_and_an_external_id_is_unique_over_all_entities() {
    let served = Served::start().await;
    served.customer().await;
    let mut order = order();
    order["item"]["items"][0]["item"] = json!({"id": "2211"});
    assert_eq!(served.put(ORDER, &order).await.0, 400);
    let contact = json!({"entityId": "Ada", "subsidiary": {"id": "2"}, "externalId": "001Ws00000Kq3EaIAJ"});
    assert_eq!(served.post(&format!("{RECORDS}/contact"), &contact).await.0, 400);
    assert_eq!(served.post(&format!("{RECORDS}/itemFulfillment"), &json!({"entity": {"id": "647"}})).await.0, 400);
}
