"""What a page that is open hears of new calls."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import SESSION_KEY
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from calls.models import Call, CallEvent, Session, SessionStore, User
from tests.factories import keep, make_call, make_event


def newest() -> int:
    return CallEvent.objects.latest("pk").pk


def poll(browser: Client, seen: int, mark: str = "") -> tuple[int, list[int], str]:
    """Ask what is new. Gives the status, the calls of the answer and its mark."""
    response = browser.get(f"/live/?seen={seen}&mark={mark}")
    html = response.content.decode()
    told = re.search(r'data-mark="([^"]*)"', html)
    return response.status_code, [int(pk) for pk in re.findall(r'id="call-(\d+)"', html)], told[1] if told else ""


def test_nothing_new_is_an_empty_answer_for_one_query(
    login: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_call()
    seen = newest()
    with django_assert_num_queries(1):
        assert poll(login, seen) == (204, [], "")


@pytest.mark.parametrize("address", ["/live/?seen=0", "/voicemail/live/?seen=0", "/voicemail/new/"])
@pytest.mark.parametrize("what", ["logged out", "not active", "another password", "expired", "gone", "another's data"])
def test_who_is_logged_in_no_more_hears_nothing(login: Client, staff: User, address: str, what: str) -> None:
    assert login.get(address).status_code < 300
    key = login.cookies["sessionid"].value
    match what:
        case "logged out":
            login.session.flush()
        case "not active":
            User.objects.filter(pk=staff.pk).update(is_active=False)
        case "another password":
            staff.set_password("another long password of Sam")
            staff.save()
        case "expired":
            Session.objects.filter(session_key=key).update(expire_date=timezone.now() - timedelta(seconds=1))
        case "gone":
            User.objects.filter(pk=staff.pk).delete()
        case _:  # a row that names Sam, and says somebody else
            other = User.objects.create_user("eve", password="a long password of Eve", is_active=False)
            row = Session.objects.get(session_key=key)
            row.session_data = SessionStore().encode({**login.session, SESSION_KEY: str(other.pk)})
            row.save()
    assert (login.get(address).status_code, login.get(address).content) == (401, b"")


def test_poll_with_a_key_that_was_changed_goes_on(login: Client, settings: Settings) -> None:
    """The login was signed with a secret that is on its way out: Django sees to it, in some queries more."""
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = (
        [settings.SECRET_KEY],
        "a new secret key of the tests 0123456789",
    )
    assert login.get("/voicemail/new/").status_code == 200
    assert login.get("/voicemail/new/").status_code == 200


def test_new_call_is_told_once(login: Client) -> None:
    make_call()
    seen = newest()
    call = make_call("started", "ringing")
    status, calls, mark = poll(login, seen)
    assert (status, calls) == (200, [call.pk])
    assert poll(login, seen, mark)[0] == 204


def test_change_of_a_call_is_told(login: Client) -> None:
    call = make_call("started", "ringing")
    seen = newest()
    uuid = call.legs.get().uuid
    keep(make_event("answered", uuid=uuid, conversation_uuid=call.conversation_uuid))
    assert poll(login, seen)[:2] == (200, [call.pk])


def test_event_that_was_written_late_is_told(login: Client) -> None:
    """Its id is above, though it came long before: it waited in a spool while the database was away."""
    make_call()
    seen = newest()
    call = make_call()
    CallEvent.objects.filter(call=call).update(received_at=datetime.now(UTC) - timedelta(hours=1))
    assert poll(login, seen)[:2] == (200, [call.pk])


def test_row_of_a_poll_is_that_of_the_page(login: Client) -> None:
    call = make_call(at=datetime.now(UTC) - timedelta(hours=2))
    row = re.compile(rf'<tr [^>]*id="call-{call.pk}".*?</tr>', re.DOTALL)
    page = row.search(login.get("/").content.decode())
    answer = row.search(login.get("/live/", {"seen": 0}).content.decode())
    assert page
    assert answer
    assert page[0] == answer[0]


def test_answer_brings_all_calls_in_progress(login: Client) -> None:
    lasting = make_call("started", "ringing", "answered")
    seen = newest()
    make_call()
    html = login.get("/live/", {"seen": seen}).content.decode()
    assert re.findall(r'id="line-(\d+)"', html) == [str(lasting.pk)]
    assert 'data-count="1"' in html


def test_page_counts_what_came_just_now_as_not_seen(login: Client) -> None:
    """Ids commit out of order: what came in the last seconds is read again."""
    old = make_call()
    CallEvent.objects.update(received_at=datetime.now(UTC) - timedelta(minutes=1))
    before = newest()
    make_call()
    page = login.get("/").content.decode()
    assert f'data-seen="{before}"' in page
    CallEvent.objects.filter(call=old).delete()
    CallEvent.objects.update(received_at=datetime.now(UTC) - timedelta(minutes=1))
    assert f'data-seen="{newest()}"' in login.get("/").content.decode()


def test_event_without_a_call_changes_no_list(login: Client) -> None:
    make_call()
    seen = newest()
    keep({"foo": 1})
    assert poll(login, seen)[0] == 204


def test_more_than_rows_can_tell_is_told_by_reading_the_page_anew(login: Client) -> None:
    calls = Call.objects.bulk_create(Call(origin_uuid=f"CON-{number}") for number in range(101))
    for call in calls:
        keep(make_event("started", uuid=f"{call.pk:032x}", conversation_uuid=f"CON-{call.pk}"))
    assert poll(login, 0)[0] == 205


@pytest.mark.parametrize("seen", ["", "x", "-1", "1.5", "9" * 40, "٣"])
def test_poll_without_a_place_to_begin_is_sent_to_the_page(login: Client, seen: str) -> None:
    assert login.get("/live/", {"seen": seen}).status_code == 205


def test_stranger_is_told_nothing(client: Client, db: None) -> None:
    make_call()
    response = client.get("/live/", {"seen": 0})
    assert (response.status_code, response.content) == (401, b"")


def test_answer_is_kept_by_no_cache(login: Client) -> None:
    assert "no-store" in login.get("/live/", {"seen": 0})["Cache-Control"]
    assert login.post("/live/").status_code in {403, 405}


def test_poll_takes_the_same_queries_however_much_is_new(
    login: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_call("started", "ringing")
    with django_assert_num_queries(7) as few:
        assert poll(login, 0)[0] == 200
    for _ in range(10):
        make_call("started", "ringing")
        make_call()
    with django_assert_num_queries(len(few.captured_queries)):
        assert poll(login, 0)[0] == 200
