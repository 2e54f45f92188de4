"""Whatever body comes: what is an event is kept whole and shows, all else gets 400, and nothing is a 500."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from calls.models import Call, CallEvent, Leg, Refusal
from calls.webhooks import refusals
from tests.conftest import Post
from tests.sequences.expected import INBOUND_CONVERSATION
from tests.vonage_client import VonageClient
from tests.webhooks.bad_bodies import CLEANED, COMPLETED, KEPT, ODD_VALUES, REFUSED, SHAPES, STARTED

Payload = dict[str, Any]
Render = Callable[[], None]


@pytest.fixture
def render(login: Client, api: Client) -> Render:
    """Open every page and every list of the API that shows what was kept: each must come with 200."""

    def open_all() -> None:
        pages = [reverse("calls"), reverse("loose-events"), *(call.get_absolute_url() for call in Call.objects.all())]
        lists = ["/api/calls/", "/api/events/", *(f"/api/calls/{call.pk}/" for call in Call.objects.all())]
        for browser, addresses in ((login, pages), (api, lists)):
            for address in addresses:
                response = browser.get(address)
                assert response.status_code == 200, (address, response.content)

    return open_all


def in_decimals(payload: Payload) -> Payload:
    """Spell numbers alike: Postgres gives a float such as 1e308 back as the whole number it is."""
    told: Payload = json.loads(json.dumps(payload), parse_float=Decimal, parse_int=Decimal)
    return told


def field_cases() -> list[tuple[str, str]]:
    return [(shape, field) for shape, payload in SHAPES.items() for field in payload]


@pytest.mark.parametrize(("shape", "field"), field_cases())
def test_odd_field_is_kept_whole_and_shows(post_event: Post, render: Render, shape: str, field: str) -> None:
    """Each field of each kind of event, missing and odd in every way; legs apart, to be read each alone."""
    sent: list[Payload] = [{name: value for name, value in SHAPES[shape].items() if name != field}]
    sent += [SHAPES[shape] | {field: value} for value in ODD_VALUES.values()]
    for number, payload in enumerate(sent):
        payload["number"] = number  # deliveries that differ by an empty field only count as one
        if field != "uuid" and "uuid" in payload:
            payload["uuid"] = f"{number:032x}"
        response = post_event(payload)
        assert (response.status_code, response.content) == (200, b""), payload
        event = CallEvent.objects.latest("pk")
        assert in_decimals(event.payload) == in_decimals(payload)
        assert event.raw is None
        assert event.error == ""
    assert CallEvent.objects.count() == len(sent)
    assert not Refusal.objects.exists()
    render()


@pytest.mark.parametrize("name", KEPT)
def test_unusual_object_is_kept_whole_and_shows(post_event: Post, render: Render, name: str) -> None:
    body, payload = KEPT[name]
    assert post_event(body).status_code == 200
    event = CallEvent.objects.get()
    assert event.payload == payload
    assert event.raw is None
    render()


@pytest.mark.parametrize("name", CLEANED)
def test_what_a_database_refuses_is_replaced_and_the_bytes_are_kept(
    post_event: Post, render: Render, name: str
) -> None:
    body, payload = CLEANED[name]
    assert post_event(body).status_code == 200
    event = CallEvent.objects.get()
    assert event.payload == payload
    assert bytes(event.raw or b"") == body
    render()


@pytest.mark.parametrize("name", REFUSED)
def test_body_that_is_no_event_gets_400_and_a_place_among_the_refused(post_event: Post, name: str) -> None:
    response = post_event(REFUSED[name])
    assert response.status_code == 400
    assert response.headers["Content-Type"].startswith("text/plain")
    assert response.content.strip()
    assert not CallEvent.objects.exists()
    refusal = Refusal.objects.get()
    assert (refusal.door, refusal.http_status) == ("event", 400)
    assert refusal.reason
    assert len(refusal.body) <= 2_000


@pytest.mark.parametrize("name", [*KEPT, *CLEANED, *REFUSED])
def test_answer_always_has_a_sentence(vonage: VonageClient, name: str) -> None:
    body = ({name: body for name, (body, _) in (KEPT | CLEANED).items()} | REFUSED)[name]
    response = vonage.post("/answer", body)
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("application/json")
    assert response.json()[0]["action"] == "talk"


@pytest.mark.parametrize("name", [*KEPT, *CLEANED, *REFUSED])
def test_fallback_never_fails(vonage: VonageClient, name: str) -> None:
    body = ({name: body for name, (body, _) in (KEPT | CLEANED).items()} | REFUSED)[name]
    assert vonage.post("/fallback", body).status_code == 200


@pytest.mark.parametrize("name", ["not JSON", "empty", "null", "5,000 nested arrays"])
def test_what_answer_could_not_read_is_among_the_refused(vonage: VonageClient, name: str) -> None:
    vonage.post("/answer", REFUSED[name])
    assert Refusal.objects.get().door == "answer"


QUERIES = {
    "nothing": "",
    "no values": "to&from&uuid",
    "one name twice": "uuid=a&uuid=b&status=started",
    "bad percent signs": "uuid=%&status=%zz&from=%f",
    "not UTF-8": "uuid=%ff%fe&status=started",
    "surrogate": "uuid=%ed%a0%80&status=started",
    "U+0000": "uuid=a%00b&status=started&from=%00",
    "half an object": "uuid=a&dtmf={%22digits%22:",
    "deep text": "uuid=a&dtmf=" + "[" * 5_000,
    "deep object": "uuid=a&dtmf=" + "[" * 900 + "]" * 900,
    "NaN within": "uuid=a&dtmf={%22digits%22:NaN}",
    "1e400 within": "uuid=a&dtmf=[1e400]",
    "5,000 digits within": f"uuid=a&dtmf=[{'9' * 5_000}]",
    "long": f"uuid={'x' * 20_000}&status=started",
    "2,001 fields": "&".join(f"f{n}={n}" for n in range(2_001)),
    "only separators": "&&&===;;;",
    "original_request is no object": "original_request=[1]&type=answer",
    "original_request is text": "original_request=answer",
}


@pytest.mark.parametrize("name", QUERIES)
@pytest.mark.parametrize("door", ["answer", "event", "fallback"])
def test_odd_query_never_fails(vonage: VonageClient, render: Render, door: str, name: str) -> None:
    response = vonage.get(f"/{door}?{QUERIES[name]}", {})
    if door == "event":
        assert response.status_code in {200, 400}
        assert CallEvent.objects.count() + Refusal.objects.count() == 1
    else:
        assert response.status_code == 200
    if door == "answer":
        assert response.json()[0]["action"] == "talk"
    render()


def test_form_is_read_as_a_query(post_event: Post) -> None:
    body = b"uuid=8b4f0d3c&status=started&from=447700900123&dtmf=%7B%22digits%22%3A%223%22%7D"
    assert post_event(body, content_type="application/x-www-form-urlencoded").status_code == 200
    assert CallEvent.objects.get().payload == {
        "uuid": "8b4f0d3c",
        "status": "started",
        "from": "447700900123",
        "dtmf": {"digits": "3"},
    }


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json; charset=utf-8",
        "application/x-www-form-urlencoded",
        "text/plain",
        "application/octet-stream",
        "multipart/form-data; boundary=x",
        "",
        "no/such; type=\x7f",
    ],
)
def test_json_is_read_whatever_the_content_type_says(post_event: Post, content_type: str) -> None:
    assert post_event(STARTED, content_type=content_type).status_code == 200
    assert CallEvent.objects.get().payload == STARTED


@pytest.mark.parametrize(
    ("told", "moment"),
    [
        ("2020-01-01T12:00:00.000Z", "2020-01-01T12:00:00+00:00"),
        ("2020-01-01T12:00:00.812Z", "2020-01-01T12:00:00.812000+00:00"),
        ("2020-01-01T12:00:00Z", "2020-01-01T12:00:00+00:00"),
        ("2020-01-01T12:00:00", "2020-01-01T12:00:00+00:00"),
        ("2020-01-01 12:00:00", "2020-01-01T12:00:00+00:00"),
        ("2020-01-01T12:00:00+0000", "2020-01-01T12:00:00+00:00"),
        ("2020-01-01T12:00:00+00:00", "2020-01-01T12:00:00+00:00"),
        ("2020-01-01T12:00:00+01:00", "2020-01-01T11:00:00+00:00"),
        ("2020-01-01T12:00:00.123456Z", "2020-01-01T12:00:00.123456+00:00"),
        ("2020-01-01T12:00:00.123456789Z", "2020-01-01T12:00:00.123456+00:00"),
        (" 2020-01-01T12:00:00.000Z ", "2020-01-01T12:00:00+00:00"),
    ],
)
def test_every_spelling_of_a_time_is_read(post_event: Post, told: str, moment: str) -> None:
    post_event(STARTED | {"timestamp": told})
    assert CallEvent.objects.get().occurred_at == datetime.fromisoformat(moment)
    assert Leg.objects.get().started_at == datetime.fromisoformat(moment)


@pytest.mark.parametrize(
    "told",
    [
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59-14:00",
        "99999-01-01T00:00:00Z",
        "2020-13-01T00:00:00Z",
        "2020-02-30T00:00:00Z",
        "2020-01-01T25:00:00Z",
        "2020-01-01T00:00:00+99:99",
        "yesterday",
        "12:00",
        "1577880000",
        1577880000,
        1577880000.5,
        1577880000000,
        10**3_999,
        -1,
        True,
        None,
        "",
        [],
        ["2020-01-01T12:00:00.000Z"],
        {},
        "9" * 100_000,
    ],
    ids=lambda told: str(told)[:40],
)
def test_where_no_time_can_be_read_our_clock_counts(post_event: Post, told: object) -> None:
    ours = datetime(2026, 3, 2, 11, tzinfo=UTC)
    with time_machine.travel(ours, tick=False):
        assert post_event(STARTED | {"timestamp": told}).status_code == 200
    assert CallEvent.objects.get().occurred_at == ours
    assert Leg.objects.get().started_at == ours


@pytest.mark.parametrize(
    ("told", "euros"),
    [
        ("0.00060000", "0.0006"),
        ("0", "0"),
        (" 1.5 ", "1.5"),
        (0.0006, "0.0006"),
        (2, "2"),
        ("1E-3", "0.001"),
        ("0.123456789", "0.12345679"),
        ("999999.99999999", "999999.99999999"),
        ("1000000", None),
        ("-0.01", None),
        ("1e99999999999999999999", None),
        (10**3_999, None),
        ("9" * 100_000, None),
        ("1e999", None),
        ("1e999999999", None),
        ("1e-999999999", "0"),
        ("NaN", None),
        ("sNaN", None),
        ("Infinity", None),
        ("abc", None),
        ("", None),
        (True, None),
        (None, None),
        (["1"], None),
        ({"amount": "1"}, None),
    ],
    ids=lambda told: str(told)[:20],
)
def test_price_and_rate_are_read_or_unknown(post_event: Post, told: object, euros: str | None) -> None:
    assert post_event(COMPLETED | {"price": told, "rate": told}).status_code == 200
    leg, expected = Leg.objects.get(), None if euros is None else Decimal(euros)
    assert (leg.price_eur, leg.rate_eur) == (expected, expected)
    assert Call.objects.get().price_eur == expected


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("7", 7),
        (7, 7),
        ("0", 0),
        (7.0, 7),
        ("86400", 86_400),
        ("2147483647", 2_147_483_647),
        ("2147483648", None),
        ("-1", None),
        (-1, None),
        ("1e999999999", None),
        ("NaN", None),
        ("abc", None),
        ("9" * 100_000, None),
        (False, None),
        ([7], None),
    ],
    ids=lambda told: str(told)[:20],
)
def test_duration_is_read_or_unknown(post_event: Post, told: object, seconds: int | None) -> None:
    assert post_event(COMPLETED | {"duration": told}).status_code == 200
    assert Leg.objects.get().duration_seconds == seconds
    assert Call.objects.get().duration_seconds == seconds


def test_prices_whose_sum_is_beyond_the_column_lose_nothing(post_event: Post, render: Render) -> None:
    for number in range(12):
        assert post_event(COMPLETED | {"uuid": str(number), "price": "999999.99999999"}).status_code == 200
    assert set(Leg.objects.values_list("price_eur", flat=True)) == {Decimal("999999.99999999")}
    assert Call.objects.get().price_eur is None
    render()


def test_unknown_status_is_kept_and_outranks_nothing(post_event: Post, render: Render) -> None:
    post_event(STARTED | {"status": "levitating", "timestamp": "2026-03-02T10:00:01.000Z"})
    assert Leg.objects.get().status == "levitating"
    post_event(STARTED)
    post_event(STARTED | {"status": "x" * 100_000, "timestamp": "2026-03-02T10:00:02.000Z"})
    leg = Leg.objects.get()
    assert (leg.status, leg.ended_at) == ("started", None)
    assert [event.kind for event in CallEvent.objects.all()] == ["status"] * 3
    render()


def test_event_without_a_leg_waits_for_its_call(post_event: Post) -> None:
    loose = {name: value for name, value in STARTED.items() if name != "uuid"}
    post_event(loose)
    assert CallEvent.objects.get().call is None
    post_event(STARTED)
    assert CallEvent.objects.filter(call=Call.objects.get()).count() == 2


@pytest.mark.parametrize("length", [256 * 1024, 256 * 1024 + 1])
def test_body_may_have_256_kib(post_event: Post, length: int) -> None:
    body = b'{"a": "' + b"x" * (length - 9) + b'"}'
    assert len(body) == length
    fits = length == 256 * 1024
    assert post_event(body).status_code == (200 if fits else 413)
    assert CallEvent.objects.count() == fits


@pytest.mark.parametrize("door", ["answer", "event", "fallback"])
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"])
def test_other_methods_get_405(vonage: VonageClient, door: str, method: str) -> None:
    response = vonage.http.generic(method, f"/{door}")
    assert response.status_code == 405
    assert {"GET", "POST"} <= set(response.headers["Allow"].split(", "))


def test_refused_requests_are_a_thousand_at_most(post_event: Post) -> None:
    Refusal.objects.bulk_create(Refusal(door="event", http_status=400, reason=f"old {n}") for n in range(1_000))
    for body in (b"first", b"second"):
        assert post_event(body).status_code == 400
    assert Refusal.objects.count() == 1_000
    assert [refusal.body for refusal in Refusal.objects.all()[:2]] == ["second", "first"]
    assert Refusal.objects.last().reason == "old 2"  # type: ignore[union-attr]  # there are a thousand


def test_flood_of_strangers_leaves_one_sample_a_second(vonage: VonageClient) -> None:
    for _ in range(3):
        for _ in range(50):
            assert vonage.post("/event", STARTED, authorization=None).status_code == 401
        refusals.strangers.last -= 2  # two seconds later
    assert [refusal.others for refusal in Refusal.objects.order_by("pk")] == [0, 49, 49]


def test_nothing_of_a_refused_body_is_among_the_calls(post_event: Post, vonage: VonageClient) -> None:
    post_event(REFUSED["array"])
    vonage.post("/event", STARTED, authorization=None)
    assert not CallEvent.objects.exists()
    assert not Call.objects.exists()
    assert not Leg.objects.exists()
    assert INBOUND_CONVERSATION in Refusal.objects.last().body  # type: ignore[union-attr]  # there are two
