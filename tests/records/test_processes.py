"""Several processes and threads that store events of the same calls at once miss none, and make no call twice."""

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from django.db import connection

from calls.models import Call, CallEvent, Leg
from calls.records.batch import write_batch
from calls.vonage.events import Event
from tests.records.histories import BEGIN, by_get, tell
from tests.records.plain_fold import read_plainly
from tests.records.storing import Batch, Storer, in_file
from tests.records.test_histories import stored

PROCESSES = 4
IDENTITIES = [("uuid", "conversation_uuid"), ("uuid",), ("conversation_uuid",), ()]
Parts = Sequence[Sequence[Batch]]  # of each process
Store = Callable[[Parts], None]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def processes(django_db_setup: None) -> Iterator[list[Storer]]:
    """Four processes with connections to the database of the tests."""
    storers = [Storer(str(connection.settings_dict["NAME"])) for _ in range(PROCESSES)]
    for storer in storers:
        storer.wait()
    yield storers
    for storer in storers:
        storer.end()


@pytest.fixture
def store_at_once(processes: list[Storer], tmp_path: Path) -> Store:
    """Let each process store its batches, all at the same time; return when all are done."""

    def store_all(parts: Parts) -> None:
        files = [in_file(tmp_path / f"{number}.jsonl", batches) for number, batches in enumerate(parts)]
        for storer, file in zip(processes, files, strict=True):
            storer.go(file)
        for storer in processes:
            storer.wait()

    return store_all


def at_once(acts: Sequence[Callable[[], None]]) -> None:
    """Do each in a thread of its own, with its own connection, all at the same moment. Raises what one raises."""
    moment = threading.Barrier(len(acts))
    failures: list[BaseException] = []

    def act_when_all_are_there(act: Callable[[], None]) -> None:
        try:
            connection.ensure_connection()
            moment.wait(30)
            act()
        except BaseException as failure:
            failures.append(failure)
        finally:
            connection.close()

    threads = [threading.Thread(target=act_when_all_are_there, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for failure in failures:
        raise failure


def deliveries_of(histories: Sequence[Sequence[Event]], chance: random.Random, count: int) -> list[Event]:
    """Bring what Vonage tells of them, some twice, one among the other: so many deliveries.

    As in life, no two come at the same microsecond of ours; of what tells no time the first alone has it.
    """
    told = [event for history in histories for event in history if event.door == "event"]
    some = chance.sample([event for event in told if event.told_time], count - len(told))
    again = [replace(by_get(event), received_at=event.received_at + timedelta(microseconds=1)) for event in some]
    return chance.sample([*told, *again], count)


def told(status: str, leg: str, conversation: str, at: float = 0) -> Event:
    moment = BEGIN + timedelta(seconds=at)
    payload = {"status": status, "uuid": leg, "conversation_uuid": conversation, "timestamp": moment.isoformat()}
    return Event(payload=payload, received_at=moment)


def same_event(names: tuple[str, ...], times: int) -> list[Event]:
    """The same delivery, with those identities alone. As in life, no two come at the same microsecond of ours."""
    payload = {"status": "started", "timestamp": "2026-03-02T10:00:00.000Z"} | dict.fromkeys(names, "CON-1")
    return [Event(payload=payload, received_at=BEGIN + timedelta(microseconds=number)) for number in range(times)]


def test_four_processes_store_2000_events_of_the_same_calls(store_at_once: Store) -> None:
    """The calls meet in the same rooms; each process brings every fourth event, in batches of its own size."""
    chance = random.Random(4)
    histories: list[list[Event]] = []
    while sum(map(len, histories)) < 1_800:
        histories.append(tell(chance.choice, apart=f"-{len(histories)}"))
    events = deliveries_of(histories, chance, 2_000)
    parts = []
    for number, size in enumerate((1, 4, 10, 25)):
        mine = events[number::PROCESSES]
        parts.append([mine[at : at + size] for at in range(0, len(mine), size)])
    store_at_once(parts)
    rows, expected = stored(), read_plainly(events)
    assert sum(row["times_received"] for row in rows.events.values()) == 2_000
    assert rows == expected


def test_first_events_of_a_call_in_four_processes_at_once_make_one_call(store_at_once: Store) -> None:
    """Two of one leg, one of another leg, and one without a leg."""
    events = []
    for number in range(25):
        conversation = f"CON-{number}"
        record = {"recording_url": "https://api.nexmo.com/v1/files/b", "conversation_uuid": conversation}
        first_ones = [
            told("started", f"first-{number}", conversation),
            told("ringing", f"first-{number}", conversation),
            told("started", f"second-{number}", conversation, 2),
            Event(payload=record, received_at=BEGIN + timedelta(seconds=number)),
        ]
        store_at_once([[[event]] for event in first_ones[number % 4 :] + first_ones[: number % 4]])
        events += first_ones
    assert Call.objects.count() == 25
    assert Leg.objects.count() == 50
    assert stored() == read_plainly(events)


@pytest.mark.parametrize("names", IDENTITIES)
def test_the_same_event_in_four_processes_at_once_is_kept_once(store_at_once: Store, names: tuple[str, ...]) -> None:
    for _ in range(4):
        CallEvent.objects.all().delete()
        Call.objects.all().delete()
        store_at_once([[[event]] for event in same_event(names, PROCESSES)])
        assert CallEvent.objects.get().times_received == PROCESSES
        assert Call.objects.count() == ("uuid" in names)


@pytest.mark.parametrize("names", IDENTITIES)
def test_the_same_event_ten_times_at_once_is_kept_once(names: tuple[str, ...]) -> None:
    at_once([partial(write_batch, [event]) for event in same_event(names, 10)])
    assert CallEvent.objects.get().times_received == 10
    assert Call.objects.count() == ("uuid" in names)


def test_sixteen_threads_store_the_events_of_one_call_at_once() -> None:
    """Four legs of one conversation and sixteen events, each in a thread, twice over."""
    statuses = ("started", "ringing", "answered", "completed")
    for number in range(2):
        events = [told(status, f"{leg}-{number}", f"CON-{number}", leg) for leg in range(4) for status in statuses]
        at_once([partial(write_batch, [event]) for event in events])
        call = Call.objects.get(origin_uuid=f"CON-{number}")
        assert call.outcome == "answered"
        assert call.legs.count() == 4
        assert call.events.count() == 16
    assert Call.objects.count() == 2
