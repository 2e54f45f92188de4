"""Values as letters, and quarters of an hour on the clock of a zone."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.records.quarters import DAY, HOUR, SECONDS, beginning_of, day_of, first_of, local, parts, quarter_of, shifts
from calls.records.spread import MOST, Spread, letter_of, value_of

pytestmark = pytest.mark.once

ZONES = (
    "Europe/London",
    "America/New_York",
    "America/St_Johns",
    "America/Sao_Paulo",  # once changed its clock at midnight
    "Australia/Lord_Howe",  # by half an hour
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Pacific/Chatham",
    "Pacific/Apia",  # once left out a day
    "Africa/Casablanca",
    "UTC",
)

# Values as letters


def text_of(values: Iterable[int]) -> str:
    return "".join(map(letter_of, values))


@given(st.integers(0, MOST))
def test_a_letter_is_exact_below_64_and_near_above(value: int) -> None:
    assert abs(value_of(letter_of(value)) - value) <= (value / 32 if value >= 64 else 0)


@given(st.lists(st.integers(0, MOST), min_size=2, max_size=50))
def test_letters_keep_the_order_of_values(values: list[int]) -> None:
    letters = [letter_of(value) for value in sorted(values)]
    assert letters == sorted(letters)


@given(st.lists(st.integers(0, 63), min_size=1, max_size=60), st.sampled_from([1, 50, 95, 99, 100]))
def test_a_percentile_is_the_least_value_that_so_many_do_not_exceed(values: list[int], percent: int) -> None:
    found = Spread.of(text_of(values)).percentile(percent)
    enough = [v for v in sorted(values) if sum(other <= v for other in values) * 100 >= percent * len(values)]
    assert found == enough[0]


def test_spreads_add_up_and_fall_into_classes() -> None:
    one, other = Spread.of(text_of((0, 4, 5, 59))), Spread.of(text_of((60, 61, 5_000)))
    assert Spread.together([one, other]).classes((5, 60)) == [2, 2, 3]
    assert Spread.together([one, other]).total == 7
    assert Spread().percentile(50) is None
    assert letter_of(-3) == letter_of(0)
    assert letter_of(10**15) == letter_of(MOST)


@given(st.lists(st.lists(st.sampled_from([0, 1, 7, 63, 90, 4_000, MOST]), max_size=30), max_size=6), st.integers(0, 63))
def test_letters_with_their_counts_are_joined_and_counted_like_those_without(
    values: list[list[int]], shortened: int
) -> None:
    texts = [text_of(some) for some in values]
    mixed = [Spread.of(text).text if shortened >> place & 1 else text for place, text in enumerate(texts)]
    assert Spread.of("".join(mixed)) == Spread.of("".join(texts))


def test_many_of_a_letter_take_no_more_room_than_a_few() -> None:
    text = Spread.of("0" * 12_345 + "P").text
    assert (len(text), Spread.of(text).counts) == (7, {"0": 12_345, "P": 1})


# Quarters of an hour


@given(st.sampled_from(ZONES), st.datetimes(datetime(2010, 1, 1), datetime(2037, 1, 1)))  # noqa: DTZ001
def test_a_quarter_lies_where_the_zones_own_clock_has_it(name: str, naive: datetime) -> None:
    zone = ZoneInfo(name)
    quarter = quarter_of(naive.replace(tzinfo=UTC))
    found = shifts(zone, quarter - 300 * DAY, quarter + 300 * DAY)
    wall = beginning_of(quarter).astimezone(zone)
    assert day_of(local(quarter, found)) == wall.date()
    assert local(quarter, found) % DAY == (wall.hour * 60 + wall.minute) // 15


@given(st.sampled_from(ZONES), st.dates(date(2010, 1, 1), date(2037, 1, 1)))
def test_a_day_begins_with_its_first_quarter(name: str, day: date) -> None:
    zone = ZoneInfo(name)
    if (name, day) == ("Pacific/Apia", date(2011, 12, 30)):
        return  # there was no such day
    first = first_of(day, zone)
    assert beginning_of(first).astimezone(zone).date() == day
    assert beginning_of(first - 1).astimezone(zone).date() < day


@given(st.lists(st.integers(0, 3 * DAY), min_size=2, max_size=6).map(sorted))
def test_time_is_parted_into_the_longest_spans_that_no_edge_parts(edges: list[int]) -> None:
    found = parts(edges)
    quarters = [
        (begin, begin + part.span) for part in found for begin in range(part.begin, part.end, part.span)
    ]  # fmt: skip
    assert sorted(quarter for begin, end in quarters for quarter in range(begin, end)) == [*range(edges[0], edges[-1])]
    assert not [edge for edge in edges for begin, end in quarters if begin < edge < end]
    for longer in (DAY, HOUR):
        for begin in range(0, 3 * DAY, longer):
            free = edges[0] <= begin and begin + longer <= edges[-1]
            free = free and not any(begin < edge < begin + longer for edge in edges)
            inside = [end - low for low, end in quarters if begin <= low and end <= begin + longer]
            assert not free or len(inside) <= 1
    assert all(begin % (end - begin) == 0 for begin, end in quarters)
    assert len({(part.span, part.begin) for part in found} & {(part.span, part.end) for part in found}) == 0


@pytest.mark.parametrize("name", ZONES)
def test_no_zone_is_off_by_less_than_a_quarter(name: str) -> None:
    begin = datetime(2000, 1, 1, tzinfo=UTC)
    offsets = {(begin + timedelta(days=n)).astimezone(ZoneInfo(name)).utcoffset() for n in range(0, 15_000, 5)}
    assert {offset.total_seconds() % SECONDS for offset in offsets if offset is not None} == {0.0}
