"""A call in one sentence: the cases that no documented sequence has."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from calls.records.cast import Cast
from calls.records.sentence import Deeds, Facts, sentence, whence
from tests.records.rows import CALLER, OURS, PERSON, Leg, leg

pytestmark = pytest.mark.once

IN: dict[str, Any] = {"direction": "inbound", "from_number": CALLER, "to_number": OURS, "price_eur": None}
OUT = IN | {"direction": "outbound", "from_number": OURS, "to_number": PERSON}


def told(legs: list[Leg], deeds: Deeds | None = None, **facts: Any) -> str:
    parts = sentence(Facts(clock="14:02", **(IN | facts)), Cast(legs, {OURS: "Orders"}), deeds or Deeds())
    return "".join(part.text for part in parts)


def test_names_times_and_keys_stand_out() -> None:
    facts = Facts(**IN | {"price_eur": Decimal("0.0058")}, outcome="answered", clock="14:02")
    parts = sentence(facts, Cast([leg(1, 0, 1, 8)], {OURS: "Orders"}), Deeds(keys=("2",)))
    styles = {part.text: part.style for part in parts if part.style}
    assert styles == {
        "+44 7700 900123": "strong",
        "Orders": "strong",
        "14:02": "strong",
        "2": "key",
        "7 s": "strong",
    } | {" €0.0058": "quiet"}


def test_everything_that_a_caller_can_do() -> None:
    further = leg(2, 13, None, 35, direction="outbound", status="timeout")
    deeds = Deeds(heard="“Hello.”", keys=("2",), said="“orders”", message=timedelta(seconds=35))
    assert told([leg(1, 0, 1, 77), further], deeds, outcome="voicemail") == (
        "+44 7700 900123 called Orders from the United Kingdom at 14:02, heard “Hello.”, pressed 2, "
        "said “orders”, rang +44 7700 900456 for 22 s without answer, and left a 35 s message."
    )


def test_a_blocked_caller_is_told_by_which_line() -> None:
    for blocked, words in (("prefix +447700…", " (prefix +447700…)"), ("", "")):
        assert told([leg(1, 0, 1, 2)], Deeds(blocked=blocked), outcome="answered") == (
            f"+44 7700 900123 called Orders from the United Kingdom at 14:02 and was stopped by the block list{words}."
        )


def test_hidden_caller() -> None:
    hidden = leg(1, 0, 1, 8, from_number="Anonymous", disconnected_by="user")
    words = told([hidden], outcome="answered", from_number="Anonymous")
    assert words == "A withheld number called Orders at 14:02 and hung up after 7 s."


@pytest.mark.parametrize(
    ("legs", "ending"),
    [
        ([leg(1, 0)], "and waits for us to pick up."),
        ([leg(1, 0, 1)], "and is on the line now."),
        (
            [leg(1, 0, 1), leg(2, 2, direction="outbound")],
            "is being put through to +44 7700 900456, and is on the line now.",
        ),
        ([leg(1, 0, 1), leg(2, 2, 4, direction="outbound")], "is talking to +44 7700 900456, and is on the line now."),
    ],
    ids=["rings", "hears us", "rings somebody", "talks"],
)
def test_call_in_progress(legs: list[Leg], ending: str) -> None:
    assert told(legs, outcome="in progress").endswith(ending)


def test_many_who_were_rung_are_counted() -> None:
    further = [leg(n, n, None, n + 1, direction="outbound", status="busy") for n in range(2, 7)]
    words = told([leg(1, 0, 1, 9), *further], outcome="busy")
    assert words.endswith(
        "found +44 7700 900456 engaged, found +44 7700 900456 engaged, and was put through 3 times more."
    )


def test_what_took_less_than_a_second_took_a_moment() -> None:
    assert told([leg(1, 0, 1, 1.4)], outcome="answered").endswith("and was on the line for a moment.")


@pytest.mark.parametrize(
    ("callee", "ending"),
    [
        (leg(1, 0, direction="outbound", status="ringing"), ", whose phone rings."),
        (leg(1, 0, direction="outbound", status="started"), ", whose phone is being rung."),
        (leg(1, 0, 2, direction="outbound"), ", who picked up and is on the line now."),
        (
            leg(1, 0, 2, 9, direction="outbound", machine="machine"),
            ", where a machine picked up and was on the line for 7 s.",
        ),
    ],
)
def test_call_of_ours(callee: Leg, ending: str) -> None:
    words = told([callee], **OUT, outcome="in progress")
    assert words == f"We called +44 7700 900456 in the United Kingdom from Orders at 14:02{ending}"


@pytest.mark.parametrize(
    ("legs", "ending"),
    [
        ([leg(1, 0, 1)], "from the United Kingdom at 14:02."),
        ([leg(1, 0, 1), leg(2, 2, direction="outbound")], "and was being put through to +44 7700 900456."),
        ([leg(1, 0, 1), leg(2, 2, 4, direction="outbound")], "and talked to +44 7700 900456."),
    ],
)
def test_call_whose_end_was_never_told(legs: list[Leg], ending: str) -> None:
    assert told(legs, outcome="end unknown").endswith(ending)


def test_call_of_which_nothing_is_known() -> None:
    nothing: dict[str, Any] = {"direction": "", "from_number": "", "to_number": "", "price_eur": None}
    assert told([], **nothing, outcome="in progress") == "A withheld number called us at 14:02."
    assert told([], **nothing | {"direction": "outbound"}, outcome="failed") == "We called Withheld at 14:02."


@pytest.mark.parametrize(
    ("party", "country"),
    [
        ("447700900123", "the United Kingdom"),
        ("12025550123", "the United States"),
        ("31612345678", "the Netherlands"),
        ("33199001234", "France"),
        ("Alice", ""),
    ],
)
def test_country_as_it_stands_in_a_sentence(party: str, country: str) -> None:
    assert whence(party) == country
