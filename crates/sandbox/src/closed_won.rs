//! The body of the webhook that a Flow or an Apex callout sends when an opportunity is won.

use serde_json::{Value, json};

use super::crm::demo_id;

const SAMPLE: &str = include_str!("closed_won.json");

/// Returns the body of the nth demo webhook. 0 is the sample unchanged. Any other number has its own event id, names,
/// and ids of opportunity, account, contact and line items. The sandbox CRM knows the records of every number.
///
/// The event's id is at `/eventId`, its type at `/eventType`, and the opportunity at `/data`.
#[must_use]
pub fn closed_won_event(n: u32) -> Value {
    let mut event: Value = serde_json::from_str(SAMPLE).expect("closed_won.json is JSON");
    if n == 0 {
        return event;
    }
    let number = u64::from(n);
    let [opportunity, account, contact] = ["006", "001", "003"].map(|prefix| demo_id(prefix, number));
    event["eventId"] = format!("7c0c9a1e-6a0e-4f0b-9a53-{n:012x}").into();

    let data = &mut event["data"];
    renamed(data, "Opportunity", &opportunity);
    data["Name"] = format!("{} ({n})", data["Name"].as_str().unwrap_or_default()).into();
    data["AccountId"] = account.clone().into();
    data["PO_Number__c"] = format!("PO-2026-{}", 1_187 + number).into();

    let company = &mut data["Account"];
    renamed(company, "Account", &account);
    company["Name"] = format!("{} ({n})", company["Name"].as_str().unwrap_or_default()).into();
    company["AccountNumber"] = format!("A-{}", 100_482 + 1_000_000 * number).into();

    let person = &mut data["Primary_Contact__r"];
    renamed(person, "Contact", &contact);
    person["AccountId"] = account.into();

    let lines = data["OpportunityLineItems"]["records"].as_array_mut();
    for (place, line) in lines.into_iter().flatten().enumerate() {
        renamed(line, "OpportunityLineItem", &demo_id("00k", number * 2 + place as u64));
    }
    event
}

fn renamed(record: &mut Value, name: &str, id: &str) {
    record["Id"] = id.into();
    record["attributes"] = json!({"type": name, "url": format!("/services/data/v62.0/sobjects/{name}/{id}")});
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_nought_is_the_sample_and_others_differ_in_what_identifies_them() {
        let sample = include_str!("../../../tests/data/sandbox/salesforce_opportunity_closed_won.json");
        let sample: Value = serde_json::from_str(sample).expect("JSON");
        assert_eq!(closed_won_event(0), sample);
        let (first, second) = (closed_won_event(1), closed_won_event(2));
        for pointer in
            ["/eventId", "/data/Id", "/data/AccountId", "/data/Account/Id", "/data/Account/Name", "/data/Name"]
        {
            assert_ne!(first.pointer(pointer), second.pointer(pointer), "{pointer}");
            assert_ne!(first.pointer(pointer), sample.pointer(pointer), "{pointer}");
        }
        assert_eq!(first["data"]["Amount"], sample["data"]["Amount"]);
    }
}
