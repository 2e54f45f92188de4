"""Bodies that nobody should send: each gets a problem with a sentence, and never a 500."""

import pytest
from django.db import IntegrityError
from django.test import Client

from calls.api import callers
from tests.api.reading import problem

pytestmark = pytest.mark.django_db
CONTACTS = "/api/contacts/"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[1]", 400),
        (b'"Anna"', 400),
        (b"null", 400),
        (b"\xff\xfe", 400),
        (b'{"name": NaN}', 400),
        (b'{"name": "a\\u0000b"}', 400),
        (b'{"name": "\\ud800"}', 400),
        (b"[" * 100_000, 400),
        (b'{"name": "' + b"x" * 300_000 + b'"}', 413),
    ],
)
def test_a_body_that_cannot_be_read(api: Client, body: bytes, status: int) -> None:
    response = api.post(CONTACTS, body, content_type="application/json")
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")
    assert response.json()["detail"]


@pytest.mark.parametrize("kind", ["text/csv", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_a_type_that_we_do_not_read_is_a_415(api: Client, kind: str) -> None:
    for headers in ({}, {"Idempotency-Key": "k"}):
        response = api.post(CONTACTS, b"name=Anna", content_type=kind, headers=headers)
        assert (response.status_code, response["Content-Type"]) == (415, "application/problem+json")


def test_reasons_stand_by_field_also_inside_lists(api: Client) -> None:
    told = problem(api, "post", CONTACTS, {"numbers": ["447700900123", {}], "tags": "vip"}, status=400)
    assert set(told["errors"]) == {"name", "numbers.1", "tags"}
    assert all(isinstance(reason, str) for reasons in told["errors"].values() for reason in reasons)


def test_two_who_write_the_same_at_one_moment(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def meet(*_: object, **__: object) -> None:
        raise IntegrityError("UNIQUE constraint failed")

    monkeypatch.setattr(callers, "save_contact", meet)
    told = problem(api, "post", CONTACTS, {"name": "Anna"}, status=409)
    assert "at this moment" in told["detail"]


def test_a_bug_is_a_problem_for_programs_and_a_page_for_people(
    api: Client, login: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(callers.ContactList, "get", fail)
    api.raise_request_exception = login.raise_request_exception = False
    assert "written down" in problem(api, "get", CONTACTS, status=500)["detail"]
    monkeypatch.setattr("calls.dashboard.views.render", fail)
    page = login.get("/")
    assert (page.status_code, page["Content-Type"]) == (500, "text/html; charset=utf-8")
