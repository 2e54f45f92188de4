"""What people do about a call from its page: by whom that is allowed, where it is told, and what it leaves alone."""

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from pytest_django import Settings

from calls.control import remarks
from calls.control.refusals import Refused
from calls.models import Block, BlockKind, Call, CallEvent, Contact, User
from calls.records import finding, search
from calls.records.refold import refold
from calls.records.retention import prune
from tests.conftest import Get
from tests.dashboard.test_call_page import page_of, part, rows_of, text_of
from tests.factories import CALLER, OURS, keep, make_call, make_contact, make_number
from tests.voicemails import make_message
from tests.vonage_client import VonageClient

Does = Callable[..., str]


@pytest.fixture
def does(staff: User) -> Does:
    """Do something to a call, and give the page that it leads to: `does(call, "note", note="…")`."""
    browser = Client()
    browser.force_login(staff)

    def do(call: Call, word: str, **fields: str) -> str:
        response = browser.post(f"/calls/{call.pk}/act/", {"does": word, **fields}, follow=True)
        assert response.status_code == 200
        call.refresh_from_db()
        return response.content.decode()

    return do


def make_missed(**fields: Any) -> Call:
    return make_call("started", "ringing", "cancelled", **fields)


def ring(vonage: VonageClient, get_answer: Get) -> Call:
    """Somebody calls, asks us what to do, and is hung up on."""
    same = {"uuid": "robot", "conversation_uuid": "CON-robot", "from": CALLER, "to": OURS}
    for words in (("started", "ringing"), ("answered", "completed")):
        for word in words:
            vonage.post("/event", {**same, "status": word, "direction": "inbound"})
        if "ringing" in words:
            get_answer(same)
    return Call.objects.of_leg("robot").get()


def test_a_note_is_told_to_all_who_look(does: Does, login: Client) -> None:
    call = make_missed()
    before = page_of(login, call)
    page = does(call, "note", note="  Rang back,\nspoke to <Anna>.\x00 ")
    assert "sam noted" in text_of(part(page, "notes"))
    assert "Rang back,<br>spoke to &lt;Anna&gt;." in page
    assert any("sam noted: “Rang back, spoke to &lt;Anna&gt;." in row for row in rows_of(page))
    assert part(before, "chart") == part(page, "chart")  # a remark is no part of the call


def test_a_note_of_nothing_or_of_too_much_is_refused_in_a_sentence(does: Does) -> None:
    call = make_missed()
    assert "The note is empty" in does(call, "note", note=" \n ")
    assert "1,000 characters at most" in does(call, "note", note="x" * 1_001)
    assert not call.events.filter(kind="action").exists()


def test_handled_says_who_and_when_and_is_taken_back(does: Does, login: Client) -> None:
    call = make_missed()
    assert "not handled yet" in part(page_of(login, call), "story")
    page = does(call, "handled")
    assert "handled by sam" in text_of(part(page, "story"))
    assert "handled by sam" in text_of(login.get("/").content.decode())
    assert call.handled_at
    first = call.handled_at
    does(call, "handled")
    assert call.handled_at == first
    assert call.events.filter(payload__remark="handled").count() == 1
    assert "not handled yet" in part(does(call, "reopen"), "story")


def test_handled_is_ours_and_no_reading_of_events_changes_it(does: Does) -> None:
    call = make_missed()
    does(call, "handled")
    keep({"uuid": call.legs.get().uuid, "conversation_uuid": call.conversation_uuid, "status": "completed"})
    list(refold([call.pk], []))
    call.refresh_from_db()
    assert call.handled_by == "sam"
    assert call.outcome == "cancelled"


def test_list_is_narrowed_to_what_nobody_handled(does: Does, login: Client) -> None:
    missed, handled = make_missed(), make_missed()
    make_call()
    make_call("started", "ringing", "timeout", direction="outbound")
    message = make_call(extra=[{"recording_url": "https://api.nexmo.com/v1/files/x"}])
    does(handled, "handled")
    page = login.get("/", {"show": "unhandled"}).content.decode()
    assert {f'id="call-{call.pk}"' in page for call in (missed, message)} == {True}
    assert page.count('class="calls-row') == 2
    assert "Not handled <b>2</b>" in page


def test_an_archived_message_is_handled(staff: User) -> None:
    message = make_message()
    call = message.call
    assert call
    message.hear(staff)
    message.archive(staff)
    call.refresh_from_db()
    assert call.handled_by == "sam"
    assert call.handled_at
    message.bring_back()
    call.refresh_from_db()
    assert call.handled_at is None


def test_notes_outlive_the_payloads_of_their_call(does: Does, login: Client, settings: Settings) -> None:
    call = make_missed()
    does(call, "note", note="A promise to ring back on Friday.")
    call.events.update(received_at=datetime.now(UTC) - timedelta(days=10))
    settings.PAYLOAD_DAYS = 5
    list(prune())
    assert not any(event.payload for event in call.events.exclude(kind="action"))
    assert "A promise to ring back on Friday." in part(page_of(login, call), "notes")


def test_blocking_stops_the_caller_and_is_told_everywhere(
    does: Does, login: Client, vonage: VonageClient, get_answer: Get
) -> None:
    make_number(label="Main line")
    call = make_missed()
    page = does(call, "block", note="sales robot")
    assert (Block.objects.get().pattern, Block.objects.get().note) == (CALLER, "sales robot")
    assert "blocked: this number" in text_of(part(page, "story"))
    assert any("sam blocked the caller" in row for row in rows_of(page))
    assert 'title="blocked: this number"' in login.get("/").content.decode()
    story = text_of(page_of(login, ring(vonage, get_answer)))
    assert "was stopped by the block list (this number)" in story
    assert "Block list \u203a hung up" in story


def test_a_caller_stopped_by_a_beginning_is_told_by_it(login: Client, vonage: VonageClient, get_answer: Get) -> None:
    make_number()
    Block.objects.create(kind=BlockKind.PREFIX, pattern="447700")
    ring(vonage, get_answer)
    row = text_of(login.get("/").content.decode())
    assert "Blocked prefix +447700…" in row


@pytest.mark.parametrize("party", ["anonymous", OURS])
def test_who_cannot_be_blocked_is_not(does: Does, party: str) -> None:
    make_number()
    page = does(make_missed(**{"from": party}), "block")
    assert not Block.objects.exists()
    assert "note-bad" in page


def test_a_tag_makes_a_contact_of_a_stranger(does: Does) -> None:
    call = make_missed()
    assert "say by which name" in does(call, "tag", tags="vip")
    page = does(call, "tag", tags="VIP, blue  tour", name="Anna Kowalska")
    contact = Contact.objects.get(numbers__party=CALLER)
    assert {tag.name for tag in contact.tags.all()} == {"vip", "blue tour"}
    assert "sam tagged Anna Kowalska as blue tour, vip" in text_of(part(page, "notes"))
    assert "took all tags off Anna Kowalska" in does(call, "tag", tags=" ")


@pytest.mark.parametrize(
    ("word", "permission"),
    [("note", "change_call"), ("handled", "change_call"), ("block", "add_block"), ("tag", "change_contact")],
)
def test_each_act_takes_its_permission(db: None, word: str, permission: str) -> None:
    call, kim = make_missed(), User.objects.create_user("kim")
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(kim)
    page = page_of(browser, call)
    assert f'value="{word}"' not in page
    token = {"csrfmiddlewaretoken": browser.cookies["csrftoken"].value} if "csrftoken" in browser.cookies else {}
    fields = {"does": word, "note": "x", "tags": "x", "name": "x"}
    assert browser.post(f"/calls/{call.pk}/act/", fields).status_code == 403  # without the token of a page of ours
    friend = Client()
    friend.force_login(kim)
    assert friend.post(f"/calls/{call.pk}/act/", fields | token).status_code == 403
    assert not call.events.filter(kind="action").exists()
    kim.user_permissions.add(Permission.objects.get(codename=permission))
    assert f'value="{word}"' in page_of(friend, call)
    assert friend.post(f"/calls/{call.pk}/act/", fields).status_code == 302
    assert call.events.filter(kind="action").count() == 1


def test_other_calls_of_the_caller_stand_beside(login: Client, django_assert_max_num_queries: Any) -> None:
    make_contact("Anna Kowalska", CALLER, tags=["vip"])
    others = [make_missed() for _ in range(7)]
    make_missed(**{"from": "447700900999"})
    call = make_call()
    with django_assert_max_num_queries(19 if connection.vendor == "postgresql" else 22):
        page = page_of(login, call)
    beside = page[page.index('id="other-title"') : page.index('id="notes-title"')]
    assert beside.count('href="/calls/') == 5
    assert f'href="/calls/{others[-1].pk}/"' in beside
    assert f'href="/?q={CALLER}"' in beside
    assert "vip" in text_of(beside)


def test_their_newest_calls_are_found_behind_many_of_others(login: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = [make_missed() for _ in range(6)]
    theirs.append(make_missed(to=CALLER, direction="outbound", **{"from": OURS}))
    search.write([call.pk for call in theirs])
    for _ in range(4):
        make_missed(**{"from": "447700900999"})
    monkeypatch.setattr(finding, "LOOKED_AT", 3)  # calls, which are all of others
    page = page_of(login, theirs[0])
    beside = page[page.index('id="other-title"') : page.index('id="notes-title"')]
    shown = [int(pk) for pk in re.findall(r'href="/calls/(\d+)/"', beside)]
    assert shown == [call.pk for call in reversed(theirs[2:])]
    assert f'href="/?q={CALLER}"' in beside


def test_events_are_had_as_csv_that_no_spreadsheet_works_out(login: Client) -> None:
    call = make_call(extra=[{"dtmf": {"digits": "2", "timed_out": False}}, {"type": "=1+1"}])
    response = login.get(f"/calls/{call.pk}/events.csv")
    assert response["Content-Disposition"] == f'attachment; filename="call-{call.pk}.csv"'
    text = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == call.events.count()
    assert rows[0]["Seconds"] == "0.000"
    assert {"Pressed 2", "Rang +44 20 7946 0000"} <= {row["What happened"] for row in rows}
    assert "'=1+1" in {row["Vonage's word"] for row in rows}
    assert any(name.startswith("Happened (") for name in rows[0])


def test_a_webhook_as_curl_takes_its_permission(login: Client, db: None) -> None:
    call = make_call()
    event = CallEvent.objects.filter(call=call).first()
    assert event
    command = login.get(f"/events/{event.pk}/curl/").content.decode()
    assert command.startswith("curl http://testserver/event --header")
    browser = Client()
    browser.force_login(User.objects.create_user("kim"))
    assert browser.get(f"/events/{event.pk}/curl/").status_code == 403
    assert "curl" not in page_of(browser, call)
    CallEvent.objects.filter(pk=event.pk).update(payload={})
    assert login.get(f"/events/{event.pk}/curl/").status_code == 404


# A call that was deleted meanwhile

WORDS = ["note", "handled", "reopen", "block", "tag", "hangup", "mute", "talk", "transfer", "nonsense"]


@pytest.mark.parametrize("word", WORDS)
def test_what_is_done_to_a_call_that_is_gone_is_answered_in_a_sentence(staff: User, word: str) -> None:
    browser = Client()
    browser.force_login(staff)
    call, other = make_missed(), make_missed()
    address = f"/calls/{call.pk}/act/"
    call.delete()
    fields = {"does": word, "note": "Rang back.", "tags": "vip", "name": "Anna", "text": "Hello", "flow": "Orders"}
    response = browser.post(address, fields)
    assert response.status_code == 404
    assert "This call was deleted meanwhile. Nothing was done." in text_of(response.content.decode())
    page = browser.post(address, fields | {"to": "calls"}, follow=True)
    assert page.status_code == 200
    assert "This call was deleted meanwhile. Nothing was done." in text_of(page.content.decode())
    assert Call.objects.get() == other
    assert not Block.objects.exists()
    assert not Contact.objects.exists()


@pytest.mark.parametrize("word", WORDS[:5])
def test_a_call_that_goes_just_now_is_not_brought_back(staff: User, monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    """It is deleted after the view has read it."""
    browser = Client()
    browser.force_login(staff)
    call = make_missed()
    seen = User.has_perm

    def delete_first(self: User, *args: Any) -> bool:
        Call.objects.filter(pk=call.pk).delete()
        return seen(self, *args)

    monkeypatch.setattr(User, "has_perm", delete_first)
    fields = {"does": word, "note": "Rang back.", "tags": "vip", "name": "Anna"}
    response = browser.post(f"/calls/{call.pk}/act/", fields)
    assert response.status_code == 404
    assert "Nothing was done" in response.content.decode()
    assert [model.objects.count() for model in (Call, Block, Contact)] == [0, 0, 0]


def test_a_remark_on_a_call_that_is_gone_is_refused_as_not_found(staff: User) -> None:
    call = make_missed()
    Call.objects.all().delete()
    with pytest.raises(Refused, match="deleted meanwhile") as refused:
        remarks.handle(call, by=staff)
    assert refused.value.status == 404
