"""docs/api.md: its examples are sent as they stand there, in their order, and each of them works."""

import re
import shlex
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.test import Client

from calls.models import ApiToken, Block, CallFlow, Contact, OpeningHours, Recording, User
from calls.models.people import Scope
from tests.dashboard.test_recordings import body, make_recording
from tests.flows.drafts import publish_flow

pytestmark = pytest.mark.django_db
TEXT = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
EXAMPLES = [line for line in TEXT.splitlines() if line.startswith("curl ")]


def send(line: str, token: str, ids: dict[str, int]) -> Any:
    """Send what a curl command says. The ids of the examples are those of the rows that are there."""
    words = shlex.split(line.replace("$TOKEN", token))[1:]
    headers, data, method, address = {}, None, "", ""
    while words:
        match words.pop(0):
            case "-H":
                name, _, value = words.pop(0).partition(": ")
                headers[name] = value
            case "-d":
                data = words.pop(0)
            case "-X":
                method = words.pop(0)
            case "--output":
                words.pop(0)
            case word:
                address = word
    parts = urlsplit(address)
    path = re.sub(r"^/api/(\w+)/1/", lambda found: f"/api/{found[1]}/{ids.get(found[1], 1)}/", parts.path)
    data = data.replace('"flow": 1', f'"flow": {ids["flows"]}') if data else data
    verb = method.lower() or ("post" if data else "get")
    options: dict[str, Any] = {
        "headers": headers,
        "query_params": dict(pair.split("=") for pair in parts.query.split("&") if pair),
    }
    if verb == "get":
        return Client().get(path, **options)
    kind = headers.pop("Content-Type", "application/json")
    return getattr(Client(), verb)(path, data or "", content_type=kind, **options)


@time_machine.travel("2026-11-26T12:00Z")
def test_the_examples_work_one_after_the_other(staff: User) -> None:
    publish_flow("Orders", ("greeting", {"text": "Good day."}, {}), number="442079460078")
    row = make_recording()
    ids = {
        "flows": CallFlow.objects.get().pk,
        "calls": row.event.call_id or 0,
        "recordings": Recording.objects.get().pk,
        "hours": OpeningHours.objects.create(name="Shop").pk,
        "contacts": Contact.objects.create(name="Bob").pk,
        "blocks": Block.objects.create(pattern="447700900999").pk,
    }
    _, plain = ApiToken.objects.issue(staff)
    assert len(EXAMPLES) > 25
    replayed = []
    for line in EXAMPLES:
        response = send(line, plain, ids)
        assert 200 <= response.status_code < 300, (line, response.status_code, body(response))
        body(response)
        replayed.append(response.headers.get("Idempotency-Replayed"))
    assert replayed == [None] * (len(EXAMPLES) - 1) + ["true"]


def test_every_scope_and_status_is_explained() -> None:
    assert set(Scope.values) <= set(re.findall(r"`(\w+:\w+)`", TEXT))
    told = set(re.findall(r"\d{3}", TEXT.partition("## Errors")[2]))
    assert {"400", "401", "403", "404", "405", "406", "409", "412", "413", "415", "422", "428", "429", "503"} <= told
