"""Every operation of the description, with values that fit it and values that don't: the answer is one it names.

Schemathesis makes the requests out of the description. An ordinary run sends a few of each; `make fuzz` sends
API_EXAMPLES of each. Nobody is called: without an application there is no platform to ask.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.generation import GenerationMode

from calls.models import Block, CallerRule, CallFlow, Leg, OpeningHours, Tag, User
from tests.conftest import connection_kept
from tests.factories import OURS, make_call, make_contact
from tests.flows.drafts import publish_flow
from tests.sounds import make_sound, wav
from tests.voicemails import make_message

pytestmark = pytest.mark.django_db
EXAMPLES = int(os.environ.get("API_EXAMPLES", "3"))
ODD = ["", "x", "\x00", "٣", "a" * 3000, "%", "' OR 1=1 --", "2026-02-30", "-1", "9" * 30, "NaN", "🙂", "{x}", "*"]
FITTING = [OURS, "447700900123", "sip:anna@example.com", "vip", "Europe/London", "2026-11-23", "2100-01-01T09:00"]
FITTING += ["09:00", "17:30"]
HELD_TO = ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance"]
HELD_TO += ["response_schema_conformance", "unsupported_method"]
CONFIG = {
    "dictionaries": {"words": {"values": ODD + FITTING}, "numbers": {"values": [0, 1, -1, 2**31, 2**63, 10**30]}},
    "generation": {
        "dictionaries": {
            "string": {"dictionary": "words", "probability": 0.5},
            "integer": {"dictionary": "numbers", "probability": 0.3},
        }
    },
}
load_all_checks()


@schemathesis.serializer("audio/mpeg", "audio/wav")
def sound_body(_: Any, value: Any) -> bytes:
    """Send a sound that can be played, or what was made up in its place."""
    return wav() if len(repr(value)) % 2 else repr(value).encode()


@pytest.fixture
def ids(staff: User) -> dict[str, Any]:
    """Something at every address: the values by which it is found."""
    flow, hours = publish_flow("Orders", ("greeting", {"text": "Good day."}, {})), OpeningHours.objects.create(name="x")
    message, sound = make_message(sound=True), make_sound(data=wav(seed=1))
    make_call("started")
    anna, block = make_contact("Anna", "447700900456", tags=["vip"]), Block.objects.create(pattern="447700900999")
    rule = CallerRule.objects.create(tag=Tag.objects.get(), flow=CallFlow.objects.create(name="VIPs"))
    event = message.recording.event
    found = {"flows": flow.pk, "contacts": anna.pk, "blocks": block.pk, "hours": hours.pk, "rules": rule.pk}
    log = {"calls": event.call_id, "events": event.pk, "recordings": message.recording.pk, "voicemail": message.pk}
    return found | log | {"legs": Leg.objects.values_list("uuid", flat=True)[0], "numbers": OURS, "sounds": sound.pk}


@pytest.fixture
def operations(api: Client, ids: dict[str, Any]) -> Iterator[list[Any]]:
    """The operations as they are described, at addresses of things that are there, or aren't."""
    described = json.loads(api.get("/api/schema/", headers={"Accept": "application/json"}).content)
    for path, verbs in described["paths"].items():
        for parameter in (one for operation in verbs.values() for one in operation.get("parameters", ())):
            if parameter["in"] == "path":
                kind = str if parameter["schema"]["type"] == "string" else int
                known = kind(1 if parameter["name"] == "number" else ids[path.split("/")[2]])
                parameter["schema"] = {"enum": [known, kind(0)]}
    schema = schemathesis.openapi.from_dict(described, config=schemathesis.Config.from_dict(CONFIG))
    schema.app = whole(WSGIHandler())
    found: Any = schema.get_all_operations()
    with connection_kept():
        yield [result.ok() for result in found]


def whole(application: Any) -> Any:
    """Read and close what an application answers, as a server does: a sound is a file."""

    def answer(*request: Any) -> list[bytes]:
        response = application(*request)
        try:
            return [b"".join(response)]
        finally:
            response.close()

    return answer


def test_every_operation_answers_as_it_is_described(api: Client, operations: list[Any]) -> None:
    statuses = Counter[int]()
    headers = {"Authorization": api.defaults["HTTP_AUTHORIZATION"]}
    faults = [found for one in operations if (found := first_fault(one, headers, statuses))]
    assert faults == []
    assert len(operations) > 50
    assert {200, 201, 400, 404} <= set(statuses), statuses  # it did reach what it is about


def first_fault(operation: Any, headers: dict[str, str], statuses: Counter[int]) -> str:
    """Send requests for an operation, each undone after its answer. Gives what was wrong with the first that was."""
    seen: list[str] = []
    fitting, odd = (operation.as_strategy(generation_mode=mode) for mode in GenerationMode)
    checks = [CHECKS.get_one(name) for name in HELD_TO]

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), database=None, phases=[Phase.generate])
    @given(case=fitting | odd)
    def run(case: Any) -> None:
        if seen or "?" in case.formatted_path:  # the client that asks in this process takes no such path
            return
        mark = transaction.savepoint()
        response = case.call(headers=headers)
        statuses[response.status_code] += 1
        try:
            case.validate_response(response, checks=checks)
        except* AssertionError as wrong:
            seen.append(f"{case.as_curl_command()}: {[str(one)[:300] for one in wrong.exceptions]}")
        transaction.savepoint_rollback(mark)

    run()
    return "".join(seen)
