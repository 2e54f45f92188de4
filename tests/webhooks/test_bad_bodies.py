"""Whatever body comes: what is an event is kept whole and shows, all else gets 400, and nothing is a 500."""

import base64
import json
from decimal import Decimal
from typing import Any

import pytest
from pytest_django import Settings

from calls.models import Call, CallEvent, Leg, Refusal
from calls.webhooks import refusals
from tests.conftest import Post
from tests.sequences.expected import INBOUND_CONVERSATION
from tests.vonage_client import VonageClient
from tests.webhooks.bad_bodies import CLEANED, KEPT, ODD_VALUES, REFUSED, SHAPES, STARTED
from tests.webhooks.conftest import Render

Payload = dict[str, Any]


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
        assert not event.raw
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
    assert not event.raw
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


def test_flood_of_unsigned_nonsense_leaves_one_sample_a_second(vonage: VonageClient, settings: Settings) -> None:
    settings.WEBHOOK_SIGNATURES = "optional"
    for _ in range(20):
        assert vonage.post("/event", b"{", authorization=None).status_code == 400
    assert Refusal.objects.count() == 1


def test_what_a_token_says_writes_no_lines_of_ours(vonage: VonageClient, caplog: pytest.LogCaptureFixture) -> None:
    claims = {"alg": "HS256", "typ": "JWT", "crit": ["x\n12:00:00 Call status: completed \x00\u202e"]}
    token = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode() + ".e30.AAAA"
    assert vonage.post("/event", b"{}", authorization=f"Bearer {token}").status_code == 401
    assert not any(letter in record.getMessage() for record in caplog.records for letter in "\n\x00\u202e")
    assert "\u202e" not in Refusal.objects.get().reason


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
