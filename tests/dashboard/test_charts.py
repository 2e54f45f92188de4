"""The reports' charts: true to scale, from zero on, with no label upon another."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.dashboard.charts import LEFT, PLOT, TOP, WIDTH, BarChart, Group, bars, lengths, ticks, week_map
from calls.dashboard.latency_chart import latencies
from calls.dashboard.scale import width_of
from calls.models import Ending
from calls.records.figures import Sums
from calls.records.spread import Spread, letter_of

pytestmark = pytest.mark.once

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)


def day(number: int, counts: dict[Ending, int] | None = None, *ms: float, **more: Any) -> Group:
    begins = BEGIN + timedelta(days=number)
    tenths = [round(one * 10) for one in ms]
    answers = {"answers": Spread.of("".join(map(letter_of, tenths))), "slowest": max(tenths, default=0)}
    sums = Sums(endings=counts or {}, slow_answers=sum(one > 3000 for one in ms), **answers)  # type: ignore[arg-type]
    return Group(begins, f"{begins.day} Nov", str(begins.day), f"{begins:%a}", sums, **more)


def check(chart: BarChart) -> None:
    """Nothing lies outside, and no label of a line upon another."""
    assert all(block.y >= TOP - 1 and block.y + block.height <= TOP + PLOT + 0.5 for block in chart.blocks)
    assert all(block.x >= LEFT and block.x + block.width <= WIDTH for block in chart.blocks)
    lines: dict[float, list[tuple[float, float]]] = {}
    for label in chart.labels:
        half = width_of(label.text) / 2
        assert label.x + half <= WIDTH + 1
        lines.setdefault(round(label.y), []).append((label.x - half, label.x + half))
    for spans in lines.values():
        assert all(before[1] < after[0] for before, after in pairwise(sorted(spans)))


@given(st.integers(0, 10**7))
def test_axis_of_counts_begins_at_zero_and_ends_above(most: int) -> None:
    marks = ticks(most)
    assert marks[0] == 0
    assert marks[-1] >= most > marks[-2] or most == 0
    assert len(marks) <= 6
    assert len({after - before for before, after in pairwise(marks)}) == 1


@given(st.lists(st.dictionaries(st.sampled_from(list(Ending)), st.integers(0, 5_000)), min_size=1, max_size=62))
def test_bars_keep_their_place_and_their_labels_apart(days: list[dict[Ending, int]]) -> None:
    check(bars([day(number, counts) for number, counts in enumerate(days)]))


def test_bars_are_as_high_as_calls_are_many() -> None:
    chart = bars([day(0, {Ending.PICKED_UP: 100}), day(1, {Ending.PICKED_UP: 50})])
    full, half = chart.blocks
    assert (full.height + 1.2) / (half.height + 1.2) == pytest.approx(2, abs=0.02)
    assert [label.text for label in chart.labels if label.text.isdigit() and len(label.text) > 1] == ["100", "50"]


def test_the_day_that_goes_on_is_said_to_do_so() -> None:
    assert [label.text for label in bars([day(0), day(1, so_far=True)]).labels].count("so far") == 1


def test_a_day_on_which_nobody_asked_for_a_person_leaves_a_gap_in_the_rate() -> None:
    asked = {Ending.PICKED_UP: 1, Ending.BUSY: 1}
    chart = bars([day(0, asked), day(1, asked), day(2, {Ending.NOTICE: 3}), day(3, asked), day(4, asked)])
    assert len(chart.rate) == 2
    assert [dot.text for dot in chart.dots] == ["50 %"] * 4


def test_week_shows_the_mean_and_hours_between_those_that_rang() -> None:
    chart = week_map({(0, 9): 9, (0, 17): 3, (6, 12): 1}, [2, 2, 2, 2, 2, 2, 3])
    assert [label.text for label in chart.hours][0::8] == ["08", "16"]
    told = {cell.text: cell.shade for cell in chart.cells if cell.text}
    assert told == {"4.5": 5, "1.5": 2, "0.3": 1}
    assert len(chart.cells) == 7 * len(chart.hours)


def test_lengths_are_true_to_scale() -> None:
    chart = lengths(["short", "long", "never"], [10, 40, 0])
    assert [bar.width for bar in chart.bars] == [60.0, 240.0, 0.0]


def test_latencies_stand_higher_the_longer_they_take() -> None:
    chart = latencies([day(0, None, 0.5, 2), day(1, None, 80), day(2), day(3, None, 3400)])
    assert chart
    assert chart.limit_y < chart.near_y < 222
    assert [mark.text for mark in chart.worst] == ["", "", "3.4 s"]
    assert chart.worst[0].y > chart.worst[1].y > chart.worst[2].y > chart.limit_y
    assert len(chart.p50) == 1
    assert [dot.text for dot in chart.dots] == ["p50", "p95"]  # the last day stands alone behind a gap
    assert all(before.y - after.y >= 13 for before, after in pairwise(chart.names))
    assert latencies([day(0)]) is None


def test_one_that_took_longer_than_the_limit_stays_inside() -> None:
    chart = latencies([day(0, None, 9000)])
    assert chart
    assert 10 < chart.worst[0].y < chart.limit_y
    assert [dot.text for dot in chart.dots] == ["p50", "p95"]
