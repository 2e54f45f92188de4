"""A call as a line of time: what is drawn, and how wide."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import sqrt

import pytest

from calls.records.line import AXIS_LEFT, AXIS_NOW, Stretch, axis_line, row_line, stretches, time_of

pytestmark = pytest.mark.once

ZERO = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@dataclass(frozen=True)
class FakeLeg:
    started_at: datetime | None
    answered_at: datetime | None = None
    ended_at: datetime | None = None


def at(seconds: float) -> datetime:
    return ZERO + timedelta(seconds=seconds)


def leg(started: float, answered: float | None = None, ended: float | None = None) -> FakeLeg:
    return FakeLeg(at(started), None if answered is None else at(answered), None if ended is None else at(ended))


def told(found: list[Stretch]) -> list[tuple[str, float, float]]:
    return [
        (stretch.kind, (stretch.starts_at - ZERO).total_seconds(), (stretch.ends_at - ZERO).total_seconds())
        for stretch in found
    ]


def test_caller_hears_a_greeting() -> None:
    assert told(stretches([leg(0, 0.6, 7.7)], now=at(99))) == [("ring", 0, 0.6), ("say", 0.6, 7.7)]


def test_nobody_answers() -> None:
    assert told(stretches([leg(0, None, 20)], now=at(99))) == [("ring", 0, 20)]


def test_caller_is_put_through() -> None:
    found = stretches([leg(0, 0.6, 60), leg(14, 22, 58)], now=at(99))
    assert told(found) == [
        ("ring", 0, 0.6),
        ("say", 0.6, 14),
        ("ring", 14, 22),
        ("talk", 22, 58),
        ("say", 58, 60),
    ]
    assert time_of(found, {"talk"}) == timedelta(seconds=36)


def test_somebody_is_rung_in_vain_and_a_message_is_left() -> None:
    found = stretches([leg(0, 0.6, 76), leg(14, None, 34)], [(at(41), at(75))], now=at(99))
    assert told(found) == [
        ("ring", 0, 0.6),
        ("say", 0.6, 14),
        ("ring", 14, 34),
        ("say", 34, 41),
        ("rec", 41, 75),
        ("say", 75, 76),
    ]


def test_recorded_conversation_is_a_conversation() -> None:
    found = stretches([leg(0, 1, 60), leg(5, 10, 60)], [(at(10), at(60))], now=at(99))
    assert [kind for kind, _, _ in told(found)] == ["ring", "say", "ring", "talk"]


def test_open_call_goes_on_until_now() -> None:
    found = stretches([leg(0, 0.6), leg(14)], now=at(30))
    assert told(found)[-1] == ("ring", 14, 30)
    assert [stretch.open for stretch in found] == [False, False, True]


@pytest.mark.parametrize(
    "legs",
    [
        [],
        [FakeLeg(None)],
        [leg(10, 5, 1)],  # ends before it starts
        [leg(0, 0, 0)],
        [leg(0, 0.6, 5), leg(50, 60, 70)],  # a leg after the end
        [leg(0, 20, 10), leg(-5, -4, -3)],
        [leg(60, None, None)],  # Vonage's clock is ahead of ours
    ],
)
def test_odd_times_are_drawn_all_the_same(legs: list[FakeLeg]) -> None:
    found = stretches(legs, [(at(9), at(3)), (at(-9), at(900))], now=at(30))
    assert all(stretch.starts_at < stretch.ends_at for stretch in found)
    assert all(before.ends_at <= after.starts_at for before, after in pairwise(found))
    assert all(mark.width > 0 for mark in row_line(found).marks)
    axis_line(found, now=at(30))


def test_call_with_hundreds_of_legs_is_drawn_soon() -> None:
    legs = [leg(0, 1, 9000), *[leg(second, second + 1, second + 2) for second in range(2, 4000, 2)]]
    assert len(stretches(legs, [(at(1), at(2))] * 2000, now=at(9999))) < 250


def test_row_is_as_wide_as_the_root_of_its_seconds() -> None:
    line = row_line(stretches([leg(0, 0.6, 60), leg(14, 22, 58)], now=at(99)))
    seconds = [0.6, 13.4, 8, 36, 2]
    assert [mark.width for mark in line.marks] == [round(6.4 * sqrt(lasts), 1) for lasts in seconds]
    assert line.marks[0].x == 0
    assert all(after.x == pytest.approx(before.ends + 1, abs=0.2) for before, after in pairwise(line.marks))
    assert line.end_x == pytest.approx(line.marks[-1].ends + 5, abs=0.2)


def test_shortest_stretch_can_be_seen() -> None:
    assert row_line(stretches([leg(0, 0.01, 9)], now=at(99))).marks[0].width == 3


def test_longest_stretch_is_torn() -> None:
    marks = row_line(stretches([leg(0, 1, 12_000)], now=at(99_999))).marks
    assert [mark.tear is not None for mark in marks] == [False, True]
    assert marks[1].width == 240


def test_message_is_notched_within_its_bar() -> None:
    mark = row_line(stretches([leg(0, 1, 60)], [(at(10), at(45))], now=at(99))).marks[2]
    assert mark.kind == "rec"
    assert mark.notches
    assert all(mark.x < x < mark.ends for x in mark.notches)


def test_axis_ends_now_and_begins_three_minutes_ago() -> None:
    now = at(200)
    line = axis_line(stretches([leg(0, 50, None), leg(110, 140)], now=now), now=now)
    a_second = (AXIS_NOW - AXIS_LEFT) / 180
    assert [mark.kind for mark in line.marks] == ["ring", "say", "ring", "talk"]
    assert line.marks[0].x == AXIS_LEFT  # it began before the axis does
    assert line.marks[1].x == pytest.approx(AXIS_NOW - 150 * a_second, abs=0.1)
    assert line.marks[3].width == pytest.approx(60 * a_second, abs=0.1)
    assert line.marks[3].ends == pytest.approx(AXIS_NOW, abs=0.2)
    assert line.marks[3].open


def test_what_is_older_than_the_axis_is_not_drawn_on_it() -> None:
    line = axis_line(stretches([leg(0, 1, None), leg(2, 4, 100)], now=at(500)), now=at(500))
    assert [mark.kind for mark in line.marks] == ["say"]
