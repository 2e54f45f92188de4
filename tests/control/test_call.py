"""`/call`: who may, what is placed and what is not, and what everybody is told. The platform is the local Vonage."""

import json
import re
import threading
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from calls.control import tokens
from calls.models import ApiToken, Call, CallEvent, PhoneNumber, Placement, User
from tests.control.conftest import OURS, THEIRS, LocalVonage, bad_server, point_to

pytestmark = pytest.mark.django_db
HTML = {"Accept": "text/html"}


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create_user("anna", password="a-password-of-the-tests")


@pytest.fixture
def token(user: User) -> dict[str, str]:
    return {"Authorization": f"Token {ApiToken.objects.issue(user)[1]}"}


@pytest.fixture
def browser(user: User) -> Client:
    client = Client(enforce_csrf_checks=True, headers=HTML)
    client.force_login(user)
    return client


def test_token_places_a_call(vonage: LocalVonage, number: PhoneNumber, token: dict[str, str], client: Client) -> None:
    response = client.get("/call?to=%2B44 7700 900456", headers=token)
    assert response.status_code == 201
    told = response.json()
    assert (told["from"], told["to"]) == (OURS, THEIRS)
    assert vonage.placed == [THEIRS]
    assert Call.objects.get(pk=told["id"]).legs.get().uuid == told["uuid"]
    act = CallEvent.objects.get(kind="action")
    assert (act.payload["by"], act.payload["action"]) == ("anna", "placed the call")
    order = vonage.platform.legs[told["uuid"]]
    assert order.events_to.url.startswith("http://127.0.0.1:3000/event/")


@pytest.mark.parametrize("method", ["get", "post"])
def test_stranger_places_nothing(vonage: LocalVonage, number: PhoneNumber, client: Client, method: str) -> None:
    assert getattr(client, method)(f"/call?to={THEIRS}").status_code == 401
    assert getattr(client, method)(f"/call?to={THEIRS}", headers={"Authorization": "Token nonsense"}).status_code == 401
    led = getattr(client, method)(f"/call?to={THEIRS}", headers=HTML)
    assert led.status_code == 302
    assert led.headers["Location"].startswith("/login/?next=/call")
    assert vonage.placed == []


def test_token_that_may_only_read_places_nothing(vonage: LocalVonage, number: PhoneNumber, user: User) -> None:
    plain = ApiToken.objects.issue(user, scopes=["calls:read"])[1]
    response = Client().get(f"/call?to={THEIRS}", headers={"Authorization": f"Token {plain}"})
    assert response.status_code == 403
    assert vonage.placed == []


def test_person_is_asked_first(vonage: LocalVonage, number: PhoneNumber, browser: Client) -> None:
    page = browser.get(f"/call?to={THEIRS}&text=Your+taxi+is+here").content.decode()
    assert "Call +44 7700 900456?" in page
    assert "United Kingdom" in page
    assert "“Your taxi is here”" in page
    assert "Front desk" in page
    assert vonage.placed == []


def test_person_places_once_however_often_they_click(vonage: LocalVonage, number: PhoneNumber, browser: Client) -> None:
    page = browser.get(f"/call?to={THEIRS}").content.decode()
    form = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page)) | {"place": "1"}
    first = browser.post("/call", form)
    assert first.status_code == 302
    assert first.headers["Location"] == f"/calls/{Call.objects.get().pk}/"
    assert browser.post("/call", form).headers["Location"] == first.headers["Location"]
    assert vonage.placed == [THEIRS]


def test_person_without_the_forms_secret_places_nothing(
    vonage: LocalVonage, number: PhoneNumber, browser: Client
) -> None:
    browser.get(f"/call?to={THEIRS}")
    assert browser.post("/call", {"to": THEIRS, "place": "1"}).status_code == 403
    assert vonage.placed == []


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("", 400, "Give the number"),
        ("to=abc", 400, "no telephone number"),
        ("to=sip:a@b.example", 400, "an address"),
        (f"to={OURS}", 403, "a number of ours"),
        ("to=441534123456", 403, "is in JE"),
        ("to=449091234567", 403, "premium rate"),
        (f"to={THEIRS}&from=442079460999", 400, OURS),
        (f"to={THEIRS}&voice=Russell", 400, "give that too"),
        (f"to={THEIRS}&text=hello&voice=Nobody", 400, "no voice"),
        (f"to={THEIRS}&text={'a' * 1501}", 400, "1500"),
        (f"to={THEIRS}&flow=nonsense", 400, "no published flow"),
    ],
)
def test_what_cannot_be_called_is_told(
    vonage: LocalVonage, number: PhoneNumber, token: dict[str, str], query: str, status: int, words: str
) -> None:
    response = Client().get(f"/call?{query}", headers=token)
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    assert words in response.json()["detail"].replace("1,500", "1500")
    assert vonage.placed == []
    assert not Placement.objects.exists()


def test_nobody_is_called_where_no_country_is_named(
    vonage: LocalVonage, number: PhoneNumber, token: dict[str, str], settings: Any
) -> None:
    settings.OUTBOUND_COUNTRIES = []
    assert Client().get(f"/call?to={THEIRS}", headers=token).status_code == 403
    assert vonage.placed == []


def test_dry_run_places_nothing(vonage: LocalVonage, number: PhoneNumber, token: dict[str, str]) -> None:
    told = Client().get(f"/call?to={THEIRS}&dry_run=1", headers=token).json()
    assert told == {
        "dry_run": True,
        "to": THEIRS,
        "from": OURS,
        "heard": "What callers of Front desk hear",
        "country": "GB",
    }
    assert vonage.placed == []


def test_limits_are_told_with_when_to_try_again(
    vonage: LocalVonage, number: PhoneNumber, token: dict[str, str], settings: Any
) -> None:
    settings.OUTBOUND_PER_USER = 1
    assert Client().get(f"/call?to={THEIRS}", headers=token).status_code == 201
    again = Client().get(f"/call?to={THEIRS}", headers=token)
    assert again.status_code == 429
    assert 1 <= int(again.headers["Retry-After"]) <= 60
    assert vonage.placed == [THEIRS]


def test_program_passes_the_options_of_the_platform_on(
    number: PhoneNumber, token: dict[str, str], settings: Any
) -> None:
    detection = {"mode": "detect", "behavior": "hangup", "beep_timeout": 60}
    order = {"to": THEIRS, "advanced_machine_detection": detection, "ringing_timer": 20, "length_timer": 90}
    made = b'{"uuid": "63f61863-4a51-4f6b-86e1-46edebcf9356", "status": "started"}'
    with bad_server(b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n%b" % (len(made), made)) as server:
        point_to(settings, server.url)
        for wrong in ({"mode": "guess"}, {"beep": 50}, "detect"):
            body = order | {"advanced_machine_detection": wrong}
            assert Client(headers=token).post("/api/calls/", body, "application/json").status_code == 400
        assert Client(headers=token).post("/api/calls/", order, "application/json").status_code == 201
    (sent,) = (json.loads(request.partition(b"\r\n\r\n")[2]) for request in server.requests)
    assert {name: sent[name] for name in order if name != "to"} == {name: order[name] for name in order if name != "to"}


def test_platform_that_hangs_up_is_asked_once(number: PhoneNumber, token: dict[str, str], settings: Any) -> None:
    with bad_server(b"") as server:
        point_to(settings, server.url)
        response = Client().get(f"/call?to={THEIRS}", headers=token)
    assert response.status_code == 202
    assert "broke off" in response.json()["problem"]
    assert len(server.requests) == 1
    assert Placement.objects.get().state == "unknown"


@pytest.mark.parametrize(
    ("platform_status", "status", "words"),
    [(401, 502, "VONAGE_PRIVATE_KEY"), (403, 502, "does not allow"), (429, 429, "three new calls a second")],
)
def test_platform_that_refuses(
    number: PhoneNumber, token: dict[str, str], settings: Any, platform_status: int, status: int, words: str
) -> None:
    with bad_server(f"HTTP/1.1 {platform_status} No\r\nContent-Length: 2\r\n\r\n{{}}".encode()) as server:
        point_to(settings, server.url)
        response = Client().get(f"/call?to={THEIRS}", headers=token)
    assert response.status_code == status
    assert words in response.json()["detail"]
    assert len(server.requests) == 1
    assert Placement.objects.get().state == "refused"


def test_started_finds_its_request_though_the_platform_never_answered(
    number: PhoneNumber, token: dict[str, str], settings: Any, client: Client
) -> None:
    with bad_server(b"") as server:
        point_to(settings, server.url)
        client.get(f"/call?to={THEIRS}", headers=token)
    placement = Placement.objects.get()
    started = {
        "uuid": "aaf4d2a0-6d6a-4a0b-9d0e-3f1c2b7e5d44",
        "conversation_uuid": "CON-4f3d8a52-9d0c-4b57-8a0e-0f5b8a2f1c11",
        "status": "started",
        "from": OURS,
        "to": THEIRS,
        "direction": "outbound",
        "timestamp": "2026-03-02T10:00:00.140Z",
    }
    settings.WEBHOOK_SIGNATURES = "optional"
    url = f"/event/{tokens.make(placement.pk)}"
    assert client.post(url, started, content_type="application/json").status_code == 200
    placement.refresh_from_db()
    assert (placement.state, placement.leg_uuid) == ("accepted", started["uuid"])


@pytest.mark.parametrize("path", ["/event/nonsense", "/event/1:abc:def", "/webhooks/event/nonsense"])
def test_event_with_a_token_of_nobody_is_kept_all_the_same(client: Client, settings: Any, path: str) -> None:
    settings.WEBHOOK_SIGNATURES = "optional"
    event = {"uuid": "63f61863-4a51-4f6b-86e1-46edebcf9356", "status": "started", "timestamp": "2026-03-02T10:00:00Z"}
    assert client.post(path, event, content_type="application/json").status_code == 200
    assert CallEvent.objects.count() == 1


def test_call_that_was_refused_may_be_asked_for_again_with_its_key(
    vonage: LocalVonage, number: PhoneNumber, token: dict[str, str], settings: Any
) -> None:
    where, with_key = settings.VONAGE_API_URL, token | {"Idempotency-Key": "the-same"}
    with bad_server(b"HTTP/1.1 429 No\r\nContent-Length: 2\r\n\r\n{}") as server:
        point_to(settings, server.url)
        assert Client().get(f"/call?to={THEIRS}", headers=with_key).status_code == 429
        assert Client().get(f"/call?to={THEIRS}", headers=with_key).status_code == 429
    settings.VONAGE_API_URL = where
    first, second = (Client().get(f"/call?to={THEIRS}", headers=with_key) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert vonage.placed == [THEIRS]
    assert Placement.objects.count() == 3  # each counts
    other = Client().get("/call?to=447700900457", headers=with_key)
    assert other.status_code == 409


@pytest.mark.django_db(transaction=True)
def test_ten_posts_with_one_key_are_one_call(vonage: LocalVonage, number: PhoneNumber, token: dict[str, str]) -> None:
    answers: list[tuple[int, Any]] = []

    def post() -> None:
        try:
            response = Client().post(f"/call?to={THEIRS}", headers=token | {"Idempotency-Key": "the-same"})
            answers.append((response.status_code, response.json().get("uuid")))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=post) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert vonage.placed == [THEIRS]
    assert {status for status, _ in answers} == {201}
    assert len({uuid for _, uuid in answers}) == 1


@pytest.mark.django_db(transaction=True)
def test_sixteen_threads_never_pass_a_limit(
    vonage: LocalVonage, number: PhoneNumber, token: dict[str, str], settings: Any
) -> None:
    settings.OUTBOUND_PER_USER = 2
    statuses: list[int] = []

    def post() -> None:
        try:
            statuses.append(Client().post(f"/call?to={THEIRS}", headers=token).status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=post) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201] * 2 + [429] * 14
    assert len(vonage.placed) == 2
