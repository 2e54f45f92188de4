"""When people call: more on weekdays and by day than at night, but at any hour of any day."""

import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache

WEEKDAYS = (120, 110, 105, 105, 100, 45, 20)  # from Monday on
HOURS = (2, 1, 1, 1, 2, 4, 12, 35, 80, 120, 130, 120, 85, 95, 125, 120, 105, 75, 45, 28, 18, 12, 7, 4)
LONGEST = timedelta(days=7)  # that a portion covers
TWO_DIGITS = [f"{number:02}" for number in range(60)]


def starts(count: int, days: int, until: datetime, chance: random.Random) -> Iterator[datetime]:
    """Give so many moments of the last days in their order, each a whole second."""
    first = until - timedelta(days=days)
    hours = [first + timedelta(hours=number) for number in range(days * 24)]
    weights = [WEEKDAYS[hour.weekday()] * HOURS[hour.hour] for hour in hours]
    rest, total = count, sum(weights)
    for hour, weight in zip(hours, weights, strict=True):
        share = min(int(rest * weight / total + chance.random()), rest) if weight < total else rest
        total -= weight
        rest -= share
        yield from (hour + timedelta(seconds=second) for second in sorted(chance.choices(range(3_600), k=share)))


def portions(moments: Iterable[datetime], most: int) -> Iterator[list[datetime]]:
    """Part moments, given in their order, into so many at most, of a week at most."""
    portion: list[datetime] = []
    for moment in moments:
        if portion and moment - portion[0] > LONGEST:
            yield portion
            portion = []
        portion.append(moment)
        if len(portion) == most:
            yield portion
            portion = []
    if portion:
        yield portion


def spelt(second: int) -> str:
    """Spell a second since 1970: "2026-11-23T14:05:09", in UTC. Millions are spelt of few minutes."""
    minute, rest = divmod(second, 60)
    return _minute(minute) + TWO_DIGITS[rest]


@lru_cache(maxsize=4_096)
def _minute(minute: int) -> str:
    return datetime.fromtimestamp(minute * 60, UTC).strftime("%Y-%m-%dT%H:%M:")
