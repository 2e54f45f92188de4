"""`store`: through the writer thread, for real: a request goes on when its event is committed, or in the spool."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import DataError, OperationalError
from pytest_django import Settings

from calls.models import CallEvent
from calls.records import crowd as crowd_module
from calls.records import spool
from calls.records import store as store_module
from calls.records import writer as writer_module
from calls.records.batch import write_batch
from calls.records.store import Keeping, StoreUnavailable, later, store, store_later
from calls.records.writer import Writer
from calls.vonage.events import Event
from tests.factories import make_event

pytestmark = pytest.mark.django_db(transaction=True)


def told(number: int, **fields: Any) -> Event:
    payload = make_event(uuid=f"leg-{number}", conversation_uuid="CON-1", **fields)
    return Event(payload=payload, received_at=datetime.now(UTC))


def until(true: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.01)


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Say whether the database is away: `away(True)`."""
    real = write_batch

    def refuse(events: list[Event], **_: Any) -> None:
        raise OperationalError("the database is away")

    def set_away(is_away: bool) -> None:
        for module in (store_module, writer_module, spool):
            monkeypatch.setattr(module, "write_batch", refuse if is_away else real)

    set_away(True)
    return set_away


@pytest.fixture
def go_on(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """The database hangs, until this is set; then it takes all after all."""
    go_on, real = threading.Event(), write_batch

    def hang(events: list[Event], **options: Any) -> None:
        go_on.wait(20)
        real(events, **options)

    monkeypatch.setattr(writer_module, "write_batch", hang)
    return go_on


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "MOST_FILES", 0)


def test_an_event_is_committed_when_store_returns(writer: Writer) -> None:
    assert store(told(1)) == "db"
    assert CallEvent.objects.count() == 1


def test_who_does_not_wait_is_told_when_an_event_is_kept(writer: Writer, go_on: threading.Event) -> None:
    keepings, told_of = [Keeping(told(number)) for number in range(3)], threading.Semaphore(0)
    assert all(keeping.when_kept(told_of.release) for keeping in keepings)
    assert not any(keeping.is_kept for keeping in keepings)
    go_on.set()
    assert all(told_of.acquire(timeout=20) for _ in keepings)
    assert all(keeping.is_kept for keeping in keepings)
    assert [keeping.end() for keeping in keepings] == ["db"] * 3
    assert keepings[0].when_kept(told_of.release)  # later than that, at once
    assert told_of.acquire(blocking=False)
    assert CallEvent.objects.count() == 3


def test_who_does_not_wait_ends_it_when_it_takes_too_long(writer: Writer, go_on: threading.Event) -> None:
    keeping, told_of = Keeping(told(1)), threading.Event()
    keeping.when_kept(told_of.set)
    assert keeping.end() == "spool"  # nobody waited: there is no saying that the database hangs
    too_early = writer.blocked
    time.sleep(writer_module.SLOW_SECONDS)
    assert Keeping(told(2)).end() == "spool"
    assert (too_early, writer.blocked) == (False, True)
    go_on.set()
    assert told_of.wait(20)
    until(lambda: spool.is_empty() and CallEvent.objects.count() == 2)
    assert CallEvent.objects.filter(times_received=1).count() == 2


def test_who_does_not_wait_hears_when_there_is_nothing_to_wait_for(
    writer: Writer, away: Callable[[bool], None]
) -> None:
    first, told_of = Keeping(told(1)), threading.Event()
    assert first.when_kept(told_of.set)
    assert told_of.wait(20)
    assert not first.is_kept  # the database is away: that was all
    assert first.end() == "spool"
    second = Keeping(told(2))
    assert not second.when_kept(pytest.fail)
    assert second.end() == "spool"


def test_many_requests_at_once_are_all_kept(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "FACT_SECONDS", 30)  # however busy the machine is, none goes to the spool
    monkeypatch.setattr("calls.records.writer.SLOW_SECONDS", 30)
    kept: list[object] = []

    def request(number: int) -> None:
        try:
            kept.append(store(told(number)))
        except BaseException as error:
            kept.append(error)

    threads = [threading.Thread(target=request, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert kept == ["db"] * 40
    assert CallEvent.objects.count() == 40


def test_one_event_that_cannot_be_kept_does_not_fail_its_neighbours(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = write_batch

    def picky(events: list[Event], **_: Any) -> None:
        if any(event.leg_uuid == "leg-3" for event in events):
            raise DataError("not this one")
        real(events)

    monkeypatch.setattr(writer_module, "write_batch", picky)
    jobs = [writer.hand_over(told(number), attended=True) for number in range(6)]
    assert all(job.wait(10) for job in jobs)
    assert [job.error is None for job in jobs] == [True, True, True, False, True, True]
    assert CallEvent.objects.count() == 5


def test_a_batch_waits_for_those_whom_the_one_before_let_go_and_no_longer(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    monkeypatch.setattr(writer_module, "write_batch", lambda events, **_: sizes.append(len(events)))
    monkeypatch.setattr(crowd_module, "GATHER_SECONDS", 60)
    crowd = writer.crowd
    crowd.let_go_at, crowd.expected, crowd.usual = time.monotonic(), 3, crowd_module.MANY
    jobs = [writer.hand_over(told(number), attended=True) for number in range(3)]
    assert all(job.wait(20) for job in jobs)
    assert sizes == [3]
    assert crowd.expected == 3  # if they come again
    crowd.usual = 0  # they don't


def test_what_nobody_waits_for_goes_along_with_what_somebody_waits_for(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = noted_batches(monkeypatch)
    let_it_rest(writer, monkeypatch, seconds=60)
    for number in range(1, 4):
        store_later(told(number))
    assert writer.hand_over(told(4), attended=True).wait(20)
    assert batches == [["leg-0"], ["leg-4", "leg-1", "leg-2", "leg-3"]]


def test_what_nobody_waits_for_is_kept_soon_though_nothing_else_comes(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = noted_batches(monkeypatch)
    let_it_rest(writer, monkeypatch, seconds=0.5)
    for number in range(1, 4):
        store_later(told(number))
    until(lambda: sum(map(len, batches)) == 4)


def test_of_what_nobody_waits_for_a_batch_full_is_kept_at_once(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else no more could come in a second than fit into ten batches."""
    batches = noted_batches(monkeypatch)
    let_it_rest(writer, monkeypatch, seconds=60)
    count = 3 * writer_module.MOST_IN_BATCH
    for number in range(1, count):
        store_later(told(number))
    assert writer.hand_over(told(count), attended=True).wait(20)
    until(lambda: sum(map(len, batches)) == count + 1)


def let_it_rest(writer: Writer, monkeypatch: pytest.MonkeyPatch, *, seconds: float) -> None:
    """Keep an event; from then on the thread waits for others, and looks after so long what else there is."""
    monkeypatch.setattr(writer_module, "LATER_SECONDS", seconds)
    writer.look_at = float("inf")
    assert writer.hand_over(told(0), attended=True).wait(20)


def noted_batches(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Keep nothing; give the list in which each batch is noted, by its legs."""
    batches: list[list[str]] = []

    def note(events: list[Event], **_: Any) -> None:
        batches.append([event.leg_uuid for event in events])

    monkeypatch.setattr(writer_module, "write_batch", note)
    return batches


def test_when_the_process_ends_nothing_waits_any_longer(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    let_it_rest(writer, monkeypatch, seconds=60)
    store_later(told(1))
    writer.drain()
    assert CallEvent.objects.count() == 2


def test_where_few_come_nobody_waits_for_others(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "write_batch", lambda events, **_: None)
    monkeypatch.setattr(crowd_module, "GATHER_SECONDS", 60)
    crowd = writer.crowd
    crowd.let_go_at, crowd.expected, crowd.usual = time.monotonic(), 3, 1.5
    assert writer.hand_over(told(1), attended=True).wait(20)


def test_a_crowd_is_known_by_how_many_come_at_once(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(events: list[Event], **_: Any) -> None:
        begun.set()
        assert go_on.wait(20)

    monkeypatch.setattr(writer_module, "write_batch", slow)
    first = writer.hand_over(told(0), attended=True)
    assert begun.wait(20)
    crowd = [writer.hand_over(told(number), attended=True) for number in range(1, 60)]
    go_on.set()
    assert all(job.wait(20) for job in (first, *crowd))
    until(lambda: writer.crowd.usual > crowd_module.MANY)
    for number in range(60, 100):  # one at a time
        assert writer.hand_over(told(number), attended=True).wait(20)
    until(lambda: writer.crowd.usual < crowd_module.MANY)


def test_an_event_that_the_database_refuses_is_spooled(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(events: list[Event], **_: Any) -> None:
        raise DataError("not this one")

    monkeypatch.setattr(writer_module, "write_batch", refuse)
    monkeypatch.setattr(spool, "write_batch", refuse)
    assert store(told(1)) == "spool"
    assert not writer.blocked  # its neighbours are not made to wait for it


def test_a_connection_that_died_costs_nothing(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = write_batch, []

    def dead_once(events: list[Event], **_: Any) -> None:
        calls.append(events)
        if len(calls) == 1:
            raise OperationalError("server closed the connection unexpectedly")
        real(events)

    monkeypatch.setattr(writer_module, "write_batch", dead_once)
    assert store(told(1)) == "db"
    assert CallEvent.objects.count() == 1


@pytest.mark.parametrize("ingest", ["inline", "writer"])
def test_while_the_database_is_away_events_go_to_the_spool_and_from_there_into_it(
    ingest: str, writer: Writer, settings: Settings, away: Callable[[bool], None]
) -> None:
    settings.INGEST = ingest
    assert [store(told(number)) for number in range(3)] == ["spool"] * 3
    store_later(told(3))
    until(lambda: len(spool.waiting()) == 4)
    assert not CallEvent.objects.exists()
    away(False)
    writer.start()  # with `inline` nothing has started it
    until(lambda: CallEvent.objects.count() == 4)
    until(spool.is_empty)


def test_nobody_waits_for_a_database_that_is_known_to_be_away(writer: Writer, away: Callable[[bool], None]) -> None:
    store(told(1))
    assert writer.blocked
    handed_over = writer.waiting.qsize()
    assert store(told(2)) == "spool"
    assert writer.waiting.qsize() == handed_over
    away(False)
    until(lambda: not writer.blocked)
    assert store(told(3)) == "db"


@pytest.mark.parametrize(("fields", "seconds"), [({}, "FACT_SECONDS"), ({"dtmf": {"digits": "1"}}, "QUESTION_SECONDS")])
def test_a_database_that_hangs_is_waited_for_so_long_and_no_longer(
    writer: Writer, go_on: threading.Event, monkeypatch: pytest.MonkeyPatch, fields: dict[str, Any], seconds: str
) -> None:
    for name in ("FACT_SECONDS", "QUESTION_SECONDS"):
        monkeypatch.setattr(store_module, name, 0.05 if name == seconds else 19)
    event = Event(payload={"uuid": "leg-1", **(fields or {"status": "started"})}, received_at=datetime.now(UTC))
    assert store(event) == "spool"
    assert store(told(2)) == "spool"  # at once: it is known to hang
    go_on.set()
    until(spool.is_empty)
    assert CallEvent.objects.get(leg__uuid="leg-1").times_received == 1  # though it got there by both ways
    assert CallEvent.objects.count() == 2


def test_what_a_slow_database_takes_after_all_is_not_drained_as_well(
    writer: Writer, go_on: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "FACT_SECONDS", 0.2)
    monkeypatch.setattr(writer_module, "STUCK_SECONDS", 20)
    payload = told(1).payload
    kept: list[str] = []

    def request() -> None:
        kept.append(store(Event(payload=payload, received_at=datetime.now(UTC))))

    threads = [threading.Thread(target=request) for _ in range(5)]  # the same, five times at once
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert kept == ["spool"] * 5
    assert len(spool.waiting()) == 5
    go_on.set()
    until(spool.is_empty)
    assert CallEvent.objects.get().times_received == 5


@pytest.mark.parametrize("ingest", ["inline", "writer"])
def test_only_where_both_refuse_it_is_told_to_the_door(
    ingest: str,
    writer: Writer,
    settings: Settings,
    away: Callable[[bool], None],
    full_disk: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.INGEST = ingest
    monkeypatch.setattr(store_module, "PATIENCE_SECONDS", 0.5)
    with pytest.raises(StoreUnavailable, match=r"away.*full"):
        store(told(1))
    store_later(told(2))  # never raises: a caller waits behind it
    away(False)
    until(lambda: not writer.blocked)
    assert store(told(3)) == "db"


def test_a_full_spool_does_not_spare_the_database_its_last_chance(
    writer: Writer, full_disk: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = write_batch

    def slow(events: list[Event], **_: Any) -> None:
        time.sleep(0.3)
        real(events)

    monkeypatch.setattr(writer_module, "write_batch", slow)
    monkeypatch.setattr(store_module, "FACT_SECONDS", 0.05)
    assert store(told(1)) == "db"
    assert CallEvent.objects.count() == 1


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


def test_what_a_hanging_database_leaves_undone_is_spooled_before_the_process_ends(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(writer_module, "write_batch", lambda events, **_: go_on.wait(20))
    monkeypatch.setattr(writer_module, "DRAIN_SECONDS", 0.2)
    store_later(told(1))
    until(lambda: writer.current)
    store_later(told(2))
    writer.drain()
    assert {spool.read(path).leg_uuid for path in spool.waiting()} == {"leg-1", "leg-2"}
    go_on.set()


def test_what_a_full_writer_does_not_take_is_spooled(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(writer_module, "MOST_WAITING", 1)
    writer.hand_over(lambda: go_on.wait(20))
    until(writer.waiting.empty)  # the thread has taken it up
    writer.hand_over(told(1))
    assert store(told(2)) == "spool"
    store_later(told(3))
    until(lambda: len(spool.waiting()) == 2)  # in a thread: a caller waits for no disk
    go_on.set()
