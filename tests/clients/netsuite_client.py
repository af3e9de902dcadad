"""netsuite (Python) against the sandbox ERP, with token-based authentication."""

import asyncio

from netsuite import Config, NetSuiteRestApi, TokenAuth
from netsuite.exceptions import NetsuiteAPIRequestError

from checks import BASE, done, same, true


class Api(NetSuiteRestApi):
    """Sends requests for any account to the sandbox."""

    def _make_url(self, subpath):
        return f"{BASE}/erp/services/rest{subpath}"


async def refused(what, status, code, call):
    try:
        found = await call
    except NetsuiteAPIRequestError as error:
        same(what, error.status_code, status)
        true(f"{what}: its code", code in error.response_text, error.response_text)
        return error.response_text
    raise SystemExit(f"{what}: expected an error, found {found!r}")


async def records(api):
    customer = {"companyName": "Söhne GmbH", "isPerson": False, "subsidiary": {"id": "2"}}
    made = await api.request("POST", "/record/v1/customer", json=customer)
    same("a create", made.status_code, 204)
    id = made.headers["location"].rsplit("/", 1)[1]
    read = await api.get(f"/record/v1/customer/{id}")
    same("a record by id", (read["companyName"], read["id"]), ("Söhne GmbH", id))
    same("an update", await api.patch(f"/record/v1/customer/{id}", json={"phone": "+49 30 1"}), None)
    same("the updated field", (await api.get(f"/record/v1/customer/{id}"))["phone"], "+49 30 1")
    for name in ("First", "Second"):
        same("an upsert", await api.put("/record/v1/customer/eid:py-1", json={**customer, "companyName": name}), None)
    read = await api.get("/record/v1/customer/eid:py-1")
    same("what it made and changed", (read["companyName"], read["externalId"]), ("Second", "py-1"))
    chosen = await api.get(f"/record/v1/customer/{id}", params={"fields": "companyName"})
    true("only the named fields", "companyName" in chosen and "phone" not in chosen, chosen)
    listed = await api.get("/record/v1/customer", params={"limit": 2})
    same("a list", (len(listed["items"]), listed["hasMore"]), (2, True))
    filtered = await api.get("/record/v1/customer", params={"q": 'companyName IS "Second"'})
    same("a filtered list", [one["id"] for one in filtered["items"]], [read["id"]])
    order = {"entity": {"id": id}, "item": {"items": [{"item": {"externalId": "ITEM-CM-200"}, "quantity": 1, "rate": 10, "amount": 10}]}}
    same("an order", await api.put("/record/v1/salesOrder/eid:py-order", json=order, params={"replace": "item"}), None)
    lines = await api.get("/record/v1/salesOrder/eid:py-order", params={"expandSubResources": "true"})
    same("its lines", len(lines["item"]["items"]), 1)
    turned = await api.request("POST", f"/record/v1/customer/{id}/!transform/salesOrder", json=order)
    same("a transform", turned.status_code, 204)
    same("a delete", await api.delete(f"/record/v1/customer/{read['id']}"), None)
    await refused("a record that is gone", 404, "NONEXISTENT_ID", api.get("/record/v1/customer/eid:py-1"))


async def queries(api):
    for n in range(25):
        await api.put(f"/record/v1/customer/eid:page-{n:02}", json={"companyName": f"Page {n:02}", "subsidiary": {"id": "2"}})
    question = "SELECT id, companyname FROM customer WHERE companyname LIKE 'Page%' ORDER BY id"
    pages, offset = [], 0
    while True:
        page = await api.suiteql(question, limit=10, offset=offset)
        pages.append([row["companyname"] for row in page["items"]])
        same("the count of a page", page["count"], len(page["items"]))
        if not page["hasMore"]:
            break
        offset += 10
    same("pages", [len(page) for page in pages], [10, 10, 5])
    same("all of them", sorted(name for page in pages for name in page), [f"Page {n:02}" for n in range(25)])
    same("the total", page["totalResults"], 25)


async def errors(api):
    await refused("a value that is none", 400, "INVALID_CONTENT", api.post("/record/v1/customer", json={"companyName": "x", "subsidiary": {"id": "999"}}))
    await refused("a type that is none", 400, "INVALID_PARAMETER", api.get("/record/v1/nothing/1"))
    await refused("a query that is none", 400, "INVALID_PARAMETER", api.suiteql("SELECT FROM"))
    await refused("a field that is missing", 400, "USER_ERROR", api.post("/record/v1/customer", json={"phone": "1"}))


async def about(api):
    schema = await api.jsonschema("customer")
    same("a record's schema", (schema["type"], schema["properties"]["companyName"]["type"]), ("object", "string"))
    openapi = await api.openapi(["customer"])
    true("the API's description", "/customer/{id}" in openapi["paths"], list(openapi["paths"]))


async def main():
    auth = TokenAuth(consumer_key="ck", consumer_secret="cs", token_id="t", token_secret="ts")
    api = Api(Config(account="1234567_SB1", auth=auth))
    await records(api)
    await queries(api)
    await errors(api)
    await about(api)


asyncio.run(main())
done("netsuite")
