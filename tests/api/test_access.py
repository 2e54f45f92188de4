"""Who gets in at /api/, and how everybody else is refused."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from calls.api.views import CallList
from calls.models import ApiToken, User
from tests.factories import make_call

ADDRESSES = ["/api/calls/", "/api/calls/1/", "/api/events/", "/api/recordings/1/", "/api/schema/"]


def with_header(value: str) -> Client:
    return Client(headers={"Authorization": value})


def is_problem(response: Any, status: int, title: str) -> bool:
    told = response.json()
    return (
        response.status_code == told["status"] == status
        and response["Content-Type"] == "application/problem+json"
        and told["title"] == title
        and bool(told["detail"])
    )


@pytest.mark.django_db
@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options"])
def test_a_stranger_is_asked_for_a_token(method: str, address: str) -> None:
    response = getattr(Client(enforce_csrf_checks=True), method)(address)
    assert is_problem(response, 401, "Unauthorized")
    assert response["WWW-Authenticate"] == 'Token realm="api"'


@pytest.mark.parametrize("scheme", ["Token", "token", "TOKEN"])
def test_a_token_lets_a_program_in(staff: User, scheme: str) -> None:
    _, plain = ApiToken.objects.issue(staff)
    assert with_header(f"{scheme} {plain}").get("/api/calls/").status_code == 200


@pytest.mark.parametrize(
    "value", ["Token", "Token ", "Token x", "Token x y", "Token é", "Token " + "x" * 5000, "Bearer {}", "{}", "Token{}"]
)
def test_another_header_is_refused(staff: User, value: str) -> None:
    _, plain = ApiToken.objects.issue(staff)
    assert is_problem(with_header(value.format(plain)).get("/api/calls/"), 401, "Unauthorized")


def test_the_token_of_somebody_who_may_not_log_in_is_refused(staff: User) -> None:
    _, plain = ApiToken.objects.issue(staff)
    User.objects.update(is_active=False)
    assert is_problem(with_header(f"Token {plain}").get("/api/calls/"), 401, "Unauthorized")


def test_a_session_lets_a_browser_in(login: Client) -> None:
    assert login.get("/api/calls/").status_code == 200


def test_a_person_without_any_permission_may_read_calls(db: None) -> None:
    call = make_call()
    browser = Client()
    browser.force_login(User.objects.create_user("olga"))
    assert browser.get(f"/api/calls/{call.pk}/").status_code == 200


def test_a_token_with_scopes_may_do_only_these(staff: User) -> None:
    _, reads = ApiToken.objects.issue(staff, scopes=["calls:read"])
    _, other = ApiToken.objects.issue(staff, scopes=["something:else"])
    assert with_header(f"Token {reads}").get("/api/events/").status_code == 200
    refused = with_header(f"Token {other}").get("/api/events/")
    assert is_problem(refused, 403, "Forbidden")
    assert "calls:read" in refused.json()["detail"]


CHANGES = [
    (method, address)
    for method in ("post", "put", "patch", "delete")
    for address in ("/api/calls/", "/api/calls/1/", "/api/events/")
    if (method, address) not in {("post", "/api/calls/"), ("patch", "/api/calls/1/")}  # they place one, remark on one
]


@pytest.mark.parametrize(("method", "address"), CHANGES)
def test_what_vonage_told_is_read_only(api: Client, method: str, address: str) -> None:
    response = getattr(api, method)(address, {"outcome": "missed"}, content_type="application/json")
    assert is_problem(response, 405, "Method Not Allowed")
    assert "GET" in response["Allow"]


def test_the_use_of_a_token_is_noted_once_a_minute(staff: User) -> None:
    token, plain = ApiToken.objects.issue(staff)
    program = with_header(f"Token {plain}")
    program.get("/api/calls/")
    token.refresh_from_db()
    first = token.last_used_at
    assert first is not None
    assert timezone.now() - first < timedelta(seconds=30)
    program.get("/api/calls/")
    token.refresh_from_db()
    assert token.last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(seconds=61))
    program.get("/api/calls/")
    token.refresh_from_db()
    assert token.last_used_at is not None
    assert token.last_used_at >= first


@pytest.mark.parametrize(
    "address", ["/api/", "/api/nothing/", "/api/calls/x/", "/api/calls/1/legs/", "/api/%00/", "/api/calls/1%0A2/"]
)
def test_an_address_where_nothing_is_gives_a_problem(api: Client, address: str) -> None:
    assert is_problem(api.get(address), 404, "Not Found")
    assert is_problem(api.post(address), 404, "Not Found")


def test_a_missing_slash_is_led_to_the_list(api: Client) -> None:
    response = api.get("/api/calls?uuid=1")
    assert (response.status_code, response["Location"]) == (301, "/api/calls/?uuid=1")


@pytest.mark.parametrize("address", ["/api/contacts", "/api/nothing", "/api/contacts/1"])
def test_a_write_without_a_slash_is_told_so_for_its_body_would_be_lost_on_the_way(api: Client, address: str) -> None:
    for method in ("post", "patch", "delete"):
        response = getattr(api, method)(address, {}, content_type="application/json")
        assert is_problem(response, 404, "Not Found")
        assert "end in a slash" in response.json()["detail"]
    assert api.get(address).status_code == (404 if address == "/api/nothing" else 301)


@pytest.mark.parametrize(("query", "host"), [("&".join(["a"] * 1_001), "testserver"), ("", "elsewhere.example")])
def test_a_request_that_cannot_be_read_is_a_problem_for_programs_and_a_page_for_people(query: str, host: str) -> None:
    response = Client(headers={"host": host}).get(f"/api/contacts/?{query}")
    assert is_problem(response, 400, "Bad Request")
    assert Client(headers={"host": "elsewhere.example"}).get("/").headers["Content-Type"].startswith("text/html")


def test_a_type_that_we_do_not_speak_is_a_406_problem(api: Client) -> None:
    assert is_problem(api.get("/api/calls/", headers={"Accept": "text/csv"}), 406, "Not Acceptable")


def test_a_database_that_is_away_is_a_problem_of_503(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr(CallList, "get_queryset", away)
    assert is_problem(api.get("/api/calls/"), 503, "Service Unavailable")
