"""/api/voicemail/: messages that callers left, heard, archived and noted as in the inbox."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from calls.models import User, Voicemail
from tests.api.reading import RECORDING_FIELDS, get, problem, send
from tests.dashboard.test_recordings import body
from tests.factories import CALLER, OURS
from tests.flows.drafts import publish_flow
from tests.voicemails import NAME, make_message

pytestmark = pytest.mark.django_db
MESSAGES = "/api/voicemail/"


def test_a_message_tells_who_left_it_where_and_its_sound(api: Client) -> None:
    version = publish_flow("Orders", ("voicemail", {}, {})).live_version()
    assert version
    message = make_message(sound=True, version=version.pk)
    told = get(api, f"{MESSAGES}{message.pk}/")
    assert list(told) == [
        *["id", "call", "from", "to", "left_at", "seconds", "flow", "version", "step", "blocked", "state", "note"],
        *["heard_at", "heard_by", "archived_at", "archived_by", "changed_at", "mailed_at", "mail_problem"],
        "recording",
    ]
    assert (told["from"], told["to"], told["seconds"], told["step"]) == (CALLER, OURS, 35, NAME)
    assert (told["flow"], told["version"]) == (version.flow_id, 1)
    assert (told["call"], told["state"], told["blocked"]) == (message.call and message.call.pk, "new", False)
    assert list(told["recording"]) == RECORDING_FIELDS
    assert len(body(api.get(told["recording"]["sound"]))) == told["recording"]["size"]
    assert get(api, MESSAGES)["results"] == [told]


def test_messages_are_narrowed_by_state_and_call(api: Client, staff: User) -> None:
    new, heard, archived = (make_message() for _ in range(3))
    heard.hear(staff)
    archived.archive(staff)

    def found(query: str = "") -> list[int]:
        return [message["id"] for message in get(api, f"{MESSAGES}?{query}")["results"]]

    assert found() == [archived.pk, heard.pk, new.pk]
    assert found("state=new") == [new.pk]
    assert found("state=new&state=heard") == [heard.pk, new.pk]
    assert new.call
    assert found(f"call={new.call.pk}") == [new.pk]
    assert "inbox" in str(problem(api, "get", f"{MESSAGES}?state=inbox", status=400)["errors"]["state"])


def test_a_message_is_heard_archived_and_brought_back(api: Client, staff: User) -> None:
    message = make_message()
    address = f"{MESSAGES}{message.pk}/"
    heard = send(api, "patch", address, {"state": "heard", "note": " Called\n back. "}).json()
    assert (heard["state"], heard["note"], heard["heard_by"]) == ("heard", "Called back.", staff.username)
    again = send(api, "patch", address, {"state": "heard"}).json()
    assert again["heard_at"] == heard["heard_at"], "who was first stays"
    archived = send(api, "patch", address, {"state": "archived"}).json()
    assert (archived["state"], archived["archived_by"]) == ("archived", staff.username)
    new = send(api, "patch", address, {"state": "new"}).json()
    assert (new["state"], new["heard_at"], new["archived_at"]) == ("new", None, None)
    send(api, "patch", address, {"state": "archived"})
    assert send(api, "patch", address, {"state": "heard"}).json()["heard_by"] == staff.username


def test_a_change_that_is_none_is_refused(api: Client) -> None:
    message = make_message()
    address = f"{MESSAGES}{message.pk}/"
    assert set(problem(api, "patch", address, {"state": "lost", "note": "x" * 501}, status=400)["errors"]) == {
        "state",
        "note",
    }
    problem(api, "delete", address, status=405)
    problem(api, "patch", f"{MESSAGES}{message.pk + 1}/", {"state": "heard"}, status=404)
    assert Voicemail.objects.get().state == "new"


@pytest.mark.parametrize("count", [1, 6])
def test_the_list_costs_the_same_queries(
    api: Client, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(count):
        make_message()
    get(api, MESSAGES)
    with django_assert_num_queries(2):
        assert len(get(api, MESSAGES)["results"]) == count
