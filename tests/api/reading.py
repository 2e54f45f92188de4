"""What the API promises to name, and how the tests read it."""

from typing import Any

from django.test import Client

CALL_FIELDS = [
    *["id", "conversation_uuid", "direction", "from", "to", "outcome", "started_at", "answered_at", "ended_at"],
    *["duration_seconds", "price_eur", "legs", "events", "recordings"],
]
LEG_FIELDS = [
    *["uuid", "direction", "from", "to", "status", "started_at", "answered_at", "ended_at", "duration_seconds"],
    *["rate_eur", "price_eur", "network"],
]
RECORDING_FIELDS = [
    *["id", "recording_uuid", "state", "started_at", "ended_at", "fetched_at", "content_type", "size", "sound"],
    "problem",
]
EVENT_FIELDS = ["id", "call", "leg", "kind", "status", "occurred_at", "received_at", "payload"]


def get(api: Client, address: str, **query: Any) -> Any:
    """Give what the API answers, which has to be a 200."""
    response = api.get(address, query)
    assert response.status_code == 200, response.content
    return response.json()
