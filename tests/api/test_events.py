"""GET /api/events/, and the pages that all lists share."""

import base64
import re
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from rest_framework.mixins import ListModelMixin

from calls.api.pagination import BoundedPages
from calls.api.urls import urlpatterns
from calls.models import CallEvent, RequestHead
from tests.api.reading import EVENT_FIELDS, get, problem
from tests.factories import keep, make_call
from tests.flows.drafts import publish_flow
from tests.vonage_client import VonageClient


def ids(page: Any) -> list[int]:
    return [event["id"] for event in page["results"]]


def follow(api: Client, link: str) -> Any:
    parts = urlsplit(link)
    return get(api, f"{parts.path}?{parts.query}")


def test_events_come_newest_first_by_id(api: Client) -> None:
    make_call("completed", "started")  # arrival, not the time they tell, decides
    page = get(api, "/api/events/")
    assert list(page) == ["next", "previous", "results"]
    assert ids(page) == list(CallEvent.objects.order_by("-pk").values_list("pk", flat=True))
    assert list(page["results"][0]) == EVENT_FIELDS


def test_an_event_without_a_call_is_listed_with_null_for_it(api: Client) -> None:
    keep({"conversation_uuid": "CON-nobody-knows", "recording_url": "https://api.nexmo.com/v1/files/a"})
    (event,) = get(api, "/api/events/")["results"]
    assert (event["call"], event["leg"], event["kind"], event["status"]) == (None, None, "record", None)
    assert event["payload"]["conversation_uuid"] == "CON-nobody-knows"


def test_an_event_tells_of_the_request_that_brought_it(api: Client, vonage: VonageClient) -> None:
    vonage.post("/event", {"a": 1}, HTTP_X_FORWARDED_FOR="216.147.0.1", HTTP_HOST="testserver")
    keep({"a": 2})
    old, new = get(api, "/api/events/")["results"]
    assert old["request"] is None
    assert new["request"]["line"] == "POST /event HTTP/1.1"
    assert list(new["request"]["headers"].items()) == [
        ("Host", "testserver"),
        ("Content-Type", "application/json"),
        ("X-Forwarded-For", "216.147.0.1"),
        ("Authorization", "Bearer •••"),
    ]
    assert get(api, f"/api/events/{new['id']}/") == new
    RequestHead.objects.all().delete()
    assert get(api, f"/api/events/{new['id']}/")["request"] is None


def test_filters_narrow_the_list(api: Client) -> None:
    call, other = make_call(), make_call("started", "busy")
    keep({"conversation_uuid": call.conversation_uuid, "recording_url": "https://api.nexmo.com/v1/files/a"})

    def statuses(**query: Any) -> list[str]:
        return [event["status"] for event in get(api, "/api/events/", **query)["results"]]

    assert statuses(call=other.pk) == ["busy", "started"]
    assert statuses(leg=other.legs.get().uuid) == ["busy", "started"]
    assert statuses(status="answered") == ["answered"]
    assert statuses(kind="record") == [None]
    assert statuses(kind="status", call=other.pk, status="busy") == ["busy"]
    assert statuses(leg="nobody") == []
    assert statuses(call=2**63 - 1) == []


def test_pages_hold_every_event_once_while_new_ones_come(api: Client) -> None:
    for _ in range(4):
        make_call()
    there = list(CallEvent.objects.order_by("-pk").values_list("pk", flat=True))
    page = get(api, "/api/events/", page_size=5)
    seen = ids(page)
    while page["next"]:
        make_call("started")
        page = follow(api, page["next"])
        seen += ids(page)
    assert seen == there
    assert ids(follow(api, page["previous"])) == there[10:15]


def test_a_page_holds_50_and_100_at_most(api: Client) -> None:
    for _ in range(26):
        make_call()
    assert CallEvent.objects.count() == 104
    assert len(get(api, "/api/events/")["results"]) == 50
    assert len(get(api, "/api/events/", page_size=100)["results"]) == 100
    assert len(get(api, "/api/events/", page_size=10**9)["results"]) == 100
    assert len(get(api, "/api/events/", page_size="", cursor="")["results"]) == 50


@pytest.mark.parametrize("size", ["0", "00", "-1", "all", "1.5", "\x00", "٣", "9" * 5000, "0" * 5000 + "1"])
@pytest.mark.parametrize("address", ["/api/events/", "/api/calls/", "/api/contacts/"])
def test_a_size_that_is_none_is_refused(api: Client, address: str, size: str) -> None:
    response = api.get(address, {"page_size": size})
    assert response.status_code == 400
    told = "A whole number from 1 to 100; what is above gives 100."
    assert response.json()["errors"] == {"page_size": [told]}


@pytest.mark.parametrize("calls", [1, 10])
def test_the_list_costs_two_queries_however_long_it_is(
    api: Client, calls: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(calls):
        make_call()
    get(api, "/api/events/")
    with django_assert_num_queries(2):  # the token, the events with their legs
        get(api, "/api/events/")


def cursor(**parts: str) -> str:
    return base64.b64encode(urlencode(parts).encode()).decode()


@pytest.mark.parametrize(
    "text",
    ["x", "%00", "\x00", "\x00" * 4, "!!!!", "====", " ", "é", "9" * 9000, cursor(p="abc"),
     cursor(p="1.5"), cursor(p="\x00"), cursor(p="-1"), cursor(p="9" * 40), cursor(p="٣"), cursor(o="x")],
)  # fmt: skip
@pytest.mark.parametrize("address", ["/api/events/", "/api/calls/"])
def test_a_cursor_that_is_none_of_ours_is_refused(api: Client, address: str, text: str) -> None:
    for _ in range(2):
        make_call()
    for cursor in (text, f"{text}.{mark_of(api, address)}", f"{text}.{'0' * 12}"):
        refused(api, address, cursor=cursor)


def test_a_cursor_of_another_list_or_of_other_filters_is_refused(api: Client) -> None:
    for _ in range(3):
        make_call("started", "timeout")
    [text] = parse_qs(urlsplit(get(api, "/api/calls/", show="missed", page_size=1)["next"]).query)["cursor"]
    following = get(api, "/api/calls/", show="missed", q="", page_size=2, cursor=text)  # in pages of any size
    assert len(following["results"]) == 2
    refused(api, "/api/calls/", cursor=text)
    refused(api, "/api/calls/", show="voicemail", cursor=text)
    refused(api, "/api/legs/", cursor=text)


def refused(api: Client, address: str, **query: Any) -> None:
    response = api.get(address, query)
    assert response.status_code == 400
    told = "This is no cursor of this list: take it from `next` or `previous` as it is."
    assert response.json()["errors"] == {"cursor": [told]}


def mark_of(api: Client, address: str) -> str:
    """What the cursors of a list end with."""
    [text] = parse_qs(urlsplit(get(api, address, page_size=1)["next"]).query)["cursor"]
    return str(text.rpartition(".")[2])


@pytest.mark.parametrize("position", ["0", "1", "9" * 19])
def test_a_cursor_beyond_all_ids_gives_an_empty_page_or_all(api: Client, position: str) -> None:
    make_call()
    text = f"{cursor(p=position)}.{mark_of(api, '/api/events/')}"
    assert len(get(api, "/api/events/", cursor=text)["results"]) in {0, 4}


ODD = [
    "\x00",
    "a\x00b",
    "x" * 20_000,
    "%",
    "'; --",
    "{}",
    "[]",
    "‮",
    "😀",
    "NaN",
    "1e400",
    "-1",
    "1.5",
    "9" * 30,
    "9" * 5000,
]


@pytest.mark.parametrize("value", ODD)
@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("/api/calls/", "uuid"),
        ("/api/calls/", "conversation_uuid"),
        ("/api/calls/", "page_size"),
        ("/api/events/", "call"),
        ("/api/events/", "leg"),
        ("/api/events/", "kind"),
        ("/api/events/", "status"),
    ],
)
def test_an_odd_value_is_refused_or_finds_nothing(api: Client, address: str, name: str, value: str) -> None:
    response = api.get(address, {name: value})
    if response.status_code == 400:
        told = response.json()
        assert list(told) == ["title", "status", "detail", "errors"]
        assert list(told["errors"]) == [name]
        assert response["Content-Type"] == "application/problem+json"
    else:
        assert response.status_code == 200
        assert response.json()["results"] == []


@pytest.mark.parametrize("name", ["ordering", "payload__regex", "call__from_number", "limit", "format", "uuid"])
def test_a_parameter_that_nobody_knows_is_refused_with_those_there_are(api: Client, name: str) -> None:
    make_call()
    response = api.get("/api/events/", {name: "", "status": "answered"})
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    there_are = "There are: call, leg, kind, status, page_size, cursor."
    assert response.json()["errors"] == {name: [f"There is no such parameter here. {there_are}"]}


def test_every_list_refuses_what_it_does_not_know(api: Client) -> None:
    flow = publish_flow("Orders", ("greeting", {"text": "Good day."}, {}))
    lists = [one for one in urlpatterns if issubclass(getattr(one.callback, "cls", object), ListModelMixin)]
    assert len(lists) > 12
    for one in lists:
        address = f"/api/{re.sub('<[^>]+>', str(flow.pk), str(one.pattern))}"
        assert "page_size" in problem(api, "get", f"{address}?nothing=1", status=400)["errors"]["nothing"][0], address


@pytest.mark.parametrize("query", [{"status": "busy"}, {"status": "xylophone"}, {"kind": "record"}])
def test_what_is_rare_is_sought_in_portions(
    api: Client,
    query: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    monkeypatch.setattr(BoundedPages, "most_looked_at", 3)
    rare = make_call("started", "busy")
    for _ in range(3):
        make_call()
    keep({"conversation_uuid": rare.conversation_uuid, "recording_url": "https://api.nexmo.com/v1/files/a"})
    get(api, "/api/events/")
    with django_assert_num_queries(3):  # the token, where the portion ends, its events
        page = get(api, "/api/events/", **query)
    seen, pages = ids(page), 1
    while page["next"]:
        page = follow(api, page["next"])
        seen, pages = seen + ids(page), pages + 1
        assert page["previous"] is None
    assert seen == list(CallEvent.objects.filter(**query).order_by("-pk").values_list("pk", flat=True))
    assert pages == (CallEvent.objects.count() + 2) // 3 + (CallEvent.objects.count() % 3 == 0)
    page = get(api, "/api/events/", call=rare.pk, **query)
    assert page["next"] is None
    assert len(ids(page)) == len(seen)
    for blank in (" ", "\t", " \u3000"):  # a form reads it as nothing
        with django_assert_num_queries(3):
            assert get(api, "/api/events/", **query, leg=blank, call="")["next"]


def test_a_full_page_leads_on_within_its_portion(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BoundedPages, "most_looked_at", 8)
    for _ in range(5):
        make_call()
    page = get(api, "/api/events/", kind="status", page_size=3)
    seen = ids(page)
    while page["next"]:
        page = follow(api, page["next"])
        seen += ids(page)
    assert seen == list(CallEvent.objects.order_by("-pk").values_list("pk", flat=True))


def test_legs_are_sought_likewise_and_nothing_leads_back(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BoundedPages, "most_looked_at", 2)
    for status in ("busy", "completed", "completed", "completed"):
        make_call("started", status)
    page = get(api, "/api/legs/", status="busy")
    assert page["results"] == []
    assert [leg["status"] for leg in follow(api, page["next"])["results"]] == ["busy"]
    back = follow(api, get(api, "/api/legs/", page_size=2)["next"])["previous"]
    assert api.get(f"/api/legs/?{urlsplit(back).query}").status_code == 200
    assert api.get(f"/api/legs/?{urlsplit(back).query}&status=busy").status_code == 400


def test_an_empty_filter_filters_nothing(api: Client) -> None:
    call = make_call()
    assert len(get(api, "/api/events/", status="", leg="", call="", kind="")["results"]) == call.events.count()
