"""Forwarding: who is rung in which order, what each outcome leads to, and who must not be rung."""

from itertools import product
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from pytest_django import Settings

from calls.flows.compile import compile_draft
from calls.flows.engine import HOLD_ON, NOTHING_MORE, Served
from calls.flows.publish import publish
from calls.flows.routing import directory
from calls.flows.run import Heard, Order
from calls.models import PhoneNumber
from tests.factories import CALLER, OURS, PERSON
from tests.flows.drafts import make_flow, publish_flow
from tests.flows.walking import LEG, action_of, came, place_of, press, ring, said, way

pytestmark = pytest.mark.django_db
SECOND = "447700900789"
OUTCOMES = {
    ("busy", ""): "busy",
    ("rejected", "declined"): "busy",
    ("rejected", "restricted"): "failed",
    ("rejected", "invalid_number"): "failed",
    ("unanswered", "unavailable"): "unanswered",
    ("timeout", ""): "unanswered",
    ("failed", "cannot_route"): "failed",
}
NO_QUESTIONS = ("started", "ringing", "answered", "completed", "cancelled", "human", "machine", "something new")


def phone(*numbers: str) -> list[dict[str, str]]:
    return [{"type": "phone", "to": number} for number in numbers]


def make_forward(*targets: dict[str, str], **settings: Any) -> None:
    branches = {"busy": "2", "unanswered": "3", "failed": "4"}
    publish_flow(
        "Line",
        ("forward", {"targets": list(targets) or phone(PERSON), **settings}, branches),
        *(("greeting", {"text": text}, {"next": "hang up"}) for text in ("busy", "unanswered", "failed")),
    )


def rung(served: Served | None) -> str:
    endpoint = action_of(served, "connect")["endpoint"][0]
    return str(endpoint.get("number") or endpoint.get("uri") or endpoint.get("user"))


@pytest.mark.parametrize(("outcome", "branch"), list(OUTCOMES.items()))
def test_each_outcome_leads_to_its_branch(outcome: tuple[str, str], branch: str) -> None:
    make_forward()
    served = came(ring(), *outcome)
    assert said(served) == [branch]
    assert way(served)[0] == {"kind": "forward", "came": branch}


@pytest.mark.parametrize("status", NO_QUESTIONS)
def test_other_statuses_leave_the_call_as_it_was(status: str) -> None:
    make_forward()
    assert came(ring(), status) is None


def test_the_next_telephone_is_rung_and_the_last_one_decides() -> None:
    make_forward(*phone(PERSON, SECOND))
    for first, second in product(OUTCOMES, repeat=2):
        served: Served | None = ring()
        assert rung(served) == PERSON
        served = came(served, *first)
        assert rung(served) == SECOND, first
        assert said(came(served, *second)) == [OUTCOMES[second]], (first, second)


def test_without_a_branch_the_next_step_follows() -> None:
    publish_flow("Line", ("forward", {"targets": phone(PERSON)}, {}), ("greeting", {"text": "Next."}, {}))
    assert said(came(ring(), "busy")) == ["Next."]


def test_a_branch_that_rings_again_begins_with_the_first_telephone() -> None:
    publish_flow("Line", ("forward", {"targets": phone(PERSON, SECOND)}, {"busy": "again"}))
    assert rung(came(came(ring(), "busy"), "busy")) == PERSON


def test_the_connect_says_how_long_it_rings_and_shows_the_number_that_was_called() -> None:
    make_forward(ring_seconds=25)
    action = action_of(ring(), "connect")
    url = action.pop("eventUrl")[0]
    assert action == {
        "action": "connect",
        "eventType": "synchronous",
        "from": OURS,
        "timeout": 25,
        "endpoint": [{"type": "phone", "number": PERSON}],
    }
    assert "/event/" in url


def test_nothing_follows_a_connect_that_a_caller_would_hear_after_the_talk() -> None:
    make_forward()
    assert [one["action"] for one in ring().ncco] == ["connect"]


@pytest.mark.parametrize(
    ("show", "from_", "shown"),
    [
        ("ours", CALLER, OURS),
        ("caller", CALLER, CALLER),
        ("caller", "anonymous", OURS),
        ("caller", "sip:a@b.example", OURS),
    ],
)
def test_what_the_telephone_shows(show: str, from_: str, shown: str) -> None:
    make_forward(show=show, longest=600)
    action = action_of(ring(from_=from_), "connect")
    assert (action["from"], action["limit"]) == (shown, 600)


def test_another_number_of_ours_may_be_shown_and_nobody_elses() -> None:
    PhoneNumber.objects.create(msisdn="442079460001")
    make_forward(show="442079460001")
    assert action_of(ring(), "connect")["from"] == "442079460001"
    flow = make_flow("Other", ("forward", {"targets": phone(PERSON), "show": "442079460099"}, {}))
    with pytest.raises(ValidationError, match="no number of ours"):
        publish(flow)


def test_ours_is_shown_where_the_carrier_refuses_the_callers() -> None:
    make_forward(show="caller")
    served = came(ring(), "rejected", "invalid_number")
    assert (rung(served), action_of(served, "connect")["from"]) == (PERSON, OURS)
    assert said(came(served, "rejected", "invalid_number")) == ["failed"]


def test_sip_addresses_and_app_users_are_rung() -> None:
    make_forward({"type": "sip", "to": "sip:anna@example.com;transport=tls"}, {"type": "app", "to": "Alice"})
    first = ring()
    assert action_of(first, "connect")["endpoint"] == [{"type": "sip", "uri": "sip:anna@example.com;transport=tls"}]
    second = came(first, "failed")
    assert rung(second) == "Alice"
    assert "from" not in action_of(second, "connect")


@pytest.mark.parametrize(
    ("targets", "reason"),
    [
        ([], "rings nobody"),
        (phone(*[PERSON] * 11), "up to 10"),
        (phone(OURS), "ring itself"),
        (phone("+44 20 7946 0000"), "ring itself"),
        (phone("33123456789"), "OUTBOUND_COUNTRIES"),
        (phone("4490912345678"), "too long"),
        (phone("449098790000"), "premium"),
        (phone("999"), "emergency"),
        (phone("881612345678"), "satellite"),
        (phone("07700900456"), "country code"),
        (phone(""), "no number"),
        ([{"type": "fax", "to": PERSON}], "no number"),
        ([{"type": "sip", "to": "anna@example.com"}], "no SIP address"),
        (["447700900456"], "targets is an array"),
    ],
)
def test_who_must_not_be_rung_is_refused_before_anything_is_published(targets: list[Any], reason: str) -> None:
    flow = make_flow("Line", ("forward", {"targets": targets}, {}), number=OURS)
    with pytest.raises(ValidationError, match=reason):
        publish(flow)
    assert not flow.versions.exists()


def test_the_numbers_own_country_is_always_allowed(settings: Settings) -> None:
    settings.OUTBOUND_COUNTRIES = []
    flow = make_flow("Line", ("forward", {"targets": phone(PERSON)}, {}), number=OURS)
    assert compile_draft(flow).errors == []
    french = make_flow("Ligne", ("forward", {"targets": phone(PERSON)}, {}), number="33123456789")
    assert ["FR only" in str(one) for one in compile_draft(french).errors] == [True]
    settings.OUTBOUND_COUNTRIES = ["GB"]
    assert compile_draft(french).errors == []


TYPED = ({"type": "typed", "to": "Phone"},)


def typed_flow(*after: dict[str, str]) -> None:
    publish_flow(
        "Dial",
        ("digits", {"prompt": "Which number?", "keep": "Phone"}, {}),
        ("menu", {"prompt": "Press 1."}, {"1": "next"}),  # what was keyed in goes along
        ("forward", {"targets": [*TYPED, *after]}, {"failed": "4"}),
        ("greeting", {"text": "Not that number."}, {}),
    )


@pytest.mark.parametrize("digits", [PERSON, "07700900456", "00447700900456"])
def test_a_number_that_the_caller_keyed_in_is_rung(digits: str, django_assert_num_queries: Any) -> None:
    typed_flow()
    with django_assert_num_queries(0):
        served = press(press(ring(), digits), "1")
    assert rung(served) == PERSON


@pytest.mark.parametrize(
    "digits", [OURS, "02079460000", "999", "33123456789", "449098790000", "881612345678", "*1", "0"]
)
def test_a_number_keyed_in_that_must_not_be_rung_is_not(digits: str, django_assert_num_queries: Any) -> None:
    typed_flow()
    with django_assert_num_queries(0):
        served = press(press(ring(), digits), "1")
    assert said(served) == ["Not that number."]
    assert any("refused" in one for one in way(served))


def test_after_a_number_that_must_not_be_rung_the_next_telephone_is() -> None:
    typed_flow(*phone(SECOND))
    assert rung(press(press(ring(), "999"), "1")) == SECOND


def test_a_whisper_is_said_to_who_picks_up_and_both_are_put_through() -> None:
    make_forward(whisper="A call for the workshop from {caller.number}.")
    served = ring()
    url = action_of(served, "connect")["endpoint"][0]["onAnswer"]["url"]
    assert "/answer/" in url
    heard = directory.pick_up(place_of(url))
    assert said(heard) == ["A call for the workshop from 4 4, 7 7 0 0, 9 0 0 1 2 3."]
    assert len(heard.ncco) == 1


def accepting() -> tuple[Served, Any]:
    make_forward(*phone(PERSON, SECOND), whisper="A call.", accept=True)
    served = ring()
    url = action_of(served, "connect")["endpoint"][0]["onAnswer"]["url"]
    asked = action_of(directory.pick_up(place_of(url)), "input")
    return served, place_of(asked["eventUrl"][0])


def test_who_presses_1_takes_the_call() -> None:
    _, place = accepting()
    accepted = directory.go_on(place, Heard("input", digits="1", leg="callee"))
    assert accepted
    assert (accepted.ncco, accepted.order, way(accepted)) == ([], None, [{"kind": "forward", "came": "accepted"}])


@pytest.mark.parametrize("digits", [None, "2", "#"])
def test_who_does_not_is_let_go_and_the_caller_moved_on(digits: str | None) -> None:
    _, place = accepting()
    refused = directory.go_on(place, Heard("input", digits=digits, leg="callee"))
    assert refused
    assert (refused.ncco, refused.order) == (HOLD_ON, Order(let_go="callee", move=LEG))
    assert refused.moved[0]["endpoint"][0]["number"] == SECOND


def test_a_telephone_is_put_through_where_its_version_is_gone() -> None:
    _, place = accepting()
    directory.versions.things = {name: {} for name in directory.versions.things}
    assert directory.pick_up(place).ncco == NOTHING_MORE


def test_what_is_experimental_says_so() -> None:
    flow = make_flow("Line", ("forward", {"targets": phone(PERSON), "whisper": "A call."}, {}), number=OURS)
    assert any("experimental" in str(one) for one in compile_draft(flow).warnings)
