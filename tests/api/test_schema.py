"""GET /api/schema/ describes what the API really answers."""

import json
import re
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client

from calls.api.acting import Placing
from calls.api.urls import urlpatterns
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
    calls = ["/api/calls/", "/api/calls/{id}/", "/api/calls/{id}/act/", "/api/events/", "/api/recordings/{id}/"]
    assert set(calls) < set(schema["paths"])

    def filters(address: str) -> set[str]:
        return {parameter["name"] for parameter in schema["paths"][address]["get"]["parameters"]}

    narrow = {"conversation_uuid", "uuid", "q", "show", "days", "since", "until", "hours_from", "hours_to", "flow"}
    assert filters("/api/calls/") == {*narrow, "cursor", "page_size"}
    assert filters("/api/events/") == {"call", "leg", "kind", "status", "cursor", "page_size"}
    assert parts["Call"]["properties"]["from"]["nullable"] is True
    assert filters("/api/legs/") == {"call", "status", "cursor", "page_size"}
    assert filters("/api/voicemail/") == {"state", "call", "cursor", "page_size"}
    assert filters("/api/stats/") == {"period", "from", "to", "number", "flow", "way", "zone"}
    assert filters("/api/contacts/") == {"q", "tag", "cursor", "page_size"}
    assert schema["components"]["securitySchemes"]["token"]["name"] == "Authorization"


def test_every_address_of_the_api_is_described(api: Client) -> None:
    """But those where nothing is, and the description itself."""
    schema = json.loads(api.get("/api/schema/", headers={"Accept": "application/json"}).content)
    described = {re.sub(r"{\w+}", "*", path) for path in schema["paths"]}
    routes = {f"/api/{re.sub(r'<[^>]+>', '*', str(one.pattern))}" for one in urlpatterns if one.name}
    assert routes - described == {"/api/schema/", "/api/docs/", "/api/docs/swagger/"}
    assert described <= routes


def test_every_write_takes_an_idempotency_key_and_tells_of_it(api: Client) -> None:
    schema = json.loads(api.get("/api/schema/", headers={"Accept": "application/json"}).content)
    writes = 0
    for one in urlpatterns:
        view = getattr(one.callback, "cls", None)
        for verb in ("post", "put", "patch", "delete"):
            handler = getattr(view, verb, None)
            if handler is None or handler is Placing.post:  # its memory is that of place_call
                continue
            assert getattr(handler, "keeps_keys", False), (one, verb)
            writes += 1
    told = [
        operation
        for path in schema["paths"].values()
        for verb, operation in path.items()
        if verb in {"post", "put", "patch", "delete"}
    ]
    assert len(told) == writes + 1
    for operation in told:
        assert "Idempotency-Key" in {parameter["name"] for parameter in operation["parameters"]}
        assert {"400", "401", "403", "404", "406", "409", "413", "415", "503"} <= set(operation["responses"])


def test_every_operation_has_a_name_for_people_and_one_of_its_own(api: Client) -> None:
    schema = json.loads(api.get("/api/schema/", headers={"Accept": "application/json"}).content)
    operations = [operation for path in schema["paths"].values() for operation in path.values()]
    assert all(operation.get("summary") for operation in operations)
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
