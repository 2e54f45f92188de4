"""The pages people open, but for that of one call: the list, the start, events without a call, logging in."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client, RequestFactory
from django.urls import reverse
from django.views.defaults import server_error
from pytest_django import DjangoAssertNumQueries, Settings

from calls.dashboard.paging import place_of
from calls.models import Call, CallEvent, Leg, Outcome, User
from calls.records import spool
from tests.factories import CALLER, OURS, PERSON, keep, make_call, make_contact, make_event, make_number, told
from tests.vonage_client import VonageClient

MORNING = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def text_of(html: str) -> str:
    """Give what people read of a piece of HTML."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def row_of(browser: Client, call: Call) -> str:
    """Give the words in the row of a call."""
    html = browser.get("/").content.decode()
    found = re.search(rf'<tr [^>]*id="call-{call.pk}".*?</tr>', html, re.DOTALL)
    assert found, f"no row of call {call.pk}"
    return text_of(found[0])


def named(caller: str | None) -> dict[str, Any]:
    """The field in which Vonage names the caller: a word that Python keeps for itself."""
    return {"from": caller}


def ids_of(html: str) -> list[int]:
    return [int(pk) for pk in re.findall(r'id="call-(\d+)"', html)]


@pytest.fixture
def rows(db: None) -> list[Call]:
    """A hundred and twenty bare calls."""
    calls = [Call(origin_uuid=f"CON-{number}", outcome=Outcome.ANSWERED, started_at=MORNING) for number in range(120)]
    return Call.objects.bulk_create(calls)


# Who may see it


@pytest.mark.parametrize("path", ["/", "/events/"])
def test_stranger_is_asked_to_log_in(client: Client, db: None, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response["Location"]) == (302, f"/login/?next={path}")


def test_login_leads_home(staff: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    page = browser.get("/login/?next=/events/")
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.content.decode())
    assert token
    given = {"username": "sam", "password": "a long password of Sam", "csrfmiddlewaretoken": token[1]}
    assert browser.post("/login/", given)["Location"] == "/home/"
    assert browser.get("/login/")["Location"] == "/home/"


def test_login_leads_back_to_where_one_was(client: Client, staff: User) -> None:
    given = {"username": "sam", "password": "a long password of Sam", "next": "/events/"}
    assert client.post("/login/", given)["Location"] == "/events/"
    client.logout()
    assert client.post("/login/", given | {"next": "https://example.com/"})["Location"] == "/home/"


def test_wrong_password_is_told_and_the_name_kept(client: Client, staff: User) -> None:
    page = client.post("/login/", {"username": "sam", "password": "wrong"})
    assert "enter a correct username and password" in page.content.decode()
    assert 'value="sam"' in page.content.decode()
    assert "Write a name and a password." in client.post("/login/", {}).content.decode()


def test_log_out(login: Client) -> None:
    page = login.get("/").content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token
    assert login.post("/logout/", {"csrfmiddlewaretoken": token[1]})["Location"] == "/login/"
    assert login.get("/")["Location"] == "/login/?next=/"


def test_only_staff_are_shown_the_way_to_the_admin(client: Client, login: Client) -> None:
    client.force_login(User.objects.create_user("olga"))
    assert reverse("admin:calls_phonenumber_changelist") in login.get("/").content.decode()
    assert "/admin/" not in client.get("/").content.decode()


# The list


def test_call_is_listed_with_all_that_is_known_of_it(login: Client) -> None:
    make_number(OURS, label="Main line")
    with time_machine.travel(MORNING + timedelta(minutes=5), tick=False):
        call = make_call(at=MORNING, seconds=8)
        row = row_of(login, call)
    assert row == (
        "Heard a notice +44 7700 900123 United Kingdom Main line +44 20 7946 0000 "
        "09:30:00 Monday 23 November 5 min ago – 8 s Greeting \u203a ended €0.0006"
    )


def test_contacts_are_listed_by_name(login: Client) -> None:
    make_contact("Anna Kowalska", CALLER)
    make_contact("<b>Tom</b>", PERSON)
    assert "Anna Kowalska +44 7700 900123" in row_of(login, make_call())
    assert "&lt;b&gt;Tom&lt;/b&gt; +44 7700 900456" in row_of(login, make_call(**named(f" +{PERSON}")))


def test_times_stand_in_the_zone_that_the_page_names(login: Client, settings: Settings) -> None:
    settings.TIME_ZONE = "Asia/Kathmandu"
    call = make_call(at=MORNING)
    page = login.get("/").content.decode()
    assert "15:15:00" in row_of(login, call)
    assert 'datetime="2026-11-23T15:15:00+05:45"' in page
    assert 'title="23 Nov 2026, 15:15:00 UTC+05:45"' in page
    assert "Kathmandu, UTC+05:45" in page


def test_hidden_caller_is_withheld(login: Client) -> None:
    assert "Withheld number not sent" in row_of(login, make_call(**named("Unknown")))
    assert "Withheld number not sent" in row_of(login, make_call(**named(None)))


def test_longest_name_is_cut_and_kept_whole_beside(login: Client) -> None:
    name = f"sip:{'x' * 250}"
    make_call(**named(name))
    page = login.get("/").content.decode()
    assert f'title="{name}"><bdi>{name[:59]}…</bdi></a>' in page


def test_text_from_a_caller_is_never_markup(login: Client) -> None:
    make_call(**named("<script>alert(1)</script>"))
    page = login.get("/").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


@pytest.mark.parametrize(
    ("statuses", "fields", "words"),
    [
        (("started", "ringing", "answered", "completed"), {"disconnected_by": "user"}, "Heard a notice"),
        (("started", "ringing", "answered", "completed"), {"direction": "outbound"}, "Picked up"),
        (("started", "ringing"), {}, "Ringing"),
        (("started", "ringing", "answered"), {}, "Listening"),
        (("teleported",), {}, "teleported"),
        (("started", "ringing", "cancelled"), {}, "Missed gave up"),
        (("started", "ringing", "cancelled"), {"direction": "outbound"}, "Cancelled before it was picked up"),
        (("started", "ringing", "timeout"), {}, "Missed"),
        (
            ("started", "ringing", "unanswered"),
            {"direction": "outbound", "detail": "unavailable"},
            "No answer cannot be",
        ),
        (("started", "busy"), {"direction": "outbound"}, "Busy"),
        (("started", "busy"), {}, "Missed the line was busy"),
        (("started", "failed"), {"detail": "invalid_number"}, "Failed not a valid number"),
        (("started", "failed"), {"sip_code": 503}, "Failed SIP 503"),
        (("started", "failed"), {"detail": "a_new_word"}, "Failed a new word"),
        (("started", "failed"), {}, "Failed Vonage did not say why"),
        (("started", "rejected"), {"direction": "outbound", "detail": "declined"}, "Declined"),
        (("started", "rejected"), {"direction": "outbound", "detail": "restricted"}, "Failed refused by the carrier"),
        (("started", "rejected"), {}, "Missed declined"),
    ],
)
def test_outcome_is_told_in_words(login: Client, statuses: tuple[str, ...], fields: dict[str, Any], words: str) -> None:
    assert row_of(login, make_call(*statuses, **fields)).startswith(words)


@pytest.mark.parametrize(
    ("outcome", "words"),
    [(Outcome.BLOCKED, "Blocked"), (Outcome.END_UNKNOWN, "End unknown Vonage did not say")],
)
def test_outcomes_that_no_webhook_makes_have_words_too(login: Client, outcome: Outcome, words: str) -> None:
    call = make_call("started", "ringing")
    Call.objects.update(outcome=outcome)
    assert row_of(login, call).startswith(
        {"blocked": "Blocked", "end unknown": "End unknown Vonage did not say"}[outcome]
    )


def test_every_outcome_has_words(login: Client) -> None:
    for outcome in Outcome:
        Call.objects.create(origin_uuid=f"CON-{outcome}", outcome=outcome, started_at=MORNING)
    assert len(ids_of(login.get("/").content.decode())) == len(Outcome)


def test_call_that_was_put_through(login: Client) -> None:
    call = make_call(at=MORNING, seconds=60)
    second = {
        "uuid": "63f61863-4a51-4f6b-86e1-46edebcf9356",
        "conversation_uuid": call.conversation_uuid,
        "from": OURS,
        "to": PERSON,
        "direction": "outbound",
    }
    for status, seconds in [("started", 10), ("ringing", 10), ("answered", 18), ("completed", 58)]:
        keep(make_event(status, at=MORNING + timedelta(seconds=seconds), **second))
    row = row_of(login, call)
    assert row.startswith("Picked up")
    assert "8 s 1 min 00 s 40 s talk Greeting \u203a +44 7700 900456" in row


def test_path_names_a_few_of_many(login: Client) -> None:
    call = make_call(at=MORNING, seconds=60)
    for number in range(7):
        second = {"uuid": f"leg-{number}", "conversation_uuid": call.conversation_uuid, "to": f"44770090010{number}"}
        keep(make_event("busy", at=MORNING + timedelta(seconds=number), direction="outbound", **second))
    assert "900103 \u203a 3 more \u203a the line was busy" in row_of(login, call)


def test_message_that_was_left(login: Client) -> None:
    call = make_call(at=MORNING, seconds=60)
    keep(
        {
            "conversation_uuid": call.conversation_uuid,
            "recording_url": "https://api.nexmo.com/v1/files/x",
            "start_time": "2026-11-23T09:30:05Z",
            "end_time": "2026-11-23T09:30:40Z",
            "timestamp": "2026-11-23T09:30:40.512Z",
        }
    )
    row = row_of(login, call)
    assert row.startswith("Left a message")
    assert "1 min 00 s 35 s message Greeting \u203a voicemail" in row


@pytest.mark.parametrize("times", [{"start_time": {"a": 1}, "end_time": []}, {"start_time": 5}, {}])
def test_recording_without_times_costs_no_page(login: Client, times: dict[str, Any]) -> None:
    call = make_call(at=MORNING)
    keep({"conversation_uuid": call.conversation_uuid, "recording_url": "https://api.nexmo.com/v1/files/x"} | times)
    assert row_of(login, call).startswith("Left a message")


def test_days_part_the_list(login: Client) -> None:
    with time_machine.travel(MORNING, tick=False):
        make_call(at=MORNING - timedelta(days=3))
        make_call(at=MORNING - timedelta(days=1))
        make_call(at=MORNING - timedelta(days=1, hours=1))
        make_call(at=MORNING)
        page = login.get("/").content.decode()
    days = [text_of(day) for day in re.findall(r'<tr [^>]*class="calls-day".*?</tr>', page, re.DOTALL)]
    assert days == ["Today, Monday 23 November", "Yesterday, Sunday 22 November", "Friday 20 November"]


def test_call_in_progress_stands_on_the_line(login: Client) -> None:
    make_call()
    call = make_call("started", "ringing", "answered")
    page = login.get("/").content.decode()
    assert re.findall(r'id="line-(\d+)"', page) == [str(call.pk)]
    assert "Hears us speak" in page


def test_strip_is_hidden_while_nobody_is_on_the_line(login: Client) -> None:
    make_call()
    assert re.search(r"<section [^>]*data-strip-panel hidden", login.get("/").content.decode())


def test_strip_tells_how_many_it_leaves_out(login: Client) -> None:
    Call.objects.bulk_create(Call(origin_uuid=f"CON-{number}", started_at=MORNING) for number in range(25))
    page = login.get("/").content.decode()
    assert "The newest 20 of 25 calls in progress" in page
    assert page.count('class="strip-row"') == 21


def test_list_takes_the_same_queries_however_long_it_is(
    login: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_number(OURS, label="Main line")
    make_call("started", "ringing")
    login.get("/")
    with django_assert_num_queries(9) as few:
        login.get("/")
    for _ in range(15):
        make_call()
        make_call("started", "ringing")
    with django_assert_num_queries(len(few.captured_queries)):
        login.get("/")


# Pages


def test_pages_lead_through_all_calls_and_back(login: Client, rows: list[Call]) -> None:
    newest_first = [call.pk for call in reversed(rows)]
    page, seen = "/", []
    while page:
        html = login.get(page).content.decode()
        seen += ids_of(html)
        older = re.search(r'href="(\?before=[\d-]+)"', html)
        page = f"/{older[1]}" if older else ""
    assert seen == newest_first
    newer = re.search(r'href="(\?after=[\d-]+)"', html)
    assert newer
    assert ids_of(login.get(f"/{newer[1]}").content.decode()) == newest_first[75:100]


def test_calls_that_come_meanwhile_move_no_page(login: Client, rows: list[Call]) -> None:
    older = f"/?before={place_of(rows[70])}"
    before = ids_of(login.get(older).content.decode())
    make_call()
    assert ids_of(login.get(older).content.decode()) == before == [call.pk for call in reversed(rows[45:70])]


def test_newer_page_that_is_not_full_is_the_newest_page(login: Client, rows: list[Call]) -> None:
    html = login.get(f"/?after={place_of(rows[110])}", follow=True).content.decode()
    assert ids_of(html) == [call.pk for call in reversed(rows[95:])]
    assert "data-first" in html


def test_page_behind_the_oldest_call(login: Client, rows: list[Call]) -> None:
    html = login.get(f"/?before={place_of(rows[0])}").content.decode()
    assert "No older calls" in html
    assert f"?after={place_of(rows[0])}" in html


@pytest.mark.parametrize("query", ["after=", "before=", "before=&after=", "x=1"])
def test_query_that_names_no_page_is_passed_over(login: Client, rows: list[Call], query: str) -> None:
    html = login.get(f"/?{query}").content.decode()
    assert ids_of(html)[0] == rows[-1].pk
    assert "names no page" not in html


@pytest.mark.parametrize("place", ["x", "-1", f"{'9' * 40}-1", "1-٣", "1.5", "\0", "<b>"])
@pytest.mark.parametrize("name", ["before", "after"])
@pytest.mark.parametrize("address", ["/", "/events/", "/voicemail/"])
def test_a_place_that_is_none_gives_the_newest_page_and_says_so(
    login: Client, address: str, name: str, place: str
) -> None:
    call = make_call()
    response = login.get(address, {name: place})
    assert response.status_code == 200
    html = response.content.decode()
    assert "names no page: these are the newest." in html
    assert "<b>”" not in html
    assert ids_of(html) == ([call.pk] if address == "/" else [])


# Before the first call


def test_before_the_first_call_the_page_tells_how_to_get_one(login: Client, settings: Settings) -> None:
    settings.BASE_URL, settings.HTTPS = "https://calls.example.com", True
    page = login.get("/").content.decode()
    assert "Nothing has rung yet" in page
    assert ".venv/bin/python manage.py ring" in page
    for door in ("answer", "event", "fallback"):
        assert f"https://calls.example.com<wbr>/{door}</code>" in page
    assert "To do: No number yet" in text_of(page)


def test_what_is_ready_is_told(login: Client, settings: Settings) -> None:
    settings.BASE_URL, settings.HTTPS = "https://calls.example.com", True
    make_number(OURS, label="Main line")
    words = text_of(login.get("/").content.decode())
    assert "In order: One number Main line, +44 20 7946 0000, plays" in words
    assert "In order: Signature secret Set; unsigned webhooks are refused" in words
    assert "In order: Public address https://calls.example.com" in words
    assert "To do: Vonage has not asked us anything yet" in words
    keep({"foo": 1})
    assert "In order: Vonage asked us" in text_of(login.get("/").content.decode())


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("VONAGE_SIGNATURE_SECRET", [], "To do: Signature secret Not set: every webhook is refused"),
        ("WEBHOOK_SIGNATURES", "optional", "To do: Signature secret Set, but unsigned webhooks are taken too"),
        ("BASE_URL", "http://127.0.0.1:3000", "To do: Public address http://127.0.0.1:3000 can be reached from this"),
        ("BASE_URL", "http://calls.example.com", "To do: Public address http://calls.example.com is not https"),
    ],
)
def test_what_is_not_ready_is_told_with_the_cure(
    login: Client, settings: Settings, name: str, value: object, words: str
) -> None:
    setattr(settings, name, value)
    assert words in text_of(login.get("/").content.decode())


def test_refused_requests_are_told_before_the_first_call(login: Client, client: Client) -> None:
    assert client.post("/event", "{}", content_type="application/json").status_code == 401
    words = text_of(login.get("/").content.decode())
    assert "To do: Requests came and were refused The last one: 401 at /event" in words


# Events without a call


def test_event_without_a_call_is_listed_with_its_payload(login: Client) -> None:
    keep({"recording_url": "https://api.nexmo.com/v1/files/x", "conversation_uuid": "CON-nobody", "odd": "<b>"})
    make_call()
    page = login.get("/events/").content.decode()
    assert page.count('<details class="loose"') == 1
    assert "A recording was saved" in page
    assert "&quot;odd&quot;: &quot;&lt;b&gt;&quot;" in page
    assert 'href="/events/">1 event without a call</a>' in login.get("/").content.decode()


def test_request_that_brought_a_loose_event(vonage: VonageClient, login: Client) -> None:
    vonage.post("/event", {"odd": 1}, HTTP_USER_AGENT="Vonage/1.0")
    keep({"odd": 2})
    words = text_of(login.get("/events/").content.decode())
    assert words.count("POST /event HTTP/1.1") == 1
    assert "User-Agent : Vonage/1.0" in words
    assert "Authorization : Bearer •••" in words


def test_no_event_without_a_call(login: Client) -> None:
    make_call()
    assert "Every event that came belongs to a call." in login.get("/events/").content.decode()
    assert "without a call" not in login.get("/").content.decode()


def test_marks_of_a_loose_event(login: Client) -> None:
    keep({"foo": 1})
    CallEvent.objects.update(signed=False, times_received=3, error="ValueError: no such time")
    words = text_of(login.get("/events/").content.decode())
    assert all(mark in words for mark in ("not signed", "received 3×", "could not be read", "ValueError: no such time"))


def test_parties_of_a_loose_event(login: Client) -> None:
    keep({"foo": 1, "from": CALLER, "to": OURS})
    keep({"foo": 2, "from": CALLER, "to": {"type": "phone"}})
    words = text_of(login.get("/events/").content.decode())
    assert "+44 7700 900123 to +44 20 7946 0000" in words
    assert "from +44 7700 900123" in words


def test_longest_payload_is_cut_and_counted(login: Client) -> None:
    keep({"odd": "x" * 30_000})
    page = login.get("/events/").content.decode()
    assert "10015 more characters" in page
    assert f'href="{reverse("event-raw", args=[CallEvent.objects.get().pk])}"' in page


def test_loose_events_are_paged_with_the_same_queries(
    login: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(30):
        keep({"foo": number})
    login.get("/events/")
    with django_assert_num_queries(4):  # session, user, events, the new messages in the header
        html = login.get("/events/").content.decode()
    assert html.count('<details class="loose"') == 25
    older = re.search(r'href="(\?before=[\d-]+)"', html)
    assert older
    assert login.get(f"/events/{older[1]}").content.decode().count('<details class="loose"') == 5


# Errors


def test_page_that_is_not_there(login: Client, client: Client) -> None:
    response = login.get("/no/such/page/")
    assert response.status_code == 404
    assert "There is no such page" in response.content.decode()
    assert client.get("/no/such/page/").status_code == 404


def test_form_that_is_too_old_is_told_so(db: None) -> None:
    response = Client(enforce_csrf_checks=True).post("/login/", {"username": "sam", "password": "x"})
    assert response.status_code == 403
    assert "The form was too old" in response.content.decode()


def test_page_of_an_error_needs_nothing(settings: Settings) -> None:
    page = server_error(RequestFactory().get("/")).content.decode()
    assert "This page broke" in page
    assert settings.STATIC_URL == "/static/"  # its styles are named without the template tag, which could fail too
    assert 'href="/static/calls/tokens.css"' in page


def test_pages_hold_no_script_or_style_of_their_own(login: Client) -> None:
    make_call()
    make_call("started", "ringing")
    keep({"foo": 1})
    for path in ("/", "/events/", "/nowhere/"):
        response = login.get(path)
        page = response.content.decode()
        assert "default-src 'self'" in response["Content-Security-Policy"]
        assert not re.search(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son\w+=|javascript:", page), path


def test_legs_of_other_calls_stay_there(login: Client) -> None:
    first, second = make_call(at=MORNING, seconds=8), make_call(at=MORNING, seconds=9, to="442079460099")
    assert Leg.objects.count() == 2
    assert "8 s" in row_of(login, first)
    assert "9 s" in row_of(login, second)


# What waits on this host's disk


def test_list_says_nothing_of_an_empty_spool(login: Client) -> None:
    make_call()
    assert "note" not in login.get("/").content.decode().split("<main", 1)[1]


def test_list_says_what_waits_and_what_was_set_aside(login: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "MEASURED_FOR", 0.0)
    make_call()
    for _ in range(3):
        spool.keep(told())
    path = spool.waiting()[0]
    path.rename(spool.folder("bad") / path.name)
    words = text_of(login.get("/").content.decode())
    assert "1 event was set aside" in words
    assert "manage.py spool list names it" in words
    assert "2 events wait on this host’s disk" in words
    assert "Nothing is lost: they come here by themselves" in words


# What Vonage tells oddly


@pytest.mark.parametrize("told", [{"to": ""}, {"to": None}])
def test_a_called_number_that_was_not_told_is_not_called_withheld(login: Client, told: dict[str, Any]) -> None:
    call = make_call(**told)
    assert "Not told" in row_of(login, call)
    assert "Withheld" not in row_of(login, call)
    page = text_of(login.get(call.get_absolute_url()).content.decode())
    assert " To Not told " in page
    assert "Withheld" not in page


def test_a_caller_who_hides_the_number_is_withheld_everywhere(login: Client) -> None:
    call = make_call(**named("anonymous"))
    assert "Withheld number not sent" in row_of(login, call)
    assert "From Withheld number not sent" in text_of(login.get(call.get_absolute_url()).content.decode())


@pytest.mark.parametrize("control", ["\u202e", "\u2066", "\u200f", "\x1b", "\u200b"])
def test_a_character_that_turns_or_hides_text_is_spelt_out(login: Client, control: str) -> None:
    call = make_call(**named(f"+44{control}7700"))
    for address in ("/", call.get_absolute_url(), "/admin/calls/call/", "/admin/calls/leg/"):
        page = login.get(address).content.decode()
        assert control not in page, address
        assert f"<bdi>+44\\u{ord(control):04x}7700</bdi>" in page, address
    assert call.from_number == f"+44{control}7700"


def test_a_name_written_from_right_to_left_stands_by_itself(login: Client) -> None:
    make_call(**named("\u05d3\u05e0\u05d4"))
    assert "<bdi>\u05d3\u05e0\u05d4</bdi>" in login.get("/").content.decode()


def headings_of(browser: Client) -> list[str]:
    html = browser.get("/").content.decode()
    return [text_of(found) for found in re.findall(r'<tr [^>]*calls-day".*?</tr>', html, re.DOTALL)]


def test_a_call_that_was_told_late_stands_under_its_own_day(login: Client) -> None:
    with time_machine.travel(MORNING + timedelta(hours=1), tick=False):
        make_call(at=MORNING)
        make_call(at=MORNING - timedelta(days=1))
        assert headings_of(login) == ["Today, Monday 23 November", "Yesterday, Sunday 22 November"]


AHEAD = "Dated ahead: a clock was wrong"


@pytest.mark.parametrize("odd", [timedelta(days=900), timedelta(days=300), timedelta(days=1)])
def test_a_call_that_is_dated_ahead_stands_under_a_heading_that_says_so(login: Client, odd: timedelta) -> None:
    with time_machine.travel(MORNING + timedelta(hours=1), tick=False):
        make_call(at=MORNING - timedelta(days=1))
        make_call(at=MORNING)
        strange = make_call(at=MORNING + odd)
        make_call(at=MORNING + timedelta(minutes=1))
        assert headings_of(login) == [AHEAD, "Today, Monday 23 November", "Yesterday, Sunday 22 November"]
        assert "calls-odd" not in login.get("/").content.decode()
        assert re.search(
            rf"{(MORNING + odd).day} \w+( \d{{4}})? \d+ (d|h).* ahead of our clock", row_of(login, strange)
        )
        Call.objects.exclude(pk=strange.pk).delete()
        assert headings_of(login) == [AHEAD]
        assert "ahead of our clock" in text_of(login.get(strange.get_absolute_url()).content.decode())


def test_a_call_of_some_hours_ahead_is_said_to_be_so(login: Client) -> None:
    with time_machine.travel(MORNING, tick=False):
        strange = make_call(at=MORNING + timedelta(hours=3, minutes=5))
        assert headings_of(login) == ["Today, Monday 23 November"]
        assert "3 h 5 min ahead of our clock" in row_of(login, strange)


def test_calls_whose_start_nobody_told_have_a_heading_too(login: Client, rows: list[Call]) -> None:
    Call.objects.update(started_at=None)
    assert headings_of(login) == ["Day unknown"]


def test_page_of_loose_events_says_that_answers_are_among_them(login: Client) -> None:
    keep({"to": OURS, "reply": {"ncco": []}}, door="answer")
    page = text_of(login.get(reverse("loose-events")).content.decode())
    assert "What Vonage told or asked us, with our answers" in page
    assert "What Vonage asked at the answer door, and our answer" in page
