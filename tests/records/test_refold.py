"""Reading again what was kept: whatever stands in the columns, the payloads decide, and a dry run decides nothing."""

import random
import threading
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial
from importlib import import_module
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from calls.models import Call, CallEvent, Conversation, Leg, Visit
from calls.records import batch
from calls.records.batch import write_batch
from calls.records.fold import LegFacts, fold
from calls.records.refold import refold, what_to_read
from calls.vonage.events import Event
from tests.records.histories import tell
from tests.records.plain_fold import read_plainly
from tests.records.test_batch import FIRST, SECOND, START, event, record, transfer
from tests.records.test_histories import stored

pytestmark = pytest.mark.django_db
Changed = dict[str, dict[int | str, list[str]]]


def read_again(*, dry_run: bool = False, **which: Any) -> Changed:
    """Read everything again, and give what changed."""
    changed: Changed = {"call": {}, "leg": {}, "event": {}}
    for _, changes in refold(*what_to_read(**which), dry_run=dry_run):
        for word, rows in changes.items():
            changed[word] |= rows
    return changed


NOTHING: Changed = {"call": {}, "leg": {}, "event": {}}


@pytest.fixture
def history() -> None:
    """A forwarded call that moves to a room, another that meets it there, and an event without a call."""
    write_batch([event("started"), event("answered", 1), event("started", 2, leg=SECOND), event("busy", 3, leg=SECOND)])
    write_batch([transfer(5, "CON-1", "ROOM"), event("completed", 9, conversation="ROOM", duration="8", price="0.1")])
    write_batch([event("started", 1, leg="other", conversation="CON-2"), transfer(6, "CON-2", "ROOM", leg="other")])
    write_batch([record(8, "ROOM"), record(8, "CON-nobody"), Event(payload={"a": "b"}, received_at=timezone.now())])


LOG = (Call, Leg, CallEvent)


def rows(models: Iterable[type[Model]] = (*LOG, Conversation, Visit)) -> list[dict[str, Any]]:
    """Every column of every row."""
    return [row for model in models for row in model._default_manager.order_by("pk").values()]


CORRUPTIONS: dict[str, Callable[[], object]] = {
    "a leg's facts": lambda: Leg.objects.filter(uuid=FIRST).update(status="busy", started_at=None, price_eur=None),
    "a leg's result": lambda: Leg.objects.update(result=""),
    "where a leg is": lambda: Leg.objects.update(moved_to=""),
    "a leg's call": lambda: Leg.objects.filter(uuid=SECOND).update(call=Call.objects.get(origin_uuid="CON-2")),
    "a call's facts": lambda: Call.objects.update(outcome="failed", duration_seconds=1, started_at=None, price_eur=9),
    "an event's reading": lambda: CallEvent.objects.update(kind="unknown", status="x", rank=1, occurred_at=START),
    "an event's error": lambda: CallEvent.objects.update(error="LookupError: no such luck"),
    "an event's conversation": lambda: CallEvent.objects.update(conversation_uuid=""),
    "an event's call": lambda: CallEvent.objects.update(call=Call.objects.get(origin_uuid="CON-2")),
    "an event's leg": lambda: CallEvent.objects.filter(leg__isnull=False).update(leg=Leg.objects.get(uuid="other")),
    "whose a conversation is": lambda: Conversation.objects.update(call=Call.objects.get(origin_uuid="CON-2")),
    "that a conversation is anybody's": lambda: Conversation.objects.update(call=None),
    "a conversation": lambda: Conversation.objects.filter(uuid="CON-1").delete(),
    "a room": lambda: Conversation.objects.filter(uuid="ROOM").delete(),
    "who was in a room": lambda: Visit.objects.all().delete(),
    "who was there first": lambda: Visit.objects.update(at=START, clock=2),
    "the links of events": lambda: CallEvent.objects.update(call=None, leg=None),
}


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize("what", CORRUPTIONS)
def test_whatever_was_wrong_is_put_right(what: str) -> None:
    before, log = stored(), rows(LOG)
    CORRUPTIONS[what]()
    wrong = rows()
    foreseen = read_again(dry_run=True)
    assert rows() == wrong
    is_told = rows(LOG) != log
    changed = read_again()
    assert stored() == before
    assert any(changed.values()) is any(foreseen.values()) is is_told
    assert not CallEvent.objects.exclude(error="").exists()
    assert read_again() == NOTHING
    assert stored() == before


@pytest.mark.usefixtures("history")
def test_where_all_is_right_nothing_changes() -> None:
    before = rows()
    assert read_again() == NOTHING
    assert rows() == before


@pytest.mark.usefixtures("history")
def test_it_says_which_columns_of_which_rows_changed() -> None:
    call = Call.objects.get(origin_uuid="CON-1")
    Call.objects.filter(pk=call.pk).update(outcome="busy", duration_seconds=3)
    Leg.objects.filter(uuid=SECOND).update(status="failed")
    answered = CallEvent.objects.get(status="answered")
    CallEvent.objects.filter(pk=answered.pk).update(rank=1)
    expected = {
        "call": {call.pk: ["outcome", "duration_seconds"]},
        "leg": {SECOND: ["status"]},
        "event": {answered.pk: ["rank"]},
    }
    assert read_again(dry_run=True) == expected
    assert read_again() == expected


@pytest.mark.django_db(transaction=True)
def test_a_dry_run_writes_nothing_of_an_event_that_names_nobody() -> None:
    write_batch([Event(payload={"a": "b"}, received_at=timezone.now())])
    CallEvent.objects.update(kind="error")
    assert list(read_again(dry_run=True)["event"].values()) == [["kind"]]
    assert CallEvent.objects.get().kind == "error"
    assert list(read_again()["event"].values()) == [["kind"]]
    assert CallEvent.objects.get().kind == "unknown"


@pytest.mark.parametrize("seed", range(12))
def test_any_history_survives_chance(seed: int) -> None:
    """Half of the columns of all rows are exchanged for those of another row."""
    chance = random.Random(seed)
    told = [each for number in range(3) for each in tell(chance.choice, apart=f"-{number}")]
    write_batch(told)
    before = stored()
    assert before == read_plainly(told)
    for model, fixed in ((Leg, ("id", "uuid")), (CallEvent, ("id", "digest", "payload", "received_at", "door", "raw"))):
        columns = [field.attname for field in model._meta.concrete_fields if field.attname not in fixed]
        for column in chance.sample(columns, len(columns) // 2):
            values = list(model._default_manager.order_by("pk").values_list("pk", column))
            mixed = chance.sample([value for _, value in values], len(values))
            for (pk, _), value in zip(values, mixed, strict=True):
                if column not in ("times_received", "signed"):
                    model._default_manager.filter(pk=pk).update(**{column: value})
    read_again()
    assert stored() == before
    assert read_again() == NOTHING


def test_what_failed_to_be_read_is_read_once_we_can(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(events: Iterable[Event]) -> LegFacts:
        raise LookupError("no such luck")

    write_batch([event("started", leg=SECOND, conversation="CON-2")])
    with monkeypatch.context() as patch:
        patch.setattr(batch, "fold", broken)
        write_batch([event("started"), event("busy", 2), event("answered", 1, leg=SECOND, conversation="CON-2")])
        assert CallEvent.objects.exclude(error="").count() == 3
        assert read_again()["call"] == {}
        assert set(CallEvent.objects.values_list("error", flat=True)) == {"LookupError: no such luck"}
    changed = read_again()
    assert set(Call.objects.values_list("origin_uuid", "outcome")) == {("CON-1", "busy"), ("CON-2", "in progress")}
    assert not CallEvent.objects.exclude(error="").exists()
    assert not CallEvent.objects.filter(leg=None).exists()
    assert list(changed["call"].values())[-1] == ["made"]
    assert changed["leg"][FIRST] == ["made"]
    assert len(changed["event"]) == 4


def test_an_event_that_cannot_be_read_alone_stays_as_it_is_with_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    write_batch([event("started"), event("busy", 2), event("started", leg=SECOND, conversation="CON-2")])
    before = stored()

    def rank_of(told: Event) -> int:
        if told.payload["uuid"] == FIRST:
            raise LookupError("no such luck")
        return 1

    with monkeypatch.context() as patch:
        patch.setattr(Event, "rank", property(rank_of))
        changed = read_again()
    assert stored() == before
    assert sorted(map(tuple, changed["event"].values())) == [("error",), ("error",), ("rank",)]
    read_again()
    assert not CallEvent.objects.exclude(error="").exists()
    assert set(CallEvent.objects.values_list("rank", flat=True)) == {10, 73}


def test_after_a_correction_of_the_fold_nothing_else_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    def hasty(events: Iterable[Event]) -> LegFacts:
        """The first event is all it reads."""
        return fold(list(events)[:1])

    told = [event("started"), event("answered", 1), event("busy", 3, leg=SECOND), transfer(4, "CON-1", "ROOM")]
    with monkeypatch.context() as patch:
        patch.setattr(batch, "fold", hasty)
        for each in told:
            write_batch([each])
    assert stored() != read_plainly(told)
    read_again()
    assert stored() == read_plainly(told)


def misread(name: str, read: Callable[[Event], Any]) -> Callable[[pytest.MonkeyPatch], None]:
    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Event, name, property(read))

    return patch


MISREADINGS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "no leg": misread("leg_uuid", lambda event: ""),
    "one leg for all": misread("leg_uuid", lambda event: "same"),
    "the conversation for the leg": misread("leg_uuid", lambda event: event.payload.get("conversation_uuid", "")),
    "no conversation": misread("conversation_uuid", lambda event: ""),
    "one conversation for all": misread("conversation_uuid", lambda event: "CON-same"),
    "the leg for the conversation": misread("conversation_uuid", lambda event: event.payload.get("uuid", "")),
    "no transfer": misread("conversation_from", lambda event: ""),
    "no status": misread("status", lambda event: ""),
    "no time": misread("told_time", lambda event: None),
}


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", MISREADINGS)
def test_after_a_correction_of_how_an_event_is_read_nothing_else_is_needed(
    monkeypatch: pytest.MonkeyPatch, name: str, seed: int
) -> None:
    chance = random.Random(seed)
    told = [each for number in range(2) for each in tell(chance.choice, apart=f"-{number}")]
    with monkeypatch.context() as patch:
        MISREADINGS[name](patch)
        for each in told:
            write_batch([Event(payload=each.payload, door=each.door, received_at=each.received_at)])
    read_again()
    rows_now, expected = stored(), read_plainly(told)
    assert rows_now.legs == expected.legs
    assert rows_now.calls == expected.calls
    assert rows_now.events == expected.events
    assert rows_now.conversations == expected.conversations
    assert read_again() == NOTHING


@pytest.mark.usefixtures("history")
def test_only_what_is_asked_for_is_read() -> None:
    CallEvent.objects.filter(call__origin_uuid="CON-1").update(received_at=timezone.now() - timedelta(days=9))
    first, other = Call.objects.order_by("pk")
    loose = list(CallEvent.objects.without_call().values_list("pk", flat=True).order_by("pk"))
    assert what_to_read() == ([first.pk, other.pk], loose)
    assert what_to_read(since=timezone.now() - timedelta(days=1)) == ([other.pk], loose)
    assert what_to_read(calls=[first.pk]) == ([first.pk], [])
    Call.objects.filter(pk=first.pk).update(sealed=True)
    assert what_to_read() == ([other.pk], loose)
    assert what_to_read(calls=[first.pk]) == ([], [])


@pytest.mark.usefixtures("history")
def test_a_sealed_call_is_left_alone_even_where_others_concern_it() -> None:
    """Its legs and rooms are named by what is read again."""
    CallEvent.objects.filter(call__origin_uuid="CON-1").update(payload={}, call=Call.objects.get(origin_uuid="CON-1"))
    Call.objects.filter(origin_uuid="CON-1").update(sealed=True, outcome="blocked")
    Leg.objects.filter(call__origin_uuid="CON-1").update(status="garbled")
    before = rows()
    assert read_again() == NOTHING
    assert rows() == before


def test_a_call_deleted_meanwhile_is_passed_over() -> None:
    write_batch([event("started")])
    calls, loose = what_to_read()
    Call.objects.all().delete()
    assert [changes for _, changes in refold(calls, loose)] == [NOTHING]


def test_a_call_sealed_meanwhile_is_passed_over() -> None:
    write_batch([event("started")])
    calls, loose = what_to_read()
    Call.objects.update(sealed=True)
    Leg.objects.update(status="garbled")
    assert [changes for _, changes in refold(calls, loose)] == [NOTHING]
    assert Leg.objects.get().status == "garbled"


def test_twenty_calls_cost_as_many_queries_as_one() -> None:
    for number in range(20):
        write_batch([event("started", leg=f"leg-{number}", conversation=f"CON-{number}")])
    calls, _ = what_to_read()
    with CaptureQueriesContext(connection) as of_one:
        list(refold(calls[:1], []))
    with CaptureQueriesContext(connection) as of_all:
        list(refold(calls, []))
    assert len(of_all) == len(of_one)


@pytest.mark.django_db(transaction=True)
def test_events_that_come_in_meanwhile_are_read_as_ever() -> None:
    chance = random.Random(3)
    told = [each for number in range(8) for each in tell(chance.choice, apart=f"-{number}")]
    failures: list[BaseException] = []

    def write(part: list[Event]) -> None:
        try:
            for at in range(0, len(part), 2):
                write_batch(part[at : at + 2])
        except BaseException as failure:
            failures.append(failure)
        finally:
            connection.close()

    writers = [threading.Thread(target=partial(write, told[number::2])) for number in range(2)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        read_again()
    for writer in writers:
        writer.join()
    assert failures == []
    assert stored() == read_plainly(told)
    assert read_again() == NOTHING


def test_the_conversation_of_birth_stands_once_after_an_upgrade_and_again_after_the_way_back(history: None) -> None:
    migration, before = import_module("calls.migrations.0026_moved_to"), rows(LOG)
    named = {row.pk: row.conversation_uuid for row in Leg.objects.select_related("call")}
    migration.name_births(apps, None)
    assert dict(Leg.objects.values_list("pk", "moved_to")) == named
    assert [call.moved_to for call in Call.objects.all()] == [call.conversation_uuid for call in Call.objects.all()]
    migration.forget_births(apps, None)
    assert rows(LOG) == before
    assert read_again() == NOTHING


def test_reading_some_calls_again_does_not_look_through_all_events() -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite does not tell how many rows it read")
    call_command("seed_calls", count=400, seed=7, stdout=StringIO())

    def rows_read() -> int:
        """Of the events, in this transaction."""
        with connection.cursor() as cursor:
            seen = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'calls_callevent'"
            cursor.execute(seen)
            return int(cursor.fetchone()[0])

    before, some = rows_read(), list(Call.objects.order_by("pk").values_list("pk", flat=True)[200:220])
    assert [changes for _, changes in refold(some, [], dry_run=True)] == [NOTHING]
    assert rows_read() - before < CallEvent.objects.count()
