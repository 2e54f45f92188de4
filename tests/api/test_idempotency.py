"""Writes with an Idempotency-Key: sent twice, done once, and answered alike."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from calls.api.idempotency import OTHER
from calls.chores.housekeeping import drop_expired_keys
from calls.control import acting
from calls.control.refusals import Refused
from calls.models import ApiToken, Call, Contact, IdempotencyKey, User
from tests.api.reading import problem, send
from tests.factories import make_call

pytestmark = pytest.mark.django_db
ANNA = {"name": "Anna", "numbers": ["447700900123"]}
CONTACTS = "/api/contacts/"


def test_the_same_request_again_gets_the_first_answer(api: Client) -> None:
    first = send(api, "post", CONTACTS, ANNA, status=201, Idempotency_Key="order-17")
    again = send(api, "post", CONTACTS, dict(reversed(ANNA.items())), status=201, Idempotency_Key="order-17")
    assert again.json() == first.json()
    assert again["Location"] == first["Location"]
    assert (first.headers.get("Idempotency-Replayed"), again["Idempotency-Replayed"]) == (None, "true")
    assert Contact.objects.count() == 1


def test_what_was_deleted_with_a_key_is_told_again_as_deleted(api: Client) -> None:
    address = f"{CONTACTS}{Contact.objects.create(name='Anna').pk}/"
    for _ in range(2):
        assert send(api, "delete", address, status=204, Idempotency_Key="k").content == b""
    problem(api, "delete", address, status=404, Idempotency_Key="another")


@pytest.mark.parametrize(
    ("verb", "address", "body"),
    [("post", CONTACTS, {"name": "Olga"}), ("post", "/api/blocks/", ANNA), ("post", f"{CONTACTS}?x=1", ANNA)],
)
def test_another_request_with_the_key_is_a_conflict(api: Client, verb: str, address: str, body: Any) -> None:
    send(api, "post", CONTACTS, ANNA, status=201, Idempotency_Key="k")
    assert problem(api, verb, address, body, status=409, Idempotency_Key="k")["detail"] == OTHER
    assert Contact.objects.count() == 1


def test_an_error_is_not_kept_so_the_key_may_come_again(api: Client) -> None:
    problem(api, "post", CONTACTS, {"name": ""}, status=400, Idempotency_Key="k")
    assert not IdempotencyKey.objects.exists()
    send(api, "post", CONTACTS, ANNA, status=201, Idempotency_Key="k")


def test_keys_of_two_people_are_two(api: Client) -> None:
    _, plain = ApiToken.objects.issue(User.objects.create_superuser("olga"))
    other = Client(headers={"Authorization": f"Token {plain}"})
    send(api, "post", CONTACTS, ANNA, status=201, Idempotency_Key="k")
    send(other, "post", CONTACTS, {"name": "Olga"}, status=201, Idempotency_Key="k")
    assert Contact.objects.count() == 2


@pytest.mark.parametrize("key", ["x" * 65, "naïve", "tab\there"])
@pytest.mark.parametrize("address", [CONTACTS, "/api/calls/"])
def test_a_key_that_cannot_be_kept_is_refused(api: Client, address: str, key: str) -> None:
    told = problem(api, "post", address, {"to": "447700900123"}, status=400, Idempotency_Key=key)
    assert list(told["errors"]) == ["Idempotency-Key"]


def test_without_a_key_it_is_done_each_time(api: Client) -> None:
    for key in ("", " "):
        send(api, "post", CONTACTS, {"name": "Anna"}, status=201, Idempotency_Key=key)
    assert Contact.objects.count() == 2
    assert not IdempotencyKey.objects.exists()


def test_a_day_later_the_key_is_new_and_the_worker_drops_it(api: Client) -> None:
    send(api, "post", CONTACTS, ANNA, status=201, Idempotency_Key="k")
    send(api, "post", CONTACTS, {"name": "Olga"}, status=201, Idempotency_Key="young")
    IdempotencyKey.objects.filter(key="k").update(expires_at=timezone.now() - timedelta(seconds=1))
    send(api, "post", CONTACTS, {"name": "Bob"}, status=201, Idempotency_Key="k")
    assert Contact.objects.count() == 3
    IdempotencyKey.objects.filter(key="k").update(expires_at=timezone.now() - timedelta(seconds=1))
    drop_expired_keys()
    assert IdempotencyKey.objects.get().key == "young"


@pytest.fixture
def acts(monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """The calls that were hung up."""
    done: list[Call] = []
    monkeypatch.setattr(acting, "hang_up", lambda call, by: done.append(call))
    return done


def test_an_act_at_the_platform_is_done_once(api: Client, acts: list[Call]) -> None:
    address = f"/api/calls/{make_call('started').pk}/act/"
    for _ in range(2):
        send(api, "post", address, {"does": "hangup"}, status=204, Idempotency_Key="k")
    assert len(acts) == 1


def test_an_act_whose_end_is_not_known_is_not_repeated(api: Client, acts: list[Call]) -> None:
    address = f"/api/calls/{make_call('started').pk}/act/"
    send(api, "post", address, {"does": "hangup"}, status=204, Idempotency_Key="k")
    IdempotencyKey.objects.update(status=None)  # as a process that was killed leaves it
    told = problem(api, "post", address, {"does": "hangup"}, status=409, Idempotency_Key="k")
    assert "not answered yet" in told["detail"]
    assert len(acts) == 1


def test_an_act_that_was_refused_may_come_again(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(call: Call, by: User) -> None:
        raise Refused("The call is over.", 409)

    monkeypatch.setattr(acting, "hang_up", refuse)
    address = f"/api/calls/{make_call('started').pk}/act/"
    told = problem(api, "post", address, {"does": "hangup"}, status=409, Idempotency_Key="k")
    assert told["detail"] == "The call is over."
    assert not IdempotencyKey.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_are_one(api: Client) -> None:
    def post(_: int) -> Any:
        try:
            return api.post(CONTACTS, ANNA, content_type="application/json", headers={"Idempotency-Key": "k"}).content
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(post, range(8)))
    assert len(answers) == 1
    assert Contact.objects.count() == 1
