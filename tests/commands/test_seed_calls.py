"""Calls that never were are what folding their events would give."""

import re
from datetime import datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
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
    Tally,
    Voicemail,
)
from calls.records import counting, search
from calls.records.batch import write_batch
from calls.records.refold import refold
from calls.vonage.events import DELIVERIES, Event
from tests.factories import make_call

pytestmark = pytest.mark.django_db
UNTIL = datetime(2026, 11, 23, 14)  # noqa: DTZ001 -- as the command line gives it


@pytest.fixture(autouse=True)
def few_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "VARIANTS", 3)


def seed(count: int = 400, **options: object) -> str:
    out = StringIO()
    call_command("seed_calls", **{"count": count, "seed": 7, "until": UNTIL, "stdout": out} | options)
    return out.getvalue()


def rows(table: type[Model], but: str = "") -> list[dict[str, object]]:
    """All rows of a table, in any order, without one of their columns."""
    found = [{name: value for name, value in row.items() if name != but} for row in table._default_manager.values()]
    return sorted(found, key=str)


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
    counted, sums = rows(Counted), rows(Tally, but="id")
    assert sum(row.calls for row in Tally.objects.filter(number="*")) == 400
    Counted.objects.all().delete()
    Tally.objects.all().delete()
    counting.count_calls(Call.objects.values_list("pk", flat=True))
    assert (rows(Counted), rows(Tally, but="id")) == (counted, sums)


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
    assert sum(row.calls for row in Tally.objects.filter(number="*")) == 80


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


@pytest.mark.parametrize("options", [{"count": 0}, {"days": 0}])
def test_no_calls_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(CommandError, match="1 or more"):
        call_command("seed_calls", **options)
