"""/api/hours/: whether it is open, and open or closed for a while."""

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from calls.models import Closure, OpeningHours, OpenSpan, Override, User
from tests.api.reading import get, problem, send
from tests.flows.drafts import publish_flow

pytestmark = pytest.mark.django_db
HOURS = "/api/hours/"
MONDAY_NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def make_hours(name: str = "Shop", zone: str = "Europe/Paris") -> OpeningHours:
    hours = OpeningHours.objects.create(name=name, time_zone=zone)
    OpenSpan.objects.create(hours=hours, weekday=0, opens=540, closes=1440)
    Closure.objects.create(hours=hours, name="Christmas", first_day="2026-12-25", last_day="2026-12-26", yearly=True)
    return hours


@time_machine.travel(MONDAY_NOON, tick=False)
def test_hours_tell_the_week_the_closures_and_how_it_stands_now(api: Client) -> None:
    hours = make_hours()
    told = get(api, f"{HOURS}{hours.pk}/")
    assert list(told) == ["id", "name", "time_zone", "now", "week", "closures", "overrides", "changed_at"]
    assert told["now"] == {
        "open": True,
        "why": "week",
        "until": "2026-11-23T23:00:00.000000Z",  # midnight in Paris
        "next_open": "2026-11-30T08:00:00.000000Z",
        "message": "",
    }
    assert told["week"] == [{"weekday": "monday", "opens": "09:00", "closes": "24:00"}]
    assert told["closures"][0] | {"message": ""} == {
        "name": "Christmas",
        "first_day": "2026-12-25",
        "last_day": "2026-12-26",
        "yearly": True,
        "message": "",
    }
    assert told["overrides"] == []
    assert get(api, HOURS)["results"] == [told]


@time_machine.travel(MONDAY_NOON, tick=False)
def test_it_is_closed_for_a_while_and_open_again(api: Client, staff: User) -> None:
    address = f"{HOURS}{make_hours().pk}/override/"
    order = {"state": "closed", "until": "2026-11-23T15:00", "message": "Back at three."}
    told = send(api, "post", address, order, status=201).json()
    assert (told["now"]["open"], told["now"]["why"], told["now"]["message"]) == (False, "override", "Back at three.")
    assert told["overrides"] == [
        {
            "state": "closed",
            "since": "2026-11-23T12:00:00.000000Z",
            "until": "2026-11-23T14:00:00.000000Z",  # three o'clock in Paris, the hours' own zone
            "message": "Back at three.",
            "by": staff.username,
        }
    ]
    Override.objects.update(from_at="2026-11-23T11:00Z")
    told = send(api, "delete", address).json()
    assert (told["now"]["open"], told["overrides"]) == (True, [])
    assert Override.objects.count() == 1  # as history
    send(api, "delete", address)


@time_machine.travel(MONDAY_NOON, tick=False)
@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"state", "until"}),
        ({"state": "ajar", "until": "2026-11-23T15:00Z"}, {"state"}),
        ({"state": "open", "until": "later"}, {"until"}),
        ({"state": "open", "until": "2026-11-23T11:00Z"}, {"until"}),
        ({"state": "open", "until": "9999-12-31T23:59:59-14:00"}, {"until"}),
        ({"state": "open", "until": "2026-11-23T15:00Z", "since": "2026-11-23T16:00Z"}, {"until"}),
        ({"state": "closed", "until": "2026-11-23T15:00Z", "message": "{what}"}, {"message"}),
        ({"state": "closed", "until": "2026-11-23T15:00Z", "message": "x" * 501}, {"message"}),
    ],
)
def test_an_override_that_cannot_be_says_why(api: Client, body: Any, fields: set[str]) -> None:
    told = problem(api, "post", f"{HOURS}{make_hours().pk}/override/", body, status=400)
    assert set(told["errors"]) == fields
    assert not Override.objects.exists()


def test_hours_that_are_not_there_are_a_404(api: Client) -> None:
    problem(api, "get", f"{HOURS}9/", status=404)
    problem(api, "post", f"{HOURS}9/override/", {}, status=404)
    problem(api, "delete", f"{HOURS}9/override/", status=404)


WEEK = [
    {"weekday": "monday", "opens": "13:30", "closes": "5:30 pm"},
    {"weekday": "monday", "opens": "9", "closes": "12:00"},
    {"weekday": "sunday", "opens": "20:00", "closes": "24:00"},
]
CHRISTMAS = {"name": "Christmas", "first_day": "2026-12-25", "yearly": True, "message": "Merry Christmas."}


@pytest.mark.parametrize(
    ("order", "lacks"),
    [
        ({"week": [{"opens": "09:00"}]}, ["weekday", "closes"]),
        ({"closures": [{"yearly": True}]}, ["name", "first_day"]),
    ],
)
def test_rows_of_a_list_are_given_whole_with_patch_too(api: Client, order: dict[str, Any], lacks: list[str]) -> None:
    told = problem(api, "patch", f"{HOURS}{make_hours().pk}/", order, status=400)
    assert all(name in str(told["errors"]) for name in lacks)


def test_hours_are_made_changed_and_removed(api: Client, staff: User) -> None:
    order = {"name": "Workshop", "time_zone": "Europe/Paris", "week": WEEK, "closures": [CHRISTMAS]}
    made = send(api, "post", HOURS, order, status=201)
    address, told = made["Location"], made.json()
    assert [tuple(span.values()) for span in told["week"]] == [
        ("monday", "09:00", "12:00"),
        ("monday", "13:30", "17:30"),
        ("sunday", "20:00", "24:00"),
    ]
    assert told["closures"] == [CHRISTMAS | {"last_day": "2026-12-25"}]
    assert get(api, HOURS, q="work")["results"][0]["name"] == "Workshop"
    changed = send(api, "patch", address, {"time_zone": "Europe/London", "closures": []}).json()
    assert (changed["time_zone"], changed["closures"], changed["week"]) == ("Europe/London", [], told["week"])
    assert changed["changed_at"] > told["changed_at"], "so that a page that is open is told"
    assert OpeningHours.objects.get().changed_by == staff
    send(api, "delete", address, status=204)
    assert not OpeningHours.objects.exists()


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({"week": []}, "week", "no hours"),
        ({"week": [{"weekday": "monday", "opens": "17:00", "closes": "09:00"}]}, "week", "Monday: It closes at 09:00"),
        ({"week": [{"weekday": "monday", "opens": "9", "closes": "12"}] * 2}, "week", "overlap"),
        ({"week": [{"weekday": "someday", "opens": "9", "closes": "12"}]}, "week.0.weekday", "someday"),
        ({"time_zone": "Mars/Olympus"}, "time_zone", "no time zone"),
        ({"name": "Shop"}, "name", "this name already"),
        ({"closures": [CHRISTMAS | {"last_day": "2026-12-24"}]}, "closures.0.non_field_errors", "before it begins"),
        ({"closures": [CHRISTMAS | {"message": "{what}"}]}, "closures.0.message", "what"),
    ],
)
def test_hours_that_make_no_sense_are_refused(api: Client, body: Any, field: str, words: str) -> None:
    make_hours()
    told = problem(api, "post", HOURS, {"name": "Workshop", "week": WEEK} | body, status=400)
    assert words in " ".join(told["errors"][field])
    assert OpeningHours.objects.count() == 1


def test_hours_that_a_flow_asks_stay_also_where_only_what_callers_hear_asks(api: Client) -> None:
    hours = make_hours()
    flow = publish_flow("Orders", ("hours", {"hours": hours.pk}, {}))
    address = f"{HOURS}{hours.pk}/"
    assert "asked by Orders: 1" in problem(api, "delete", address, status=409)["detail"]
    flow.steps.all().delete()
    assert "asked by Orders v1, which callers hear" in problem(api, "delete", address, status=409)["detail"]


@pytest.mark.parametrize("count", [1, 12])
def test_the_list_costs_the_same_queries(
    api: Client, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for serial in range(count):
        hours = make_hours(f"Shop {serial}")
        until = datetime(2100, 1, 1, tzinfo=UTC)
        Override.objects.create(hours=hours, state="open", until_at=until, by=User.objects.get())
    get(api, HOURS)
    with django_assert_num_queries(10):  # the token; hours, week, closures, overrides, by whom; the same as schedules
        assert len(get(api, HOURS)["results"]) == count
