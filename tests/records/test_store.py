"""`store`: through the writer thread, for real: a batch commits before its requests go on, or they hear why not."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, OperationalError
from pytest_django import Settings

from calls.models import CallEvent
from calls.records import store as store_module
from calls.records.batch import write_batch
from calls.records.store import StoreUnavailable, Writer, later, store, store_later
from calls.vonage.events import Event
from tests.factories import make_event


@pytest.fixture
def writer(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Writer]:
    """The threaded writer, as it runs in a web process; it ends, and closes its connection, with the test."""
    settings.INGEST = "writer"
    own = Writer()
    monkeypatch.setattr(store_module, "writer", own)
    yield own
    own.drain()


def told(number: int) -> Event:
    return Event(payload=make_event(uuid=f"leg-{number}", conversation_uuid="CON-1"), received_at=datetime.now(UTC))


@pytest.mark.django_db(transaction=True)
def test_an_event_is_committed_when_store_returns(writer: Writer) -> None:
    store(told(1))
    assert CallEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_many_requests_at_once_are_all_kept(writer: Writer) -> None:
    failures: list[BaseException] = []

    def request(number: int) -> None:
        try:
            store(told(number))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=request, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert CallEvent.objects.count() == 40


@pytest.mark.django_db(transaction=True)
def test_one_event_that_cannot_be_kept_does_not_fail_its_neighbours(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = write_batch

    def picky(events: list[Event]) -> None:
        if any(event.leg_uuid == "leg-3" for event in events):
            raise DatabaseError("not this one")
        real(events)

    monkeypatch.setattr(store_module, "write_batch", picky)
    jobs = [writer.hand_over(told(number)) for number in range(6)]
    for number, job in enumerate(jobs):
        assert (job.exception(timeout=10) is None) == (number != 3)
    assert CallEvent.objects.count() == 5


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_died_costs_nothing(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = write_batch, []

    def dead_once(events: list[Event]) -> None:
        calls.append(events)
        if len(calls) == 1:
            raise OperationalError("server closed the connection unexpectedly")
        real(events)

    monkeypatch.setattr(store_module, "write_batch", dead_once)
    store(told(1))
    assert CallEvent.objects.count() == 1


@pytest.mark.parametrize("ingest", ["inline", "writer"])
@pytest.mark.django_db(transaction=True)
def test_a_database_that_refuses_is_told_to_the_door(
    ingest: str, writer: Writer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.INGEST = ingest

    def away(events: list[Event]) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr(store_module, "write_batch", away)
    with pytest.raises(StoreUnavailable, match="away"):
        store(told(1))
    store_later(told(2))  # never raises: a caller waits behind it


@pytest.mark.django_db(transaction=True)
def test_a_database_that_hangs_is_waited_for_so_long_and_no_longer(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(store_module, "write_batch", lambda events: go_on.wait(20))
    monkeypatch.setattr(store_module, "WAIT_SECONDS", 0.05)
    with pytest.raises(StoreUnavailable):
        store(told(1))
    go_on.set()


@pytest.mark.django_db(transaction=True)
def test_what_is_done_later_is_done_before_the_process_ends(writer: Writer) -> None:
    done: list[int] = []

    def slow() -> None:
        time.sleep(0.1)
        done.append(1)

    later(slow, "not done")
    store_later(told(1))
    writer.drain()
    assert done == [1]
    assert CallEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_full_writer_is_told_to_the_door(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(store_module, "MOST_WAITING", 1)
    writer.hand_over(lambda: go_on.wait(20))
    while not writer.waiting.empty():  # until the thread has taken it up
        time.sleep(0.01)
    writer.hand_over(told(1))
    with pytest.raises(StoreUnavailable):
        store(told(2))
    go_on.set()
