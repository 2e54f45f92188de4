"""The chart of a call: to scale, folded where nothing happens, and of a bounded size whatever the call was."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.dashboard.marks import GAP
from calls.dashboard.scale import FOLD_WIDTH, LEFT, PLOT, Scale, fold_label, scale_of, ticks
from calls.dashboard.waterfall import DrawnBar, Name, Waterfall, waterfall
from calls.records.timeline import timeline
from tests.records.rows import Leg, Row, after, answered_with, happened, leg

pytestmark = pytest.mark.once

NAMES = {
    1: Name("Anna", "caller", labels={"say": ["hears us speak", "hears us"], "rec": ["message"], "ring": ["rings"]})
}


def chart_of(legs: list[Leg], *events: Row, now: float = 0, **options: Any) -> Waterfall:
    return waterfall(timeline(legs, events, after(now)), NAMES, **options)


def seconds_of(chart: Waterfall, x: float) -> float:
    """Read a moment back from its place: what lies in folds before it counts whole."""
    folds = [fold for fold in chart.folds if fold.x < x - 0.01]
    plain = x - chart.left - FOLD_WIDTH * len(folds)
    return chart.begin + plain / chart.per_second + sum(fold.seconds for fold in folds)


def length_of(chart: Waterfall, bar: DrawnBar) -> float:
    return seconds_of(chart, bar.x + bar.width) - seconds_of(chart, bar.x)


# Scale


def test_short_call_is_linear_over_the_whole_width() -> None:
    scale = scale_of([0, 0.6, 7.7], 0, 7.7)
    assert (scale.folds, scale.x(0), scale.x(7.7)) == ((), LEFT, LEFT + PLOT)
    assert scale.per_second == pytest.approx(PLOT / 7.7)


def test_steady_stretch_keeps_three_seconds_at_both_ends() -> None:
    scale = scale_of([0, 14.9, 34.9, 40], 0, 40)
    [fold] = scale.folds
    assert [fold.start, fold.end] == pytest.approx([17.9, 31.9])
    assert scale.x(fold.end) - scale.x(fold.start) == pytest.approx(FOLD_WIDTH)
    assert scale.per_second == pytest.approx((PLOT - FOLD_WIDTH) / (40 - 14))
    assert fold_label(fold) == "14 s folded"


def test_first_ten_seconds_are_never_folded() -> None:
    [fold] = scale_of([0, 60], 0, 60).folds
    assert (fold.start, fold.end) == (10, 57)


def test_unfolded_is_linear() -> None:
    scale = scale_of([0, 60], 0, 60, fold=False)
    assert (scale.folds, scale.per_second) == ((), PLOT / 60)


@pytest.mark.parametrize("seconds", [0, 1e-9, 0.3, 86_400, 26 * 365 * 86_400.0])
def test_any_length_fills_the_plot(seconds: float) -> None:
    scale = scale_of([0, seconds], 0, seconds)
    large, small = ticks(scale)
    assert scale.x(scale.end) == pytest.approx(LEFT + PLOT, abs=0.02)
    assert len(large) + len(small) < 250


def test_a_day_with_an_event_every_ten_minutes_has_few_folds() -> None:
    scale = scale_of(range(0, 86_401, 600), 0, 86_400)
    assert len(scale.folds) * FOLD_WIDTH <= PLOT / 2
    assert scale.per_second > 0


@given(st.lists(st.floats(0, 1e7), max_size=40), st.booleans(), st.sampled_from([1.0, 2.0]))
def test_later_is_never_further_left(edges: list[float], fold: bool, times: float) -> None:
    scale = scale_of(edges, 0, max(edges, default=0), fold=fold, times=times)
    places = [scale.x(edge) for edge in sorted(edges)]
    assert places == sorted(places)
    assert all(LEFT <= x <= LEFT + PLOT * times + 0.02 for x in places)
    assert not any(fold.start < 10 for fold in scale.folds)
    assert not any(fold.start < edge < fold.end for fold in scale.folds for edge in edges)


def test_labels_of_the_axis_stand_apart_and_not_on_folds() -> None:
    scale = scale_of([0, 15, 60, 64, 300, 320], 0, 320)
    large, _ = ticks(scale)
    assert all(b.x - a.x >= 30 for a, b in pairwise(large))
    strips = [(scale.x(fold.start), scale.x(fold.end)) for fold in scale.folds]
    assert len(strips) == 3
    assert not any(left < tick.x < right for left, right in strips for tick in large)


@pytest.mark.parametrize(
    ("begin", "end", "labels"),
    [
        (0, 8, ["0 s", "1 s", "2 s", "3 s", "4 s", "5 s", "6 s", "7 s", "8 s"]),
        (0, 1, ["0 s", "0.1 s", "0.2 s"]),
        (-1, 2, ["\u22121 s", "\u22120.8 s"]),
        (0, 1_000, ["0 s", "2 min", "4 min", "6 min"]),
        (0, 40_000, ["0 s", "1 h", "2 h", "3 h"]),
        (0, 900_000, ["0 s", "1 d", "2 d"]),
    ],
)
def test_labels_of_the_axis(begin: float, end: float, labels: list[str]) -> None:
    found = [tick.label for tick in ticks(scale_of([], begin, end, fold=False))[0]]
    assert [label.replace("60 min", "1 h").replace("24 h", "1 d") for label in found[: len(labels)]] == labels


def test_visible_parts_leave_out_folds() -> None:
    scale: Scale = scale_of([0, 60, 120], 0, 120)
    parts = [(round(part.start), round(part.end)) for part in scale.visible(5, 100)]
    assert parts == [(5, 10), (57, 63)]


# Bars


def test_bars_read_back_into_seconds() -> None:
    caller = leg(1, 0, 0.6, 77)
    person = leg(2, 13.5, 34.9, 76.2, direction="outbound")
    chart = chart_of([caller, person], happened(14.9, 2, status="ringing"))
    assert len(chart.folds) == 2
    told = [[(bar.kind, round(length_of(chart, bar), 2)) for bar in lane.bars] for lane in chart.lanes]
    assert told == [
        [("ring", 0.6), ("say", 14.3), ("hears", 20.0), ("talk", 41.3), ("say", 0.8)],
        [("dial", 1.4), ("ring", 20.0), ("talk", 41.3)],
    ]


@given(st.lists(st.floats(0, 500), min_size=3, max_size=3), st.lists(st.floats(0, 600), max_size=8), st.booleans())
def test_bars_read_back_for_any_call(times: list[float], told: list[float], fold: bool) -> None:
    start, answered, end = sorted(times)
    legs = [leg(1, 0, 0, 600), leg(2, start, answered, end, direction="outbound", status="completed")]
    chart = chart_of(legs, *(happened(at, None, type="x") for at in told), fold=fold)
    exact = 0.02 / chart.per_second
    for bar in chart.lanes[1].bars:
        length = {"ring": answered - start, "talk": end - answered}[bar.kind]
        if bar.width > 3:
            assert length_of(chart, bar) == pytest.approx(length, abs=exact)


def test_shortest_bar_is_seen() -> None:
    chart = chart_of([leg(1, 0, 0.001, 7)])
    assert chart.lanes[0].bars[0].width == 3


def test_label_stands_only_where_it_fits_whole() -> None:
    wide, narrow, none = (chart_of([leg(1, 0, at, 10)]).lanes[0].bars[-1].label for at in (5, 9.2, 9.7))
    assert (wide, narrow, none) == ("hears us speak", "hears us", "")


def test_label_does_not_stand_on_a_fold() -> None:
    chart = chart_of([leg(1, 0, 11, 200)], *(happened(at, status="human") for at in (11.2, 11.6)))
    [fold], bar = chart.folds, chart.lanes[0].bars[-1]
    assert bar.label
    assert not fold.x - 60 < bar.label_x < fold.x + FOLD_WIDTH


def test_recording_has_notches_beside_its_label() -> None:
    times = {"start_time": after(2).isoformat(), "end_time": after(8).isoformat()}
    record = happened(8.5, None, recording_url="https://api.nexmo.com/v1/files/1", **times)  # type: ignore[arg-type]
    bar = next(bar for bar in chart_of([leg(1, 0, 1, 9)], record).lanes[0].bars if bar.kind == "rec")
    assert bar.label == "message"
    first = float(bar.notches.split()[0].removeprefix("M"))
    assert first > bar.label_x + 30


def test_end_bears_a_word_where_there_is_room() -> None:
    names = {1: Name("Tom", end="did not pick up")}
    shown = [
        waterfall(timeline([leg(1, 0, None, end, status="timeout"), leg(2, 0, 0, 9)], [], after(0)), names).lanes[0].end
        for end in (4, 9)
    ]
    assert [(end.shape, end.word) for end in shown if end] == [("ring", "did not pick up"), ("ring", "")]


# Marks and keys


def test_marks_that_came_at_once_stand_side_by_side() -> None:
    events = [happened(at, status="ringing") for at in (0, 0.01, 0.02, 5)]
    marks = chart_of([leg(1, 0, 1, 9)], *events).marks
    assert [round(b.x - a.x, 2) for a, b in pairwise(marks[:3])] == [GAP, GAP]
    assert [mark.event for mark in marks] == [event.pk for event in events]


def test_more_than_four_are_counted() -> None:
    events = [happened(n / 1000, status="ringing") for n in range(9)]
    marks = chart_of([leg(1, 0, 1, 9)], *events).marks
    assert [mark.shape for mark in marks] == ["told"] * 4 + ["more"]
    assert marks[-1].word == "+5"


def test_answer_bears_its_time_and_a_slow_one_says_so() -> None:
    fast, slow = answered_with({"action": "talk"}, milliseconds=84), answered_with(at=4, milliseconds=3_400)
    marks = chart_of([leg(1, 0, 1, 9)], fast, slow).marks
    assert [(mark.shape, mark.word, mark.slow) for mark in marks] == [
        ("asked", "84 ms", False),
        ("asked", "3.4 s", True),
    ]


def test_late_one_stands_where_it_arrived() -> None:
    events = [happened(at, status="ringing") for at in (0, 0.1, 0.2)]
    late = happened(3, arrived=7.5, status="completed")
    chart = chart_of([leg(1, 0, 1, 9)], *events, late)
    mark = chart.marks[-1]
    assert mark.late_from is not None
    assert (mark.word, round(seconds_of(chart, mark.x), 1)) == ("4 s late", 7.5)
    assert round(seconds_of(chart, mark.late_from), 1) == 3


def test_stem_leads_to_the_leg_concerned() -> None:
    legs = [leg(1, 0, 1, 9), leg(2, 2, 3, 9, direction="outbound")]
    first, second, none = chart_of(legs, happened(1), happened(3, 2), happened(6, None)).marks
    assert [mark.stem.partition("V")[2] for mark in (first, second, none)] == ["96.0", "150.0", ""]


def test_keys_pressed_close_together_share_a_disc() -> None:
    events = [happened(at, dtmf={"digits": key}) for at, key in ((2, "1"), (2.05, "2"), (2.1, "3"), (7, "#"))]
    lane = chart_of([leg(1, 0, 1, 9)], *events).lanes[0]
    assert [key.keys for key in lane.keys] == ["123", "#"]


# Views and bounds


def test_first_seconds_leave_out_what_comes_later() -> None:
    chart = chart_of([leg(1, 0, 1, 60)], happened(5), happened(30), first=15.0)
    assert chart.lanes[0].end is None
    assert [round(seconds_of(chart, mark.x)) for mark in chart.marks] == [5]
    assert chart.lanes[0].bars[-1].x + chart.lanes[0].bars[-1].width == pytest.approx(chart.right, abs=0.02)


def test_twice_as_wide() -> None:
    once, twice = (chart_of([leg(1, 0, 1, 9)], times=times) for times in (1.0, 2.0))
    assert twice.per_second == pytest.approx(2 * once.per_second)
    assert twice.right - twice.left == 2 * (once.right - once.left)


def test_thousands_of_events_and_legs_do_not_explode() -> None:
    events = [happened(n * 8.64, dtmf={"digits": "", "timed_out": True}) for n in range(5_000)]
    menu = answered_with({"action": "input", "dtmf": {"timeOut": 3}})
    legs = [leg(1, 0, 1, 86_400), *(leg(n, n, n + 1, n + 2, direction="outbound") for n in range(2, 60))]
    chart = chart_of(legs, menu, *events)
    assert len(chart.lanes) == 12
    assert sum(len(lane.bars) for lane in chart.lanes) < 400
    assert len(chart.marks) < 150
    assert chart.legs_left_out == 47
