"""The sum of a call: the same figures for a thousand legs as for one, found by indexes, without a cent lost."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from calls.models import Call, Leg
from calls.records.batch import write_batch
from tests.records.test_batch import event, record, transfer

pytestmark = pytest.mark.django_db


def legs(count: int, *statuses: str, start: float = 10, **fields: Any) -> None:
    """Store so many further legs of the conversation, one after the other."""
    for status in statuses or ("started", "answered", "completed"):
        more = fields if status == "completed" else {}
        write_batch([event(status, start + number, leg=f"leg-{number}", **more) for number in range(count)])


def call() -> Call:
    return Call.objects.get()


def test_the_first_leg_by_its_start_tells_who_called_whom() -> None:
    write_batch(
        [event("started", 2, leg="late", **{"from": "447700900456"}), event("started", 1, **{"from": "447700900123"})]
    )
    assert call().from_number == "447700900123"


def test_of_two_legs_that_start_at_once_the_uuid_decides() -> None:
    write_batch([event("started", leg="b", to="442079460001"), event("started", leg="a", to="442079460002")])
    assert call().to_number == "442079460002"


@pytest.mark.parametrize("status", ["busy", "failed", "rejected", "timeout", "cancelled"])
def test_the_last_leg_decides_when_nobody_picked_up(status: str) -> None:
    write_batch([event("started"), event("answered", 1), event("completed", 2_000)])
    legs(30, "started", "unanswered")
    write_batch([event("started", 500, leg="last"), event(status, 501, leg="last")])
    assert call().outcome == {"timeout": "missed"}.get(status, status)


def test_one_of_many_who_picked_up_is_enough() -> None:
    write_batch([event("started"), event("completed", 2_000)])
    legs(30, "started", "busy")
    assert call().outcome == "busy"
    write_batch([event("answered", 20, leg="leg-7")])  # and busy all the same, which says more
    assert call().outcome == "busy"
    write_batch([event("started", 5, leg="one"), event("answered", 6, leg="one"), event("completed", 7, leg="one")])
    assert call().outcome == "answered"


def test_a_call_lasts_as_long_as_any_of_its_legs() -> None:
    legs(30)
    ended_at = call().ended_at
    assert ended_at
    write_batch([event("started", 5, leg="one")])
    assert (call().outcome, call().ended_at) == ("in progress", None)
    write_batch([event("completed", 6, leg="one")])
    assert call().ended_at == ended_at


@pytest.mark.parametrize(
    ("prices", "expected"),
    [
        (["0.1", "0.2"], "0.30000000"),
        (["0.00000001"] * 30, "0.00000030"),
        (["999999.99999999"] * 9, "8999999.99999991"),
        (["999999.99999999"] * 11, None),  # more than can be true
        (["0", "0"], "0.00000000"),
        (["much"], None),
    ],
)
def test_prices_add_up_to_the_last_digit(prices: list[str], expected: str | None) -> None:
    events = [event("completed", at, leg=f"leg-{at}", price=price) for at, price in enumerate(prices)]
    write_batch(events)
    assert call().price_eur == (expected and Decimal(expected))


@contextmanager
def plans() -> Iterator[list[str]]:
    """Ask the database how it would find the rows of every query made here, even in tables of a million rows."""
    sqlite, found = connection.vendor == "sqlite", list[str]()
    asking = False

    def explain(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal asking
        at = 0
        for part in sql.split("; "):
            values = params[at : at + part.count("%s")] if params else None
            at += part.count("%s")
            if not asking and re.match("SELECT|UPDATE|DELETE|INSERT|EXECUTE", part.strip()):
                asking = True
                with connection.cursor() as cursor:
                    cursor.execute(f"{'EXPLAIN QUERY PLAN' if sqlite else 'EXPLAIN'} {part}", values)
                    steps = "\n".join(str(row[-1]) for row in cursor.fetchall())
                asking = False
                found.append(f"{part}\n{steps}")
        return execute(sql, params, many, context)

    with connection.cursor() as cursor:
        if not sqlite:  # else small tables are read whole, as they should be
            cursor.execute("SET LOCAL enable_seqscan = off")
    with connection.execute_wrapper(explain):
        yield found


@pytest.mark.parametrize(
    "events",
    [
        [event("ringing", 1)],
        [event("started", leg="new")],
        [event("completed", 9, price="0.1")],
        [transfer(5, "CON-1", "ROOM")],
        [record(5, "CON-1")],
        [event("started", leg="elsewhere", conversation="CON-9"), event("ringing", 1), record(5, "CON-8")],
    ],
)
def test_no_event_makes_the_database_read_a_table_whole(events: list[Any]) -> None:
    write_batch([event("started"), event("started", 1, leg="other", conversation="CON-2")])
    with plans() as found:
        write_batch(events)
    assert len(found) > 3  # SQLite has fewer: nobody else to lock out
    for plan in found:
        assert "Seq Scan" not in plan
        assert not re.search(r"Filter: .*uuid.* = ANY", plan), plan  # a whole index is a table, too
        assert not re.search(r"\nSCAN (?!CONSTANT|json_each|name VIRTUAL TABLE|held|\d+ CONSTANT)", plan), plan


def test_a_leg_knows_what_came_of_it_once_it_has_ended() -> None:
    write_batch([event("started"), event("answered", 1)])
    assert Leg.objects.get().result == ""
    write_batch([event("completed", 2)])
    assert Leg.objects.get().result == "answered"
