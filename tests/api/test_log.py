"""/api/legs/, /api/events/<id>/ and /api/recordings/."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from calls.models import CallEvent
from tests.api.reading import EVENT_FIELDS, LEG_FIELDS, RECORDING_FIELDS, get, problem
from tests.dashboard.test_recordings import make_recording
from tests.factories import make_call

pytestmark = pytest.mark.django_db


def test_legs_are_listed_and_read_by_their_uuid(api: Client) -> None:
    call, other = make_call(), make_call("started", "busy")
    told = get(api, "/api/legs/")["results"]
    assert [leg["call"] for leg in told] == [other.pk, call.pk]
    assert list(told[0]) == LEG_FIELDS
    assert get(api, f"/api/legs/{told[1]['uuid']}/") == told[1] == get(api, f"/api/calls/{call.pk}/")["legs"][0]
    assert get(api, "/api/legs/", call=call.pk)["results"] == [told[1]]
    assert get(api, "/api/legs/", status="busy")["results"] == [told[0]]
    for strange in ("nobody", "x" * 3000):
        problem(api, "get", f"/api/legs/{strange}/", status=404)


def test_an_event_is_read_by_its_id(api: Client) -> None:
    make_call()
    event = CallEvent.objects.latest("pk")
    told = get(api, f"/api/events/{event.pk}/")
    assert list(told) == EVENT_FIELDS
    assert told == get(api, "/api/events/")["results"][0]
    problem(api, "get", f"/api/events/{'9' * 30}/", status=404)


def test_recordings_are_listed(api: Client) -> None:
    kept = make_recording()
    failed = make_recording(state="failed", problem="Vonage has no such recording.")
    told = get(api, "/api/recordings/")["results"]
    assert [(one["id"], one["call"]) for one in told] == [(r.pk, r.event.call_id) for r in (failed, kept)]
    assert list(told[0]) == RECORDING_FIELDS
    assert get(api, "/api/recordings/", state="kept")["results"] == [told[1]]
    assert get(api, "/api/recordings/", call=failed.event.call_id)["results"] == [told[0]]
    problem(api, "get", "/api/recordings/?state=lost", status=400)


@pytest.mark.parametrize("count", [1, 6])
def test_the_lists_cost_the_same_queries(
    api: Client, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(count):
        make_recording()
    get(api, "/api/legs/")
    for address in ("/api/legs/", "/api/recordings/"):
        with django_assert_num_queries(2):
            assert len(get(api, address)["results"]) == count
