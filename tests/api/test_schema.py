"""GET /api/schema/ describes what the API really answers."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client

from tests.api.reading import CALL_FIELDS, EVENT_FIELDS, LEG_FIELDS, RECORDING_FIELDS

pytestmark = pytest.mark.once


def test_the_schema_can_be_made_without_a_warning() -> None:
    out = StringIO()
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=out)
    assert "/api/calls/{id}/" in out.getvalue()


def test_the_schema_lists_every_field_and_filter(api: Client) -> None:
    response = api.get("/api/schema/", headers={"Accept": "application/json"})
    schema = json.loads(response.content)
    parts = schema["components"]["schemas"]
    assert list(parts["Call"]["properties"]) == CALL_FIELDS
    assert list(parts["Leg"]["properties"]) == LEG_FIELDS
    assert list(parts["Event"]["properties"]) == EVENT_FIELDS
    assert list(parts["Recording"]["properties"]) == RECORDING_FIELDS
    assert sorted(schema["paths"]) == [
        *["/api/calls/", "/api/calls/{id}/", "/api/calls/{id}/act/", "/api/events/", "/api/recordings/{id}/"]
    ]

    def filters(address: str) -> set[str]:
        return {parameter["name"] for parameter in schema["paths"][address]["get"]["parameters"]}

    narrow = {"conversation_uuid", "uuid", "q", "show", "days", "since", "until", "hours_from", "hours_to"}
    assert filters("/api/calls/") == {*narrow, "cursor", "page_size"}
    assert filters("/api/events/") == {"call", "leg", "kind", "status", "cursor", "page_size"}
    assert parts["Call"]["properties"]["from"]["nullable"] is True
    assert schema["components"]["securitySchemes"]["token"]["name"] == "Authorization"
