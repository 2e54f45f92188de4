"""docs/api.md: its examples are sent as they stand there, in their order, and each of them works."""

import re
import shlex
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.test import Client

from calls.models import ApiToken, Block, Call, CallFlow, Contact, OpeningHours, Recording, Sound, User, Voicemail
from calls.models.people import Scope
from tests.dashboard.test_recordings import body
from tests.flows.drafts import publish_flow
from tests.sounds import make_sound, wav
from tests.voicemails import make_message

pytestmark = pytest.mark.django_db
TEXT = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
EXAMPLES = [line for line in TEXT.splitlines() if line.startswith("curl ")]


ROWS: dict[str, Any] = {"flows": CallFlow, "calls": Call, "recordings": Recording, "voicemail": Voicemail}
ROWS |= {"sounds": Sound, "contacts": Contact, "blocks": Block, "hours": OpeningHours}


def of_here(name: str, place: str) -> str:
    """Give the id of the first, second … row that is there, which the examples call 1, 2 …."""
    return str(ROWS[name].objects.order_by("pk")[int(place) - 1].pk)


def send(line: str, token: str) -> Any:
    """Send what a curl command says."""
    words = shlex.split(line.replace("$TOKEN", token))[1:]
    headers, method, address = {}, "", ""
    data: str | bytes | None = None
    while words:
        match words.pop(0):
            case "-H":
                name, _, value = words.pop(0).partition(": ")
                headers[name] = value
            case "-d":
                data = words.pop(0)
            case "--data-binary":
                assert words.pop(0) == "@welcome.wav"
                data = wav()
            case "-X":
                method = words.pop(0)
            case "--output":
                words.pop(0)
            case word:
                address = word
    parts = urlsplit(address)
    path = re.sub(r"^/api/(\w+)/(\d)/", lambda found: f"/api/{found[1]}/{of_here(found[1], found[2])}/", parts.path)
    if isinstance(data, str):
        data = data.replace('"flow": 1', f'"flow": {of_here("flows", "1")}')
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
    make_message(sound=True)
    OpeningHours.objects.create(name="Shop")
    Contact.objects.create(name="Bob")
    Block.objects.create(pattern="447700900999")
    make_sound("Old music", wav(seed=1))
    _, plain = ApiToken.objects.issue(staff)
    assert len(EXAMPLES) > 25
    replayed = []
    for line in EXAMPLES:
        response = send(line, plain)
        assert 200 <= response.status_code < 300, (line, response.status_code, body(response))
        body(response)
        replayed.append(response.headers.get("Idempotency-Replayed"))
    assert replayed == [None] * (len(EXAMPLES) - 1) + ["true"]


def test_every_scope_and_status_is_explained() -> None:
    assert set(Scope.values) <= set(re.findall(r"`(\w+:\w+)`", TEXT))
    told = set(re.findall(r"\d{3}", TEXT.partition("## Errors")[2]))
    known = {*(400, 401, 403, 404, 405, 406, 409, 412), *(413, 415, 416, 422, 428, 429, 503)}
    assert known <= set(map(int, told))
