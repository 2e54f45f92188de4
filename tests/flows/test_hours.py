"""Open when the clock on the wall says so, on both days of a changed clock, under closures and overrides."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.flows import hours
from calls.flows.hours import Schedule, State, changes, in_words, state

MINUTE = timedelta(minutes=1)
pytestmark = pytest.mark.once


def week(text: str) -> list[list[int]]:
    """Read "Mon 09:00-12:00, Sun 22:00-24:00"."""
    spans = []
    for part in filter(None, text.split(", ")):
        day, times = part.split()
        start = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].index(day) * 1440
        spans.append([start + int(at[:2]) * 60 + int(at[3:]) for at in times.split("-")])
    return spans


def schedule(text: str = "", zone: str = "Europe/London", **more: Any) -> Schedule:
    data = {"id": 1, "name": "Shop", "zone": zone, "week": week(text), "closures": [], "overrides": []}
    found = Schedule.read(data | more)
    assert found.readable
    return found


def closure(first: str, last: str = "", **more: Any) -> dict[str, Any]:
    return {"first": first, "last": last or first, "yearly": False, "name": "Holiday", "message": ""} | more


def override(word: str, since: str, until: str, **more: Any) -> dict[str, Any]:
    return {"state": word, "from": f"{since}+00:00", "until": f"{until}+00:00", "message": "", "by": "Marta"} | more


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def around(plan: Schedule, moment: str) -> tuple[bool, bool]:
    """Say whether it is open the minute before a UTC moment, and at it."""
    at = utc(moment)
    return state(plan, at - MINUTE).open, state(plan, at).open


OPENS, CLOSES, SHUT, STAYS = (False, True), (True, False), (False, False), (True, True)


@pytest.mark.parametrize(
    ("zone", "text", "moment", "expected"),
    [
        # London: 2026-03-29 01:00 GMT becomes 02:00 BST; 2026-10-25 02:00 BST becomes 01:00 GMT
        ("Europe/London", "Sun 09:00-17:00", "2026-03-29 08:00", OPENS),
        ("Europe/London", "Sun 09:00-17:00", "2026-03-29 16:00", CLOSES),
        ("Europe/London", "Sun 01:30-05:00", "2026-03-29 01:00", OPENS),  # half past one never comes: at two
        ("Europe/London", "Sun 00:00-01:30", "2026-03-29 01:00", CLOSES),
        ("Europe/London", "Sun 01:10-01:50", "2026-03-29 01:00", SHUT),
        ("Europe/London", "Sun 09:00-17:00", "2026-10-25 09:00", OPENS),
        ("Europe/London", "Sun 09:00-17:00", "2026-10-25 17:00", CLOSES),
        ("Europe/London", "Sun 01:30-05:00", "2026-10-25 00:30", OPENS),  # half past one comes twice
        ("Europe/London", "Sun 01:30-05:00", "2026-10-25 01:00", CLOSES),
        ("Europe/London", "Sun 01:30-05:00", "2026-10-25 01:30", OPENS),
        ("Europe/London", "Sun 00:00-24:00", "2026-10-25 01:00", STAYS),
        # New York: 2026-03-08 02:00 EST becomes 03:00 EDT; 2026-11-01 02:00 EDT becomes 01:00 EST
        ("America/New_York", "Sun 09:00-17:00", "2026-03-08 13:00", OPENS),
        ("America/New_York", "Sun 02:30-05:00", "2026-03-08 07:00", OPENS),
        ("America/New_York", "Sun 00:00-02:30", "2026-03-08 07:00", CLOSES),
        ("America/New_York", "Sun 09:00-17:00", "2026-11-01 14:00", OPENS),
        ("America/New_York", "Sun 00:00-01:30", "2026-11-01 05:30", CLOSES),
        ("America/New_York", "Sun 00:00-01:30", "2026-11-01 06:00", OPENS),
        ("America/New_York", "Sun 00:00-01:30", "2026-11-01 06:30", CLOSES),
        # Lord Howe, by half an hour: 2026-04-05 02:00 (+11) becomes 01:30 (+10:30); 2026-10-04 02:00 becomes 02:30
        ("Australia/Lord_Howe", "Sun 01:45-03:00", "2026-04-04 14:45", OPENS),
        ("Australia/Lord_Howe", "Sun 01:45-03:00", "2026-04-04 15:00", CLOSES),
        ("Australia/Lord_Howe", "Sun 01:45-03:00", "2026-04-04 15:15", OPENS),
        ("Australia/Lord_Howe", "Sun 09:00-17:00", "2026-04-04 22:30", OPENS),
        ("Australia/Lord_Howe", "Sun 02:15-03:00", "2026-10-03 15:30", OPENS),
        ("Australia/Lord_Howe", "Sun 09:00-17:00", "2026-10-03 22:00", OPENS),
        # Kolkata never changes its clock
        ("Asia/Kolkata", "Sun 09:00-17:00", "2026-03-29 03:30", OPENS),
        ("Asia/Kolkata", "Sun 09:00-17:00", "2026-10-25 11:30", CLOSES),
    ],
)
def test_the_clock_on_the_wall_decides(zone: str, text: str, moment: str, expected: tuple[bool, bool]) -> None:
    assert around(schedule(text, zone), moment) == expected


def test_hours_that_touch_at_midnight_are_one_stretch() -> None:
    plan = schedule("Fri 18:00-24:00, Sat 00:00-02:00, Sun 20:00-24:00, Mon 00:00-01:00")
    assert state(plan, utc("2026-11-27 18:00")).closes == utc("2026-11-28 02:00")
    assert state(plan, utc("2026-11-29 21:00")).closes == utc("2026-11-30 01:00")


def test_what_comes_next() -> None:
    plan = schedule("Mon 09:00-12:30, Mon 13:30-17:00, Tue 09:00-17:00")
    morning = state(plan, utc("2026-11-23 10:00:30"))
    assert (morning.open, morning.why, morning.closes) == (True, "week", utc("2026-11-23 12:30"))
    assert morning.next_open == utc("2026-11-23 13:30")
    night = state(plan, utc("2026-11-24 17:00"))
    assert (night.open, night.closes, night.next_open) == (False, None, utc("2026-11-30 09:00"))


def test_hours_that_never_change_have_nothing_ahead() -> None:
    always = ", ".join(f"{day} 00:00-24:00" for day in ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"])
    for plan, is_open in [(schedule(), False), (schedule(always), True)]:
        now = state(plan, utc("2026-11-23 10:00"))
        assert (now.open, now.until, now.closes, now.next_open) == (is_open, None, None, None)


def test_a_closure_takes_whole_days_of_its_own_zone() -> None:
    days = [closure("2026-12-25", "2026-12-26", name="Christmas", message="Merry Christmas.")]
    plan = schedule("Thu 00:00-24:00, Fri 00:00-24:00, Sun 00:00-24:00", "America/New_York", closures=days)
    assert around(plan, "2026-12-25 05:00") == CLOSES
    assert around(plan, "2026-12-27 05:00") == OPENS
    shut = state(plan, utc("2026-12-25 05:00"))
    assert (shut.why, shut.name, shut.message) == ("closure", "Christmas", "Merry Christmas.")
    assert (shut.until, shut.next_open) == (utc("2026-12-27 05:00"), utc("2026-12-27 05:00"))


def test_the_shortest_closure_says_most() -> None:
    days = [closure("2026-12-20", "2027-01-05", name="Winter"), closure("2026-12-25", name="Christmas")]
    plan = schedule("Fri 09:00-17:00", closures=days)
    assert state(plan, utc("2026-12-25 12:00")).name == "Christmas"
    assert state(plan, utc("2026-12-26 00:00")).name == "Winter"


@pytest.mark.parametrize(
    ("day", "closed"),
    [("2026-12-24", False), ("2027-01-02", True), ("2027-01-03", False), ("2028-12-25", True), ("2029-01-01", True)],
)
def test_a_yearly_closure_comes_back_over_new_year(day: str, closed: bool) -> None:
    plan = schedule(closures=[closure("2026-12-25", "2027-01-02", yearly=True)])
    assert (state(plan, utc(f"{day} 12:00")).why == "closure") is closed


def test_a_leap_day_comes_back_in_leap_years() -> None:
    plan = schedule(closures=[closure("2028-02-29", yearly=True)])
    assert state(plan, utc("2029-02-28 12:00")).why == state(plan, utc("2029-03-01 12:00")).why == "week"
    assert state(plan, utc("2032-02-29 12:00")).why == "closure"


def test_an_override_ends_by_itself_and_the_newest_wins() -> None:
    set_now = [
        override("open", "2026-11-23T11:00", "2026-11-23T12:00", by="Tom", message="never said"),
        override("closed", "2026-11-23T10:00", "2026-11-23T15:00", message="We are at a funeral."),
    ]
    plan = schedule("Mon 09:00-17:00", overrides=set_now)
    assert around(plan, "2026-11-23 10:00") == CLOSES
    assert around(plan, "2026-11-23 11:00") == OPENS
    assert around(plan, "2026-11-23 12:00") == CLOSES
    assert around(plan, "2026-11-23 15:00") == OPENS
    assert state(plan, utc("2026-11-23 11:30")) == State(True, "override", by="Tom")
    closed = state(plan, utc("2026-11-23 12:00"))
    assert (closed.why, closed.by, closed.message) == ("override", "Marta", "We are at a funeral.")
    assert closed.next_open == utc("2026-11-23 15:00")


def test_an_override_opens_a_closure() -> None:
    plan = schedule(
        closures=[closure("2026-11-23")], overrides=[override("open", "2026-11-23T10:00", "2026-11-23T11:00")]
    )
    assert around(plan, "2026-11-23 10:00") == OPENS
    assert around(plan, "2026-11-23 11:00") == CLOSES
    assert state(plan, utc("2026-11-23 10:30")).closes == utc("2026-11-23 11:00")


def test_an_override_that_ends_in_closed_hours_opens_with_the_hours() -> None:
    plan = schedule("Tue 09:00-17:00", overrides=[override("closed", "2026-11-23T10:00", "2026-11-24T08:00")])
    now = state(plan, utc("2026-11-23 11:00"))
    assert (now.until, now.next_open) == (utc("2026-11-24 08:00"), utc("2026-11-24 09:00"))


def test_changes_are_told_with_their_reasons() -> None:
    plan = schedule("Mon 09:00-17:00, Tue 09:00-17:00", closures=[closure("2026-11-24", name="Stocktaking")])
    told = [(one.moment, one.open, one.why, one.name) for one in changes(plan, utc("2026-11-23 08:00"), days=3)]
    assert told == [
        (utc("2026-11-23 09:00"), True, "week", ""),
        (utc("2026-11-23 17:00"), False, "week", ""),
        (utc("2026-11-24 00:00"), False, "closure", "Stocktaking"),
        (utc("2026-11-25 00:00"), False, "week", ""),
    ]


BROKEN: list[Any] = [
    None,
    {},
    [],
    {"zone": "Mars/Olympus"},
    {"id": 1, "name": "", "zone": "../etc/passwd", "week": [], "closures": [], "overrides": []},
    {"id": 1, "name": "", "zone": "UTC", "week": [[5, 4]], "closures": [], "overrides": []},
    {"id": 1, "name": "", "zone": "UTC", "week": [["a", "b"]], "closures": [], "overrides": []},
    {"id": 1, "name": "", "zone": "UTC", "week": [], "closures": [{"first": "25 December"}], "overrides": []},
    {
        **{"id": 1, "name": "", "zone": "UTC", "week": [], "closures": []},
        "overrides": [{"state": "open", "from": "2026-11-23T10:00", "until": "never", "message": "", "by": ""}],
    },
]


@pytest.mark.parametrize("data", BROKEN)
def test_what_cannot_be_read_turns_nobody_away(data: Any, caplog: pytest.LogCaptureFixture) -> None:
    now = state(Schedule.read(data), utc("2026-11-23 10:00"))
    assert (now.open, now.why, now.until, now.next_open) == (True, "unreadable", None, None)
    assert "count as open" in caplog.text


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("2026-11-23 14:00", "today at 14:00"),
        ("2026-11-24 09:00", "tomorrow at 09:00"),
        ("2026-11-29 09:00", "on Sunday at 09:00"),
        ("2026-11-30 09:00", "on 30 November at 09:00"),
        ("2027-01-02 09:00", "on 2 January at 09:00"),
        ("2027-11-22 09:00", "on 22 November 2027 at 09:00"),
    ],
)
def test_a_time_ahead_in_words(moment: str, words: str) -> None:
    assert in_words(utc(moment), utc("2026-11-23 10:00"), UTC) == words


def test_words_are_those_of_the_zone() -> None:
    assert in_words(utc("2026-11-23 23:30"), utc("2026-11-23 10:00"), ZoneInfo("Asia/Tokyo")) == "tomorrow at 08:30"


SPAN = st.tuples(st.integers(0, 6), st.integers(0, 95), st.integers(1, 48)).map(
    lambda one: [one[0] * 1440 + one[1] * 15, min(one[0] * 1440 + (one[1] + one[2]) * 15, (one[0] + 1) * 1440)]
)
STARTS = ["2026-03-07 20:00", "2026-03-28 20:00", "2026-04-04 06:00", "2026-10-03 06:00", "2026-10-24 18:00"]
ZONES = ["Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Havana", "Africa/Cairo"]


@given(st.lists(SPAN, max_size=8), st.sampled_from(ZONES), st.sampled_from(STARTS), st.integers(0, 1))
def test_the_next_change_is_found_as_by_looking_at_each_quarter_of_an_hour(
    spans: list[list[int]], zone: str, start: str, closures: int
) -> None:
    plan = schedule("", zone, week=spans, closures=[closure("2026-03-29", yearly=True)] * closures)
    begin = utc(start)

    def by_the_wall(moment: datetime) -> bool:
        local = moment.astimezone(ZoneInfo(zone))
        minute = local.weekday() * 1440 + local.hour * 60 + local.minute
        shut = closures and (local.month, local.day) == (3, 29)
        return not shut and any(opens <= minute < closes for opens, closes in spans)

    looked = [begin + n * 15 * MINUTE for n in range(2 * 96)]
    slow = [at for before, at in pairwise(looked) if by_the_wall(before) != by_the_wall(at)]
    now, found = state(plan, begin), []
    for then in changes(plan, begin, days=2):
        if then.open != now.open:
            found.append(then.moment)
        now = then
    assert found == slow


def test_it_is_open_at_the_edges_of_what_a_clock_can_say() -> None:
    plan = schedule("Mon 09:00-17:00", "Asia/Kolkata")
    assert not state(plan, datetime(1990, 1, 1, tzinfo=UTC)).open
    assert hours.next_state(state(plan, utc("2037-12-31 23:59"))) is not None
