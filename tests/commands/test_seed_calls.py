"""Calls that never were are what folding their events would give."""

import itertools
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, OperationalError, connection
from django.db.models import Model
from django.utils import timezone

from calls.control import voicemail
from calls.management.commands import seed_calls
from calls.management.seeding import shapes
from calls.models import (
    Bookmark,
    Call,
    CallEvent,
    CallSearch,
    Conversation,
    Counted,
    Leg,
    Outcome,
    Recording,
    Recount,
    RequestHead,
    Tally,
    Voicemail,
)
from calls.records import counting, search
from calls.records.batch import write_batch
from calls.records.quarters import DAY
from calls.records.refold import refold
from calls.vonage.events import DELIVERIES, Event
from calls.vonage.heads import HIDDEN, masked
from tests.commands.test_seed_beside import after_each_portion, check_all_is_whole, let_all_follow, sums
from tests.factories import make_call
from tests.test_server import database_url

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[2]
UNTIL = datetime(2026, 11, 23, 14)  # noqa: DTZ001 -- as the command line gives it


@pytest.fixture(autouse=True)
def few_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "VARIANTS", 3)


def seed(count: int = 400, **options: object) -> str:
    out = StringIO()
    call_command("seed_calls", **{"count": count, "seed": 7, "until": UNTIL, "stdout": out} | options)
    return out.getvalue()


def rows(table: type[Model]) -> list[dict[str, object]]:
    """All rows of a table, in any order."""
    return sorted(table._default_manager.values(), key=str)


def without_keys() -> list[list[dict[str, object]]]:
    """What is in the tables, in order of their keys, without these and those of other rows."""
    tables = (Call, Leg, CallEvent, CallSearch, Counted, Recording, Voicemail)
    keys = {"id", "call", "call_id", "leg_id", "event_id", "recording_id"}
    return [
        [
            {name: value for name, value in row.items() if name not in keys}
            for row in table.objects.order_by("pk").values()
        ]
        for table in tables
    ]


def test_seeded_calls_are_what_folding_their_events_gives() -> None:
    before = make_call()
    assert re.match(r"Added 400 calls in [\d.]+ s, [\d,]+ a second\. --seed 7", seed())
    calls = list(Call.objects.order_by("pk").values_list("pk", flat=True))
    assert len(calls) == 401
    assert [changes for _, changes in refold(calls, []) if any(changes.values())] == []
    texts = dict(CallSearch.objects.values_list("pk", "text"))
    search.write(calls)
    assert {pk: text for pk, text in CallSearch.objects.values_list("pk", "text") if pk != before.pk} == texts


def test_seeded_calls_are_in_the_sums_of_the_reports_as_counting_them_gives() -> None:
    seed()
    counted, tallies = rows(Counted), sums()
    assert sum(row.calls for row in Tally.objects.filter(number="*", span=1)) == 400
    Counted.objects.all().delete()
    Tally.objects.all().delete()
    counting.count_calls(Call.objects.values_list("pk", flat=True))
    assert (rows(Counted), sums()) == (counted, tallies)


def test_seeded_messages_are_in_the_inbox_and_those_that_looking_for_them_gives() -> None:
    seed(300, days=20)
    assert set(Voicemail.objects.values_list("state", flat=True)) == {"new", "heard", "archived"}
    columns = ("recording", "step", "version", "blocked")
    messages = set(Voicemail.objects.values_list(*columns))
    assert len(messages) == Call.objects.filter(outcome=Outcome.VOICEMAIL).count()
    Voicemail.objects.all().delete()
    voicemail.make(0, CallEvent.objects.latest("pk").pk)
    assert set(Voicemail.objects.values_list(*columns)) == messages


def test_calls_are_added_to_others() -> None:
    seed(60)
    seed(20, seed=8)
    calls = list(Call.objects.order_by("pk").values_list("pk", flat=True))
    assert len(calls) == 80
    assert [changes for _, changes in refold(calls, []) if any(changes.values())] == []
    assert set(Bookmark.objects.values_list("seen", flat=True)) == {CallEvent.objects.latest("pk").pk}
    assert sum(row.calls for row in Tally.objects.filter(number="*", span=1)) == 80


def test_a_seeded_event_that_comes_again_is_known() -> None:
    seed(60)
    before = {row.digest: row.times_received for row in CallEvent.objects.all()}
    for row in CallEvent.objects.filter(door__in=DELIVERIES):
        write_batch([Event(payload=row.payload, received_at=timezone.now(), door=row.door)])
        assert CallEvent.objects.get(digest=row.digest).times_received == before.pop(row.digest) + 1
    assert dict(CallEvent.objects.filter(digest__in=before).values_list("digest", "times_received")) == before
    assert CallEvent.objects.filter(door__in=DELIVERIES).count() + len(before) == CallEvent.objects.count()


def test_seeded_calls_are_of_all_kinds_and_nobody_s() -> None:
    seed()
    told = set(Call.objects.values_list("outcome", flat=True).distinct())
    assert {Outcome.ANSWERED, Outcome.VOICEMAIL, Outcome.MISSED, Outcome.CANCELLED, Outcome.FAILED} <= told
    for name in ("from_number", "to_number"):
        parties = set(Leg.objects.values_list(name, flat=True).distinct())
        assert all(re.fullmatch(r"447700900\d{3}|442079460\d{3}", party) for party in parties)
    starts = list(Call.objects.order_by("pk").values_list("started_at", flat=True))
    assert starts == sorted(start for start in starts if start)
    assert len({start.weekday() for start in starts if start}) == 7
    assert set(Recording.objects.values_list("state", flat=True)) == {"failed"}
    assert set(Bookmark.objects.values_list("seen", flat=True)) == {CallEvent.objects.latest("pk").pk}


@pytest.mark.django_db(transaction=True)  # on Postgres connections of their own write
def test_the_same_seed_makes_the_same_calls_and_refuses_to_make_them_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(seed_calls.AT_ONCE, connection.vendor, 30)
    seed(150)
    first = without_keys()
    with pytest.raises(CommandError, match="Calls of --seed 7 are there already"):
        seed(150)
    assert without_keys() == first
    for table in (Call, Conversation, Counted, Tally):
        table.objects.all().delete()
    seed(150)
    assert without_keys() == first


def test_a_portion_over_many_days_is_parted_into_weeks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each makes the sums of all the time that it covers anew, beside however many calls."""
    spans: list[int] = []
    renew_sums = counting.renew_sums

    def note(quarters: Sequence[int]) -> None:
        spans.append(quarters[-1] - quarters[0])
        renew_sums(quarters)

    monkeypatch.setattr(counting, "renew_sums", note)
    seed(200, days=14)
    seed(100, days=364, seed=8)
    assert max(spans) <= 7 * DAY
    monkeypatch.setattr(counting, "renew_sums", renew_sums)
    check_all_is_whole(300)


@pytest.mark.django_db(transaction=True)
def test_ended_early_what_was_added_is_whole_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(seed_calls.AT_ONCE, connection.vendor, 20)
    moves = itertools.count(1)
    after_each_portion(monkeypatch, lambda: interrupt() if next(moves) == 2 else None)
    out = StringIO()
    with pytest.raises(SystemExit) as end:
        seed(120, days=14, stdout=out)
    assert end.value.code == 130
    assert not Recount.objects.exists()
    calls = Call.objects.count()
    assert calls in range(40, 120, 20)
    assert out.getvalue() == f"Ended early. Added {calls} calls, which are whole. --seed 7\n"
    check_all_is_whole(calls)
    let_all_follow()
    check_all_is_whole(calls)


def interrupt() -> None:
    raise KeyboardInterrupt


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_and_what_was_added_is_said(number: int, code: int) -> None:
    """As a command of its own, that a shell started in the background: there Ctrl-C is ignored, unless asked for."""
    environment = {**os.environ, "DATABASE_URL": database_url(), "DEBUG": "1"}
    command = [sys.executable, "manage.py", "seed_calls", "--count", "1000000", "--days", "1", "--seed", "7"]
    shell = f"trap '' INT; exec {shlex.join(command)}"
    with subprocess.Popen(["/bin/sh", "-c", shell], cwd=ROOT, env=environment, stdout=subprocess.PIPE) as ran:
        until = time.monotonic() + 120
        while not Call.objects.exists():
            assert ran.poll() is None
            assert time.monotonic() < until
            time.sleep(0.1)
        ran.send_signal(number)
        said = ran.communicate(timeout=120)[0].decode()
    assert ran.returncode == code
    calls = Call.objects.count()
    assert said == f"Ended early. Added {calls:,} calls, which are whole. --seed 7\n"
    assert len({*Call.objects.values_list("pk", flat=True)}) == CallSearch.objects.count() == calls


def test_a_signal_before_anything_was_added_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seed_calls, "patterns", lambda chance: signal.raise_signal(signal.SIGTERM))
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    out = StringIO()
    with pytest.raises(SystemExit) as end:
        seed(20, stdout=out)
    assert end.value.code == 143
    assert out.getvalue() == "Ended early. Nothing was added. --seed 7\n"
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


def test_seeded_events_bear_the_heads_of_requests_which_are_few() -> None:
    seed(200)
    seed(20, seed=8)
    assert 4 <= RequestHead.objects.count() <= 12
    events = CallEvent.objects.select_related("head")
    heads = {(event.door, event.signed, event.head.head) for event in events if event.head}
    assert not events.filter(head=None).exists()
    for door, signed, head in heads:
        headers = dict(head.headers)
        assert head.line.split("/")[1].split(" ")[0].rstrip("?…") == door
        assert ("Authorization" in headers) is signed
        assert str(head).replace("\n", "").isprintable()
        assert head.line == masked(head.line)
    assert {head.line for _, _, head in heads} == {
        "GET /answer?… HTTP/1.1",
        "POST /event HTTP/1.1",
        f"POST /event/{HIDDEN} HTTP/1.1",
    }


@pytest.mark.django_db(transaction=True)
def test_ended_early_postgres_knows_how_the_tables_are_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite is told nothing")
    monkeypatch.setitem(seed_calls.AT_ONCE, connection.vendor, 20)
    after_each_portion(monkeypatch, interrupt)
    with pytest.raises(SystemExit):
        seed(120, days=14)
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [CallEvent._meta.db_table])
        assert cursor.fetchone()[0] == CallEvent.objects.count()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("failure", [IntegrityError, OperationalError])
def test_what_goes_wrong_later_is_told_with_what_was_added(
    failure: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(seed_calls.AT_ONCE, connection.vendor, 20)
    times = itertools.count(1)
    renew_sums = counting.renew_sums

    def fail(quarters: Sequence[int]) -> None:
        if next(times) == 3:
            raise failure("The disk is full.")
        renew_sums(quarters)

    monkeypatch.setattr(counting, "renew_sums", fail)
    with pytest.raises(CommandError) as end:
        seed(120, days=14)
    said = re.fullmatch(
        r"Ended early\. Added (\d+) calls, which are whole\. --seed 7\nThen: The disk is full\.", str(end.value)
    )
    assert said
    monkeypatch.setattr(counting, "renew_sums", renew_sums)
    calls = Call.objects.count()
    assert 20 <= int(said[1]) == calls < 120
    check_all_is_whole(calls)


@pytest.mark.parametrize("options", [{"count": 0}, {"days": 0}])
def test_no_calls_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(CommandError, match="1 or more"):
        call_command("seed_calls", **options)
