//! Bulk API 2.0: jobs, their states, and their pitfalls.

use super::*;

const JOBS: &str = "/crm/services/data/v62.0/jobs/ingest";

async fn opened(served: &Served) -> String {
    let job = json!({"object": "Account", "operation": "upsert", "externalIdFieldName": "Legacy_Id__c", "contentType": "CSV", "lineEnding": "LF"});
    let (status, job) = served.post(JOBS, &job).await;
    assert_eq!((status, &job["state"], &job["apiVersion"]), (200, &json!("Open"), &json!(62.0)));
    let id = job["id"].as_str().expect("an id").to_owned();
    assert_eq!(job["contentUrl"], json!(format!("services/data/v62.0/jobs/ingest/{id}/batches")));
    id
}

async fn uploaded(served: &Served, id: &str, csv: &str) -> u16 {
    let call = served.call(Method::PUT, &format!("{JOBS}/{id}/batches")).header("content-type", "text/csv");
    answered(call.body(csv.to_owned())).await.0
}

async fn told(served: &Served, id: &str, state: &str) -> Answered {
    served.patch(&format!("{JOBS}/{id}"), &json!({"state": state})).await
}

async fn results(served: &Served, id: &str, which: &str) -> String {
    served.get(&format!("{JOBS}/{id}/{which}")).await.1.as_str().expect("CSV").to_owned()
}

#[tokio::test]
async fn a_job_writes_each_row_on_its_own() {
    let served = Served::start().await;
    let id = opened(&served).await;
    let csv = "Legacy_Id__c,Name,NumberOfEmployees,Phone\nL1,\"A \"\"B\"\"\",7,1\nL2,,,2\nL1,C,#N/A,\nL3,D,many,\n";
    assert_eq!(uploaded(&served, &id, csv).await, 201);
    assert_eq!(served.effects("Account").await.len(), 0, "nothing happens before the upload is complete");
    assert_eq!(told(&served, &id, "UploadComplete").await.1["state"], json!("UploadComplete"));
    let states = [served.get(&format!("{JOBS}/{id}")).await.1, served.get(&format!("{JOBS}/{id}")).await.1];
    assert_eq!(states.each_ref().map(|job| job["state"].as_str().expect("a state")), ["InProgress", "JobComplete"]);
    assert_eq!((&states[1]["numberRecordsProcessed"], &states[1]["numberRecordsFailed"]), (&json!(4), &json!(2)));

    let failed = results(&served, &id, "failedResults").await;
    assert!(failed.starts_with("\"sf__Id\",\"sf__Error\",\"Legacy_Id__c\""), "{failed}");
    assert!(failed.contains("REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --"), "{failed}");
    assert!(failed.contains("INVALID_TYPE_ON_FIELD_IN_RECORD"), "{failed}");
    let successful = results(&served, &id, "successfulResults").await;
    assert!(
        successful.contains("\"true\",\"L1\",\"A \"\"B\"\"\"") && successful.contains("\"false\",\"L1\",\"C\""),
        "{successful}"
    );
    let (_, account) = served.get("/crm/services/data/v62.0/sobjects/Account/Legacy_Id__c/L1").await;
    assert_eq!(
        (&account["Name"], &account["NumberOfEmployees"], &account["Phone"]),
        (&json!("C"), &Value::Null, &json!("1"))
    );
}

#[tokio::test]
async fn a_second_upload_spoils_the_job() {
    let served = Served::start().await;
    let id = opened(&served).await;
    for _ in 0..2 {
        assert_eq!(uploaded(&served, &id, "Legacy_Id__c,Name\nL1,A\n").await, 201);
    }
    let (status, refusal) = told(&served, &id, "UploadComplete").await;
    assert_eq!((status, &refusal[0]["errorCode"]), (400, &json!("INVALIDJOB")));
    assert_eq!(told(&served, &id, "Aborted").await.1["state"], json!("Aborted"));
    assert_eq!(told(&served, &id, "UploadComplete").await.1[0]["errorCode"], json!("INVALIDJOBSTATE"));
    assert_eq!(uploaded(&served, &id, "").await, 400);
    assert!(served.effects("Account").await.is_empty());
    assert_eq!(served.delete(&format!("{JOBS}/{id}")).await.0, 204);
    assert_eq!(served.get(&format!("{JOBS}/{id}")).await.0, 404);
}

#[tokio::test]
async fn an_upload_that_makes_no_sense_fails_the_job() {
    let served = Served::start().await;
    for csv in ["Legacy_Id__c,Nam\nL1,A\n", "", "Legacy_Id__c,Name\nL1\n"] {
        let id = opened(&served).await;
        uploaded(&served, &id, csv).await;
        told(&served, &id, "UploadComplete").await;
        let (_, job) = served.get(&format!("{JOBS}/{id}")).await;
        assert_eq!(job["state"], json!("Failed"), "{csv:?}");
        assert!(job["errorMessage"].as_str().is_some_and(|why| why.starts_with("InvalidBatch : ")), "{job}");
    }
    let unknown = json!({"object": "Nothing", "operation": "insert"});
    assert_eq!(served.post(JOBS, &unknown).await.1[0]["errorCode"], json!("INVALIDENTITY"));
    let no_key = json!({"object": "Account", "operation": "upsert"});
    assert_eq!(served.post(JOBS, &no_key).await.1[0]["errorCode"], json!("INVALIDJOB"));
}

const QUERIES: &str = "/crm/services/data/v62.0/jobs/query";

/// As simple-salesforce and jsforce do: create a job, poll until it is complete, then read the results page by page.
#[tokio::test]
async fn a_query_job_gives_its_rows_in_pages_of_csv() {
    let served = Served::start().await;
    for n in 0..5 {
        let account = json!({"Name": format!("Bulk \"{n}\", Ltd"), "Legacy_Id__c": format!("bulk-{n}")});
        served.post("/crm/services/data/v62.0/sobjects/Account", &account).await;
    }
    let question = "SELECT Id, Name, Phone, Owner.Name FROM Account WHERE Legacy_Id__c LIKE 'bulk-%' ORDER BY Name";
    let job = json!({"operation": "query", "query": question, "columnDelimiter": "COMMA", "lineEnding": "LF"});
    let (status, job) = served.post(QUERIES, &job).await;
    assert_eq!((status, &job["state"], &job["object"]), (200, &json!("UploadComplete"), &json!("Account")));
    let id = job["id"].as_str().expect("an id").to_owned();
    let early = served.get(&format!("{QUERIES}/{id}/results")).await;
    assert_eq!((early.0, &early.1[0]["errorCode"]), (400, &json!("INVALIDJOBSTATE")));
    let states = [served.get(&format!("{QUERIES}/{id}")).await.1, served.get(&format!("{QUERIES}/{id}")).await.1];
    assert_eq!(states.each_ref().map(|job| job["state"].as_str().expect("a state")), ["InProgress", "JobComplete"]);
    assert_eq!((&states[1]["jobType"], &states[1]["numberRecordsProcessed"]), (&json!("V2Query"), &json!(5)));

    let mut locator = String::new();
    let (mut pages, mut rows) = (Vec::new(), Vec::new());
    while locator != "null" {
        let path = format!("{QUERIES}/{id}/results?maxRecords=2{locator}");
        let answer = served.call(Method::GET, &path).header("accept", "text/csv").send().await.expect("an answer");
        let header = |name: &str| answer.headers()[name].to_str().expect("text").to_owned();
        pages.push(header("sforce-numberofrecords"));
        locator = Some(header("sforce-locator"))
            .filter(|next| next == "null")
            .unwrap_or_else(|| format!("&locator={}", answer.headers()["sforce-locator"].to_str().expect("text")));
        let text = answer.text().await.expect("CSV");
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("\"Id\",\"Name\",\"Phone\",\"Owner.Name\""));
        rows.extend(lines.map(str::to_owned));
    }
    assert_eq!(pages, ["2", "2", "1"]);
    assert!(rows[0].ends_with("\"Bulk \"\"0\"\", Ltd\",\"\",\"Rep B\""), "{}", rows[0]);
    assert_eq!(served.delete(&format!("{QUERIES}/{id}")).await.0, 204);
    assert_eq!(served.get(&format!("{QUERIES}/{id}")).await.0, 404);
    for (job, code) in [
        (json!({"operation": "query", "query": "SELECT count() FROM Account"}), "INVALIDJOB"),
        (json!({"operation": "query", "query": "SELECT Nope FROM Account"}), "INVALID_FIELD"),
        (json!({"operation": "query"}), "INVALIDJOB"),
        (json!({"operation": "insert", "query": question}), "INVALIDOPERATION"),
    ] {
        assert_eq!(served.post(QUERIES, &job).await.1[0]["errorCode"], json!(code), "{job}");
    }
}
