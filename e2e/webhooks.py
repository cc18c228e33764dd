#!/usr/bin/env python3
"""Webhooks signed by the vendors' own libraries: good ones are taken once, all others are refused.

Stripe's, HubSpot's, Slack's and Standard Webhooks' Python libraries sign; Zendesk, Intercom and the configurable sender, which have none,
are signed as their documentation says. Each is sent as it should be, again, tampered with, too late and unsigned.

    e2e/webhooks.py --binary target/debug/pomona
"""

from __future__ import annotations

import argparse
import base64
import datetime
import hashlib
import hmac
import json
import tempfile
import time
from pathlib import Path

from pomona import Binary, Checks, Client

SECRET = "whsec_" + base64.b64encode(b"twenty-four bytes of key").decode()
BODIES = {
    "stripe": {"id": "evt_1", "type": "customer.created", "created": 1, "data": {"object": {"id": "cus_1", "object": "customer", "name": "Hook Stripe"}}},
    "hubspot": [{"eventId": 1, "subscriptionType": "company.propertyChange", "objectId": 7, "propertyName": "name", "propertyValue": "Hook HubSpot"}],
    "zendesk": {"id": "z1", "type": "zen:event-type:ticket.created", "detail": {"id": "9", "subject": "Help"}},
    "intercom": {"type": "notification_event", "id": "n1", "topic": "company.created", "data": {"item": {"type": "company", "id": "c1", "name": "Hook Intercom"}}},
    "slack": {"type": "event_callback", "event_id": "Ev1", "event": {"type": "message"}},
    "standard": {"type": "account.created", "data": {"id": "s1", "name": "Hook Standard"}},
    "hmac": {"id": "h1", "name": "Hook Anybody"},
}


def mac(algorithm, *parts: str) -> hmac.HMAC:
    return hmac.new(SECRET.encode(), "".join(parts).encode(), algorithm)


def base64_of(digest: hmac.HMAC) -> str:
    return base64.b64encode(digest.digest()).decode()


def stripe(body: str, at: int, url: str) -> dict:
    from stripe import WebhookSignature

    return {"stripe-signature": f"t={at},v1={WebhookSignature._compute_signature(f'{at}.{body}', SECRET)}"}


def hubspot(body: str, at: int, url: str) -> dict:
    from hubspot.utils.signature import Signature

    stamp = str(at * 1000)
    signature = Signature.get_signature(SECRET, body, "v3", http_uri=url, http_method="POST", timestamp=stamp)
    return {"x-hubspot-signature-v3": signature, "x-hubspot-request-timestamp": stamp}


def slack(body: str, at: int, url: str) -> dict:
    from slack_sdk.signature import SignatureVerifier

    signature = SignatureVerifier(SECRET).generate_signature(timestamp=str(at), body=body)
    return {"x-slack-signature": signature, "x-slack-request-timestamp": str(at)}


def standard(body: str, at: int, url: str) -> dict:
    from standardwebhooks.webhooks import Webhook

    when = datetime.datetime.fromtimestamp(at, datetime.timezone.utc)
    signature = Webhook(SECRET).sign("msg_1", when, body)
    return {"webhook-id": "msg_1", "webhook-timestamp": str(at), "webhook-signature": signature}


def zendesk(body: str, at: int, url: str) -> dict:
    stamp = datetime.datetime.fromtimestamp(at, datetime.timezone.utc).isoformat().replace("+00:00", "Z")
    return {"x-zendesk-webhook-signature": base64_of(mac(hashlib.sha256, stamp, body)), "x-zendesk-webhook-signature-timestamp": stamp}


def intercom(body: str, at: int, url: str) -> dict:
    return {"x-hub-signature": "sha1=" + mac(hashlib.sha1, body).hexdigest()}


def anybody(body: str, at: int, url: str) -> dict:
    return {"x-signed": "sha512=" + mac(hashlib.sha512, f"{at}.", body).hexdigest(), "x-time": str(at)}


SIGNERS = {"stripe": stripe, "hubspot": hubspot, "slack": slack, "standard": standard, "zendesk": zendesk, "intercom": intercom, "hmac": anybody}
ANYBODY = {"sender": "hmac", "header": "X-Signed", "prefix": "sha512=", "algorithm": "sha512", "timestamp_header": "X-Time", "id": "id", "stream": "accounts"}


def set_up(client: Client, token: str, sender: str) -> int:
    """Makes a source that listens to a sender; returns its id."""
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    _, _, made = client.request("POST", "/api/v1/sources", json.dumps({"key": f"hook-{sender}", "name": sender}).encode(), headers)
    number = json.loads(made)["source"]["id"]
    setup = {"sender": ANYBODY if sender == "hmac" else {"sender": sender}, "secrets": [SECRET]}
    status, _, answer = client.request("PUT", f"/api/v1/sources/{number}/webhook", json.dumps(setup).encode(), headers)
    assert status == 200, answer
    return number


def check(checks: Checks, client: Client, url: str, token: str, sender: str) -> None:
    number = set_up(client, token, sender)
    path, sign = f"/v1/webhooks/hook-{sender}", SIGNERS[sender]
    body, now = json.dumps(BODIES[sender]), int(time.time())
    try:
        headers = sign(body, now, url + path)
    except ImportError as reason:
        checks.skip(f"{sender}", f"{reason}; pip install -r e2e/requirements.txt")
        return

    def post(text: str, headers: dict) -> int:
        return client.request("POST", path, text.encode(), {**headers, "content-type": "application/json"})[0]

    answers = [post(body, headers), post(body, headers), post(body.replace("1", "2", 1), headers), post(body, {})]
    checks.equal(f"{sender}: good, again, tampered, unsigned", answers, [200, 200, 401, 401])
    if sender != "intercom":
        checks.equal(f"{sender}: signed ten minutes ago", post(body, sign(body, now - 600, url + path)), 401)
    listed = deliveries(client, token, number)
    checks.equal(f"{sender}: stored once, and read", [each["status"] for each in listed], ["taken"])
    print(f"       {listed[0]['note'] if listed else ''}")


def deliveries(client: Client, token: str, number: int) -> list[dict]:
    """What arrived, once it was read."""
    for _ in range(50):
        _, _, text = client.request("GET", f"/api/v1/sources/{number}/deliveries", None, {"authorization": f"Bearer {token}"})
        listed = json.loads(text)["items"]
        if all(each["status"] != "waiting" for each in listed):
            break
        time.sleep(0.1)
    return listed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    options = parser.parse_args()
    checks = Checks("webhooks, signed by the vendors' own libraries")
    with tempfile.TemporaryDirectory(prefix="pomona-webhooks-") as folder:
        binary = Binary(options.binary, Path(folder) / "home")
        ready = binary.demo(20)
        client = Client(ready["url"])
        for sender in SIGNERS:
            check(checks, client, ready["url"], ready["api_token"], sender)
        checks.equal("a clean stop ends with 0", binary.stop(), 0)
        named = binary.query("select count(*) as n from account where name like 'Hook %'")[0]["n"]
        checks.that("what they said became accounts", named >= 3, named)
    checks.finish()


if __name__ == "__main__":
    main()
