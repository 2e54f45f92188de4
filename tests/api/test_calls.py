"""GET /api/calls/ and /api/calls/<id>/."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from calls.models import Conversation, User
from tests.api.reading import CALL_FIELDS, EVENT_FIELDS, LEG_FIELDS, get, problem, send
from tests.factories import CALLER, OURS, keep, make_call, make_event

BEGUN = datetime(2026, 11, 23, 14, 2, 11, 310_000, tzinfo=UTC)


def test_a_call_tells_all_that_is_known_of_it(api: Client) -> None:
    call = make_call(at=BEGUN, network="GB-FIXED")
    told = get(api, f"/api/calls/{call.pk}/")
    assert list(told) == CALL_FIELDS
    assert {name: told[name] for name in CALL_FIELDS[:-3]} == {
        "id": call.pk,
        "conversation_uuid": call.conversation_uuid,
        "direction": "inbound",
        "from": CALLER,
        "to": OURS,
        "outcome": "answered",
        "started_at": "2026-11-23T14:02:11.310000Z",
        "answered_at": "2026-11-23T14:02:11.810000Z",
        "ended_at": "2026-11-23T14:02:19.310000Z",
        "duration_seconds": 8,
        "price_eur": "0.00060000",
        "handled_at": None,
        "handled_by": None,
    }
    assert told["legs"] == [
        {
            "uuid": call.legs.get().uuid,
            "call": call.pk,
            "direction": "inbound",
            "from": CALLER,
            "to": OURS,
            "status": "completed",
            "started_at": "2026-11-23T14:02:11.310000Z",
            "answered_at": "2026-11-23T14:02:11.810000Z",
            "ended_at": "2026-11-23T14:02:19.310000Z",
            "duration_seconds": 8,
            "rate_eur": "0.00450000",
            "price_eur": "0.00060000",
            "network": "GB-FIXED",
        }
    ]
    assert list(told["legs"][0]) == LEG_FIELDS


def test_a_call_lists_its_events_oldest_first_and_equal_times_by_rank(api: Client) -> None:
    call = make_call("completed", "ringing", "answered", "started", at=BEGUN)
    told = get(api, f"/api/calls/{call.pk}/")["events"]
    assert [event["status"] for event in told] == ["started", "ringing", "answered", "completed"]
    assert list(told[0]) == EVENT_FIELDS
    assert {event["leg"] for event in told} == {call.legs.get().uuid}
    assert {event["call"] for event in told} == {call.pk}
    assert told[0]["occurred_at"] == "2026-11-23T14:02:11.310000Z"
    assert told[0]["payload"]["timestamp"] == "2026-11-23T14:02:11.310Z"


def test_an_unknown_fact_is_null_and_never_an_empty_text(api: Client) -> None:
    keep({"uuid": "a1", "conversation_uuid": "CON-1", "status": "ringing", "timestamp": "2026-11-23T14:02:11.310Z"})
    told = get(api, "/api/calls/")["results"][0]
    unknown = {"direction", "from", "to", "answered_at", "ended_at", "duration_seconds", "price_eur"}
    assert {name for name, value in told.items() if value is None} == unknown | {"handled_at", "handled_by"}
    leg = told["legs"][0]
    assert {name for name, value in leg.items() if value is None} == unknown | {"rate_eur", "network"}
    assert "" not in [*told.values(), *leg.values(), *told["events"][0].values()]


def test_an_event_without_status_has_null_there(api: Client) -> None:
    transfer = {"type": "transfer", "conversation_uuid_from": "CON-x", "conversation_uuid_to": "CON-y"}
    call = make_call("started", "answered", extra=[transfer])
    events = get(api, f"/api/calls/{call.pk}/")["events"]
    assert [(event["kind"], event["status"]) for event in events if event["kind"] != "status"] == [("transfer", None)]


def test_an_event_that_names_no_leg_has_null_there(api: Client) -> None:
    call = make_call()
    keep({"conversation_uuid": call.conversation_uuid, "recording_url": "https://api.nexmo.com/v1/files/a"})
    events = get(api, f"/api/calls/{call.pk}/")["events"]
    assert [event["leg"] for event in events if event["kind"] == "record"] == [None]


def test_the_list_is_next_previous_results_with_the_newest_first(api: Client) -> None:
    first, second = make_call(), make_call()
    told = get(api, "/api/calls/")
    assert list(told) == ["next", "previous", "results"]
    assert told["next"] is None
    assert told["previous"] is None
    assert [call["id"] for call in told["results"]] == [second.pk, first.pk]
    assert told["results"][0] == get(api, f"/api/calls/{second.pk}/")


def test_a_call_is_found_by_any_conversation_it_ever_had(api: Client) -> None:
    make_call()
    call = make_call("started", "answered")
    born = call.conversation_uuid
    moved = {"conversation_uuid_from": born, "conversation_uuid_to": "CON-room", "type": "transfer"}
    keep({"uuid": call.legs.get().uuid, "timestamp": datetime.now(UTC).isoformat()} | moved)
    call.refresh_from_db()
    assert call.conversation_uuid == "CON-room"
    assert Conversation.objects.get().call == call
    for conversation in (born, "CON-room"):
        found = get(api, "/api/calls/", conversation_uuid=conversation)["results"]
        assert [one["id"] for one in found] == [call.pk]


def test_a_call_is_found_by_each_of_its_legs(api: Client) -> None:
    make_call()
    call = make_call("started", "answered")
    further = make_event("started", uuid="b2", conversation_uuid=call.conversation_uuid, direction="outbound")
    keep(further)
    for uuid in (*call.legs.values_list("uuid", flat=True),):
        assert [one["id"] for one in get(api, "/api/calls/", uuid=uuid)["results"]] == [call.pk]
    assert call.legs.count() == 2
    assert get(api, "/api/calls/", uuid="nobody")["results"] == []
    assert get(api, "/api/calls/", conversation_uuid="CON-nowhere")["results"] == []
    assert get(api, "/api/calls/", uuid="b2", conversation_uuid="CON-nowhere")["results"] == []


@pytest.mark.parametrize("calls", [1, 12])
def test_the_list_costs_the_same_queries_however_long_it_is(
    api: Client, calls: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(calls):
        make_call()
    get(api, "/api/calls/")  # notes the use of the token
    with django_assert_num_queries(5):  # the token, the calls, their legs, their events, the recordings of these
        assert len(get(api, "/api/calls/")["results"]) == calls


def test_one_call_costs_five_queries(api: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    call = make_call()
    get(api, "/api/calls/")
    with django_assert_num_queries(5):
        get(api, f"/api/calls/{call.pk}/")


@pytest.mark.parametrize("pk", ["0", "999", "9" * 30, "9" * 5000])
def test_a_call_that_is_not_there_is_a_404_problem(api: Client, pk: str) -> None:
    response = api.get(f"/api/calls/{pk}/")
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["status"] == 404


def test_a_call_is_handled_noted_and_open_again(api: Client, staff: User) -> None:
    call = make_call("started", "ringing", "cancelled")
    address = f"/api/calls/{call.pk}/"
    assert [one["id"] for one in get(api, "/api/calls/", show="unhandled")["results"]] == [call.pk]
    told = send(api, "patch", address, {"handled": True, "note": "Called back."}).json()
    assert (told["handled_by"], [one["payload"]["remark"] for one in told["events"][-2:]]) == (
        staff.username,
        ["note", "handled"],
    )
    assert get(api, "/api/calls/", show="unhandled")["results"] == []
    again = send(api, "patch", address, {"note": "Twice."}, Idempotency_Key="k").json()
    assert send(api, "patch", address, {"note": "Twice."}, Idempotency_Key="k").json() == again
    assert send(api, "patch", address, {"handled": False}).json()["handled_at"] is None
    problem(api, "patch", address, {"note": " "}, status=400)
    problem(api, "patch", address, {"note": "x" * 1_001}, status=400)
    problem(api, "patch", "/api/calls/0/", {"handled": True}, status=404)
