"""A call as lines of time: which bars a lane has, where events stand, and that nonsense does no harm."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.records.moments import skew_of
from calls.records.timeline import Lane, Timeline, timeline
from tests.records.rows import BEGIN, Leg, Row, after, answered_with, happened, leg

pytestmark = pytest.mark.once

MENU = {"action": "input", "type": ["dtmf"], "dtmf": {"maxDigits": 1, "timeOut": 5}}
NOW = after(1_000)


def line_of(legs: list[Leg], *events: Row, now: datetime = NOW) -> Timeline:
    return timeline(legs, events, now)


def bars(lane: Lane) -> list[tuple[str, float, float]]:
    return [(bar.kind, round(bar.start, 3), round(bar.end, 3)) for bar in lane.bars]


def end(lane: Lane) -> tuple[str, float] | None:
    return (lane.end.shape, round(lane.end.at, 3)) if lane.end else None


# One leg


def test_caller_rings_then_hears_us_speak() -> None:
    [lane] = line_of([leg(1, 0, 0.6, 7.712)]).lanes
    assert bars(lane) == [("ring", 0, 0.6), ("say", 0.6, 7.712)]
    assert end(lane) == ("dot", 7.712)


def test_leg_that_we_ring_is_dialled_first() -> None:
    ringing = happened(1.7, status="ringing")
    [lane] = line_of([leg(1, 0, 6.2, 11, direction="outbound")], ringing).lanes
    assert bars(lane) == [("dial", 0, 1.7), ("ring", 1.7, 6.2), ("say", 6.2, 11)]


@pytest.mark.parametrize(
    ("status", "shape"),
    [
        ("timeout", "ring"),
        ("Busy", "ring"),
        ("cancelled", "ring"),
        ("unanswered", "ring"),
        ("completed", "ring"),
        ("failed", "cross"),
        ("rejected", "cross"),
        ("a new word", "ring"),
    ],
)
def test_leg_that_nobody_picks_up(status: str, shape: str) -> None:
    [lane] = line_of([leg(1, 0, None, 20, direction="outbound", status=status)]).lanes
    assert bars(lane) == [("ring", 0, 20)]
    assert end(lane) == (shape, 20)


def test_call_in_progress_goes_on_now() -> None:
    line = line_of([leg(1, 0, 0.6)], now=after(12))
    assert line.live
    assert bars(line.lanes[0]) == [("ring", 0, 0.6), ("say", 0.6, 12)]
    assert end(line.lanes[0]) == ("now", 12)


def test_call_whose_end_was_never_told_lasts_until_the_last_thing_that_was() -> None:
    line = timeline([leg(1, 0, 0.6)], [happened(8, status="human")], NOW, goes_on=False)
    assert not line.live
    assert bars(line.lanes[0]) == [("ring", 0, 0.6), ("say", 0.6, 8)]
    assert end(line.lanes[0]) == ("open", 8)


# Several


def test_two_who_are_put_through_talk_while_both_are_answered() -> None:
    caller = leg(1, 0, 0.6, 41.1)
    person = leg(2, 2.4, 9.2, 41.2, direction="outbound")
    lanes = line_of([caller, person], happened(3.8, 2, status="ringing")).lanes
    assert bars(lanes[0]) == [("ring", 0, 0.6), ("say", 0.6, 3.8), ("hears", 3.8, 9.2), ("talk", 9.2, 41.1)]
    assert bars(lanes[1]) == [("dial", 2.4, 3.8), ("ring", 3.8, 9.2), ("talk", 9.2, 41.1), ("say", 41.1, 41.2)]


def test_caller_hears_us_again_when_nobody_picks_up() -> None:
    caller = leg(1, 0, 0.6, 27)
    person = leg(2, 2.4, None, 22.4, direction="outbound", status="timeout")
    [lane, _] = line_of([caller, person]).lanes
    assert bars(lane) == [("ring", 0, 0.6), ("say", 0.6, 2.4), ("hears", 2.4, 22.4), ("say", 22.4, 27)]


# Recordings, waits, keys


def recorded(start: float, stop: float, at: float) -> Row:
    times: dict[str, Any] = {"start_time": after(start).isoformat(), "end_time": after(stop).isoformat()}
    return happened(at, None, recording_url="https://api.nexmo.com/v1/files/1", **times)


def test_message_is_a_recording_and_ends_as_one() -> None:
    [lane] = line_of([leg(1, 0, 0.6, 16.8)], recorded(5, 14, at=14.5)).lanes
    assert bars(lane) == [("ring", 0, 0.6), ("say", 0.6, 5), ("rec", 5, 14), ("say", 14, 16.8)]
    assert end(lane) == ("message", 16.8)


def test_recording_whose_rounded_times_lie_outside_is_cut_to_the_leg() -> None:
    [lane] = line_of([leg(1, 0, 0.6, 16.8)], recorded(0, 17, at=16.9)).lanes
    assert bars(lane) == [("ring", 0, 0.6), ("rec", 0.6, 16.8)]


def test_wait_for_a_key_is_known_when_it_was_in_vain() -> None:
    missed = happened(9.05, dtmf={"digits": "", "timed_out": True})
    [lane] = line_of([leg(1, 0, 0.6, 20)], answered_with(MENU), missed).lanes
    assert bars(lane) == [("ring", 0, 0.6), ("say", 0.6, 4.05), ("wait", 4.05, 9.05), ("say", 9.05, 20)]
    assert not lane.keys


def test_wait_is_not_guessed_where_nothing_is_known_of_it() -> None:
    missed = happened(9.05, dtmf={"digits": "", "timed_out": True})
    [lane] = line_of([leg(1, 0, 0.6, 20)], missed).lanes
    assert bars(lane) == [("ring", 0, 0.6), ("say", 0.6, 20)]


@pytest.mark.parametrize("dtmf", [{"digits": "2", "timed_out": False}, "2"], ids=["today", "until 2020"])
def test_keys_stand_on_the_callers_lane(dtmf: Any) -> None:
    person = leg(2, 5, 6, 20, direction="outbound")
    lanes = line_of([leg(1, 0, 0.6, 20), person], happened(4.2, dtmf=dtmf)).lanes
    assert [(key.keys, round(key.at, 3)) for key in lanes[0].keys] == [("2", 4.2)]
    assert not lanes[1].keys


# Clocks


def test_event_that_came_late_says_so_and_stands_where_it_happened() -> None:
    events = [happened(at, status="ringing") for at in (0, 0.1, 0.2)]
    late = happened(3, arrived=7.1, status="completed")
    moment = line_of([leg(1, 0, None, 3)], *events, late).moments[-1]
    assert (round(moment.at, 3), round(moment.arrived, 3), round(moment.late, 3)) == (3, 7.1, 4.1)


@pytest.mark.parametrize("ahead", [600.0, -600.0, 86_400.0])
def test_our_records_are_placed_by_arrival_when_the_clocks_differ(ahead: float) -> None:
    events = [happened(at, arrived=at + ahead, status="ringing") for at in (0.0, 0.6, 7.7)]
    answer = happened(0.06, arrived=0.06 + ahead, door="answer", to="442079460010")
    line = line_of([leg(1, 0, 0.6, 7.7)], *events, answer)
    [placed] = [moment for moment in line.moments if moment.event is answer]
    assert placed.estimated
    assert placed.at == pytest.approx(0.06, abs=0.01)
    assert not any(moment.late for moment in line.moments)
    assert line.end < 10


def test_our_records_stand_as_they_are_when_the_clocks_agree() -> None:
    answer = answered_with(MENU, at=0.06)
    line = line_of([leg(1, 0, 0.6, 7.7)], happened(0, status="ringing"), answer)
    assert [(round(m.at, 3), m.estimated) for m in line.moments] == [(0, False), (0.06, False)]
    assert line.skew == 0


def test_call_in_progress_ends_now_by_vonages_clock() -> None:
    ringing = happened(0, arrived=600, status="ringing")
    line = line_of([leg(1, 0)], ringing, now=after(604))
    assert end(line.lanes[0]) == ("now", 4)


def test_equal_times_are_told_in_the_order_of_statuses() -> None:
    events = [happened(0, status=status) for status in ("completed", "ringing", "started")]
    line = line_of([leg(1, 0, None, 0)], *events)
    assert [moment.event.status for moment in line.moments] == ["started", "ringing", "completed"]


# Nonsense


def test_leg_without_times_has_an_empty_lane() -> None:
    line = line_of([leg(1, None), leg(2, 0, 1, 2)], happened(0.5))
    assert (bars(line.lanes[0]), line.lanes[0].end) == ([], None)
    assert bars(line.lanes[1]) == [("ring", 0, 1), ("say", 1, 2)]


def test_end_before_start_and_answer_outside_are_put_right() -> None:
    lanes = line_of([leg(1, 5, 2, 1), leg(2, 5, 90, 10)]).lanes
    assert bars(lanes[0]) == []
    assert bars(lanes[1]) == [("ring", 0, 5)]


def test_call_of_nothing_at_all() -> None:
    line = line_of([], now=NOW)
    assert (line.zero, line.begin, line.end, line.lanes, line.moments) == (NOW, 0, 0, (), ())


def test_event_before_the_start_is_drawn() -> None:
    line = line_of([leg(1, 0, 1, 2)], happened(-1.5, door="answer", arrived=-1.5))
    assert (line.begin, line.end) == (-1.5, 2)


SECONDS = st.one_of(st.none(), st.floats(-1e6, 1e6, allow_nan=False))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
ODD_FIELDS = st.dictionaries(
    st.sampled_from(["dtmf", "speech", "recording_url", "start_time", "end_time", "status", "reply", "timed_out"]), JSON
)
LEGS = st.lists(st.tuples(SECONDS, SECONDS, SECONDS, st.sampled_from(["inbound", "outbound", ""])), max_size=4)
EVENTS = st.lists(
    st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.sampled_from(["event", "answer", "us"]), ODD_FIELDS),
    max_size=6,
)


@given(LEGS, EVENTS)
def test_bars_fill_each_lane_whatever_the_times(times: Any, told: Any) -> None:
    """Bars follow one another without holes, from the leg's start to its end, and nothing ends before it starts."""
    legs = [leg(number, *three, direction=way) for number, (*three, way) in enumerate(times)]
    events = [happened(at, 0, arrived=came, door=door, **payload) for at, came, door, payload in told]
    line = line_of(legs, *events)
    assert line.begin <= 0 <= line.end
    for row, lane in zip(legs, line.lanes, strict=True):
        assert all(bar.seconds > 0 for bar in lane.bars)
        assert all(one.end == other.start for one, other in pairwise(lane.bars))
        if lane.bars and lane.end:
            assert lane.bars[-1].end == lane.end.at
            if row.started_at:
                assert lane.bars[0].start == (row.started_at - line.zero) / timedelta(seconds=1)
    assert {moment.event.pk for moment in line.moments} == {event.pk for event in events}
    assert skew_of(events) == line.skew


def test_zero_is_the_first_legs_start() -> None:
    assert line_of([leg(1, 3, 4, 9), leg(2, 0, None, 5)]).zero == BEGIN
