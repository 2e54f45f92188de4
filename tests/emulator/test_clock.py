"""The clock of a call: faster while the call waits, like ours while a request is under way."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from calls.emulator.clock import Clock

pytestmark = pytest.mark.once
START = datetime(2026, 3, 2, 10, tzinfo=UTC)


def test_speed_shortens_waiting() -> None:
    async def wait() -> tuple[timedelta, float]:
        clock = Clock(1000, start=START)
        began = time.monotonic()
        await clock.sleep(60)
        await clock.sleep(60)
        return clock.now() - START, time.monotonic() - began

    passed, real = asyncio.run(wait())
    assert timedelta(seconds=120) <= passed < timedelta(seconds=123)
    assert 0.12 <= real < 5


def test_real_time_is_real() -> None:
    async def wait() -> float:
        clock = Clock()
        began = time.monotonic()
        await clock.sleep(0.2)
        return time.monotonic() - began

    assert 0.2 <= asyncio.run(wait()) < 5


def test_request_under_way_takes_the_time_it_takes() -> None:
    async def wait() -> tuple[float, float]:
        clock = Clock(1000)
        clock.run(asyncio.sleep(0.5))
        began = time.monotonic()
        await clock.sleep(0.1)  # shorter than the request: as long as it says
        first = time.monotonic() - began
        await clock.sleep(60)  # longer: the rest of the request, then the rest at full speed
        return first, time.monotonic() - began

    first, both = asyncio.run(wait())
    assert 0.1 <= first < 0.5
    assert 0.55 <= both < 5


def test_times_are_whole_milliseconds_in_utc() -> None:
    clock = Clock(start=START.replace(microsecond=123_456))
    assert clock.start == START.replace(microsecond=123_000)
    assert clock.now().microsecond % 1000 == 0
    assert clock.now().utcoffset() == timedelta(0)


def test_what_breaks_in_a_request_is_not_lost() -> None:
    async def break_one() -> None:
        async def broken() -> None:
            raise LookupError("of our own making")

        clock = Clock(1000)
        clock.run(broken())
        await clock.sleep(1)
        await clock.settle()

    with pytest.raises(LookupError, match="of our own making"):
        asyncio.run(break_one())
