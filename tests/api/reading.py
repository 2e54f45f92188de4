"""What the API promises to name, and how the tests read it."""

import json
from typing import Any

from django.test import Client

CALL_FIELDS = [
    *["id", "conversation_uuid", "direction", "from", "to", "outcome", "started_at", "answered_at", "ended_at"],
    *["duration_seconds", "price_eur", "handled_at", "handled_by", "legs", "events", "recordings"],
]
LEG_FIELDS = [
    *["uuid", "call", "direction", "from", "to", "status", "started_at", "answered_at", "ended_at", "duration_seconds"],
    *["rate_eur", "price_eur", "network"],
]
RECORDING_FIELDS = [
    *["id", "call", "recording_uuid", "state", "started_at", "ended_at", "fetched_at", "content_type", "size", "sound"],
    "problem",
]
EVENT_FIELDS = ["id", "call", "leg", "kind", "status", "occurred_at", "received_at", "request", "payload"]


JSON = {"content_type": "application/json"}


def send(api: Client, verb: str, address: str, body: Any = None, *, status: int = 200, **headers: str) -> Any:
    """Send JSON and give what comes back, with headers: the status has to be that."""
    options = {"data": json.dumps(body), **JSON} if body is not None else {}
    response = getattr(api, verb)(
        address, headers={name.replace("_", "-"): told for name, told in headers.items()}, **options
    )
    assert response.status_code == status, (response.status_code, response.content)
    return response


def problem(api: Client, verb: str, address: str, body: Any = None, *, status: int, **headers: str) -> Any:
    """Send JSON that has to be refused, and give the problem."""
    response = send(api, verb, address, body, status=status, **headers)
    told = response.json()
    assert (response["Content-Type"], told["status"]) == ("application/problem+json", status)
    assert told["title"]
    assert told["detail"]
    return told


def get(api: Client, address: str, **query: Any) -> Any:
    """Give what the API answers, which has to be a 200."""
    response = api.get(address, query)
    assert response.status_code == 200, response.content
    return response.json()
