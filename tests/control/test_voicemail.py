"""Which recordings are messages, what becomes of them, and that they go with their call."""

from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from calls.control.recordings import look
from calls.models import Call, CallEvent, FlowVersion, Recording, User, Voicemail
from calls.records.retention import prune
from tests.factories import keep, make_call, make_number
from tests.voicemails import NAME, make_message, record_event

pytestmark = pytest.mark.django_db
BLOCKED = {"step": "block", "kind": "voicemail", "name": ""}


def test_the_recording_of_a_voicemail_step_is_a_message() -> None:
    make_number()
    version = FlowVersion.objects.get()
    message = make_message(version=version.pk)
    assert (message.state, message.step, message.version, message.blocked) == ("new", NAME, version, False)
    assert message.call == Call.objects.get()
    assert message.mail_at is None  # nobody asked for mails


def test_blocked_callers_leave_messages_too() -> None:
    assert make_message(path=[BLOCKED]).blocked


@pytest.mark.parametrize(
    "reply",
    [
        None,
        "voicemail",
        {},
        {"path": None},
        {"path": []},
        {"path": ["voicemail"]},
        {"path": [{"step": "3", "kind": "forward", "name": "Workshop"}]},
        {"path": [{"step": "7", "kind": "voicemail"}, {"step": "8", "kind": "ncco"}]},
    ],
)
def test_other_recordings_are_none(reply: Any) -> None:
    call = make_call()
    keep(record_event() | {"reply": reply, "conversation_uuid": call.conversation_uuid})
    look(5)
    assert Recording.objects.count() == 1
    assert not Voicemail.objects.exists()


@pytest.mark.parametrize("version", [True, "7", -1, 0, 2**70, 999_999, None])
def test_a_version_that_is_none_of_ours_is_left_out(version: object) -> None:
    assert make_message(version=version).version is None


def test_a_message_is_made_once_however_often_its_event_is_looked_at() -> None:
    make_message()
    for _ in range(3):
        look(5)
    assert Voicemail.objects.count() == 1


def test_it_is_heard_by_who_was_first(staff: User) -> None:
    other = User.objects.create_user("olga")
    message = make_message()
    same = Voicemail.objects.get(pk=message.pk)
    message.hear(staff)
    same.hear(other)
    assert (same.state, same.heard_by) == ("heard", staff)
    same.unhear()
    assert Voicemail.objects.filter(state="new", heard_by=None, heard_at=None).exists()


def test_one_that_is_brought_back_is_where_it_was(staff: User) -> None:
    new, heard = make_message(), make_message()
    heard.hear(staff)
    for message, state in ((new, "new"), (heard, "heard")):
        message.archive(staff)
        message.hear(staff)  # an archived one is not touched by who plays it
        assert (message.state, message.archived_by) == ("archived", staff)
        message.bring_back()
        assert (message.state, message.archived_at) == (state, None)


def test_messages_stay_when_their_payloads_go_and_go_with_their_call(settings: Settings) -> None:
    message = make_message()
    message.write_note("Ring back on Monday")
    CallEvent.objects.update(received_at=timezone.now() - timedelta(days=20))
    settings.PAYLOAD_DAYS = 10
    list(prune())
    assert CallEvent.objects.get(kind="record").payload == {}
    assert Voicemail.objects.get().note == "Ring back on Monday"
    settings.CALL_DAYS = 10
    list(prune())
    assert not Call.objects.exists()
    assert not Voicemail.objects.exists()


def test_messages_go_with_a_call_that_is_deleted_by_hand(client: Client) -> None:
    call = make_message().call
    assert call
    call.delete()
    assert not Voicemail.objects.exists()


def test_the_count_of_new_ones_reads_no_more_than_it_shows() -> None:
    call = make_call()
    rows = [
        CallEvent(
            call=call, door="event", kind="record", rank=54, occurred_at=timezone.now(), payload={}, digest=f"{n:032x}"
        )
        for n in range(1, 131)
    ]
    CallEvent.objects.bulk_create(rows)
    recordings = Recording.objects.bulk_create([Recording(event=row, url="x") for row in rows])
    Voicemail.objects.bulk_create([Voicemail(recording=row) for row in recordings])
    with CaptureQueriesContext(connection) as queries:
        assert Voicemail.objects.new_count() == 100
    assert len(queries) == 1


def test_messages_from_before_the_inbox_are_put_into_it() -> None:
    make_number()
    version = FlowVersion.objects.get()
    fresh = make_message(version=version.pk).recording
    old = make_message(at=timezone.now() - timedelta(days=20)).recording
    emptied = make_message(at=timezone.now() - timedelta(days=40)).recording
    other = make_call()
    keep(
        record_event(path=[{"step": "3", "kind": "forward", "name": "Workshop"}])
        | {"conversation_uuid": other.conversation_uuid}
    )
    look(5)
    Voicemail.objects.all().delete()
    CallEvent.objects.filter(recording=emptied).update(payload={})
    Call.objects.filter(events__recording=emptied).update(outcome="voicemail")
    for _ in range(2):  # the second time finds them there
        import_module("calls.migrations.0023_earlier_messages").make_messages(apps, None)
    rows = {row.recording: row for row in Voicemail.objects.all()}
    assert set(rows) == {fresh, old, emptied}
    assert (rows[fresh].state, rows[fresh].step, rows[fresh].version) == ("new", NAME, version)
    assert {(rows[one].state, rows[one].mail_at) for one in (old, emptied)} == {("archived", None)}
