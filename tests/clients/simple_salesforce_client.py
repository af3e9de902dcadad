"""simple-salesforce against the sandbox CRM. It always uses https, so its session redirects each call to the sandbox."""

from urllib.parse import urlsplit

import requests
from simple_salesforce import Salesforce, format_soql
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceResourceNotFound,
)

from checks import BASE, done, refused, same, true

CRM = BASE + "/crm"


class Session(requests.Session):
    """Sends requests for any host to the sandbox."""

    def request(self, method, url, **more):
        path = urlsplit(url)
        rest = path.path.removeprefix("/crm") + (f"?{path.query}" if path.query else "")
        return super().request(method, CRM + rest, **more)


def login():
    sf = Salesforce(consumer_key="us", consumer_secret="secret", domain="example.my", session=Session())
    true("a token by client credentials", sf.session_id.startswith("00D"), sf.session_id)
    same("the version", sf.query("SELECT Id FROM Account LIMIT 1")["done"], True)
    wrong = lambda: Salesforce(consumer_key="us", consumer_secret="", domain="example.my", session=Session())
    refused("a client without a secret", SalesforceAuthenticationFailed, wrong)
    stranger = Salesforce(instance_url=CRM, session_id="nobody", session=Session())
    error = refused("a session that is none", SalesforceExpiredSession, lambda: stranger.query("SELECT Id FROM Account"))
    same("its status and code", (error.status, error.content[0]["errorCode"]), (401, "INVALID_SESSION_ID"))
    return sf


def records(sf):
    made = sf.Account.create({"Name": "Ö & Söhne 'GmbH'", "Legacy_Id__c": "py-1"})
    same("what a create answers", (made["success"], made["errors"]), (True, []))
    id = made["id"]
    same("a record by id", sf.Account.get(id)["Name"], "Ö & Söhne 'GmbH'")
    same("a record by a key", sf.Account.get_by_custom_id("Legacy_Id__c", "py-1")["Id"], id)
    same("an update", sf.Account.update(id, {"Phone": "+49 30 1"}), 204)
    same("the updated field", sf.Account.get(id)["Phone"], "+49 30 1")
    same("an upsert that changes", sf.Account.upsert("Legacy_Id__c/py-1", {"Name": "Renamed"}), 200)
    same("an upsert that makes one", sf.Account.upsert("Legacy_Id__c/py 2 ä", {"Name": "Second"}), 201)
    question = format_soql("SELECT Id, Name FROM Account WHERE Legacy_Id__c = {}", "py 2 ä")
    second = sf.query(question)
    same("what it made", (second["totalSize"], second["records"][0]["Name"]), (1, "Second"))
    twin = sf.Account.create({"Name": "Twin", "Legacy_Id__c": "py-1"})["id"]
    error = refused("a key of two", SalesforceMoreThanOneRecord, lambda: sf.Account.upsert("Legacy_Id__c/py-1", {"Name": "x"}))
    same("the two", len(error.content), 2)
    for gone in (id, twin, second["records"][0]["Id"]):
        same("a delete", sf.Account.delete(gone), 204)
    error = refused("a record that is gone", SalesforceResourceNotFound, lambda: sf.Account.get(id))
    true("its code", error.content[0]["errorCode"] in ("NOT_FOUND", "ENTITY_IS_DELETED"), error.content)
    return id


def errors(sf):
    error = refused("a field that is missing", SalesforceMalformedRequest, lambda: sf.Contact.create({"FirstName": "Ada"}))
    same("its code and field", (error.content[0]["errorCode"], error.content[0]["fields"]), ("REQUIRED_FIELD_MISSING", ["LastName"]))
    error = refused("a field that is none", SalesforceMalformedRequest, lambda: sf.Account.create({"Name": "x", "Nope__c": 1}))
    same("its code", error.content[0]["errorCode"], "INVALID_FIELD")
    error = refused("a query that is none", SalesforceMalformedRequest, lambda: sf.query("SELECT FROM Account"))
    same("its code", error.content[0]["errorCode"], "MALFORMED_QUERY")
    error = refused("an object that is none", SalesforceResourceNotFound, lambda: sf.Nothing.describe())
    same("its code", error.content[0]["errorCode"], "NOT_FOUND")


def pages(sf):
    rows = [{"LastName": f"Page {n}", "Department": "pages"} for n in range(450)]
    for start in range(0, len(rows), 200):
        body = {"allOrNone": False, "records": [{"attributes": {"type": "Contact"}, **row} for row in rows[start:start + 200]]}
        made = sf.restful("composite/sobjects", method="POST", json=body)
        true("a collection", all(one["success"] for one in made), made)
    sf.headers["Sforce-Query-Options"] = "batchSize=200"
    question = "SELECT Id, LastName FROM Contact WHERE Department = 'pages' ORDER BY LastName"
    first = sf.query(question)
    same("the first page", (first["totalSize"], first["done"], len(first["records"])), (450, False, 200))
    second = sf.query_more(first["nextRecordsUrl"], identifier_is_url=True)
    same("the second page", (second["done"], len(second["records"])), (False, 200))
    third = sf.query_more(second["nextRecordsUrl"].rsplit("/", 1)[1])
    same("the last page", (third["done"], len(third["records"])), (True, 50))
    everything = sf.query_all(question)
    same("all pages", len({record["Id"] for record in everything["records"]}), 450)
    same("all pages, one by one", sum(1 for _ in sf.query_all_iter(question)), 450)
    same("with deleted ones", sf.query(question, include_deleted=True)["totalSize"], 450)
    del sf.headers["Sforce-Query-Options"]


def about(sf):
    names = [one["name"] for one in sf.describe()["sobjects"]]
    true("the objects", {"Account", "Contact", "Opportunity", "Product2"} <= set(names), names)
    same("an object", sf.Account.metadata()["objectDescribe"]["name"], "Account")
    fields = {field["name"]: field for field in sf.Account.describe()["fields"]}
    same("a key", (fields["NetSuite_Id__c"]["externalId"], fields["NetSuite_Id__c"]["unique"]), (True, True))
    limits = sf.limits()["DailyApiRequests"]
    true("the limits", 0 < limits["Remaining"] < limits["Max"], limits)
    true("the usage", sf.api_usage["api-usage"].used > 0, sf.api_usage)
    true("who is asked", sf.is_sandbox() in (True, False))
    from datetime import datetime, timedelta, timezone
    now = datetime.now(timezone.utc)
    changed = sf.Contact.updated(now - timedelta(minutes=5), now + timedelta(minutes=1))
    true("what was updated", len(changed["ids"]) >= 450, len(changed["ids"]))


def bulk(sf, deleted):
    from datetime import datetime, timedelta, timezone
    now = datetime.now(timezone.utc)
    gone = sf.Account.deleted(now - timedelta(minutes=5), now + timedelta(minutes=1))
    true("what was deleted", deleted in [one["id"] for one in gone["deletedRecords"]], gone)
    rows = [{"Name": f"Bulk {n}", "Legacy_Id__c": f"bulk-{n}"} for n in range(300)]
    done = sf.bulk2.Account.insert(records=rows, wait=0.1)
    same("a bulk insert", (done[0]["numberRecordsProcessed"], done[0]["numberRecordsFailed"]), (300, 0))
    again = sf.bulk2.Account.upsert(records=rows[:10] + [{"Name": "", "Legacy_Id__c": "bulk-bad"}], external_id_field="Legacy_Id__c", wait=0.1)
    same("a bulk upsert", (again[0]["numberRecordsProcessed"], again[0]["numberRecordsFailed"]), (11, 1))
    failed = sf.bulk2.Account.get_failed_records(again[0]["job_id"])
    true("its failure", "REQUIRED_FIELD_MISSING" in failed, failed)
    passed = sf.bulk2.Account.get_successful_records(again[0]["job_id"])
    same("its successes", len(passed.strip().splitlines()), 11)
    found = sf.bulk2.Account.query("SELECT Id, Name FROM Account WHERE Legacy_Id__c LIKE 'bulk-%' ORDER BY Name", max_records=200, wait=0.1)
    lines = [line for page in found for line in page.strip().splitlines()[1:]]
    same("a bulk query", len(lines), 300)
    ids = [{"Id": line.split(",")[0].strip('"')} for line in lines]
    cleared = sf.bulk2.Account.delete(records=ids, wait=0.1)
    same("a bulk delete", (cleared[0]["numberRecordsProcessed"], cleared[0]["numberRecordsFailed"]), (300, 0))


sf = login()
deleted = records(sf)
errors(sf)
pages(sf)
about(sf)
bulk(sf, deleted)
done("simple-salesforce")
