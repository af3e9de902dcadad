//! Well-formed requests that the CRM refuses: lengths, picklists, locks, duplicates, permissions and limits.

use std::path::PathBuf;

use super::*;

const DATA: &str = "/crm/services/data/v62.0";
const ACCOUNTS: &str = "/crm/services/data/v62.0/sobjects/Account";
const CONTACTS: &str = "/crm/services/data/v62.0/sobjects/Contact";
const BRUECKNER: &str = "001Ws00000Kq3EaIAJ";
const NORRLAND: &str = "001Ws00000Kq3EcIAJ";
const DELFT: &str = "001Ws00000Kq3EdIAJ";

impl Served {
    async fn set(&self, settings: &Value) {
        let (status, body) = self.post("/settings", settings).await;
        assert_eq!(status, 200, "{body}");
    }

    async fn queried(&self, resource: &str, text: &str) -> Answered {
        answered(self.call(Method::GET, &format!("{DATA}/{resource}")).query(&[("q", text)])).await
    }
}

fn code(answered: &Answered) -> (u16, &str) {
    (answered.0, answered.1[0]["errorCode"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn what_is_too_long_too_large_or_no_value_of_a_picklist_is_refused() {
    let served = Served::start().await;
    served.set(&json!({"crm": {"picklists": {"Contact.Salutation": ["Frau", "Herr"]}}})).await;
    let norrland = format!("{ACCOUNTS}/{NORRLAND}");
    for (field, value, expected) in [
        ("Credit_Hold__c", json!("longer than ten"), "STRING_TOO_LONG"),
        ("Credit_Currency__c", json!("EURO"), "STRING_TOO_LONG"),
        ("BillingCity", json!("x".repeat(41)), "STRING_TOO_LONG"),
        ("Credit_Limit__c", json!(10_000_000_000_000_000_u64), "NUMBER_OUTSIDE_VALID_RANGE"),
        ("CurrencyIsoCode", json!("XXX"), "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
    ] {
        let refused = served.patch(&norrland, &json!({field: value})).await;
        assert_eq!(code(&refused), (400, expected), "{field}");
    }
    let contact = |salutation: &str| json!({"LastName": "Berg", "Salutation": salutation});
    let refused = served.post(CONTACTS, &contact("Dr")).await;
    assert_eq!(code(&refused), (400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"));
    assert_eq!(served.post(CONTACTS, &contact("Frau")).await.0, 201);
    let long = format!("{}@example.org", "a".repeat(80));
    assert_eq!(code(&served.post(CONTACTS, &json!({"LastName": "B", "Email": long})).await), (400, "STRING_TOO_LONG"));
    assert_eq!(served.patch(&norrland, &json!({"Credit_Limit__c": 1.005})).await.0, 204);
    assert_eq!(served.get(&norrland).await.1["Credit_Limit__c"], json!(1.01), "amounts have two decimals");
}

#[tokio::test]
async fn a_locked_record_refuses_as_many_writes_as_said_and_so_does_its_child() {
    let served = Served::start().await;
    served.set(&json!({"crm": {"obstacles": {"locks": {BRUECKNER: 2}}}})).await;
    let path = format!("{ACCOUNTS}/{BRUECKNER}");
    let locked = served.patch(&path, &json!({"Phone": "1"})).await;
    assert_eq!(locked, (400, sample("salesforce_error_400_unable_to_lock_row.json")));
    let records = json!([{"attributes": {"type": "Contact"}, "LastName": "Berg", "AccountId": BRUECKNER}]);
    let (status, results) = served.post(&format!("{DATA}/composite/sobjects"), &json!({"records": records})).await;
    assert_eq!((status, &results[0]["errors"][0]["statusCode"]), (200, &json!("UNABLE_TO_LOCK_ROW")), "{results}");
    assert_eq!(served.patch(&path, &json!({"Phone": "1"})).await.0, 204);
}

#[tokio::test]
async fn a_duplicate_rule_refuses_a_record_like_another_unless_the_caller_wants_it_saved() {
    let served = Served::start().await;
    served.set(&json!({"crm": {"obstacles": {"duplicateRules": ["Contact"]}}})).await;
    let contact = json!({"LastName": "O'Neill", "Email": "JOERDIS.oneill@foerdertechnik.example"});
    let refused = served.post(CONTACTS, &contact).await;
    assert_eq!(refused, (400, sample("salesforce_error_400_duplicates_detected.json")));
    let allowed = served.call(Method::POST, CONTACTS).header("sforce-duplicate-rule-header", "allowSave=true");
    assert_eq!(answered(allowed.json(&contact)).await.0, 201);
    assert_eq!(served.post(ACCOUNTS, &json!({"Name": "Delft Pumps B.V."})).await.0, 201, "accounts have no rule");
}

#[tokio::test]
async fn the_daily_limit_ends_all_calls_and_is_told_of_in_each_answer() {
    let served = Served::start().await;
    served.set(&json!({"crm": {"dailyRequests": 2}})).await;
    let limits = || served.get("/crm/services/data/v62.0/limits");
    assert_eq!(limits().await.1["DailyApiRequests"], json!({"Max": 2, "Remaining": 1}));
    let answer = served.call(Method::GET, ACCOUNTS).send().await.expect("an answer");
    assert_eq!(answer.headers()["sforce-limit-info"], "api-usage=2/2");
    assert_eq!(limits().await, (403, sample("salesforce_error_403_total_requests.json")));
}

#[tokio::test]
async fn deleted_records_are_found_by_query_all_with_the_record_that_they_were_merged_into() {
    let served = Served::start().await;
    assert_eq!(served.post(&format!("/crm/app/Account/{DELFT}/merge/{NORRLAND}"), &json!({})).await.0, 204);
    assert_eq!(served.delete(&format!("{ACCOUNTS}/001Ws00000Kq3EeIAJ")).await.0, 204);
    let query = "SELECT Id, IsDeleted, MasterRecordId FROM Account WHERE Id IN \
        ('001Ws00000Kq3EcIAJ', '001Ws00000Kq3EdIAJ', '001Ws00000Kq3EeIAJ') ORDER BY Id";
    let shown = |body: &Value| -> Vec<(Value, Value)> {
        let records = body["records"].as_array().expect("records").iter();
        records.map(|of| (of["IsDeleted"].clone(), of["MasterRecordId"].clone())).collect()
    };
    let (_, all) = served.queried("queryAll", query).await;
    let expected = [(json!(true), json!(DELFT)), (json!(false), Value::Null), (json!(true), Value::Null)];
    assert_eq!(shown(&all), expected);
    let (_, present) = served.queried("query", query).await;
    assert_eq!(shown(&present), [(json!(false), Value::Null)]);
    let contacts = format!("SELECT Id FROM Contact WHERE AccountId = '{DELFT}'");
    assert_eq!(
        served.queried("query", &contacts).await.1["totalSize"],
        json!(2),
        "the winner has the contacts of both"
    );
    let gone = served.post(&format!("/crm/app/Account/{DELFT}/merge/{NORRLAND}"), &json!({})).await;
    assert_eq!(code(&gone), (404, "ENTITY_IS_DELETED"));
}

#[tokio::test]
async fn a_composite_request_has_at_most_five_queries() {
    let served = Served::start().await;
    let query = |n: usize| {
        let url = format!("{DATA}/query?q=SELECT+Id+FROM+Account+LIMIT+1");
        json!({"method": "GET", "url": url.replace("/crm", ""), "referenceId": format!("q{n}")})
    };
    let ask = async |count: usize| {
        let parts: Vec<Value> = (0..count).map(query).collect();
        served.post(&format!("{DATA}/composite"), &json!({"compositeRequest": parts})).await
    };
    assert_eq!(ask(5).await.0, 200);
    assert_eq!(code(&ask(6).await), (400, "LIMIT_EXCEEDED"));
}

#[tokio::test]
async fn a_role_without_a_right_is_refused_and_does_not_see_what_it_must_not_see() {
    let served = Served::start().await;
    let crm = json!({"readOnly": ["Opportunity", "Account.Phone"], "hidden": ["Contact", "Account.NetSuite_Id__c"]});
    let erp = json!({"readOnly": ["salesOrder", "customer.creditLimit"], "hidden": ["invoice", "customer.terms"]});
    served.set(&json!({"crm": {"role": crm}, "erp": {"role": erp}})).await;

    let deal =
        served.patch(&format!("{DATA}/sobjects/Opportunity/006Ws00000Hd9XqIAJ"), &json!({"NextStep": "x"})).await;
    assert_eq!(code(&deal), (403, "INSUFFICIENT_ACCESS_OR_READONLY"));
    let phone = served.patch(&format!("{ACCOUNTS}/{NORRLAND}"), &json!({"Phone": "1"})).await;
    assert_eq!(code(&phone), (400, "INVALID_FIELD_FOR_INSERT_UPDATE"));
    assert_eq!(code(&served.queried("query", "SELECT Id FROM Contact").await), (400, "INVALID_TYPE"));
    assert_eq!(code(&served.queried("query", "SELECT NetSuite_Id__c FROM Account").await), (400, "INVALID_FIELD"));
    let (_, describe) = served.get(&format!("{ACCOUNTS}/describe")).await;
    let field = |name: &str| describe["fields"].as_array().expect("fields").iter().find(|of| of["name"] == name);
    assert!(field("NetSuite_Id__c").is_none());
    assert_eq!(field("Phone").map(|of| &of["updateable"]), Some(&json!(false)));

    let records = "/erp/services/rest/record/v1";
    let (status, refused) = served.post(&format!("{records}/salesOrder"), &order()).await;
    let detail = &refused["o:errorDetails"][0];
    assert_eq!((status, &detail["o:errorCode"]), (403, &json!("INSUFFICIENT_PERMISSION")), "{refused}");
    assert!(
        detail["detail"].as_str().expect("a text").contains("'Transactions -> Sales Order' permission"),
        "{detail}"
    );
    assert_eq!(served.get(&format!("{records}/invoice")).await.0, 403);
    assert_eq!(served.patch(&format!("{records}/customer/641"), &json!({"creditLimit": 1})).await.0, 400);
    let (_, customer) = served.get(&format!("{records}/customer/641")).await;
    assert!(customer["creditLimit"].is_number() && customer.get("terms").is_none(), "{customer}");
}

/// In a real org, the package in `senders/` creates these fields.
#[test]
fn the_custom_fields_are_those_of_the_package() {
    let objects = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .join("senders/salesforce/force-app/main/default/objects");
    let schema = super::super::crm::described();
    let mut compared = 0;
    for object in ["Account", "Contact", "Opportunity", "Product2"] {
        for file in std::fs::read_dir(objects.join(object).join("fields")).expect("a folder of fields") {
            let text = std::fs::read_to_string(file.expect("a file").path()).expect("a text");
            let of = |tag: &str| {
                let (_, rest) = text.split_once(&format!("<{tag}>"))?;
                rest.split_once("</").map(|(value, _)| value.to_owned())
            };
            let name = of("fullName").expect("a name");
            let field = schema[object].as_array().expect("fields").iter().find(|field| field["name"] == *name);
            let field = field.unwrap_or_else(|| panic!("the sandbox has no {object}.{name}"));
            let kind = match of("type").as_deref() {
                Some("Text") => "string",
                Some("Number") => "double",
                Some("Date") => "date",
                Some("DateTime") => "datetime",
                other => panic!("{object}.{name}: a type that this test does not know: {other:?}"),
            };
            let number = |tag: &str| of(tag).map_or(0, |text| text.parse::<u64>().expect("a number"));
            let expected = json!({"type": kind, "length": number("length"), "precision": number("precision"),
                "scale": number("scale"), "unique": of("unique").as_deref() == Some("true"),
                "externalId": of("externalId").as_deref() == Some("true")});
            let members = ["type", "length", "precision", "scale", "unique", "externalId"];
            let found: Value = members.iter().map(|member| ((*member).to_owned(), field[*member].clone())).collect();
            assert_eq!(found, expected, "{object}.{name}");
            compared += 1;
        }
    }
    assert!(compared > 15, "only {compared} fields");
}

#[tokio::test]
async fn a_stage_that_the_sales_process_does_not_have_is_refused_whatever_picklists_are_set() {
    let served = Served::start().await;
    let deal = format!("{DATA}/sobjects/Opportunity/006Ws00000Hd9XrIAJ");
    let refused = served.patch(&deal, &json!({"StageName": "Almost won"})).await;
    assert_eq!(code(&refused), (400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"));
    served.set(&json!({"crm": {"picklists": {"Contact.Salutation": ["Frau"]}}})).await;
    assert_eq!(served.patch(&deal, &json!({"StageName": "Almost won"})).await.0, 400);
    assert_eq!(served.patch(&deal, &json!({"StageName": "Auftrag erteilt"})).await.0, 204);
    assert_eq!(served.get(&deal).await.1["IsWon"], json!(true));
}

#[tokio::test]
async fn an_account_goes_with_its_contacts_and_opportunities_but_not_with_a_won_one() {
    let served = Served::start().await;
    let refused = served.delete(&format!("{ACCOUNTS}/{BRUECKNER}")).await;
    assert_eq!(code(&refused), (400, "DELETE_FAILED"));
    assert!(refused.1[0]["message"].as_str().is_some_and(|text| text.ends_with("were closed won")), "{refused:?}");
    assert_eq!(served.delete(&format!("{ACCOUNTS}/{NORRLAND}")).await.0, 204);
    for record in ["Contact/003Ws00000Lm7PuIAJ", "Opportunity/006Ws00000Hd9XrIAJ"] {
        assert_eq!(served.get(&format!("{DATA}/sobjects/{record}")).await.0, 404, "{record}");
    }
    let lines = "SELECT Id, IsDeleted FROM OpportunityLineItem WHERE OpportunityId = '006Ws00000Hd9XqIAJ'";
    assert_eq!(served.queried("query", lines).await.1["totalSize"], json!(2));
    assert_eq!(served.delete(&format!("{DATA}/sobjects/Opportunity/006Ws00000Hd9XqIAJ")).await.0, 204);
    assert_eq!(served.queried("query", lines).await.1["totalSize"], json!(0));
    let (_, found) = served.queried("queryAll", lines).await;
    assert_eq!((&found["totalSize"], &found["records"][0]["IsDeleted"]), (&json!(2), &json!(true)), "{found}");
    assert_eq!(served.delete(&format!("{ACCOUNTS}/{BRUECKNER}")).await.0, 204, "nothing won is left");
}

#[tokio::test]
async fn a_price_that_follows_the_standard_price_changes_with_it() {
    let served = Served::start().await;
    let prices = format!("{DATA}/sobjects/PricebookEntry");
    let follower = json!({"Pricebook2Id": "01sWs000001ParAIAS", "Product2Id": "01tWs000007ProAIAS", "UseStandardPrice": true, "IsActive": true});
    let (status, made) = served.post(&prices, &follower).await;
    assert_eq!(status, 201, "{made}");
    let follower = format!("{prices}/{}", made["id"].as_str().expect("an id"));
    assert_eq!(served.patch(&format!("{prices}/01uWs000009PbeAIAS"), &json!({"UnitPrice": 1990})).await.0, 204);
    assert_eq!(served.get(&follower).await.1["UnitPrice"].as_f64(), Some(1990.0));
    assert_eq!(code(&served.patch(&follower, &json!({"UnitPrice": 5})).await), (400, "FIELD_INTEGRITY_EXCEPTION"));
    let own = json!({"UseStandardPrice": false, "UnitPrice": 1800});
    assert_eq!(served.patch(&follower, &own).await.0, 204);
    assert_eq!(served.patch(&format!("{prices}/01uWs000009PbeAIAS"), &json!({"UnitPrice": 2000})).await.0, 204);
    assert_eq!(served.get(&follower).await.1["UnitPrice"].as_f64(), Some(1800.0));
}

#[tokio::test]
async fn a_company_has_no_two_contacts_of_one_name() {
    let served = Served::start().await;
    let contacts = "/erp/services/rest/record/v1/contact";
    let ada = |company: &str| json!({"entityId": "Ada Berg", "subsidiary": {"id": "2"}, "company": {"id": company}});
    assert_eq!(served.post(contacts, &ada("641")).await.0, 204);
    let (status, refused) = served.post(contacts, &ada("641")).await;
    assert_eq!(status, 400);
    let detail = refused["o:errorDetails"][0]["detail"].as_str().expect("a text");
    assert!(detail.contains("A contact record with this name already exists"), "{detail}");
    assert_eq!(served.post(contacts, &ada("644")).await.0, 204, "another company");
    assert_eq!(served.patch(&format!("{contacts}/1801"), &json!({"phone": "1"})).await.0, 204, "itself");
}
