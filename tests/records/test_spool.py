"""The spool: whole files or none, stored once, in order, by one process at a time; bad ones out of the way."""

import json
import os
import stat
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from pytest_django import Settings

from calls.models import Call, CallEvent
from calls.records import spool
from calls.records.batch import write_batch
from calls.vonage.events import Event
from calls.vonage.heads import Head
from tests.factories import make_event

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


HEAD = Head("POST /event HTTP/1.1", (("Host", "calls.example.com"), ("Authorization", "Bearer •••")))


def told(status: str = "started", **fields: Any) -> Event:
    payload = make_event(status, uuid="leg-1", conversation_uuid="CON-1", **fields)
    return Event(payload=payload, received_at=NOW)


def test_a_file_holds_all_of_an_event() -> None:
    events = [
        told(note="é\u2028", deep={"list": [1, 2.5, None, True]}, long=10**4_000),
        Event(payload={"reply": {"ncco": []}}, received_at=NOW, door="answer", raw=b"\x00\xff", signed=False),
        replace(told(), head=HEAD),
    ]
    for event in events:
        spool.keep(event)
    read = [spool.read(path) for path in spool.waiting()]
    assert read == events
    assert [event.digest for event in read] == [event.digest for event in events]


@pytest.mark.django_db
@pytest.mark.parametrize("odd", [None, 7, "head", [], {}, {"line": 1, "headers": []}, {"line": "GET", "headers": [1]}])
def test_a_file_whose_head_is_none_is_an_event_all_the_same(odd: Any) -> None:
    event = told()
    spool.keep(replace(event, head=HEAD))
    (path,) = spool.waiting()
    content = json.loads(path.read_bytes())
    path.write_text(json.dumps(content | {"head": odd}))
    assert spool.read(path).head is None
    del content["head"]  # as it was before heads were kept
    path.write_text(json.dumps(content))
    assert spool.read(path) == event
    assert spool.drain_some() == 1
    assert CallEvent.objects.get().head is None


@pytest.mark.django_db
def test_a_head_comes_through_the_spool() -> None:
    spool.keep(replace(told(), head=HEAD))
    spool.drain_some()
    head = CallEvent.objects.get().head
    assert head
    assert head.head == HEAD


def test_only_the_server_may_read_what_waits(settings: Settings) -> None:
    spool.keep(told())
    (path,) = spool.waiting()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(Path(settings.SPOOL_DIR, "tmp").iterdir()) == []


def test_the_first_events_of_a_host_may_come_at_the_same_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """While one makes a folder another comes, and is not refused for want of the next one."""
    make, others = Path.mkdir, iter(range(1, 10))

    def make_while_another_comes(path: Path, *args: Any, **options: Any) -> None:
        make(path, *args, **options)
        if path.name in {"tmp", "new", "bad"}:
            spool.keep(told(note=next(others)))

    monkeypatch.setattr(Path, "mkdir", make_while_another_comes)
    spool.keep(told())
    assert len(spool.waiting()) == next(others)  # those, and the first


@pytest.mark.parametrize("name", ["tmp", "new"])
def test_a_folder_that_somebody_tidied_away_is_made_again(name: str) -> None:
    spool.make_folders()
    spool.folder(name).rmdir()
    spool.keep(told())
    assert len(spool.waiting()) == 1


def test_what_cannot_be_made_durable_is_refused_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    spool.make_folders()

    def full(file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        spool.keep(told())
    assert spool.waiting() == []
    assert list(spool.folder("tmp").iterdir()) == []


@pytest.mark.parametrize(("name", "most"), [("MOST_FILES", 2), ("MOST_BYTES", 500)])
def test_it_is_full_some_day(monkeypatch: pytest.MonkeyPatch, name: str, most: int) -> None:
    monkeypatch.setattr(spool, name, most)
    for _ in range(9):
        with suppress(OSError):
            spool.keep(told())
    assert 0 < len(spool.waiting()) < 9
    with pytest.raises(OSError, match="full"):
        spool.keep(told())
    assert spool.refusal() == "it is full"


@pytest.mark.django_db
def test_what_waits_is_stored_in_portions_and_gone_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "PORTION", 2)
    for status in ("started", "ringing", "answered", "completed"):
        spool.keep(told(status))
    assert spool.drain_some() == 2
    assert CallEvent.objects.count() == 2
    assert spool.drain_some() == 2
    assert spool.drain_some() == 0
    assert spool.is_empty()
    assert Call.objects.get().outcome == "answered"


@pytest.mark.django_db
def test_what_was_stored_after_all_is_not_counted_twice_but_a_repeat_is() -> None:
    event = told()
    write_batch([event])
    spool.keep(event)  # the database took it, and was too slow to say so
    spool.drain_some()
    assert CallEvent.objects.get().times_received == 1
    for seconds in (5, 9):
        spool.keep(Event(payload=event.payload, received_at=NOW + timedelta(seconds=seconds)))
    spool.drain_some()
    assert CallEvent.objects.get().times_received == 3


@pytest.mark.django_db
@pytest.mark.parametrize("content", [b"", b"garbage", b"[]", b'{"payload": 1}', b"\xff"])
def test_a_file_that_is_no_event_is_set_aside_after_five_tries_and_holds_up_nobody(content: bytes) -> None:
    spool.make_folders()
    (spool.folder("new") / "0garbage").write_bytes(content)
    spool.keep(told())
    assert spool.drain_some() == 1
    assert CallEvent.objects.count() == 1
    assert [spool.drain_some() for _ in range(4)] == [0, 0, 0, 1]
    assert spool.is_empty()
    assert len(spool.set_aside()) == 1
    assert spool.measure().bad == 1
    assert spool.replay() == 1
    assert len(spool.waiting()) == 1


@pytest.mark.django_db
def test_an_event_that_the_database_refuses_fails_no_neighbour(monkeypatch: pytest.MonkeyPatch) -> None:
    real = write_batch

    def picky(events: list[Event], **options: Any) -> None:
        if any(event.status == "ringing" for event in events):
            raise ValueError("not this one")
        real(events, **options)

    monkeypatch.setattr(spool, "write_batch", picky)
    for status in ("started", "ringing", "answered"):
        spool.keep(told(status))
    assert spool.drain_some() == 2
    assert sorted(CallEvent.objects.values_list("status", flat=True)) == ["answered", "started"]
    assert [spool.tries_of(path) for path in spool.waiting()] == [1]


@pytest.mark.django_db
def test_a_file_that_is_dropped_while_it_fails_is_gone_and_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """As by a writer whose database took the event after all."""

    def refuse(events: list[Event], **options: Any) -> None:
        spool.drop(first)
        raise ValueError("none of these")

    monkeypatch.setattr(spool, "write_batch", refuse)
    first = spool.keep(told("started"))
    spool.keep(told("ringing"))
    assert spool.drain_some() == 1
    assert [spool.tries_of(path) for path in spool.waiting()] == [1]


@pytest.mark.django_db
def test_while_the_database_is_away_files_stay_and_lose_no_try(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(events: list[Event], **options: Any) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr(spool, "write_batch", away)
    spool.keep(told())
    for _ in range(9):
        with pytest.raises(OperationalError):
            spool.drain_some()
    assert [spool.tries_of(path) for path in spool.waiting()] == [0]


def test_one_process_of_a_host_drains_at_a_time() -> None:
    with spool.drainer():
        for act in (spool.drain_some, spool.replay, spool.wait_for_none):
            with pytest.raises(spool.Busy):
                act()
    assert spool.drain_some() == 0


def test_depth_says_how_much_waits_and_since_when() -> None:
    assert spool.measure() == spool.Depth()
    for _ in range(3):
        spool.keep(told())
    depth = spool.measure()
    assert depth.files == 3
    assert depth.bytes == sum(path.stat().st_size for path in spool.waiting())
    assert depth.oldest == pytest.approx(datetime.now(UTC).timestamp(), abs=60)


def test_old_drafts_of_dead_processes_are_dropped() -> None:
    spool.make_folders()
    old, young = spool.folder("tmp") / "old", spool.folder("tmp") / "young"
    for path in (old, young):
        path.write_text(json.dumps({}))
    long_ago = (datetime.now(UTC) - timedelta(hours=2)).timestamp()
    os.utime(old, (long_ago, long_ago))
    spool.sweep()
    assert [path.name for path in spool.folder("tmp").iterdir()] == ["young"]
