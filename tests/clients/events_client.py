"""standardwebhooks, svix and cloudevents (Python) against a server, and against what the sandbox sends itself.

STEPWELL_URL, STEPWELL_TOKEN (scope operate) and STEPWELL_SECRET_SALESFORCEWEBHOOK name the server; without them only the
sandbox's own webhooks are checked.
"""

import json
import os
import threading
import uuid
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import requests
from cloudevents.core.bindings.http import to_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from standardwebhooks.webhooks import Webhook
from svix.webhooks import Webhook as SvixWebhook

from checks import BASE, done, same, true

SECRET = os.environ.get("STEPWELL_SECRET_SALESFORCEWEBHOOK", "whsec_c3RlcHdlbGwtZGVtby13ZWJob29rLXNlY3JldA==")
SERVER = os.environ.get("STEPWELL_URL", "").rstrip("/")
SAMPLE = Path(__file__).parent.parent / "data" / "sandbox" / "salesforce_opportunity_closed_won.json"


def delivered():
    """Both libraries verify what the sandbox sends when a record changes."""
    seen = {}
    came = threading.Event()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            seen.update(headers=dict(self.headers), body=body)
            self.send_response(202)
            self.send_header("content-length", "0")
            self.end_headers()
            came.set()

        def log_message(self, *_):
            pass

    receiver = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{receiver.server_port}/hooks/crm"
    settings = {"webhooks": {"crm": {"url": url, "secret": SECRET, "types": ["Account"]}}}
    same("the settings", requests.post(f"{BASE}/settings", json=settings, timeout=10).status_code, 200)
    made = requests.post(
        f"{BASE}/crm/services/data/v62.0/sobjects/Account",
        json={"Name": "Söhne"},
        headers={"authorization": "Bearer sandbox-crm-token"},
        timeout=10,
    )
    same("a new account", made.status_code, 201)
    true("a webhook comes", came.wait(20))
    requests.post(f"{BASE}/settings", json={"webhooks": {"crm": None}}, timeout=10)
    receiver.shutdown()
    for library in (Webhook(SECRET), SvixWebhook(SECRET)):
        # Raises an error if the signature is wrong.
        library.verify(seen["body"], seen["headers"])
    event = json.loads(seen["body"])
    same("its change", event["data"]["payload"]["ChangeEventHeader"]["changeType"], "CREATE")


def signed(library, prefix, body, id):
    now = datetime.now(timezone.utc)
    return {
        "content-type": "application/json",
        f"{prefix}-id": id,
        f"{prefix}-timestamp": str(int(now.timestamp())),
        f"{prefix}-signature": library.sign(id, now, body),
    }


def hooks():
    hook = f"{SERVER}/hooks/salesforce"
    for library, prefix in ((Webhook(SECRET), "webhook"), (SvixWebhook(SECRET), "svix")):
        body, id = SAMPLE.read_text(encoding="utf-8"), f"msg_{uuid.uuid4()}"
        send = lambda text, headers: requests.post(hook, data=text.encode(), headers=headers, timeout=20)
        headers = signed(library, prefix, body, id)
        first = send(body, headers)
        same(f"a webhook signed by {prefix}", first.status_code, 202)
        again = send(body, headers)
        same("the same again", (again.status_code, again.json()["event"]), (200, first.json()["event"]))
        same("another body under its signature", send(body + " ", headers).status_code, 401)
        other = signed(library, prefix, body + " ", id)
        again = send(body + " ", other)
        same("other bytes under its id", (again.status_code, again.json()["event"]), (200, first.json()["event"]))


def cloudevents():
    bearer = {"authorization": f"Bearer {os.environ['STEPWELL_TOKEN']}"}
    sample = json.loads(SAMPLE.read_text(encoding="utf-8"))
    for mode in (to_binary, to_structured):
        attributes = {
            "id": str(uuid.uuid4()),
            "source": "salesforce",
            "type": "opportunity.closed_won",
            "subject": "Brückner – 100 %",
            "time": datetime.now(timezone.utc),
            "datacontenttype": "application/json",
        }
        message = mode(CloudEvent(attributes=attributes, data=sample), JSONFormat())
        send = lambda: requests.post(f"{SERVER}/events", data=message.body, headers={**message.headers, **bearer}, timeout=20)
        first = send()
        same(f"an event by {mode.__name__}", (first.status_code, len(first.json()["runs"])), (202, 1))
        again = send()
        same("the same again", (again.status_code, again.json()["event"]), (200, first.json()["event"]))
        stored = requests.get(f"{SERVER}/api/v1/events/{first.json()['event']}", headers=bearer, timeout=20).json()
        same("its subject", stored["attributes"]["subject"], attributes["subject"])
    stranger = requests.post(f"{SERVER}/events", data=message.body, headers=message.headers, timeout=20)
    same("an event from nobody", stranger.status_code, 401)


delivered()
if SERVER:
    hooks()
    cloudevents()
done("standardwebhooks, svix, cloudevents")
