"""The inbox: what it shows of messages, how they are heard, noted, archived and brought back, and its live update."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from calls.dashboard.voicemail import PAGE_SIZE, micros
from calls.models import FlowVersion, Recording, User, Voicemail
from tests.dashboard.test_calls import text_of
from tests.factories import CALLER, OURS, make_contact, make_number
from tests.voicemails import NAME, make_message

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 23, 14, 2, 11, tzinfo=UTC)


def post(browser: Client, message: Voicemail, **given: str) -> Any:
    page = browser.get("/voicemail/").content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token
    return browser.post(f"/voicemail/{message.pk}/", given | {"csrfmiddlewaretoken": token[1]})


def shown(response: Any) -> list[int]:
    return [int(pk) for pk in re.findall(r'id="message-(\d+)"', response.content.decode())]


def test_a_message_is_told_with_all_that_belongs_to_it(login: Client) -> None:
    make_number(OURS, label="Orders")
    make_contact("Anna Kowalska", CALLER)
    version = FlowVersion.objects.select_related("flow").get()
    with time_machine.travel(AT + timedelta(minutes=9), tick=False):
        message = make_message(at=AT, sound=True, version=version.pk)
        html = login.get("/voicemail/").content.decode()
    row = text_of(html[html.index('class="vm-list"') : html.index("vm-blank")])
    assert f"Anna Kowalska +44 7700 900123 to Orders · {version.flow.name} \u203a {NAME}" in row
    assert "14:02 Today 35 s" in row
    assert "Not heard yet" in row
    assert f'href="/call?to={CALLER}" aria-label="Call back Anna Kowalska"' in html
    assert 'aria-label="Play the message from Anna Kowalska"' in html
    assert message.call
    assert f'href="{message.call.get_absolute_url()}"' in html


def test_nothing_yet_none_of_these_and_beyond_the_last_are_told_apart(login: Client) -> None:
    assert "No messages" in text_of(login.get("/voicemail/").content.decode())
    assert "No new messages Every message has been heard." in text_of(
        login.get("/voicemail/?state=new").content.decode()
    )
    message = make_message()
    assert "No older messages" in text_of(login.get(f"/voicemail/?before={message.pk}").content.decode())


def test_a_recording_that_is_missing_says_why(login: Client) -> None:
    message = make_message()
    assert "The worker fetches it from Vonage in a moment." in login.get("/voicemail/").content.decode()
    Recording.objects.filter(pk=message.recording_id).update(state="failed", problem="<b>Gone</b>.")
    html = login.get("/voicemail/").content.decode()
    assert "It could not be fetched. &lt;b&gt;Gone&lt;/b&gt;." in html


@pytest.mark.parametrize("caller", ["Unknown", "sip:anna@example.com", "<script>alert(1)</script>", "", "x" * 255])
def test_whoever_calls_is_shown_and_nothing_runs(login: Client, caller: str) -> None:
    make_message(caller)
    html = login.get("/voicemail/").content.decode()
    assert "<script>alert" not in html
    assert "/call?to=" not in html


def test_it_is_heard_archived_and_brought_back_without_a_script(login: Client, staff: User) -> None:
    message = make_message()
    heard = post(login, message, does="hear", here="state=new")
    assert heard["Location"] == f"/voicemail/?state=new#message-{message.pk}"
    message.refresh_from_db()
    assert (message.state, message.heard_by) == ("heard", staff)
    assert "Heard by sam" in text_of(login.get("/voicemail/").content.decode())
    put = post(login, message, does="archive")["Location"]
    assert put == f"/voicemail/?undo={message.pk}#message-{message.pk}"
    html = login.get(put.partition("#")[0]).content.decode()
    assert "The message from +44 7700 900123 is archived." in text_of(html)
    assert shown(login.get("/voicemail/")) == []
    assert shown(login.get("/voicemail/?state=archived")) == [message.pk]
    undone = post(login, message, does="back", undo="1")
    assert undone["Location"] == f"/voicemail/#message-{message.pk}"
    assert shown(login.get("/voicemail/?state=heard")) == [message.pk]


def test_a_note_is_kept_on_one_line(login: Client) -> None:
    message = make_message()
    post(login, message, does="note", note="Ring\x00 back\n<b>soon</b> " + "x" * 600)
    message.refresh_from_db()
    assert message.note.startswith("Ring back <b>soon</b> x")
    assert len(message.note) == 500
    assert "<b>soon" not in login.get("/voicemail/").content.decode()


@pytest.mark.parametrize(
    "here", ["", "state=nonsense&before=x", "next=https://example.com", "\x00", "a" * 5_000, "%ff"]
)
def test_the_way_back_is_always_to_the_inbox(login: Client, here: str) -> None:
    assert post(login, make_message(), does="hear", here=here)["Location"].startswith("/voicemail/")


def test_what_cannot_be_done_is_refused(login: Client) -> None:
    message = make_message()
    assert post(login, message, does="sing").status_code == 400
    assert post(login, message).status_code == 400
    assert login.post(f"/voicemail/{message.pk}/", {"does": "hear"}).status_code == 403  # no token against forgery
    Voicemail.objects.all().delete()
    assert post_gone(login, message).status_code == 404
    assert login.get(f"/voicemail/{message.pk}/").status_code == 404


def post_gone(browser: Client, message: Voicemail) -> Any:
    make_message()
    return post(browser, message, does="hear")


def test_a_link_leads_to_the_message_where_it_is(login: Client) -> None:
    messages = [make_message() for _ in range(2)]
    first = messages[0]
    place = login.get(f"/voicemail/{first.pk}/")["Location"]
    assert place == f"/voicemail/?before={first.pk + 1}#message-{first.pk}"
    assert shown(login.get(place.partition("#")[0])) == [first.pk]
    first.archive(None)
    place = login.get(f"/voicemail/{first.pk}/")["Location"]
    assert shown(login.get(place.partition("#")[0])) == [first.pk]


def test_pages_follow_each_other(login: Client) -> None:
    pks = [make_message().pk for _ in range(PAGE_SIZE + 2)][::-1]
    page = login.get("/voicemail/?state=new")
    assert shown(page) == pks[:PAGE_SIZE]
    older = re.search(r'href="(\?before=\d+)&amp;state=new" rel="next"', page.content.decode())
    assert older
    assert shown(login.get(f"/voicemail/{older[1]}&state=new")) == pks[PAGE_SIZE:]


@pytest.mark.parametrize(
    "query",
    ["state=%00", "state=all&state=new", "before=x&after=y", "before=" + "9" * 40, "undo=-1", "undo=" + "9" * 30],
)
def test_any_address_shows_a_page(login: Client, query: str) -> None:
    make_message()
    assert login.get(f"/voicemail/?{query}").status_code == 200


def test_a_page_costs_the_same_however_many_there_are(
    login: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_message(sound=True)
    with django_assert_num_queries(5):  # session, user, messages, names, the count in the header
        login.get("/voicemail/")
    for number in range(PAGE_SIZE + 3):
        make_message(f"4477009001{number:02d}")
    with django_assert_num_queries(5):
        login.get("/voicemail/")


# The header, and what comes in


def badge(html: str) -> str:
    found = re.search(r"data-new-count( hidden)?><span data-count>([^<]*)<", html)
    assert found
    return "" if found[1] else found[2]


@pytest.mark.parametrize("path", ["/", "/home/", "/voicemail/", "/reports/", "/events/", "/no/such/page/"])
def test_every_page_says_how_many_are_new(login: Client, path: str) -> None:
    assert badge(login.get(path).content.decode()) == ""
    for _ in range(3):
        make_message()
    Voicemail.objects.newest_first()[0].hear(None)
    assert badge(login.get(path).content.decode()) == "2"
    assert login.get("/voicemail/new/").json() == {"new": 2}


def test_a_poll_brings_what_was_changed_and_says_nothing_twice(
    login: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        old = make_message()
        clock.shift(60)
        seen = micros(timezone.now())
        with django_assert_num_queries(1):
            assert login.get(f"/voicemail/live/?seen={seen}").status_code == 204
        new = make_message()
        answer = login.get(f"/voicemail/live/?seen={seen}")
        assert shown(answer) == [new.pk]
        html = answer.content.decode()
        assert 'data-new="2"' in html
        mark, newest = re.search(r'data-mark="([^"]+)" data-seen="(\d+)"', html).groups()  # type: ignore[union-attr]
        assert login.get(f"/voicemail/live/?seen={seen}&mark={mark}").status_code == 204
        clock.shift(60)
        old.hear(None)
        both = shown(login.get(f"/voicemail/live/?seen={newest}&mark={mark}"))
        assert both == [new.pk, old.pk]  # the last seconds come again: their rows say when they were changed


def test_an_archived_one_leaves_a_line_with_undo_where_it_stood(login: Client) -> None:
    message = make_message(sound=True)
    html = post(login, message, does="archive", fragment="1").content.decode()
    assert "Archived" in html
    assert 'value="back" data-undo' in html
    assert "data-player" not in html
    assert 'data-new=""' in html


def test_a_page_that_was_away_for_long_is_to_read_itself_anew(login: Client) -> None:
    for _ in range(PAGE_SIZE + 1):
        make_message()
    assert login.get("/voicemail/live/?seen=0").status_code == 205
    for seen in ("", "x", "-1", "9" * 30):
        assert login.get(f"/voicemail/live/?seen={seen}").status_code == 205


def test_who_is_logged_out_is_told_so(client: Client) -> None:
    message = make_message()
    assert client.get("/voicemail/live/?seen=1").status_code == 401
    assert client.get("/voicemail/new/").status_code == 401
    assert client.get("/voicemail/")["Location"] == "/login/?next=/voicemail/"
    assert client.post(f"/voicemail/{message.pk}/", {"does": "hear"})["Location"].startswith("/login/")
    assert Voicemail.objects.get().state == "new"
