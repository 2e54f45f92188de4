"""Every operation of the description, with values that fit it and values that don't: the answer is one it names.

An ordinary run sends a few of each; `make fuzz` sends API_EXAMPLES of each.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from calls.models import Block, CallFlow, Leg, OpeningHours, User
from tests.dashboard.test_recordings import body, make_recording
from tests.factories import OURS, make_call, make_contact
from tests.flows.drafts import publish_flow

pytestmark = pytest.mark.django_db
EXAMPLES = int(os.environ.get("API_EXAMPLES", "5"))
VERBS = ("get", "post", "put", "patch", "delete")
ODD = ["", "x", "\x00", "\ud800", "٣", "a" * 3000, "%", "' OR 1=1 --", "2026-02-30", "-1", "9" * 30, "NaN", "🙂", "{x}"]
SENSIBLE = [OURS, "447700900123", "sip:anna@example.com", "vip", "Europe/London", "2026-11-23", "2100-01-01T09:00", "1"]

texts = st.sampled_from(SENSIBLE) | st.sampled_from(ODD) | st.text(max_size=20)
numbers = (
    st.integers(-2, 20) | st.sampled_from([2**31, 2**63, 10**30]) | st.floats(allow_nan=False, allow_infinity=False)
)
anything = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


class Description:
    """The OpenAPI description, as this test reads it."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self.parts = schema["components"]
        self.validated = {"components": _nullable(schema["components"])}
        self.paths = schema["paths"]

    def operations(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        return ((path, verb, found) for path, verbs in self.paths.items() for verb, found in verbs.items())

    def resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        if ref := schema.get("$ref"):
            found: dict[str, Any] = self.parts["schemas"][ref.rpartition("/")[2]]
            return found
        return schema

    def fitting(self, schema: dict[str, Any]) -> st.SearchStrategy[Any]:
        """Give values that mostly fit a schema."""
        schema = self.resolved(schema)
        for word in ("allOf", "oneOf", "anyOf"):
            if word in schema:
                return st.one_of([self.fitting(one) for one in schema[word]])
        if "enum" in schema:
            return st.sampled_from(schema["enum"])
        kind = schema.get("type")
        if kind == "object" and "properties" in schema:
            parts = {name: self.fitting(one) for name, one in schema["properties"].items()}
            needed = {name: parts.pop(name) for name in schema.get("required", ())}
            return st.fixed_dictionaries(needed, optional={name: one | anything for name, one in parts.items()})
        if kind == "array":
            return st.lists(self.fitting(schema["items"]), max_size=3)
        plain = {"integer": st.integers(1, 3), "boolean": st.booleans(), "string": st.sampled_from(SENSIBLE)}
        return plain.get(str(kind), st.dictionaries(texts, anything, max_size=2))

    def problems(self, schema: dict[str, Any], body: Any) -> list[str]:
        validator = Draft4Validator(self.validated | _nullable(schema))
        return [f"{'/'.join(map(str, error.path))}: {error.message[:200]}" for error in validator.iter_errors(body)]


def _nullable(schema: Any) -> Any:
    """Say "nullable" of OpenAPI 3.0 in words that JSON Schema has."""
    if isinstance(schema, list):
        return [_nullable(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    read = {key: _nullable(value) for key, value in schema.items() if key != "nullable"}
    return {"anyOf": [read, {"type": "null"}]} if schema.get("nullable") is True else read


@pytest.fixture
def ids(staff: User) -> dict[str, Any]:
    """Something at every address: the values by which it is found."""
    publish_flow("Orders", ("greeting", {"text": "Good day."}, {}))
    row, hours = make_recording(), OpeningHours.objects.create(name="Shop")
    make_call("started")
    anna, block = make_contact("Anna", "447700900456", tags=["vip"]), Block.objects.create(pattern="447700900999")
    found = {"flows": CallFlow.objects.get().pk, "contacts": anna.pk, "blocks": block.pk, "hours": hours.pk}
    log = {"calls": row.event.call_id, "events": row.event_id, "recordings": row.pk}
    return found | log | {"legs": Leg.objects.values_list("uuid", flat=True)[0], "numbers": OURS}


def asked(
    described: Description, path: str, operation: dict[str, Any], ids: dict[str, Any]
) -> st.SearchStrategy[dict[str, Any]]:
    """Give requests for an operation: address, query, headers, body."""
    where: dict[str, list[dict[str, Any]]] = {"path": [], "query": [], "header": []}
    for parameter in operation.get("parameters", ()):
        where[parameter["in"]].append(parameter)
    here = str(ids.get(path.split("/")[2], 1))
    content = operation.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    fields = {one["name"]: described.fitting(one["schema"]) | texts | numbers for one in where["query"]}
    headers = {one["name"]: st.sampled_from(["k1", "k2", "*", '"x"', "é", "y" * 70]) for one in where["header"]}
    return st.fixed_dictionaries(
        {
            "id": st.just(here) | st.sampled_from(["0", "9" * 20, "1", "1%0A2", "%00"]),
            "query": st.fixed_dictionaries({}, optional=fields | {"strange": texts}) if fields else st.just({}),
            "headers": st.fixed_dictionaries({}, optional=headers),
            "body": (described.fitting(schema) | described.fitting(schema) | anything) if content else st.none(),
        }
    )


def send(api: Client, path: str, verb: str, request: dict[str, Any]) -> Any:
    first = re.sub(r"{(id|uuid|msisdn)}", request["id"], path)
    address = re.sub(r"{\w+}", "1", first)
    query = {name: str(value).encode("utf-8", "replace").decode() for name, value in request["query"].items()}
    body = json.dumps(request["body"]) if verb in {"post", "put", "patch"} else ""
    options = {"query_params": query, "headers": request["headers"]}
    if verb == "get":
        return api.get(address, **options)
    return getattr(api, verb)(address, body, content_type="application/json", **options)


def fault(described: Description, operation: dict[str, Any], response: Any) -> str:
    """Say in what an answer differs from its description, "" for nothing."""
    status = str(response.status_code)
    if status not in operation["responses"]:
        return f"{status} is not described: {response.content[:300]!r}"
    content = operation["responses"][status].get("content", {})
    kind = response.headers.get("Content-Type", "").partition(";")[0]
    if content and kind not in content and "audio/*" not in content:
        return f"{status} comes as {kind}, and not as {list(content)}"
    if kind.endswith("json") and kind in content:
        wrong = described.problems(content[kind]["schema"], response.json())
        return f"{status}: {wrong[:3]} in {response.content[:300]!r}" if wrong else ""
    return ""


def test_every_operation_answers_as_it_is_described(api: Client, ids: dict[str, Any]) -> None:
    schema = json.loads(api.get("/api/schema/", headers={"Accept": "application/json"}).content)
    api.raise_request_exception = False  # a 500 is a fault like others
    described, faults, statuses = Description(schema), [], Counter[int]()
    for path, verb, operation in described.operations():
        if found := _first_fault(api, ids, described, (path, verb, operation), statuses):
            faults.append(f"{verb} {path}: {found}")
    assert faults == []
    assert {200, 201, 204, 400, 404, 409} <= set(statuses), statuses  # it did reach what it is about


def _first_fault(
    api: Client,
    ids: dict[str, Any],
    described: Description,
    one: tuple[str, str, dict[str, Any]],
    statuses: Counter[int],
) -> str:
    path, verb, operation = one
    seen: list[str] = []

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), database=None)
    @given(asked(described, path, operation, ids))
    def run(request: dict[str, Any]) -> None:
        if seen:
            return
        mark = transaction.savepoint()
        response = send(api, path, verb, request)
        statuses[response.status_code] += 1
        if wrong := fault(described, operation, response):
            seen.append(f"{request}: {wrong}")
        body(response)  # a sound is a file that wants to be closed
        transaction.savepoint_rollback(mark)

    run()
    return "".join(seen)
