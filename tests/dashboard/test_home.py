"""Home: how the numbers stand and what is set over their hours, what needs somebody, who waits for a call, the day."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from calls.control.remarks import handle
from calls.flows.publish import publish
from calls.models import (
    Chore,
    Heartbeat,
    OpeningHours,
    OpenSpan,
    Override,
    PhoneNumber,
    Publication,
    Recording,
    Refusal,
    User,
    Voicemail,
)
from calls.models.recordings import NO_SOUND
from calls.records import spool
from calls.records.counting import count_news
from tests.dashboard.test_calls import named, text_of
from tests.factories import OURS, keep, make_call, make_contact, make_event, make_number, told
from tests.flows.drafts import publish_flow
from tests.voicemails import make_message

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 11, 23, 14, 7, tzinfo=UTC)
WORKSHOP = "442079460021"


@pytest.fixture
def monday() -> Iterator[None]:
    """Monday, 14:07 in London, and the worker is alive."""
    with time_machine.travel(MONDAY, tick=False):
        Heartbeat.objects.beat("worker")
        yield


@pytest.fixture
def hours(monday: None) -> OpeningHours:
    """The hours of Orders, 09:00 to 17:30 on Mondays, which a flow asks."""
    made = OpeningHours.objects.create(name="Shop", time_zone="Europe/London")
    OpenSpan.objects.create(hours=made, weekday=0, opens=540, closes=1050)
    publish_flow("Orders", ("hours", {"hours": made.pk}, {}), ("greeting", {"text": "Hello."}, {}), number=OURS)
    PhoneNumber.objects.update(label="Orders")
    return made


def page(browser: Client) -> str:
    response = browser.get("/home/")
    assert response.status_code == 200
    return response.content.decode()


def part(html: str, name: str) -> str:
    """The words of one part of the page."""
    found = re.search(rf'<(\w+)[^>]*data-part="{name}".*?</\1>', html, re.DOTALL)
    assert found
    return text_of(found[0])


def send(browser: Client, hours: OpeningHours, **given: str) -> Any:
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page(browser))
    assert token
    return browser.post(f"/home/hours/{hours.pk}/", given | {"csrfmiddlewaretoken": token[1]}, follow=True)


def in_an_hour() -> str:
    return (timezone.now() + timedelta(hours=1)).isoformat()


# How the numbers stand


def test_a_number_is_open_by_its_hours(login: Client, hours: OpeningHours) -> None:
    html = page(login)
    assert "Orders +44 20 7946 0000 hours: Shop Open until today at 17:30" in part(html, "numbers")
    assert "Now 14:07 in London, GMT" in part(html, "numbers")
    assert '<rect class="day-open" x="90.0" y="5" width="85.0"' in html
    assert html.count('aria-pressed="true">By hours') == 1
    assert f'<option value="{in_an_hour()}" selected>15:07, for 1 hour</option>' in html


def test_it_is_closed_for_a_while_and_by_the_hours_again(login: Client, hours: OpeningHours, staff: User) -> None:
    staff.first_name = "Marta"
    staff.save()
    html = send(login, hours, set="closed", until=in_an_hour()).content.decode()
    assert "Shop: closed until today at 15:07, then by the hours again." in part(html, "said")
    assert "Closed by Marta until today at 15:07, then open" in part(html, "numbers")
    assert 'aria-pressed="true" class="nr-held">Closed now' in html
    assert "day-set-shut" in html
    assert ">today at 15:07, as it is set</option>" in html
    row = Override.objects.get()
    assert (row.state, row.by, row.until_at) == ("closed", staff, timezone.now() + timedelta(hours=1))
    html = send(login, hours, set="open", until=in_an_hour()).content.decode()
    assert "Open by Marta" in part(html, "numbers")
    html = send(login, hours, set="hours").content.decode()
    assert "Shop: by the hours again." in part(html, "said")
    assert "Open until today at 17:30" in part(html, "numbers")


@pytest.mark.parametrize(
    "until", ["", "x", "2026-11-23T16:00", "2026-11-23T13:00+00:00", "9999-12-31T00:00+00:00", "\x00"]
)
def test_a_time_that_is_none_changes_nothing_and_is_told(login: Client, hours: OpeningHours, until: str) -> None:
    html = send(login, hours, set="closed", until=until).content.decode()
    assert "Shop: nothing was changed." in part(html, "said")
    assert 'role="alert"' in html
    assert not Override.objects.exists()


def test_a_switch_that_is_none_changes_nothing(login: Client, hours: OpeningHours) -> None:
    assert "It can be open or closed." in send(login, hours, set="ajar", until=in_an_hour()).content.decode()
    assert login.get(f"/home/hours/{hours.pk}/").status_code == 405


def test_only_who_may_set_it_sees_the_switch(client: Client, hours: OpeningHours) -> None:
    olga = User.objects.create_user("olga")
    client.force_login(olga)
    assert "Open now" not in page(client)
    assert client.post(f"/home/hours/{hours.pk}/", {"set": "closed", "until": in_an_hour()}).status_code == 403
    olga.user_permissions.add(Permission.objects.get(codename="add_override"))
    assert "Open now" in page(client)
    client.post(f"/home/hours/{hours.pk}/", {"set": "closed", "until": in_an_hour()})
    assert Override.objects.get().by == olga
    assert "/admin/" not in page(client)  # links to the admin are for those who may open it


def test_hours_elsewhere_and_hours_that_are_shared_say_so(login: Client, hours: OpeningHours) -> None:
    OpeningHours.objects.update(time_zone="Europe/Madrid")
    PhoneNumber.objects.create(msisdn=WORKSHOP, label="Workshop", flow=PhoneNumber.objects.get().flow)
    words = part(page(login), "numbers")
    assert words.count("hours: Shop, with 1 other number") == 2
    assert "until today at 17:30 (Europe/Madrid)" in words


def test_hours_that_another_flow_asks_have_their_switch(login: Client, hours: OpeningHours) -> None:
    publish_flow("Spare", ("goto", {}, {"next": "Orders"}), number=WORKSHOP)
    words = part(page(login), "numbers")
    assert "hours: Shop, asked by flow Orders, with 1 other number Open until today at 17:30" in words
    send(login, hours, set="closed", until=in_an_hour())
    assert part(page(login), "numbers").count("Closed by") == 2


def test_hours_that_only_some_callers_come_to_stand_below_their_number(login: Client, hours: OpeningHours) -> None:
    publish_flow("Menu", ("menu", {"prompt": "Press 1."}, {"1": "Orders", "2": "hang up"}), number=WORKSHOP)
    html = page(login)
    assert "Always answered Some callers come to opening hours: Hours: Shop for some callers of" in part(
        html, "numbers"
    )
    assert f'id="set-{PhoneNumber.objects.get(msisdn=WORKSHOP).pk}-{hours.pk}-closed"' in html


def test_a_flow_that_leads_to_one_without_hours_is_always_answered(login: Client, monday: None) -> None:
    publish_flow("Workshop", ("greeting", {"text": "Hello."}, {}), number="")
    publish_flow("Orders", ("goto", {}, {"next": "Workshop"}))
    assert "Always answered Orders asks no opening hours." in part(page(login), "numbers")


def test_a_number_without_hours_a_flow_or_anything_published(login: Client, monday: None) -> None:
    make_number(OURS, label="Orders")
    PhoneNumber.objects.create(msisdn=WORKSHOP, label="Workshop")
    words = part(page(login), "numbers")
    assert re.search(r"Orders \+44 20 7946 0000 Always answered .* asks no opening hours\.", words)
    assert "Workshop +44 20 7946 0021 No flow Callers hear “This number is not in service.”" in words
    Publication.objects.all().delete()
    assert "Nothing published" in part(page(login), "numbers")


def test_many_numbers_cost_no_more(login: Client, hours: OpeningHours, django_assert_num_queries: Any) -> None:
    make_call("started", "ringing", "cancelled")
    make_message()
    count_news(5)
    page(login)
    with django_assert_num_queries(99, exact=False) as few:
        page(login)
    flow = PhoneNumber.objects.get().flow
    PhoneNumber.objects.bulk_create(PhoneNumber(msisdn=f"4420794611{n:02d}", flow=flow) for n in range(60))
    for n in range(8):
        make_call("started", "ringing", "cancelled", **named(f"4477009002{n:02d}"))
        make_message(f"4477009001{n:02d}")
    with django_assert_num_queries(len(few.captured_queries), exact=False):
        html = page(login)
    assert len(few.captured_queries) <= 32
    assert "And 31 more numbers." in html


# What needs somebody


def warned(browser: Client) -> str:
    return part(page(browser), "warned")


def test_when_all_is_well_nothing_is_warned_of(login: Client, hours: OpeningHours) -> None:
    assert warned(login) == ""


def test_numbers_without_a_flow(login: Client, monday: None) -> None:
    number = PhoneNumber.objects.create(msisdn=WORKSHOP, label="Workshop")
    assert "Workshop, +44 20 7946 0021 has no flow Callers hear “This number is not in service.”" in warned(login)
    assert f"/admin/calls/phonenumber/{number.pk}/change/" in page(login)
    for n in range(3):
        PhoneNumber.objects.create(msisdn=f"44207946005{n}")
    assert "4 numbers have no flow" in warned(login)
    assert "and others" in warned(login)


def test_answers_that_failed(login: Client, hours: OpeningHours) -> None:
    payload = {"from": "447700900123", "to": OURS, "uuid": "u", "conversation_uuid": "CON-x"}
    keep(
        payload | {"reply": {"ncco": [], "problem": "the version cannot be run: <b>step 3</b> is gone"}}, door="answer"
    )
    words = warned(login)
    assert "An answer failed, at 14:07 The version cannot be run: &lt;b&gt;step 3&lt;/b&gt; is gone." in words
    with time_machine.travel(MONDAY + timedelta(hours=25), tick=False):
        Heartbeat.objects.beat("worker")
        assert "answer failed" not in warned(login)


def test_requests_to_the_fallback_url(login: Client, hours: OpeningHours) -> None:
    payload = {"from": "447700900123", "to": OURS, "uuid": "u", "conversation_uuid": "CON-x"}
    keep(payload | {"reason": "Connection refused", "original_request": {"type": "answer"}}, door="fallback")
    words = warned(login)
    assert "Vonage asked the fallback URL once in the last 24 hours, at 14:07 last" in words
    assert "It says: Connection refused. See whether http" in words


def test_requests_that_were_refused(login: Client, hours: OpeningHours) -> None:
    for others in (0, 4):
        Refusal.objects.keep(Refusal(door="event", http_status=401, reason="the signature does not fit", others=others))
    words = warned(login)
    assert "6 requests were refused in the last 24 hours The last one at 14:07: the signature does not fit." in words
    assert "set VONAGE_SIGNATURE_SECRET to the new one" in words
    assert "See what was refused" in words


def test_what_waits_on_the_disk(login: Client, hours: OpeningHours, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        spool.keep(told())
    path = spool.waiting()[-1]
    path.rename(spool.folder("bad") / path.name)
    monkeypatch.setattr(spool, "_measured", None)  # the clock stands, so that what was measured would count
    words = warned(login)
    assert "1 event was set aside" in words
    assert "manage.py spool replay" in words
    assert "1 event waits on this host’s disk" in words
    assert "manage.py spool drain" in words


def test_a_worker_that_is_gone_or_fails(login: Client, hours: OpeningHours) -> None:
    Chore.objects.create(name="recordings", failures=3, error="OSError: disk full")
    assert "The worker cannot do “recordings” It failed 3 times in a row: OSError: disk full" in warned(login)
    with time_machine.travel(MONDAY + timedelta(minutes=3), tick=False):
        assert "The worker is not running since 14:07" in warned(login)
        assert "manage.py worker" in warned(login)
    Heartbeat.objects.all().delete()
    assert "The worker is not running Calls are answered" in warned(login)


def test_recordings_and_mails_that_failed(login: Client, hours: OpeningHours) -> None:
    message = make_message()
    Recording.objects.update(state="failed", problem="Vonage has no such recording.")
    Voicemail.objects.update(mail_at=timezone.now(), mail_problem="Connection refused.")
    words = warned(login)
    assert "A recording could not be fetched Vonage has no such recording." in words
    assert f"manage.py recordings fetch {message.recording_id}" in words
    assert "A mail about a message waits Connection refused." in words
    Recording.objects.update(problem=NO_SOUND)
    assert "could not be fetched" not in warned(login)


def test_what_is_planned(login: Client, hours: OpeningHours, staff: User) -> None:
    flow = PhoneNumber.objects.get().flow
    assert flow
    begins = timezone.now() + timedelta(hours=2)
    publish(flow, author=staff, note="Stocktaking", from_at=begins, until_at=begins + timedelta(hours=1))
    words = warned(login)
    assert "Orders: v1 goes live today at 16:07, and goes back today at 17:07" in words
    assert "Stocktaking. Planned by sam." in words
    assert f"/admin/calls/callflow/{flow.pk}/change/#planned-heading" in page(login)


# Who waits, and the day


def test_missed_calls_and_new_messages_of_today(login: Client, hours: OpeningHours) -> None:
    make_contact("Ivy Chen", "447700900277")
    make_call("started", "ringing", "cancelled", at=MONDAY - timedelta(hours=3), seconds=20, **named("447700900277"))
    make_call("started", "ringing", "cancelled", at=MONDAY - timedelta(days=1))
    make_call(
        "started", "ringing", "unanswered", at=MONDAY - timedelta(hours=1), direction="outbound"
    )  # we missed none
    make_call("started", "ringing", "answered", at=MONDAY - timedelta(seconds=9))
    make_message(at=MONDAY - timedelta(minutes=79))
    make_message(at=MONDAY - timedelta(minutes=5))
    html = page(login)
    assert "Missed today 1 not handled Not handled Missed Ivy Chen gave up, 20 s 11:07" in part(html, "missed")
    assert "to Orders 1 missed. All missed" in part(html, "missed")
    assert '/call?to=447700900277" aria-label="Call Ivy Chen back"' in html
    assert "New messages 2 Voicemail +44 7700 900123 to Orders 14:02 Today, 35 s" in part(html, "new")
    assert "The oldest has waited 1 h 19 min." in part(html, "new")
    assert "1 call on the line now" in part(html, "line")


def test_a_missed_call_that_somebody_handled_needs_nobody(login: Client, hours: OpeningHours, staff: User) -> None:
    missed = [make_call("started", "ringing", "cancelled", at=MONDAY - timedelta(hours=hour)) for hour in range(1, 4)]
    handle(missed[0], by=staff)
    handle(missed[2], by=staff)
    words = part(page(login), "missed")
    assert re.search("Missed today 1 not handled .* 12:07 .* 13:07 .* 11:07", words)  # who waits comes first
    assert words.count("Handled +44 7700 900123") == words.count("handled by") == 2
    assert "3 missed, 2 of them handled. All missed" in words
    links = re.findall(r'href="(/\?[^"]+)">(?:Not handled|All missed)', page(login))
    found = [re.findall(r'id="call-(\d+)"', login.get(unescape(link)).content.decode()) for link in links]
    assert found == [[str(missed[1].pk)], [str(call.pk) for call in missed]]
    handle(missed[1], by=staff)
    words = part(page(login), "missed")
    assert words.startswith("Missed today All missed, both ways Handled")
    assert "3 missed, all of them handled." in words


def test_the_day_beside_the_same_day_a_week_ago(login: Client, hours: OpeningHours) -> None:
    for days, count in ((0, 3), (7, 1)):
        for _ in range(count):
            call = make_call("started", "ringing", "answered", "completed", at=MONDAY - timedelta(days=days, hours=2))
            leg: dict[str, Any] = {"conversation_uuid": call.conversation_uuid, "direction": "outbound"}
            at = MONDAY - timedelta(days=days, hours=2) + timedelta(seconds=3)
            keep(make_event("answered", at=at, uuid=f"second-{call.pk}", **leg))
            keep(make_event("completed", at=at, uuid=f"second-{call.pk}", **leg))
    count_news(5)
    words = part(page(login), "today")
    assert "Calls 3 2 more than last Monday by now" in words
    assert "Picked up 100 %" in words
    assert "Calls by hour today: most, 3, between 12:00 and 13:00." in page(login)


def test_a_stranger_is_asked_to_log_in(client: Client) -> None:
    assert client.get("/home/")["Location"] == "/login/?next=/home/"
    assert client.post("/home/hours/1/")["Location"].startswith("/login/")


def test_before_the_first_number(login: Client, monday: None) -> None:
    html = page(login)
    assert "No number yet" in part(html, "numbers")
    assert "Nobody was missed." in part(html, "missed")
    assert "Every message has been heard." in part(html, "new")
