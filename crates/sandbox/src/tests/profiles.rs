//! Profiles: both systems answer as the vendors' own do for accounts with and without these features.

use super::*;
use crate::{PROFILES, Profile};

const ACCOUNTS: &str = "/crm/services/data/v62.0/sobjects/Account";
const CUSTOMERS: &str = "/erp/services/rest/record/v1/customer";

async fn served(profile: &str) -> Served {
    let served = Served::start().await;
    let (status, settings) = served.post("/settings", &json!({"profile": profile})).await;
    assert_eq!((status, &settings["profile"]), (200, &json!(profile)), "{settings}");
    served
}

impl Served {
    async fn soql(&self, text: &str) -> Answered {
        let request = self.call(Method::GET, "/crm/services/data/v62.0/query").query(&[("q", text)]);
        answered(request).await
    }

    async fn suiteql(&self, text: &str) -> Answered {
        let request = self.call(Method::POST, "/erp/services/rest/query/v1/suiteql").header("prefer", "transient");
        answered(request.json(&json!({"q": text}))).await
    }
}

fn names(describe: &Value) -> Vec<&str> {
    describe["fields"].as_array().into_iter().flatten().filter_map(|field| field["name"].as_str()).collect()
}

#[tokio::test]
async fn an_org_with_one_currency_has_no_field_for_it() {
    let served = served("single-company").await;
    let (status, refused) = served.soql("SELECT Id, CurrencyIsoCode FROM Account").await;
    assert_eq!((status, &refused[0]["errorCode"]), (400, &json!("INVALID_FIELD")), "{refused}");
    assert!(
        refused[0]["message"]
            .as_str()
            .expect("a text")
            .contains("No such column 'CurrencyIsoCode' on entity 'Account'")
    );
    let (status, refused) = served.post(ACCOUNTS, &json!({"Name": "A", "CurrencyIsoCode": "EUR"})).await;
    assert_eq!((status, &refused[0]["errorCode"]), (400, &json!("INVALID_FIELD")), "{refused}");
    let (_, refused) = served.soql("SELECT IsoCode FROM CurrencyType").await;
    assert_eq!(refused[0]["errorCode"], json!("INVALID_TYPE"));
    let (_, describe) = served.get(&format!("{ACCOUNTS}/describe")).await;
    assert!(names(&describe).contains(&"Name") && !names(&describe).contains(&"CurrencyIsoCode"));
    let (_, record) = served.get(&format!("{ACCOUNTS}/001Ws00000Kq3EcIAJ")).await;
    assert!(record["Name"].is_string() && record.get("CurrencyIsoCode").is_none(), "{record}");
}

#[tokio::test]
async fn an_org_with_several_currencies_has_those_that_are_active() {
    let served = served("one-world").await;
    let (_, found) = served.soql("SELECT IsoCode FROM CurrencyType WHERE IsActive = true ORDER BY IsoCode").await;
    let codes: Vec<&Value> = found["records"].as_array().expect("records").iter().map(|of| &of["IsoCode"]).collect();
    assert_eq!(codes, ["EUR", "GBP", "USD"]);
    let (status, refused) = served.post(ACCOUNTS, &json!({"Name": "A", "CurrencyIsoCode": "SEK"})).await;
    assert_eq!(
        (status, &refused[0]["errorCode"]),
        (400, &json!("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST")),
        "{refused}"
    );
}

#[tokio::test]
async fn an_account_without_one_world_has_no_subsidiaries_and_no_currencies() {
    let served = served("single-company").await;
    for (query, expected) in [
        ("select id from subsidiary", "Record 'subsidiary' was not found."),
        ("select symbol from currency", "Record 'currency' was not found."),
        ("select currency from customer", "Field 'currency' for record 'customer' was not found."),
        ("select subsidiary from transactionline", "Field 'subsidiary' for record 'transactionline' was not found."),
    ] {
        let (status, refused) = served.suiteql(query).await;
        let detail = refused["o:errorDetails"][0]["detail"].as_str().unwrap_or_default().to_owned();
        assert!(status == 400 && detail.contains(expected), "{query}: {status} {detail}");
    }
    let (_, rows) = served.suiteql("select * from customer where id = 641").await;
    assert!(rows["items"][0].get("companyname").is_some() && rows["items"][0].get("currency").is_none(), "{rows}");

    let customer = json!({"companyName": "A", "subsidiary": {"id": "2"}});
    let strict = served.call(Method::POST, CUSTOMERS).header("x-netsuite-propertynamevalidation", "Error");
    let (status, refused) = answered(strict.json(&customer)).await;
    assert_eq!(status, 400);
    assert!(refused.to_string().contains("The property 'subsidiary' does not exist on the record."), "{refused}");
    assert_eq!(served.post(CUSTOMERS, &json!({"companyName": "A"})).await.0, 204);
    let (_, made) = served.get(&format!("{CUSTOMERS}/647")).await;
    assert!(made.get("subsidiary").is_none() && made.get("currency").is_none() && made.get("currencyList").is_none());
    let (_, catalog) = served.get("/erp/services/rest/record/v1/metadata-catalog").await;
    let types = catalog["items"].to_string();
    assert!(types.contains("salesOrder") && !types.contains("subsidiary") && !types.contains("currency"));
}

#[tokio::test]
async fn preferences_make_fields_of_an_order_mandatory() {
    let served = served("large").await;
    served.customer().await;
    let (status, refused) = served.put(ORDER, &order()).await;
    assert_eq!(status, 400);
    assert!(refused.to_string().contains("Please enter value(s) for: Department, Class, Location."), "{refused}");
    let mut whole = order();
    for name in ["department", "class", "location"] {
        whole[name] = json!({"id": "1"});
    }
    assert_eq!(served.put(ORDER, &whole).await, (204, Value::Null));
}

#[tokio::test]
async fn each_profile_works_on_as_many_calls_as_its_tier_and_says_so() {
    for profile in &PROFILES {
        let served = served(profile.name).await;
        let (_, limits) = served.get("/erp/services/rest/system/v1/governanceLimits").await;
        assert_eq!(limits["accountConcurrencyLimit"], json!(profile.concurrency), "{}", profile.name);
    }
    let concurrency = |name: &str| Profile::named(name).expect("a profile").concurrency;
    assert_eq!([concurrency("one-world"), concurrency("large")], [5, 15]);
}

#[tokio::test]
async fn items_of_a_large_account_have_prices_by_level_and_quantity() {
    let served = served("large").await;
    let (_, prices) = served.get("/erp/services/rest/record/v1/inventoryItem/2201/price").await;
    let shown: Vec<(&Value, &Value, &Value)> = prices["items"]
        .as_array()
        .expect("prices")
        .iter()
        .map(|of| (&of["priceLevelName"], &of["quantity"]["value"], &of["price"]))
        .collect();
    let expected = [
        (json!("Base Price"), json!("0"), json!(1849.9)),
        (json!("Base Price"), json!("100"), json!(1757.41)),
        (json!("Partner"), json!("0"), json!(1664.91)),
    ];
    assert_eq!(shown, expected.iter().map(|(a, b, c)| (a, b, c)).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_profile_that_does_not_exist_is_refused_and_changes_nothing() {
    let served = served("large").await;
    let (status, refused) = served.post("/settings", &json!({"profile": "huge"})).await;
    assert_eq!(status, 400);
    assert!(refused["detail"].as_str().expect("a text").contains("one-world, single-company, large"), "{refused}");
    assert_eq!(served.post("/reset", &json!({})).await.0, 204);
    assert_eq!(served.get("/settings").await.1["profile"], json!("large"), "a reset keeps the profile");
}

#[tokio::test]
async fn prices_are_rows_by_level_currency_and_number_of_a_quantity() {
    let served = served("large").await;
    let rows =
        "select pricelevel, currency, quantity, unitprice from pricing where item = 2201 order by quantity, pricelevel";
    let (_, found) = served.suiteql(rows).await;
    let shown: Vec<Vec<&str>> = found["items"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| {
            ["pricelevel", "currency", "quantity", "unitprice"]
                .map(|name| row[name].as_str().unwrap_or_default())
                .to_vec()
        })
        .collect();
    assert_eq!(shown, [["1", "4", "1", "1849.9"], ["5", "4", "1", "1664.91"], ["1", "4", "2", "1757.41"]], "{found}");
    let (_, found) =
        served.suiteql("select seqnum, mincount, maxcount from itemquantity where item = 2201 order by seqnum").await;
    let links = json!([]);
    assert_eq!(
        found["items"],
        json!([
            {"links": links, "seqnum": "1", "mincount": "0", "maxcount": "100"},
            {"links": links, "seqnum": "2", "mincount": "100"},
        ])
    );
    // A price with the same currency, level and quantity replaces the old one.
    let item = "/erp/services/rest/record/v1/inventoryItem/2201";
    let price =
        json!({"currencyPage": {"id": "4"}, "priceLevel": {"id": "5"}, "quantity": {"value": 0}, "price": 1500});
    assert_eq!(served.patch(item, &json!({"price": {"items": [price]}})).await.0, 204);
    let (_, found) = served.suiteql("select unitprice from pricing where item = 2201 and pricelevel = 5").await;
    assert_eq!(found["items"], json!([{"links": links, "unitprice": "1500"}]));
}

#[tokio::test]
async fn an_account_without_price_levels_and_currencies_has_prices_without_them() {
    let served = served("single-company").await;
    for column in ["pricelevel", "currency"] {
        let (status, refused) = served.suiteql(&format!("select item, {column} from pricing")).await;
        assert_eq!(status, 400, "{column}: {refused}");
    }
    assert_eq!(served.suiteql("select id from pricelevel").await.0, 400);
    let (_, found) = served.suiteql("select item, unitprice from pricing where item = 2201 and quantity = 1").await;
    assert_eq!(found["items"], json!([{"links": [], "item": "2201", "unitprice": "1849.9"}]));
}
