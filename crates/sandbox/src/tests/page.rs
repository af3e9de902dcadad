//! The page for people: both systems side by side, latest changes, forms.

use super::*;

const CUSTOMER_641: &str = "/erp/services/rest/record/v1/customer/641";

async fn page(served: &Served, query: &str) -> String {
    let (status, page) = served.get(&format!("/{query}")).await;
    assert_eq!(status, 200);
    page.as_str().expect("text").to_owned()
}

async fn filled_in(served: &Served, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
    let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let answer = form(client.post(format!("{}{path}", served.base)), fields).send().await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("a body"))
}

fn form(request: RequestBuilder, fields: &[(&str, &str)]) -> RequestBuilder {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    request.header("content-type", "application/x-www-form-urlencoded").body(body)
}

/// Returns the table row that contains this text.
fn row<'p>(page: &'p str, text: &str) -> &'p str {
    page.split("<tr>")
        .find(|row| row.contains("<td") && row.contains(text))
        .unwrap_or_else(|| panic!("no row holds {text}"))
}

#[tokio::test]
async fn records_that_stand_for_the_same_stand_in_one_row() {
    let served = Served::start().await;
    let html = page(&served, "").await;
    let norrland = row(&html, "/?form=crm/Account/001Ws00000Kq3EcIAJ");
    assert!(norrland.contains("/?form=erp/customer/641"), "matched by external id: {norrland}");
    assert!(row(&html, "CM-200").contains("/?form=erp/inventoryItem/2201"));
    assert!(row(&html, "DOC-SET").contains("class=\"none\""), "no product stands for this item");
    // Matched by the id that an integration wrote back.
    let new = json!({"companyName": "Brenner", "subsidiary": {"id": "2"}});
    served.post("/erp/services/rest/record/v1/customer", &new).await;
    served
        .patch("/crm/services/data/v62.0/sobjects/Account/001Ws00000Kq3EeIAJ", &json!({"NetSuite_Id__c": "647"}))
        .await;
    assert!(row(&page(&served, "").await, "001Ws00000Kq3EeIAJ\">").contains("/?form=erp/customer/647"));
}

#[tokio::test]
async fn what_changed_last_is_marked_with_who_and_what() {
    let served = Served::start().await;
    served.patch(CUSTOMER_641, &json!({"phone": "+46 1"})).await;
    served.patch(CUSTOMER_641, &json!({"creditLimit": 70_000})).await;
    let html = page(&served, "").await;
    let norrland = row(&html, "/?form=erp/customer/641");
    assert!(norrland.contains("<td class=\"recent\">+46 1</td>"), "{norrland}");
    assert!(norrland.contains("<td class=\"last\">70000"), "{norrland}");
    assert!(html.contains("creditLimit: 60000.0 → 70000.0"));
    assert!(!html.contains("http-equiv=\"refresh\""));
    assert!(page(&served, "?watch=1").await.contains("http-equiv=\"refresh\""));
}

#[tokio::test]
async fn a_person_changes_and_makes_records_by_a_plain_form() {
    let served = Served::start().await;
    let html = page(&served, "?form=erp/customer/641").await;
    assert!(html.contains("action=\"/form/erp/customer/641\"") && html.contains("value=\"Norrland Timber AB\""));
    let fields = [
        ("companyName", "Norrland Timber AB"),
        ("externalId", "001Ws00000Kq3EcIAJ"),
        ("creditLimit", "80000"),
        ("email", "ekonomi@norrland-timber.example"),
        ("phone", "+46 90 555 0120"),
        ("isInactive", "true"),
    ];
    assert_eq!(filled_in(&served, "/form/erp/customer/641", &fields).await.0, 303);
    let customer = served.get(CUSTOMER_641).await.1;
    assert_eq!((&customer["creditLimit"], &customer["isInactive"]), (&json!(80000.0), &json!(true)));
    assert!(page(&served, "").await.contains("a person"));

    let (status, _) = filled_in(&served, "/form/crm/Account", &[("Name", "Neu GmbH"), ("Credit_Limit__c", "")]).await;
    assert_eq!(status, 303);
    let effects = served.effects("Account").await;
    assert_eq!((&effects[0]["after"]["Name"], &effects[0]["created"]), (&json!("Neu GmbH"), &json!(true)));
    let (_, ledger) = served.get("/ledger?system=erp").await;
    assert_eq!(
        ledger["requests"][0]["body"],
        json!({"creditLimit": 80000, "isInactive": true}),
        "only what was changed"
    );
}

#[tokio::test]
async fn a_systems_refusal_is_shown_with_the_filled_in_form_and_markup_stays_text() {
    let served = Served::start().await;
    let fields = [("Name", ""), ("Phone", "<script>alert(1)</script>")];
    let (status, html) = filled_in(&served, "/form/crm/Account", &fields).await;
    assert_eq!(status, 422);
    assert!(html.contains("Required fields are missing: [Name]"), "{html}");
    assert!(!html.contains("<script>") && html.contains("script"));
    served.post("/crm/services/data/v62.0/sobjects/Account", &json!({"Name": "<script>\"'&"})).await;
    assert!(!page(&served, "").await.contains("<script>"));
    assert_eq!(filled_in(&served, "/form/crm/Account", &[("Name", "A"), ("Credit_Limit__c", "much")]).await.0, 422);
    assert_eq!(filled_in(&served, "/form/erp/salesOrder", &[]).await.0, 404);
    assert_eq!(filled_in(&served, "/form/erp/customer/1", &[]).await.0, 404);
}

#[tokio::test]
async fn a_foreign_page_cannot_fill_in_a_form() {
    let served = Served::start().await;
    let call = served.call(Method::POST, "/form/crm/Account").header("sec-fetch-site", "cross-site");
    assert_eq!(answered(form(call, &[("Name", "A")])).await.0, 403);
    assert!(served.effects("Account").await.is_empty());
}
