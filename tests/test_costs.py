"""What a request costs does not grow: with the history of a leg, the legs of a call, or the rows of a table."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from calls.models import Call, CallEvent
from calls.records import store as store_module
from calls.records.batch import write_batch
from calls.records.writer import Writer
from calls.vonage.events import Event
from tests.conftest import Post
from tests.factories import make_event, make_number
from tests.vonage_client import VonageClient

BEGIN = datetime(2026, 3, 2, 10, tzinfo=UTC)
LEG, CONVERSATION = "8b4f0d3c1e5a4b7c9d2e6f8a0b1c2d3e", "CON-f972836a-550f-45fa-956c-12a2ab5b7d22"
MANY = 60


class Meter:
    """Counts the queries made within it, and the rows that the database has to give for them."""

    def __init__(self) -> None:
        self.queries = self.rows = 0
        self.counting = False

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if self.counting:
            return execute(sql, params, many, context)
        self.queries += 1
        if sql.startswith("SELECT"):
            self.counting = True
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT COUNT(*) FROM ({sql}) AS counted", params)  # noqa: S608 -- Django's own SQL
                self.rows += cursor.fetchone()[0]
            self.counting = False
        return execute(sql, params, many, context)


def cost(act: Callable[[], Any]) -> Meter:
    meter = Meter()
    with connection.execute_wrapper(meter):
        act()
    return meter


def told(status: str, at: float = 0, **fields: Any) -> Event:
    moment = BEGIN + timedelta(seconds=at)
    return Event(payload=make_event(status, at=moment, **fields), received_at=moment)


def long_history() -> None:
    write_batch([told("human", number / 100, sub_state=str(number)) for number in range(MANY)])


def many_legs() -> None:
    """Of the same call, in the same conversation."""
    write_batch([told("answered", 1, uuid=f"leg-{number}") for number in range(MANY)])


def many_calls(prefix: str = "leg") -> None:
    names = [f"{prefix}-{number}" for number in range(MANY)]
    write_batch([told("answered", uuid=name, conversation_uuid=f"CON-{name}") for name in names])


def many_loose_events() -> None:
    write_batch([Event(payload={"reason": str(number)}, received_at=BEGIN) for number in range(MANY)])


def many_in_the_room() -> None:
    """The legs of other calls are in a room, where ours will be."""
    many_calls()
    write_batch([told("human", 1, uuid=f"leg-{number}", conversation_uuid="CON-room") for number in range(MANY)])


NEXT = {
    "of a leg": told("answered", 5),
    "the last of a leg": told("completed", 5, duration="5", price="0.1"),
    "of a new leg": told("started", 5, uuid="new"),
    "of a new call": told("started", 5, uuid="new", conversation_uuid="CON-new"),
    "that moves the leg": Event(
        payload={"uuid": LEG, "conversation_uuid_from": CONVERSATION, "conversation_uuid_to": "CON-room"},
        received_at=BEGIN + timedelta(seconds=5),
    ),
    "of a conversation": Event(
        payload={"recording_url": "https://api.nexmo.com/v1/files/b", "conversation_uuid": CONVERSATION},
        received_at=BEGIN,
    ),
    "of nothing": Event(payload={"hello": "world"}, received_at=BEGIN),
    "that came before": told("started"),
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", NEXT)
@pytest.mark.parametrize("before", [long_history, many_legs, many_calls, many_loose_events, many_in_the_room])
def test_an_event_costs_the_same_whatever_is_there(before: Callable[[], None], name: str) -> None:
    write_batch([told("started")])
    if before is many_legs:  # a call with one leg is summed up without asking for others
        write_batch([told("answered", 1, uuid="leg-0")])
    with transaction.atomic():
        alone = cost(partial(write_batch, [NEXT[name]]))
        transaction.set_rollback(True)
    before()
    among_many = cost(partial(write_batch, [NEXT[name]]))
    assert among_many.queries <= alone.queries
    own_history = MANY if before is long_history and NEXT[name].leg_uuid == LEG else 0
    its_room = 3 if before is many_in_the_room else 0  # there before us: it, its call, who was there first
    assert among_many.rows <= alone.rows + own_history + its_room


@pytest.mark.parametrize("number", range(3))
def test_an_event_at_the_door_costs_what_it_costs_the_store(post_event: Post, number: int) -> None:
    event = list(NEXT.values())[number]
    with transaction.atomic():
        post_event({"its": "headers are known from now on"})
        transaction.set_rollback(True)
    with transaction.atomic():
        stored = cost(partial(write_batch, [event]))
        transaction.set_rollback(True)
    assert cost(partial(post_event, event.payload)).queries == stored.queries


@pytest.fixture
def writer(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Writer]:
    """The writer thread of a web process, which has a connection of its own."""
    settings.INGEST = "writer"
    own = Writer()
    monkeypatch.setattr(store_module, "writer", own)
    yield own
    own.drain()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("numbers", [1, 50])
def test_an_answer_makes_no_query_in_its_request(writer: Writer, numbers: int) -> None:
    """It is made from memory; the record of it is the writer's."""
    for number in range(numbers):
        make_number(f"4420794600{number:02}", greeting="Good morning.")
    ask = partial(VonageClient().get, "/answer", {"to": "442079460000", "uuid": LEG, "conversation_uuid": CONVERSATION})
    meter = cost(lambda: ask().json()[0]["text"] == "Good morning." or pytest.fail("not its greeting"))
    assert meter.queries == 0
    writer.drain()
    assert CallEvent.objects.get().kind == "answer"


def test_the_list_of_calls_costs_the_same_however_many_there_are(login: Client) -> None:
    make_number()
    many_calls()
    some = cost(lambda: opens(login, "calls"))
    many_calls("another")
    many_loose_events()
    assert cost(lambda: opens(login, "calls")).queries == some.queries


@pytest.mark.parametrize("before", [long_history, many_legs, many_calls, many_loose_events])
def test_a_call_page_costs_the_same_however_much_is_there(login: Client, before: Callable[[], None]) -> None:
    make_number()
    many_calls("other")  # of the same caller: the page lists them
    write_batch([told("started"), told("answered", 1), told("started", 2, uuid="second"), *NEXT.values()])
    call = Call.objects.of_leg(LEG).get()
    small = cost(lambda: opens(login, "call", call.pk))
    before()
    assert cost(lambda: opens(login, "call", call.pk)).queries == small.queries


def opens(browser: Client, name: str, *args: int) -> None:
    assert browser.get(reverse(name, args=args)).status_code == 200
