"""Notify, wait and raw NCCOs."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from calls.flows.compile import compile_draft
from calls.flows.publish import publish
from calls.flows.routing import directory
from calls.models import PhoneNumber
from calls.vonage import ncco
from tests.factories import CALLER, OURS, make_contact
from tests.flows.drafts import make_flow, publish_flow
from tests.flows.walking import action_of, ring, said
from tests.vonage.examples import ENDPOINTS, MENU, SENT, TUTORIAL, WHOLE, connect

pytestmark = pytest.mark.django_db
URL = "https://example.com/told"
EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "the tutorial of 2018": TUTORIAL,
    **{name: actions for name, actions in SENT.items() if actions},
    **{f"all of {name}": [action, MENU] for name, action in WHOLE.items()},
    **{f"a call to {name}": connect(endpoint) for name, endpoint in ENDPOINTS.items()},
}


def test_a_program_is_told_with_what_is_known_and_the_call_goes_on() -> None:
    make_contact("Anna <Kowalska>", CALLER)
    payload = {
        "who": "{caller.name}",
        "number": "{caller.number}",
        "line": ["{number.label}", 1, None],
        "text": "{} and {",
    }
    publish_flow("Line", ("notify", {"url": URL, "payload": payload}, {}), ("greeting", {"text": "Hello."}, {}))
    PhoneNumber.objects.get().save()
    served = ring()
    assert action_of(served, "notify") == {
        "action": "notify",
        "payload": {"who": "Anna <Kowalska>", "number": CALLER, "line": [OURS, 1, None], "text": "{} and {"},
        "eventUrl": [URL],
        "eventMethod": "POST",
    }
    assert said(served) == ["Hello."]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({}, "no address"),
        ({"url": "example.com/told"}, "absolute web address"),
        ({"url": URL, "method": "PUT"}, "POST"),
        ({"url": URL, "payload": ["not an object"]}, "payload is an array"),
        ({"url": URL, "payload": {"who": ["{caller.nam}"]}}, "did you mean"),
    ],
)
def test_a_program_that_cannot_be_told(given: dict[str, Any], reason: str) -> None:
    flow = make_flow("Line", ("notify", given, {}))
    with pytest.raises(ValidationError, match=reason):
        publish(flow)


def test_an_address_without_encryption_is_warned_of() -> None:
    flow = make_flow("Line", ("notify", {"url": "http://example.com/told"}, {}))
    assert ["unencrypted" in str(one) for one in compile_draft(flow).warnings] == [True]


@pytest.mark.parametrize("seconds", [0.1, 2, 7_200])
def test_a_pause_lasts_as_long_as_it_says(seconds: float) -> None:
    publish_flow("Line", ("wait", {"seconds": seconds}, {}), ("greeting", {"text": "Hello."}, {}))
    assert ring().ncco[0] == {"action": "wait", "timeout": seconds}


@pytest.mark.parametrize("seconds", [0, 7_201, "2", None, True, -1.5])
def test_a_pause_that_cannot_be(seconds: Any) -> None:
    flow = make_flow("Line", ("wait", {"seconds": seconds}, {}))
    with pytest.raises(ValidationError, match=r"Vonage|seconds is"):
        publish(flow)


@pytest.mark.parametrize("actions", EXAMPLES.values(), ids=list(EXAMPLES))
def test_a_raw_ncco_is_served_as_it_was_given(actions: list[dict[str, Any]]) -> None:
    publish_flow("Raw", ("ncco", {"actions": actions}, {}))
    served = directory.answer(OURS, CALLER)
    assert served.ncco == actions
    assert ncco.errors(served.ncco) == []
    assert all(next(iter(action)) == "action" for action in served.ncco)


@pytest.mark.parametrize(
    ("rung", "reasons"),
    [("449098790000", ["premium rate"]), ("447700900456", []), (OURS, ["the call would ring itself"])],
)
def test_a_raw_ncco_that_rings_what_a_forward_would_not_is_warned_of(rung: str, reasons: list[str]) -> None:
    connect = {"action": "connect", "from": OURS, "endpoint": [{"type": "phone", "number": rung}]}
    found = compile_draft(make_flow("Raw", ("ncco", {"actions": [connect]}, {}), number=OURS))
    assert found.errors == []
    assert len(found.warnings) == len(reasons)
    assert all(reason in str(one) for reason, one in zip(reasons, found.warnings, strict=True))
