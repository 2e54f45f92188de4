"""Editing a draft: order, copies, removal, and two who edit at once."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from calls.flows.compile import compile_draft
from calls.flows.draft import (
    EditedMeanwhile,
    Way,
    add_step,
    duplicate_step,
    editing,
    remove_step,
    reorder,
    set_ways,
    stamp_of,
    way_of,
)
from calls.models import CallFlow, Step, Then, User
from tests.flows.drafts import make_flow

pytestmark = pytest.mark.django_db


@pytest.fixture
def flow() -> CallFlow:
    flow = CallFlow.objects.create(name="Orders")
    for name in "abcd":
        add_step(flow, "hangup", name=name)
    return flow


def names(flow: CallFlow) -> str:
    steps = list(flow.steps.in_order())
    assert [step.position for step in steps] == list(range(1, len(steps) + 1))
    return "".join(step.name for step in steps)


def step(flow: CallFlow, name: str) -> Step:
    return flow.steps.get(name=name)


@pytest.mark.parametrize(
    ("places", "order"),
    [
        ({"d": 1}, "dabc"),
        ({"a": 4}, "bcda"),
        ({"a": 99}, "bcda"),
        ({"d": -3}, "dabc"),
        ({"a": 2, "d": 1}, "dabc"),
        ({}, "abcd"),
    ],
)
def test_steps_come_to_the_places_that_are_asked_for(flow: CallFlow, places: dict[str, int], order: str) -> None:
    reorder(flow, {step(flow, name).pk: place for name, place in places.items()})
    assert names(flow) == order


def test_a_copy_stands_behind_its_step_and_leads_where_it_leads(flow: CallFlow) -> None:
    one = step(flow, "b")
    set_ways(one, [Way("1", Then.STEP, step(flow, "d").pk, words="orders"), Way("*", Then.STEP, one.pk)])
    copy = duplicate_step(one)
    assert names(flow) == "abb (copy)cd"
    assert [way_of(branch) for branch in copy.branches.all()] == [
        Way("1", Then.STEP, step(flow, "d").pk, words="orders"),
        Way("*", Then.STEP, copy.pk),
    ]


def test_a_step_that_another_leads_to_is_not_removed_and_the_other_is_named(flow: CallFlow) -> None:
    set_ways(step(flow, "b"), [Way("2", Then.STEP, step(flow, "d").pk)])
    with pytest.raises(ValidationError, match=r"4 d was not removed: step 2, b \(key 2\) leads to this step"):
        remove_step(step(flow, "d"))
    set_ways(step(flow, "b"), [Way("2", Then.STEP, step(flow, "b").pk)])
    remove_step(step(flow, "d"))
    remove_step(step(flow, "b"))  # what leads to itself alone may go
    assert names(flow) == "ac"


def test_a_key_has_one_line(flow: CallFlow) -> None:
    with pytest.raises(ValidationError, match="Key 2 has two lines"):
        set_ways(step(flow, "a"), [Way("2"), Way("2", Then.AGAIN)])


def test_who_comes_second_is_told_who_was_first_and_changes_nothing(flow: CallFlow) -> None:
    marta, tom = (User.objects.create_user(name, first_name=name.title()) for name in ("marta", "tom"))
    opened = stamp_of(flow)
    with editing(flow, by=marta, stamp=opened) as now:
        reorder(now, {step(now, "d").pk: 1})
    with pytest.raises(EditedMeanwhile, match="Marta changed this flow at"), editing(flow, by=tom, stamp=opened) as now:
        reorder(now, {step(now, "a").pk: 1})
    with pytest.raises(EditedMeanwhile, match="another window"), editing(flow, by=marta, stamp=opened):
        pass
    assert names(flow) == "dabc"
    flow.refresh_from_db()
    assert flow.changed_by == marta


def test_what_fails_on_the_way_changes_nothing(flow: CallFlow) -> None:
    before = stamp_of(flow)
    with pytest.raises(ValidationError), editing(flow, by=None, stamp=before) as now:  # noqa: PT012 - both are one act
        reorder(now, {step(now, "d").pk: 1})
        add_step(now, "no such kind")
    flow.refresh_from_db()
    assert (names(flow), stamp_of(flow)) == ("abcd", before)


@pytest.mark.parametrize(
    ("steps", "circles"),
    [
        ([("goto", {}, {"next": "1"})], [1]),
        ([("greeting", {}, {"next": "again"})], [1]),
        ([("greeting", {}, {}), ("wait", {}, {}), ("greeting", {}, {"next": "2"})], [2]),
        ([("greeting", {}, {}), ("menu", {"prompt": "Press 1."}, {"1": "1", "end": "1"})], []),
        ([("greeting", {}, {"next": "2"}), ("greeting", {}, {})], []),
    ],
)
def test_a_circle_that_no_caller_can_leave_is_warned_of(steps: Any, circles: list[int]) -> None:
    found = compile_draft(make_flow("Round", *steps)).warnings
    assert [one.step.position for one in found if one.step and "round to itself" in one.message] == circles
