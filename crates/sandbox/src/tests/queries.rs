//! SOQL and SuiteQL over real connections.

use super::*;

const DATA: &str = "/crm/services/data/v62.0";
const CONTACT: &str = "/erp/services/rest/record/v1/contact";
const SUITEQL: &str = "/erp/services/rest/query/v1/suiteql";

async fn soql(served: &Served, text: &str) -> Answered {
    let call = served.call(Method::GET, &format!("{DATA}/query/"));
    let url: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("q", text).finish();
    let mut request = call.build().expect("a request");
    request.url_mut().set_query(Some(&url));
    content(served.client.execute(request).await.expect("an answer")).await
}

async fn suiteql(served: &Served, query: &str, text: &str) -> Answered {
    let call = served.call(Method::POST, &format!("{SUITEQL}{query}")).header("prefer", "transient");
    answered(call.json(&json!({"q": text}))).await
}

#[tokio::test]
async fn a_query_answers_parents_and_children_nested() {
    let served = Served::start().await;
    let text = "SELECT Name, Account.Name, Owner.Name, (SELECT Quantity FROM OpportunityLineItems ORDER BY SortOrder), \
                Primary_Contact__r.LastName FROM Opportunity WHERE IsWon = true AND Account.BillingCity LIKE 'stutt%'";
    let (status, result) = soql(&served, text).await;
    assert_eq!((status, &result["totalSize"], &result["done"]), (200, &json!(1), &json!(true)), "{result}");
    let record = &result["records"][0];
    assert_eq!(record["attributes"]["url"], json!("/services/data/v62.0/sobjects/Opportunity/006Ws00000Hd9XqIAJ"));
    assert_eq!(record["Account"]["Name"], json!("Brückner & Söhne Fördertechnik GmbH"));
    assert_eq!(record["Owner"]["Name"], json!("Rep B"));
    assert_eq!(record["OpportunityLineItems"]["records"][0]["Quantity"], json!(12.0));
    assert_eq!(record["Primary_Contact__r"]["LastName"], json!("O'Neill-Brückner"));
}

#[tokio::test]
async fn every_row_comes_once_over_all_pages() {
    let served = Served::start().await;
    for part in 0..3 {
        let record = |n: usize| json!({"attributes": {"type": "Account"}, "Name": format!("Page {part} {n:03}")});
        let body = json!({"records": (0..150).map(record).collect::<Vec<_>>()});
        served.post(&format!("{DATA}/composite/sobjects"), &body).await;
    }
    let call = served
        .call(Method::GET, &format!("{DATA}/query?q=SELECT+Name+FROM+Account+WHERE+Name+LIKE+'Page%25'+ORDER+BY+Name"));
    let (_, mut page) = answered(call.header("sforce-query-options", "batchSize=200")).await;
    let mut names = Vec::new();
    let mut sizes = Vec::new();
    loop {
        let records = page["records"].as_array().expect("a list");
        sizes.push(records.len());
        names.extend(records.iter().map(|record| record["Name"].as_str().expect("a name").to_owned()));
        let Some(next) = page["nextRecordsUrl"].as_str() else { break };
        // A path on the instance, without the mount point.
        assert!(next.starts_with("/services/data/v62.0/query/0r8"), "{next}");
        let call = served.call(Method::GET, &format!("/crm{next}")).header("sforce-query-options", "batchSize=200");
        page = answered(call).await.1;
    }
    assert_eq!((sizes, &page["totalSize"], &page["done"]), (vec![200, 200, 50], &json!(450), &json!(true)));
    assert!(names.is_sorted());
    names.dedup();
    assert_eq!(names.len(), 450);
    let (status, gone) = served.get(&format!("{DATA}/query/0r8Ws000000000zzzz-2")).await;
    assert_eq!((status, &gone[0]["errorCode"]), (400, &json!("INVALID_QUERY_LOCATOR")));
}

#[tokio::test]
async fn a_small_page_has_the_shape_of_the_sample() {
    let served = Served::start().await;
    served.post("/settings", &json!({"crm": {"pageSize": 2}})).await;
    let text = "SELECT Id, Name, Credit_Limit__c, NetSuite_Id__c, Owner.Name, (SELECT Id, Email FROM Contacts) FROM Account \
                WHERE Name != 'x' ORDER BY AccountNumber";
    let (_, page) = soql(&served, text).await;
    let expected = sample("salesforce_query_page.json");
    assert_eq!((&page["totalSize"], &page["done"]), (&expected["totalSize"], &expected["done"]));
    let mut first = page["records"][0].clone();
    first["NetSuite_Id__c"] = json!("647");
    assert_eq!(first, expected["records"][0]);
    assert_eq!(page["records"][1]["Contacts"], Value::Null);
    // Some clients build the address of the next page from the host alone.
    let next = format!("{}{}", served.base, page["nextRecordsUrl"].as_str().expect("a path"));
    let (status, _) = answered(served.client.get(next).bearer_auth("sandbox-crm-token")).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn what_a_query_cannot_mean_is_refused_with_its_code() {
    let served = Served::start().await;
    for (text, code) in [
        ("SELECT Nme FROM Account", "INVALID_FIELD"),
        ("SELECT Id FROM Acount", "INVALID_TYPE"),
        ("SELECT Foo.Name FROM Account", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Name = 5", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Name = 'x' GARBAGE", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE", "MALFORMED_QUERY"),
        ("", "MALFORMED_QUERY"),
    ] {
        let (status, refused) = soql(&served, text).await;
        assert_eq!((status, &refused[0]["errorCode"]), (400, &json!(code)), "{text}: {refused}");
    }
    let (_, counted) =
        soql(&served, "SELECT COUNT() FROM Product2 WHERE NetSuite_Item_Id__c IN ('ITEM-CM-200', 'x')").await;
    assert_eq!(counted, json!({"totalSize": 1, "done": true, "records": []}));
}

#[tokio::test]
async fn a_catalog_page_has_the_shape_of_the_sample() {
    let served = Served::start().await;
    let text = "SELECT id, itemid, displayname, externalid, isinactive, lastmodifieddate FROM item \
                WHERE itemtype = 'Service' OR id = 2201 OR id > 2211 ORDER BY id";
    let (status, page) = suiteql(&served, "?limit=2&offset=0", text).await;
    let text =
        page.to_string().replace(&format!("{}/erp", served.base), "https://1234567-sb1.suitetalk.api.netsuite.com");
    let mut expected = sample("netsuite_suiteql_items_page.json");
    // The sandbox's commissioning day has an external id, so that a line of the opportunity can refer to it.
    expected["items"][1]["externalid"] = json!("ITEM-SRV-COM");
    // The sandbox has more items and more kinds of items than the sample's account.
    (expected["totalResults"], expected["links"][1]["href"]) = (page["totalResults"].clone(), Value::Null);
    let mut shown: Value = serde_json::from_str(&text).expect("JSON");
    shown["links"][1]["href"] = Value::Null;
    assert_eq!((status, shown), (200, expected));

    let (_, last) = suiteql(&served, "?limit=3&offset=9", "SELECT externalid, itemid FROM item ORDER BY id").await;
    assert_eq!(last["items"], json!([{"links": [], "itemid": "DOC-SET"}]), "a column without a value is absent");
    assert_eq!((&last["hasMore"], &last["links"][0]["rel"]), (&json!(false), &json!("previous")));
}

#[tokio::test]
async fn suiteql_finds_orders_by_external_id_and_adds_nothing_when_there_is_none() {
    let served = Served::start().await;
    served.customer().await;
    let text =
        "SELECT t.id, t.foreigntotal AS gross, t.entity FROM transaction t WHERE t.externalid = '006Ws00000Hd9XqIAJ'";
    assert_eq!(suiteql(&served, "", text).await.1["items"], json!([]));
    served.put(ORDER, &order()).await;
    let (_, found) = suiteql(&served, "", text).await;
    assert_eq!(found["items"], json!([{"links": [], "id": "90871", "gross": "29379.74", "entity": "647"}]));
    let text =
        "SELECT mainline, taxline, quantity, netamount FROM transactionline WHERE transaction = 90871 ORDER BY id";
    let (_, lines) = suiteql(&served, "", text).await;
    let row =
        |mainline, taxline, amount| json!({"links": [], "mainline": mainline, "taxline": taxline, "netamount": amount});
    let mut sold = [row("F", "F", "-21088.86"), row("F", "F", "-3600")];
    (sold[0]["quantity"], sold[1]["quantity"]) = (json!("-12"), json!("-3"));
    let [first, second] = sold;
    assert_eq!(lines["items"], json!([row("T", "F", "29379.74"), first, second, row("F", "T", "-4690.88")]));
    let recent =
        "SELECT id FROM customer WHERE lastmodifieddate >= TO_DATE('2026-10-01', 'YYYY-MM-DD') AND isinactive = 'F'";
    assert!(suiteql(&served, "", recent).await.1["totalResults"].as_u64() >= Some(2));
}

#[tokio::test]
async fn suiteql_refuses_what_netsuite_refuses() {
    let served = Served::start().await;
    let without = served.post(SUITEQL, &json!({"q": "SELECT id FROM item"})).await;
    assert_eq!((without.0, &without.1["o:errorDetails"][0]["o:errorHeader"]), (400, &json!("Prefer")));
    for text in [
        "SELECT nothing FROM item",
        "SELECT id FROM nowhere",
        "SELEKT",
        "SELECT id FROM item WHERE id = 'x",
        // Fields of the record service that are not columns, and columns of the removed data source.
        "SELECT salesdescription FROM item",
        "SELECT orderstatus FROM transaction",
        "SELECT subsidiary FROM transaction",
        "SELECT createdfrom FROM transaction",
        "SELECT total FROM transaction",
        "SELECT id FROM transaction WHERE mainline = 'T'",
        "SELECT amount FROM transactionline",
        "SELECT subsidiary FROM customer",
        "SELECT balance FROM customer",
    ] {
        let (status, refused) = suiteql(&served, "", text).await;
        assert_eq!((status, &refused["o:errorDetails"][0]["o:errorQueryParam"]), (400, &json!("q")), "{text}");
    }
    for page in ["?limit=1001", "?limit=2&offset=3", "?limit=1000&offset=100000"] {
        assert_eq!(suiteql(&served, page, "SELECT id FROM item").await.0, 400, "{page}");
    }
}

#[tokio::test]
async fn suiteql_compares_names_in_upper_and_lower_case() {
    let served = Served::start().await;
    served.customer().await;
    for condition in [
        "UPPER(companyname) = UPPER('brückner & söhne fördertechnik gmbh')",
        "lower(companyname) LIKE 'brückner %'",
        "UPPER(c.companyname) IN ('X', 'BRÜCKNER & SÖHNE FÖRDERTECHNIK GMBH')",
    ] {
        let (status, found) = suiteql(&served, "", &format!("SELECT id FROM customer c WHERE {condition}")).await;
        assert_eq!((status, &found["items"]), (200, &json!([{"links": [], "id": "647"}])), "{condition}: {found}");
    }
    assert_eq!(suiteql(&served, "", "SELECT id FROM customer WHERE UPPER(nothing) = 'X'").await.0, 400);
}

#[tokio::test]
async fn suiteql_tells_items_by_type_and_subtype_and_currencies_by_symbol() {
    let served = Served::start().await;
    let sold = "SELECT itemid FROM item WHERE (subtype IS NULL OR subtype <> 'Purchase') \
                AND itemtype IN ('Assembly', 'Kit', 'OthCharge', 'NonInvtPart') ORDER BY id";
    let (_, found) = suiteql(&served, "", sold).await;
    let names: Vec<&Value> = found["items"].as_array().expect("a list").iter().map(|item| &item["itemid"]).collect();
    assert_eq!(names, ["KIT-LINE", "ASM-DRV", "FREIGHT", "DOC-SET"]);
    let (_, numbered) = suiteql(&served, "", "SELECT itemid, itemtype FROM item WHERE isserialitem = 'T'").await;
    assert_eq!(numbered["items"], json!([{"links": [], "itemid": "CTL-7", "itemtype": "InvtPart"}]));
    let (_, text) = suiteql(&served, "", "SELECT description FROM item WHERE id = 2201").await;
    assert_eq!(text["items"][0]["description"], json!("Belt conveyor module, 2 m, 0.37 kW"));
    let (_, currencies) = suiteql(&served, "", "SELECT symbol, name FROM currency ORDER BY id").await;
    assert_eq!(currencies["items"][2], json!({"links": [], "symbol": "EUR", "name": "Euro"}));
}

#[tokio::test]
async fn suiteql_says_whether_orders_of_a_customer_are_held() {
    let served = Served::start().await;
    let customer = "/erp/services/rest/record/v1/customer/641";
    let held = "SELECT oncredithold FROM customer WHERE id = 641";
    assert_eq!(suiteql(&served, "", held).await.1["items"][0]["oncredithold"], json!("F"));
    served.patch(customer, &json!({"creditHoldOverride": {"id": "ON"}})).await;
    assert_eq!(suiteql(&served, "", held).await.1["items"][0]["oncredithold"], json!("T"));
}

#[tokio::test]
async fn suiteql_lists_what_was_deleted_and_when() {
    let served = Served::start().await;
    let contact = json!({"lastName": "Berg", "entityId": "Ada Berg", "subsidiary": {"id": "2"}});
    assert_eq!(served.post(CONTACT, &contact).await.0, 204);
    assert_eq!(served.delete(&format!("{CONTACT}/1801")).await.0, 204);
    let since = |date: &str| {
        format!(
            "SELECT RecordID, Type, DeletedDate FROM DeletedRecord WHERE DeletedDate >= TO_DATE('{date}', 'YYYY-MM-DD')"
        )
    };
    let (status, page) = suiteql(&served, "", &since("2020-01-01")).await;
    assert_eq!(status, 200, "{page}");
    let gone = &page["items"][0];
    assert_eq!((&gone["type"], &gone["recordid"]), (&json!("Contact"), &json!("1801")), "{page}");
    assert!(gone["deleteddate"].is_string() && page["items"].as_array().map(Vec::len) == Some(1), "{page}");
    assert_eq!(suiteql(&served, "", &since("2999-01-01")).await.1["items"], json!([]));
}
