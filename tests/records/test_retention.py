"""What is let go, and when: payloads, calls, events without a call; beside events that come in."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from calls.models import Call, CallEvent, Conversation, Leg, Refusal, Visit
from calls.records import retention
from calls.records.batch import write_batch
from calls.records.lost_ends import close_lost_calls
from calls.records.refold import refold, what_to_read
from calls.records.retention import prune
from calls.vonage.events import Event
from calls.vonage.heads import Head
from tests.records.test_batch import event, record, transfer
from tests.records.test_refold import rows

DAY = timedelta(days=1)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "PAUSE_SECONDS", 0)


def received(told: Event, ago: timedelta) -> Event:
    return replace(told, received_at=timezone.now() - ago)


def store(days: float, *events: Event) -> None:
    """Store events as if they had come so many days ago."""
    write_batch([received(each, days * DAY) for each in events])


def make(number: int, days: float, *statuses: str) -> Call:
    """Store a call, over unless told otherwise, the last event of which came so many days ago."""
    leg, conversation = f"leg-{number}", f"CON-{number}"
    words = statuses or ("started", "answered", "completed")
    events = [event(word, at, leg=leg, conversation=conversation, price="0.1") for at, word in enumerate(words)]
    store(days + 1, *events[:-1])
    store(days, events[-1])
    return Call.objects.get(origin_uuid=conversation)


def done(**options: bool) -> Counter[str]:
    return +sum(prune(**options), Counter[str]())


def columns(call: Call) -> dict[str, Any]:
    told = [*call.legs.oldest_first(), Call.objects.get(pk=call.pk)]
    facts = {f"{type(row).__name__} {row.pk} {name}": value for row in told for name, value in vars(row).items()}
    return {name: value for name, value in facts.items() if not name.endswith(("_state", "sealed", "has_payloads"))}


def nothing_is_left_to_read() -> None:
    """Whatever happened: the rows are what a reading of the payloads that are there gives."""
    for _, changes in refold(*what_to_read()):
        assert not any(changes.values()), changes
    assert not Leg.objects.filter(call=None).exists()
    assert not Call.objects.filter(legs=None).exists()


@pytest.mark.parametrize("setting", ["PAYLOAD_DAYS", "CALL_DAYS"])
def test_everything_is_kept_for_ever_unless_told_otherwise(settings: Settings, setting: str) -> None:
    assert getattr(settings, setting) == 0
    make(1, 4_000)
    assert not done()
    assert CallEvent.objects.exclude(payload={}).count() == 3


@pytest.mark.parametrize(("days", "gone"), [(9.9, False), (10.1, True)])
def test_payloads_are_emptied_so_many_days_after_the_last_event(settings: Settings, days: float, gone: bool) -> None:
    settings.PAYLOAD_DAYS = 10
    call = make(1, days)
    before = columns(call)
    CallEvent.objects.update(raw=b"{}")
    assert done() == (Counter({"calls sealed": 1, "events emptied": 3}) if gone else Counter())
    assert CallEvent.objects.filter(payload={}, raw=b"").count() == (3 if gone else 0)
    call.refresh_from_db()
    assert (call.sealed, call.has_payloads) == (gone, not gone)
    assert columns(call) == before
    assert not done()


def test_a_sealed_call_can_be_looked_at(settings: Settings, login: Client, api: Client) -> None:
    settings.PAYLOAD_DAYS = 10
    call = make(1, 20)
    done()
    page = login.get(reverse("call", args=[call.pk])).content.decode()
    assert "€0.10" in page
    told = api.get(f"/api/calls/{call.pk}/").json()
    assert [(each["status"], each["payload"]) for each in told["events"]] == [
        ("started", {}),
        ("answered", {}),
        ("completed", {}),
    ]


def test_a_call_in_progress_is_let_go_once_it_was_closed(settings: Settings) -> None:
    settings.PAYLOAD_DAYS = settings.CALL_DAYS = 10
    call = make(1, 20, "started", "answered")
    assert not done()
    list(close_lost_calls())
    assert not done()
    call.events.update(received_at=timezone.now() - 11 * DAY)
    assert done() == Counter({"calls deleted": 1, "events deleted": 3})


LATE: dict[str, list[Event]] = {
    "of a leg": [event("busy", 9, leg="leg-1", conversation="CON-1", duration="9")],
    "the same again": [event("completed", 2, leg="leg-1", conversation="CON-1", price="0.1")],
    "of a new leg": [
        event("started", 9, leg="new", conversation="CON-1"),
        event("answered", 9, leg="new", conversation=""),
    ],
    "from before all others": [event("started", -9, leg="leg-1", conversation="CON-0")],
    "of a conversation": [record(9, "CON-1")],
    "that moves the leg": [transfer(9, "CON-1", "ROOM", leg="leg-1")],
    "of a new leg that moves": [transfer(9, "CON-1", "ROOM", leg="new")],
}


@pytest.mark.parametrize("name", LATE)
def test_a_late_event_is_added_to_a_sealed_call_and_changes_nothing_in_it(settings: Settings, name: str) -> None:
    settings.PAYLOAD_DAYS = 10
    call = make(1, 20)
    before = columns(call)
    done()
    late = LATE[name]
    for each in late:
        write_batch([each])
    assert columns(call) == before
    new = [each for each in late if not CallEvent.objects.filter(digest=each.digest, payload={}).exists()]
    first = CallEvent.objects.filter(digest__in=[each.digest for each in new if each.conversation_uuid]).first()
    assert first is None or first.call == call
    assert sum(CallEvent.objects.values_list("times_received", flat=True)) == 3 + len(late)
    assert not done()
    nothing_is_left_to_read()


def test_late_events_of_a_sealed_call_are_emptied_in_their_turn(settings: Settings) -> None:
    settings.PAYLOAD_DAYS = 10
    call = make(1, 40)
    done()
    store(5, event("busy", 9, leg="leg-1", conversation="CON-1"))
    assert not done()
    call.events.filter(status="busy").update(received_at=timezone.now() - 11 * DAY)
    assert done() == Counter({"events emptied": 1})
    assert not call.events.exclude(payload={}).exists()


def test_reading_again_leaves_a_sealed_call_alone(settings: Settings) -> None:
    settings.PAYLOAD_DAYS = 10
    call = make(1, 20)
    make(2, 5)
    done()
    Leg.objects.update(status="garbled")
    list(refold(*what_to_read()))
    assert list(call.legs.values_list("status", flat=True)) == ["garbled"]
    assert Leg.objects.get(uuid="leg-2").status == "completed"


def test_a_call_that_others_meet_in_a_room_may_be_sealed(settings: Settings) -> None:
    """The room stays with the sealed call that came first, and the other call goes on as before."""
    settings.PAYLOAD_DAYS = 10
    old = make(1, 30)
    store(30, transfer(4, "CON-1", "ROOM", leg="leg-1"))
    new = make(2, 5, "started", "answered")
    write_batch([transfer(5, "CON-2", "ROOM", leg="leg-2")])
    done()
    write_batch([record(9, "ROOM"), event("completed", 9, leg="leg-2", conversation="ROOM")])
    assert CallEvent.objects.get(kind="record").call == old
    new.refresh_from_db()
    assert new.outcome == "answered"
    nothing_is_left_to_read()


@pytest.mark.parametrize(("days", "gone"), [(9.9, False), (10.1, True)])
def test_calls_are_deleted_with_all_that_belongs_to_them(settings: Settings, days: float, gone: bool) -> None:
    settings.CALL_DAYS = 10
    make(1, days)
    store(days, record(5, "CON-1"), transfer(1, "CON-1", "ROOM", leg="leg-1"))
    make(2, 3)
    assert done() == (Counter({"calls deleted": 1, "events deleted": 5}) if gone else Counter())
    assert Call.objects.count() == Leg.objects.count() == 2 - gone
    assert set(Conversation.objects.values_list("uuid", flat=True)) == (set() if gone else {"ROOM"})
    assert Visit.objects.count() == 1 - gone
    assert CallEvent.objects.count() == 8 - 5 * gone
    nothing_is_left_to_read()


def test_a_conversation_in_which_others_were_is_theirs_when_its_call_is_deleted(settings: Settings) -> None:
    settings.CALL_DAYS = 10
    make(1, 20)
    other = make(2, 5, "started")
    store(20, transfer(4, "CON-1", "ROOM", leg="leg-1"), record(6, "ROOM"))
    write_batch([transfer(5, "CON-2", "ROOM", leg="leg-2"), transfer(6, "ROOM", "CON-1", leg="leg-2")])
    assert done() == Counter({"calls deleted": 1, "events deleted": 5})
    write_batch([record(9, "ROOM"), record(10, "CON-1")])
    assert {row.call for row in CallEvent.objects.filter(kind="record")} == {other}
    nothing_is_left_to_read()


def test_a_late_event_of_a_deleted_call_makes_a_new_call(settings: Settings) -> None:
    settings.CALL_DAYS = 10
    old = make(1, 20)
    done()
    write_batch([event("completed", 9, leg="leg-1", conversation="CON-1")])
    new = Call.objects.get()
    assert new.pk != old.pk
    assert (new.origin_uuid, new.outcome) == ("CON-1", "missed")
    nothing_is_left_to_read()


def test_events_without_a_call_and_refused_requests_go_as_well(settings: Settings) -> None:
    settings.CALL_DAYS = 10
    store(
        20,
        Event(payload={"hello": "world"}, received_at=timezone.now()),
        record(1, "CON-nobody"),
        record(1, "CON-both"),
    )
    store(3, Event(payload={"hello": "moon"}, received_at=timezone.now()), record(2, "CON-both"))
    for days in (11, 9):
        Refusal.objects.create(at=timezone.now() - days * DAY, door="event", http_status=401, reason="no signature")
    assert done() == Counter({"events without a call deleted": 3, "refused requests deleted": 1})
    assert CallEvent.objects.count() == 2
    assert Conversation.objects.get().uuid == "CON-both"
    assert Refusal.objects.count() == 1


def test_events_without_a_call_are_emptied_like_others_and_not_read_again(settings: Settings) -> None:
    settings.PAYLOAD_DAYS = 10
    store(20, record(1, "CON-nobody"))
    store(3, record(2, "CON-nobody"))
    assert done() == Counter({"events without a call emptied": 1})
    assert not done()
    list(refold(*what_to_read()))
    assert set(CallEvent.objects.values_list("kind", "conversation_uuid")) == {("record", "CON-nobody")}


def test_headers_go_where_nothing_came_with_them_as_well(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """As of a webhook that is asked for without a query. Each portion has one; the walk ends all the same."""
    settings.PAYLOAD_DAYS = 10
    monkeypatch.setattr(retention, "BATCH", 1)
    head = Head("GET /event HTTP/1.1", (("Host", "localhost"),))
    bare = [Event(payload={}, received_at=timezone.now(), door=door, head=head) for door in ("event", "answer")]
    store(20, *bare, record(1, "CON-nobody"))
    store(3, replace(record(2, "CON-nobody"), head=head))
    CallEvent.objects.filter(call=make(1, 20)).update(head_id=1)  # of one that is no more
    CallEvent.objects.filter(status="answered").update(payload={})
    assert CallEvent.objects.filter(payload={}, head__isnull=False).count() == 3
    foreseen = done(dry_run=True)
    assert foreseen == {"calls sealed": 1, "events emptied": 3, "events without a call emptied": 3}
    assert done() == foreseen
    assert CallEvent.objects.get(head__isnull=False).received_at > timezone.now() - 10 * DAY
    assert not done()


@pytest.fixture
def all_ages(settings: Settings) -> None:
    """Calls of every age, of which some are to be deleted and some to be emptied."""
    settings.CALL_DAYS, settings.PAYLOAD_DAYS = 30, 10
    for number, days in enumerate((1, 5, 11, 15, 20, 31, 35, 60)):
        make(number, days)
    make(90, 50, "started")
    make(91, 0)
    store(70, event("human", 1, leg="leg-91", conversation="CON-91"))
    store(40, record(1, "CON-nobody"), record(7, "CON-7"))
    store(20, record(2, "CON-nobody"))
    Refusal.objects.create(at=timezone.now() - 40 * DAY, door="event", http_status=401, reason="no signature")


@pytest.mark.usefixtures("all_ages")
def test_a_dry_run_says_what_would_be_done_and_does_nothing() -> None:
    before = rows()
    foreseen = done(dry_run=True)
    assert rows() == before
    assert foreseen == {
        "calls deleted": 3,
        "events deleted": 10,
        "events without a call deleted": 1,
        "refused requests deleted": 1,
        "calls sealed": 3,
        "events emptied": 9,
        "events without a call emptied": 1,
    }
    assert done() == foreseen
    assert not done(dry_run=True)


@pytest.mark.usefixtures("all_ages")
@pytest.mark.parametrize("size", [1, 2, 3, 4, 7])
def test_whatever_the_size_of_a_portion_the_end_is_the_same(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    foreseen = done(dry_run=True)
    monkeypatch.setattr(retention, "BATCH", size)
    portions = list(prune())
    assert +sum(portions, Counter[str]()) == foreseen
    assert max(count for portion in portions for name, count in portion.items() if name.startswith("events")) <= size
    assert not done()
    nothing_is_left_to_read()


def test_a_call_of_many_events_goes_in_portions_and_is_read_by_nobody_meanwhile(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CALL_DAYS = 10
    call = make(1, 20, *["human"] * 6, "completed")
    monkeypatch.setattr(retention, "BATCH", 3)
    portions = prune()
    assert next(portions)["events deleted"] == 3
    call.refresh_from_db()
    assert call.sealed
    write_batch([received(event("started", leg="leg-1", conversation="CON-1"), 15 * DAY)])
    assert call.outcome == "missed"
    list(portions)
    assert not Call.objects.exists()
    assert not CallEvent.objects.exists()


def test_each_portion_is_a_transaction_of_its_own(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was done before a failure stays done."""
    settings.PAYLOAD_DAYS = 10
    calls = [make(number, 20 + number) for number in range(3)]
    monkeypatch.setattr(retention, "BATCH", 3)
    portions = prune()
    next(portions)
    del portions
    assert list(Call.objects.filter(sealed=True)) == calls[:1]
    done()
    assert Call.objects.filter(sealed=True).count() == 3


def in_thread(act: Callable[[], object]) -> threading.Thread:
    def run() -> None:
        try:
            act()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("setting", ["PAYLOAD_DAYS", "CALL_DAYS"])
def test_what_somebody_holds_is_passed_over_and_taken_the_next_time(settings: Settings, setting: str) -> None:
    if not connection.features.has_select_for_update_skip_locked:
        pytest.skip("SQLite has one writer at a time")
    setattr(settings, setting, 10)
    make(1, 20)
    make(2, 20)
    word = "calls sealed" if setting == "PAYLOAD_DAYS" else "calls deleted"
    held, may_go = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            list(Call.objects.select_for_update().order_by("pk")[:1])
            held.set()
            may_go.wait(20)

    holder = in_thread(hold)
    assert held.wait(20)
    assert done()[word] == 1  # at once: it waits for nobody
    may_go.set()
    holder.join()
    assert done()[word] == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("setting", ["PAYLOAD_DAYS", "CALL_DAYS"])
def test_events_that_come_in_while_old_calls_go_are_all_kept(settings: Settings, setting: str) -> None:
    """Three writers bring late and new events, in batches, while the old calls are let go again and again."""
    setattr(settings, setting, 10)
    for number in range(24):
        make(number, 20)
        store(20, transfer(5, f"CON-{number}", "ROOM", leg=f"leg-{number}"))
    late = [
        event(word, 9, leg=leg, conversation=f"CON-{number}")
        for number in range(24)
        for word, leg in (("busy", f"leg-{number}"), ("human", f"leg-{number}"), ("started", f"new-{number}"))
    ]
    failures: list[BaseException] = []

    def write(part: list[Event]) -> None:
        try:
            for at in range(0, len(part), 3):
                write_batch(part[at : at + 3])
        except BaseException as failure:
            failures.append(failure)

    writers = [in_thread(lambda part=late[number::3]: write(part)) for number in range(3)]  # type: ignore[misc]
    while any(writer.is_alive() for writer in writers):
        done()
    for writer in writers:
        writer.join()
    assert failures == []
    done()
    kept = set(CallEvent.objects.filter(digest__in=[each.digest for each in late]).values_list("digest", flat=True))
    assert kept == {each.digest for each in late}
    nothing_is_left_to_read()


@pytest.mark.django_db(transaction=True)
def test_an_event_that_waits_for_a_call_that_is_being_deleted_makes_it_anew() -> None:
    if not connection.features.has_select_for_update:
        pytest.skip("SQLite has one writer at a time")
    call = make(1, 20)
    deleted, writing = threading.Event(), threading.Event()

    def delete() -> None:
        with transaction.atomic():
            list(Leg.objects.select_for_update())
            call.delete()
            Conversation.objects.all().delete()
            deleted.set()
            writing.wait(20)
            wait_until_somebody_waits()

    def wait_until_somebody_waits() -> None:
        for _ in range(400):
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
                if cursor.fetchone()[0]:
                    return
                cursor.execute("SELECT pg_sleep(0.05)")
        raise AssertionError("nobody waits")

    deleter = in_thread(delete)
    assert deleted.wait(20)
    writing.set()
    write_batch([event("busy", 9, leg="leg-1", conversation="CON-1")])
    deleter.join()
    assert Call.objects.get().outcome == "busy"
    assert CallEvent.objects.get().leg == Leg.objects.get()
    assert Call.objects.of_conversation("CON-1").get() == Call.objects.get()
