"""What a worker waits for: times, and threads."""

import os
import signal
import threading
import time

import pytest

from callserver.waiting import Alarms, Pool
from tests.test_worker import THREADS, have_ended

pytestmark = pytest.mark.once


def test_alarms_ring_at_their_time_in_order_and_wake_nobody_where_they_are_not_needed() -> None:
    alarms, rung = Alarms(), list[str]()
    alarms.set(0.02, lambda: rung.append("second"))
    alarms.set(0.01, lambda: rung.append("first"))
    alarms.set(0.01, lambda: rung.append("first too"))
    needless = alarms.set(0.0, lambda: rung.append("never"))
    needless.needed = False
    assert 0 < alarms.seconds(1.0) <= 0.01
    alarms.ring()
    assert rung == []
    time.sleep(0.03)
    assert alarms.seconds(1.0) == 0
    alarms.ring()
    assert rung == ["first", "first too", "second"]
    assert alarms.seconds(1.0) == 1.0


def test_a_pool_does_what_it_was_given_before_it_ends() -> None:
    pool, done = Pool(THREADS, "request"), list[int]()
    for number in range(10):
        pool.do(lambda number=number: done.append(number))  # type: ignore[misc]
    pool.shutdown()
    pool.start()
    assert have_ended(pool)
    assert sorted(done) == list(range(10))


def test_a_signal_may_end_a_pool_while_it_is_being_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """gunicorn ends the pool in a handler, which Python calls in the thread that starts it, wherever that is."""
    ended = Pool(THREADS, "request")
    start = threading.Thread.start

    def start_when_the_signal_comes(thread: threading.Thread) -> None:
        start(thread)
        os.kill(os.getpid(), signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, lambda *_: ended.shutdown())
    monkeypatch.setattr(threading.Thread, "start", start_when_the_signal_comes)
    try:
        ended.start()
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert have_ended(ended)
