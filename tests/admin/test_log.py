"""The call log in the admin: to look at, whatever strangers wrote into it."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from calls.admin.calls import CallEventAdmin, NewestList, NewestRows
from calls.models import Call, CallEvent, Leg, Refusal, RequestHead
from tests.admin.forms import member_of_staff
from tests.factories import keep, make_call
from tests.vonage_client import VonageClient

LISTS = ["call", "leg", "callevent", "refusal"]
ATTACK = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'


def text_of(browser: Client, address: str, **query: Any) -> str:
    response = browser.get(address, query)
    assert response.status_code == 200
    return str(response.content.decode())


def refuse(**fields: Any) -> Refusal:
    refusal = Refusal(door="event", http_status=401, **{"reason": "the signature is wrong", **fields})
    Refusal.objects.keep(refusal)
    return refusal


@pytest.mark.parametrize("name", LISTS)
def test_rows_are_neither_added_nor_changed_nor_deleted(login: Client, name: str) -> None:
    make_call()
    refuse()
    models = {"call": Call, "leg": Leg, "callevent": CallEvent, "refusal": Refusal}
    row = models[name]._default_manager.order_by("pk")[0]
    assert login.get(f"/admin/calls/{name}/add/").status_code == 403
    assert login.get(f"/admin/calls/{name}/{row.pk}/delete/").status_code == 403
    page = text_of(login, f"/admin/calls/{name}/{row.pk}/change/")
    assert 'name="_save"' not in page
    token = login.cookies["csrftoken"].value
    address = f"/admin/calls/{name}/{row.pk}/change/"
    assert login.post(address, {"csrfmiddlewaretoken": token}).status_code == 403
    assert "delete_selected" not in text_of(login, f"/admin/calls/{name}/")


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("rows", [1, 12])
def test_a_list_costs_the_same_queries_however_long_it_is(
    login: Client, name: str, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(rows):
        make_call()
        refuse()
    doors = 1 if name == "refusal" else 0
    with django_assert_num_queries(4 + 2 * doors):  # session, user, count, rows; the refusals' own filters
        text_of(login, f"/admin/calls/{name}/")


def test_a_call_leads_to_its_page_and_to_its_events(login: Client) -> None:
    make_call()
    call = make_call()
    page = text_of(login, f"/admin/calls/call/{call.pk}/change/")
    assert f'href="/calls/{call.pk}/"' in page
    assert f'href="/admin/calls/callevent/?call__id__exact={call.pk}">4 events</a>' in page
    assert f'href="/admin/calls/leg/?call__id__exact={call.pk}">1 leg</a>' in page
    events = text_of(login, "/admin/calls/callevent/", call__id__exact=call.pk)
    assert "4 events" in events
    assert f'href="/calls/{call.pk}/"' in events


@pytest.mark.parametrize("name", ["call", "leg", "callevent"])
def test_a_uuid_finds_what_belongs_to_it(login: Client, name: str) -> None:
    other, call = make_call(), make_call()
    for term in (call.legs.get().uuid, call.conversation_uuid):
        page = text_of(login, f"/admin/calls/{name}/", q=term)
        assert f'href="/calls/{call.pk}/"' in page
        assert f'href="/calls/{other.pk}/"' not in page
    assert f'href="/calls/{call.pk}/"' not in text_of(login, f"/admin/calls/{name}/", q="nobody")


@pytest.mark.parametrize("name", ["call", "leg"])
def test_a_number_finds_its_calls(login: Client, name: str) -> None:
    other, call = make_call(to="442079460011"), make_call(to="442079460012")
    page = text_of(login, f"/admin/calls/{name}/", q="+44 20 7946 0012")
    assert f'href="/calls/{call.pk}/"' in page
    assert f'href="/calls/{other.pk}/"' not in page


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("query", [{"q": "\x00"}, {"q": "%_'"}, {"q": "x" * 5000}, {"p": "99999"}, {"odd": "\x00"}])
def test_an_odd_question_is_answered(login: Client, name: str, query: dict[str, str]) -> None:
    make_call()
    assert login.get(f"/admin/calls/{name}/", query).status_code in {200, 302}


@pytest.mark.parametrize("odd", ["loose", "failed", "repeated", "unsigned", "cleaned"])
def test_what_is_odd_can_be_listed(login: Client, odd: str) -> None:
    make_call("started")
    event = CallEvent.objects.get()
    fields: dict[str, dict[str, Any]] = {
        "loose": {"call": None},
        "failed": {"error": "ValueError: no"},
        "repeated": {"times_received": 2},
        "unsigned": {"signed": False},
        "cleaned": {"raw": b'{"a": "\xff\\u0000"}'},
    }
    assert "0 events" in text_of(login, "/admin/calls/callevent/", odd=odd)
    CallEvent.objects.update(**fields[odd])
    assert "1 event" in text_of(login, "/admin/calls/callevent/", odd=odd)
    page = text_of(login, f"/admin/calls/callevent/{event.pk}/change/")
    assert ("As in the payload" in page) == (odd != "cleaned")


def test_the_bytes_that_were_cleaned_are_shown(login: Client) -> None:
    make_call("started")
    CallEvent.objects.update(raw=b'{"a": "\xff\\u0000"}')
    page = text_of(login, f"/admin/calls/callevent/{CallEvent.objects.get().pk}/change/")
    assert "{&quot;a&quot;: &quot;\\xff\\u0000&quot;}" in page


def test_the_request_that_brought_an_event_is_shown(vonage: VonageClient, login: Client) -> None:
    vonage.post("/event", {"odd": 1}, HTTP_USER_AGENT="<b>\u202e</b>")
    page = text_of(login, f"/admin/calls/callevent/{CallEvent.objects.get().pk}/change/")
    assert "POST /event HTTP/1.1\nUser-Agent: &lt;b&gt;" in page
    assert "Authorization: Bearer •••" in page
    RequestHead.objects.all().delete()
    assert "HTTP/1.1" not in text_of(login, f"/admin/calls/callevent/{CallEvent.objects.get().pk}/change/")


def test_times_are_told_in_the_servers_zone(login: Client) -> None:
    keep({"uuid": "a1", "conversation_uuid": "CON-1", "status": "started", "timestamp": "2026-07-01T11:02:11.310Z"})
    assert "12:02:11.310 BST" in text_of(login, "/admin/calls/callevent/")


def test_a_list_ends_after_its_newest_rows(login: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NewestRows, "most", 3)
    monkeypatch.setattr(CallEventAdmin, "list_per_page", 2)
    make_call()
    page = text_of(login, "/admin/calls/callevent/", p=2)
    assert "The newest 3 events" in " ".join(page.split())
    assert page.count('class="field-kind"') == 1


@pytest.mark.parametrize("name", ["call", "leg", "callevent"])
def test_no_address_puts_a_list_into_an_order_without_an_index(login: Client, name: str) -> None:
    for _ in range(3):
        make_call()
        refuse()
    for order in ("2", "-2.1", "3"):
        with CaptureQueriesContext(connection) as asked:
            text_of(login, f"/admin/calls/{name}/", o=order)
        orders = [re.findall(rf'FROM "calls_{name}".* ORDER BY (.*?)(?: LIMIT|\)|$)', query["sql"]) for query in asked]
        assert {order for found in orders for order in found} == {f'"calls_{name}"."id" DESC'}


def test_what_is_filtered_is_sought_among_the_newest(login: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    old = make_call("started", "busy")
    keep({"conversation_uuid": old.conversation_uuid, "recording_url": "https://api.nexmo.com/v1/files/a"})
    make_call()
    assert "1 found." in text_of(login, "/admin/calls/callevent/", kind__exact="record")
    monkeypatch.setattr(NewestList, "most_filtered", 4)
    assert "0 found among the newest 4." in text_of(login, "/admin/calls/callevent/", kind__exact="record")
    assert "4 found among the newest 4." in text_of(login, "/admin/calls/callevent/", kind__exact="status")
    of_call = text_of(login, "/admin/calls/callevent/", kind__exact="record", call__id__exact=old.pk)
    assert "1 found." in of_call
    assert "2 calls" in text_of(login, "/admin/calls/call/")
    assert "0 found among the newest 4." in text_of(login, "/admin/calls/callevent/", kind__exact="record", q=" ")
    of_uuid = text_of(login, "/admin/calls/callevent/", kind__exact="record", q=f" {old.conversation_uuid}")
    assert "1 found." in of_uuid


def test_what_an_index_finds_is_sought_among_all(login: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    make_call("started")
    CallEvent.objects.update(signed=False, times_received=2)
    keep({"conversation_uuid": "CON-nobody-knows", "recording_url": "https://api.nexmo.com/v1/files/a"})
    make_call()
    monkeypatch.setattr(NewestList, "most_filtered", 4)
    for odd, found in {"unsigned": "1 found.", "loose": "1 found.", "repeated": "0 found among the newest 4."}.items():
        assert found in text_of(login, "/admin/calls/callevent/", odd=odd), odd
    both = text_of(login, "/admin/calls/callevent/", odd="unsigned", kind__exact="status")
    assert "0 found among the newest 4." in both


@pytest.mark.parametrize("name", ["call", "leg"])
def test_a_filtered_number_is_sought_among_the_newest(
    login: Client, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_call("started", "busy", to="442079460011")
    make_call(to="442079460012")
    monkeypatch.setattr(NewestList, "most_filtered", 1)
    filtered = {"direction": "inbound"}
    assert "1 found among the newest 1." in text_of(login, f"/admin/calls/{name}/", q="44", **filtered)
    assert "2 found." in text_of(login, f"/admin/calls/{name}/", q="44")
    uuid = Call.objects.order_by("pk")[0].conversation_uuid
    assert "1 found." in text_of(login, f"/admin/calls/{name}/", q=uuid, **filtered)


@pytest.mark.parametrize("name", LISTS)
def test_what_strangers_wrote_is_text_on_every_page(login: Client, name: str) -> None:
    call = make_call("started", ATTACK[:60], to=ATTACK, network=ATTACK, note={ATTACK: "\u202e" + ATTACK})
    keep({"uuid": call.legs.get().uuid, "conversation_uuid": ATTACK, "status": "answered", "from": ATTACK})
    refuse(reason=ATTACK, body="\u202e" + ATTACK, remote_address="203.0.113.9")
    models = {"call": Call, "leg": Leg, "callevent": CallEvent, "refusal": Refusal}
    pages = [f"/admin/calls/{name}/"]
    pages += [f"{pages[0]}{row.pk}/change/" for row in models[name]._default_manager.all()]
    for address in pages:
        page = text_of(login, address)
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "\u202e" not in page


@pytest.mark.parametrize("name", LISTS)
def test_somebody_without_permission_sees_nothing(db: None, name: str) -> None:
    assert member_of_staff("view_phonenumber").get(f"/admin/calls/{name}/").status_code == 403


def test_columns_of_refused_requests_say_what_they_mean(login: Client) -> None:
    refuse(others=1_200)
    page = login.get("/admin/calls/refusal/").content.decode()
    assert "We answered" in page
    assert "401 Unauthorized" in page
    assert "1,200 more, refused since the row before" in page
    assert "Http status" not in page
    assert "Others" not in page
