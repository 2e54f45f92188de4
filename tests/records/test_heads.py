"""Heads of webhooks: each is kept once, by few statements, and never at the cost of an event."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import DataError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from calls.models import CallEvent, RequestHead
from calls.models import heads as rows
from calls.records import batch, spool
from calls.records import heads as memory
from calls.records.batch import write_batch
from calls.records.heads import heads
from calls.records.retention import prune
from calls.records.store import store
from calls.records.writer import Writer
from calls.vonage.events import Event
from calls.vonage.heads import Head
from tests.factories import told
from tests.records.test_processes import Store, processes, store_at_once  # noqa: F401 -- fixtures

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
HEAD = Head("POST /event HTTP/1.1", (("Host", "calls.example.com"), ("Authorization", "Bearer •••")))


def another(number: int) -> Head:
    return Head("POST /event HTTP/1.1", (("User-Agent", str(number)),))


def event(number: int, head: Head | None = HEAD) -> Event:
    return replace(told(uuid=f"leg-{number}", conversation_uuid=f"CON-{number}"), head=head)


def of_event(number: int) -> Head | None:
    row = CallEvent.objects.select_related("head").get(leg__uuid=f"leg-{number}")
    return row.head.head if row.head else None


def queries(*events: Event) -> int:
    with CaptureQueriesContext(connection) as context:
        write_batch(events)
    return sum("calls_requesthead" in query["sql"] for query in context.captured_queries)


def test_a_head_is_kept_once_however_many_events_bear_it() -> None:
    write_batch([event(1), event(2), event(3, another(1))])
    write_batch([event(4)])
    assert [of_event(number) for number in range(1, 5)] == [HEAD, HEAD, another(1), HEAD]
    assert RequestHead.objects.count() == 2


def test_what_was_no_request_has_none() -> None:
    write_batch([event(1, None)])
    assert of_event(1) is None
    assert CallEvent.objects.get().head_id is None


def test_a_head_that_is_known_costs_no_statement() -> None:
    assert queries(event(1)) > 0
    assert queries(event(2), event(3)) == 0
    assert queries(event(4), event(5, None)) == 0


def test_on_each_day_a_process_says_once_that_it_was_seen() -> None:
    with time_machine.travel(datetime(2026, 3, 2, 23, 59, tzinfo=UTC), tick=False) as clock:
        write_batch([event(1)])
        clock.shift(120)
        assert queries(event(2)) > 0
        assert str(RequestHead.objects.get().seen_on) == "2026-03-03"
        assert queries(event(3)) == 0
    assert of_event(3) == HEAD


def test_another_process_finds_what_is_there() -> None:
    write_batch([event(1)])
    heads.clear()
    write_batch([event(2)])
    assert of_event(2) == HEAD
    assert RequestHead.objects.count() == 1


def test_beyond_so_many_of_a_day_an_event_has_none(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(rows, "MOST_KEPT", 3)
    write_batch([event(0)])
    assert not caplog.records
    write_batch([event(number, another(number)) for number in range(1, 6)])
    assert RequestHead.objects.count() == 3
    assert sum(of_event(number) is not None for number in range(6)) == 3
    assert queries(event(6, another(1))) == 0  # it is not asked for again and again
    write_batch([event(7), event(8, another(8))])
    assert [of_event(number) for number in (7, 8)] == [HEAD, None]
    assert ["too many came that differ" in record.message for record in caplog.records] == [True]  # told once


def test_a_new_head_takes_the_room_of_the_longest_unseen(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(rows, "MOST_KEPT", 3)
    write_batch([event(number, another(number)) for number in range(1, 4)])
    today = datetime.now(UTC).date()
    for days, number in ((1, 1), (3, 2), (2, 3)):
        RequestHead.objects.filter(pk=another(number).key).update(seen_on=today - days * DAY)
    heads.clear()
    write_batch([event(4, another(4)), event(5, another(1))])  # the latter was seen before, and is seen again
    assert [of_event(number) for number in range(1, 6)] == [another(1), None, another(3), another(4), another(1)]
    write_batch([event(6, another(5))])
    assert [of_event(number) for number in (3, 6)] == [None, another(5)]
    assert RequestHead.objects.count() == 3
    assert not caplog.records


def test_what_a_process_remembers_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MOST_REMEMBERED", 10)
    for number in range(50):
        write_batch([event(number, another(number))])
    assert len(heads.kept) <= 11
    assert of_event(49) == another(49)


def test_two_heads_that_share_a_key_are_not_mixed_up() -> None:
    other = another(1)
    object.__setattr__(other, "key", HEAD.key)
    write_batch([event(1)])
    write_batch([event(2, other), event(3)])
    assert [of_event(number) for number in (1, 2, 3)] == [HEAD, None, HEAD]


def test_a_batch_that_was_rolled_back_spoils_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(batch, "sum_up", refuse)
        with pytest.raises(DataError), transaction.atomic():
            write_batch([event(1)])
    assert not CallEvent.objects.exists()
    write_batch([event(1), event(2)])  # what it remembers may be gone with the transaction
    assert CallEvent.objects.values_list("head_id", flat=True).distinct().get() == HEAD.key
    heads.clear()  # as on the next day
    write_batch([event(3)])
    assert [of_event(number) for number in (1, 2, 3)] == [HEAD] * 3


def refuse(*_: Any, **__: Any) -> None:
    raise DataError("no")


def test_a_table_that_was_emptied_is_filled_again_under_the_same_keys() -> None:
    write_batch([event(1)])
    RequestHead.objects.all().delete()
    write_batch([event(2)])
    assert (of_event(1), of_event(2)) == (None, None)
    with time_machine.travel(datetime.now(UTC) + DAY):
        write_batch([event(3)])
    assert [of_event(number) for number in (1, 2, 3)] == [HEAD] * 3


def test_no_event_is_lost_where_heads_cannot_be_kept(caplog: pytest.LogCaptureFixture) -> None:
    table = RequestHead._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO elsewhere")
        write_batch([event(1)])
        write_batch([event(2)])
        cursor.execute(f"ALTER TABLE elsewhere RENAME TO {table}")
    assert CallEvent.objects.count() == 2
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "Headers" in caplog.text
    with time_machine.travel(datetime.now(UTC) + DAY):
        heads.spared_until = 0
        write_batch([event(3)])
    assert [of_event(number) for number in (1, 2, 3)] == [None, None, HEAD]


@pytest.mark.django_db(transaction=True)
def test_the_writer_keeps_them(writer: Writer) -> None:
    assert store(event(1)) == "db"
    assert store(event(2)) == "db"
    assert (of_event(1), of_event(2)) == (HEAD, HEAD)


@pytest.mark.django_db(transaction=True)
def test_a_batch_that_fails_in_the_writer_leaves_it_a_head_for_the_next(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(batch, "sum_up", refuse)
        assert store(event(1)) == "spool"
    spool.drain_some()
    assert store(event(2)) == "db"
    assert (of_event(1), of_event(2)) == (HEAD, HEAD)
    assert RequestHead.objects.count() == 1


def lose_the_connection(*_: Any, **__: Any) -> None:
    """As where the database was restarted meanwhile."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    connection.close()
    raise OperationalError("the connection is lost")


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_is_lost_is_the_failure_of_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(rows.RequestHeadQuerySet, "keep", lose_the_connection)
        patch.setattr(batch, "in_transaction", None)  # nobody waits for the database a second time
        with pytest.raises(OperationalError):
            write_batch([event(1)])
    write_batch([event(1)])
    assert of_event(1) == HEAD


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_is_lost_costs_the_writer_no_head(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    keep = rows.RequestHeadQuerySet.keep
    lost: list[bool] = []

    def once(*args: Any) -> Any:
        if not lost:
            lost.append(True)
            lose_the_connection()
        return keep(*args)

    monkeypatch.setattr(rows.RequestHeadQuerySet, "keep", once)
    assert store(event(1)) == "db"
    assert lost
    assert of_event(1) == HEAD


@pytest.mark.django_db(transaction=True)
def test_processes_that_meet_the_same_heads_at_once_keep_each_once(store_at_once: Store) -> None:  # noqa: F811
    """Each meets twenty in an order of its own, all in one batch; half of them were seen on an earlier day."""
    yesterday = datetime.now(UTC).date() - DAY
    RequestHead.objects.bulk_create(RequestHead.of(another(number), yesterday) for number in range(0, 20, 2))
    parts = []
    for process in range(4):
        order = range(20) if process % 2 else range(19, -1, -1)
        parts.append([[event(100 * process + number, another(number)) for number in order]])
    store_at_once(parts)
    assert set(RequestHead.objects.values_list("seen_on", flat=True)) == {datetime.now(UTC).date()}
    assert RequestHead.objects.count() == 20
    assert CallEvent.objects.count() == 80
    for process in range(4):
        for number in range(20):
            assert of_event(100 * process + number) == another(number)


# Retention


def test_headers_go_with_the_payload(settings: Settings) -> None:
    settings.PAYLOAD_DAYS = 10
    ago = datetime.now(UTC) - 11 * DAY
    write_batch([replace(event(1), received_at=ago, payload=event(1).payload | {"status": "completed"}), event(2)])
    assert sum(done["events emptied"] for done in prune()) == 1
    assert (of_event(1), of_event(2)) == (None, HEAD)


@pytest.mark.parametrize("setting", ["PAYLOAD_DAYS", "CALL_DAYS"])
def test_heads_that_came_with_no_request_for_so_long_are_deleted(settings: Settings, setting: str) -> None:
    setattr(settings, setting, 10)
    write_batch([event(1), event(2, another(2)), event(3, another(3))])
    today = datetime.now(UTC).date()
    RequestHead.objects.filter(pk=another(2).key).update(seen_on=today - 10 * DAY)
    RequestHead.objects.filter(pk=another(3).key).update(seen_on=today - 11 * DAY)
    assert sum(done["sets of headers deleted"] for done in prune(dry_run=True)) == 1
    assert RequestHead.objects.count() == 3
    assert sum(done["sets of headers deleted"] for done in prune()) == 1
    assert [of_event(number) for number in (1, 2, 3)] == [HEAD, another(2), None]


def test_heads_stay_for_ever_unless_told_otherwise(settings: Settings) -> None:
    write_batch([event(1)])
    RequestHead.objects.update(seen_on="2020-01-01")
    list(prune())
    assert of_event(1) == HEAD
