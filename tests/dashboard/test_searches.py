"""Which calls a search means, and how they are counted: however a number is spelt, and however many there are."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from calls.models import Call, CallEvent, CallSearch
from calls.records import finding, search
from calls.records.filters import SHOWN
from calls.records.needles import needles_of
from calls.records.retention import prune
from tests.dashboard.lists import NOON, SAID, caller, chips, found, page
from tests.factories import OURS, PERSON, keep, make_call, make_contact, make_event, make_number

PRESSED = {"dtmf": {"digits": "4711", "timed_out": False}}


@pytest.mark.parametrize(
    "spelling",
    [
        "447700900318",
        "+44 7700 900318",
        "+44 (0)7700 900318",
        "07700 900 318",
        "0044 7700-900318",
        "900318",
        "(07700) 9003",
        "tel:+447700900318",
        "\u200e+44 7700 900318\u202c,",
        "+447700900318".translate({code: code + 0xFEE0 for code in range(33, 127)}),  # full-width
        "07700 900318".translate({ord("0") + digit: 0x660 + digit for digit in range(10)}),  # Arabic-Indic
        "011 44 7700 900318",
    ],
)
def test_number_is_found_in_any_spelling(login: Client, write: Callable[[], None], spelling: str) -> None:
    call = make_call(**caller("447700900318"))
    make_call()
    assert found(login, q=spelling) == [call.pk]  # before the worker has been there
    write()
    assert found(login, q=spelling) == [call.pk]


def test_call_is_found_by_all_that_is_known_of_it(login: Client, write: Callable[[], None]) -> None:
    make_number("442079460077", label="Orders & Returns")
    call = make_call(to="442079460077", extra=[PRESSED, SAID], seconds=30)
    further: dict[str, Any] = {
        "uuid": "second",
        "conversation_uuid": call.conversation_uuid,
        "to": PERSON,
        "direction": "outbound",
    }
    keep(make_event("answered", **further))
    make_call("started", "ringing")
    write()
    uuid = call.legs.exclude(uuid="second").get().uuid
    dashed = f"{uuid[:8]}-{uuid[8:12]}-{uuid[12:16]}-{uuid[16:20]}-{uuid[20:]}"
    for text in (
        "orders",
        "Orders & Ret",
        "4711",
        "PARCEL",
        "leave please",
        PERSON,
        uuid,
        dashed,
        call.conversation_uuid,
    ):
        assert found(login, q=text) == [call.pk], text
    for text in ("parcels", "leave it", "4712", "CON-f972836a-550f-45fa-956c-12a2ab5b7d99"):
        assert found(login, q=text) == [], text


@pytest.mark.parametrize(
    "text", ["%", "_", "\\", "'", '"', ".*", "[", "é", "\u202e", "💬", "a\\%b", "00", "0", "+", "()"]
)
def test_no_character_means_more_than_itself(login: Client, write: Callable[[], None], text: str) -> None:
    call = make_call(**caller(f"sip:x{text}y"))
    make_call()
    write()
    assert call.pk in found(login, q=f"x{text}y")
    assert found(login, q=f"z{text}q") == []


def test_text_that_many_calls_have_is_found_without_their_keys(
    login: Client, write: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "COMMON", 3)
    monkeypatch.setattr(finding, "LOOKED_AT", 4)
    monkeypatch.setattr(finding, "PLACES", 1)
    monkeypatch.setattr(finding, "ELSEWHERE", 3)
    calls = [make_call(**caller("447700900500")) for _ in range(4)]
    missed = make_call("started", "timeout", **caller("447700900501"))
    write()
    assert len(found(login, q="9005")) == 5
    assert found(login, q="9005", show="missed") == [missed.pk]
    assert chips(page(login, q="900500", show="missed"))["all"] == "3+"  # among the newest
    assert chips(page(login, q="9005"))["missed"] == "1+"
    assert chips(page(login, q="9005"))["test"] == "0"  # nobody’s are
    assert chips(page(login, q="9005", days="7"))["all"] == "5"
    monkeypatch.setattr(finding, "COMMON", 60)
    monkeypatch.setattr(finding, "MOST_KEYS", 2)
    assert sorted(found(login, q="900500")) == [call.pk for call in calls]
    assert chips(page(login, q="900500", show="missed"))["all"] == "3+"  # of those that the index gave first
    monkeypatch.setattr(finding, "MOST_SAMPLED", 2)
    assert chips(page(login, q="900500", show="missed"))["all"] == "2+"
    assert chips(page(login, q="900500"))["all"] == "4"  # so many are listed, to the end


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no index of the parts of a text")
def test_text_that_is_common_only_lately_is_found_by_its_keys(
    login: Client, write: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else all calls before would be gone through to fill the page."""
    monkeypatch.setattr(finding, "COMMON", 3)
    monkeypatch.setattr(finding, "ELSEWHERE", 3)
    monkeypatch.setattr(finding, "LOOKED_AT", 10)
    for _ in range(12):
        make_call(**caller("447700900400"))
    late = [make_call(**caller("447700900500")) for _ in range(4)]
    write()
    assert sorted(found(login, q="900500")) == [call.pk for call in late]
    assert chips(page(login, q="900500", show="missed"))["all"] == "4"
    assert chips(page(login, q="9004", show="missed"))["all"].endswith("+")  # that one is common in all of the log


def test_a_number_is_told_from_others_with_its_last_digits(login: Client, write: Callable[[], None]) -> None:
    one, other = make_call(**caller("447700900500")), make_call(**caller("12125500900500"))
    write()
    assert found(login, q="+44 7700 900500") == [one.pk]
    assert found(login, q="12125500900500") == [other.pk]
    assert sorted(found(login, q="00900500")) == [one.pk, other.pk]


@pytest.mark.parametrize("show", [[], *([name] for name in SHOWN), ["failed", "long"], ["missed", "unhandled", "test"]])
def test_chips_count_the_same_of_few_calls_as_of_many(
    login: Client, kinds: dict[str, Call], write: Callable[[], None], monkeypatch: pytest.MonkeyPatch, show: list[str]
) -> None:
    """Of many, some are counted as few are; within days it is the newest thousand there."""
    make_contact("Test line", "447700900123", tags=["test"])
    write()
    hours = {"hours_from": "00:00", "hours_to": "23:59"}
    asked: list[dict[str, Any]] = [{}, hours, {"since": "2001-01-01"}, {"since": "2001-01-01", **hours}]
    of_few, of_hours, *of_days = [chips(page(login, q="900123", show=show, **more)) for more in asked]
    assert of_few["all"] == str(len(kinds))
    monkeypatch.setattr(finding, "COMMON", 1)
    monkeypatch.setattr(finding, "ELSEWHERE", 1)
    monkeypatch.setattr(finding, "LOOKED_AT", CallSearch.objects.count())
    some, some_of_hours, *of_many_days = [chips(page(login, q="900123", show=show, **more)) for more in asked]
    for counted, known in ((some, of_few), (some_of_hours, of_hours)):
        of_some = {name: f"{count}+" if count != "0" else "" for name, count in known.items()}
        assert counted == of_some | {name: known[name] for name in show or ["all"]}  # the page lists these to the end
    assert of_many_days == of_days


def test_first_page_of_few_calls_is_in_order_of_start(login: Client, write: Callable[[], None]) -> None:
    """Its calls are named together with the counts, the next page's are not."""
    start = datetime.now(UTC) - timedelta(hours=3)
    order = [*range(0, 30, 2), *range(1, 30, 2)]
    calls = {minute: make_call("started", "timeout", at=start + timedelta(minutes=minute)) for minute in order}
    make_call(at=start + timedelta(hours=2))
    write()
    newest_first = [calls[minute].pk for minute in sorted(calls, reverse=True)]
    html = page(login, q="900123", show="missed")
    assert [int(pk) for pk in re.findall(r'id="call-(\d+)"', html)] == newest_first[:25]
    assert (chips(html)["all"], chips(html)["missed"]) == ("31", "30")
    before = re.search(r"before=([0-9-]+)", html)
    assert before
    assert found(login, q="900123", show="missed", before=before[1]) == newest_first[25:]


def test_counts_are_those_of_each_search(login: Client, write: Callable[[], None]) -> None:
    """Their SQL is kept from one search to the next: all but the keys of the calls."""
    make_call("started", "timeout", **caller("447700900501"))
    for _ in range(2):
        make_call("started", "busy", **caller("447700900502"))
    make_call(**caller("447700900502"))
    write()
    for number, counts in (
        ("900501", ("1", "1")),
        ("900502", ("3", "2")),
        ("900501", ("1", "1")),
        ("900503", ("0", "0")),
    ):
        told = chips(page(login, q=number))
        assert (told["all"], told["missed"]) == counts, number


def test_search_among_tests_finds_nothing_where_there_are_none(login: Client, write: Callable[[], None]) -> None:
    call = make_call()
    write()
    assert found(login, q="900123") == [call.pk]
    assert chips(page(login, q="900123", show="test"))["test"] == "0"
    assert found(login, q="900123", show=["test", "missed"]) == []


def test_search_is_written_once_and_anew_when_more_is_told(db: None) -> None:
    call = make_call("started", "ringing")
    assert search.catch_up(5) is False
    before = CallSearch.objects.get().text
    assert before == f"447700900123\n{OURS}"
    keep(PRESSED | {"uuid": call.legs.get().uuid, "conversation_uuid": call.conversation_uuid})
    search.catch_up(5)
    assert CallSearch.objects.get().text == f"{before}\n4711"


@pytest.mark.django_db
def test_search_forgets_what_was_said_with_the_payloads(settings: Settings, write: Callable[[], None]) -> None:
    make_call(at=NOON - timedelta(days=90), extra=[SAID])
    CallEvent.objects.update(received_at=datetime.now(UTC) - timedelta(days=60))
    write()
    assert "parcel" in CallSearch.objects.get().text
    settings.PAYLOAD_DAYS = 30
    list(prune())
    assert CallSearch.objects.get().text == f"447700900123\n{OURS}"
    settings.CALL_DAYS = 30
    list(prune())
    assert not CallSearch.objects.exists()


def test_what_is_asked_for_is_read_in_words_and_numbers() -> None:
    assert needles_of("+44 (0)20 7946").ways == (("44207946",),)
    assert needles_of("020 7946 0010").ways == (("2079460010",),)
    assert needles_of("0").ways == (("0",),)
    assert needles_of("011447700900123").ways == (("11447700900123",), ("447700900123",))  # dialled in America
    assert needles_of("0115").ways == (("115",),)
    assert needles_of("Anna  anna KOWALSKA").ways == (("anna", "kowalska"),)
    assert needles_of("").ways == ()
