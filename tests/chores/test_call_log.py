"""The chores of the call log: done once however many workers there are, in portions, and never the end of the loop."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone
from pytest_django import Settings

from calls.chores import call_log
from calls.chores.duties import DUTIES
from calls.chores.loop import Loop
from calls.models import Call, CallEvent, Chore
from tests.factories import make_call

pytestmark = pytest.mark.django_db(transaction=True)
OURS = [duty for duty in DUTIES if duty.name in ("lost ends", "retention")]


def lose(calls: int) -> None:
    """Make so many calls of which nothing was told for twenty days."""
    for _ in range(calls):
        make_call("started")
    CallEvent.objects.update(received_at=timezone.now() - timedelta(days=20))


def test_the_worker_closes_lost_calls_and_lets_go_of_old_ones(settings: Settings) -> None:
    settings.CALL_DAYS = 10
    lose(2)
    make_call()
    CallEvent.objects.filter(call__outcome="answered").update(received_at=timezone.now() - timedelta(days=11))
    assert len(OURS) == 2
    assert Loop(OURS, name="w").turn()
    assert list(Call.objects.values_list("outcome", flat=True)) == ["end unknown"] * 2
    assert not Chore.objects.exclude(error="").exists()


def test_workers_that_look_at_the_same_time_close_each_call_once() -> None:
    lose(5)
    started = threading.Barrier(3)

    def work(name: str) -> None:
        started.wait(20)
        Loop(OURS, name=name).turn()
        connection.close()

    workers = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert CallEvent.objects.filter(kind="action").count() == 5
    assert set(Call.objects.values_list("outcome", flat=True)) == {"end unknown"}


@pytest.mark.parametrize("name", ["close_lost_calls", "prune"])
def test_one_that_fails_is_written_down_and_ends_nothing(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def fail() -> Iterator[object]:
        yield 1
        raise DatabaseError("deadlock detected")

    monkeypatch.setattr(call_log, name, fail)
    loop = Loop(OURS, name="w")
    assert loop.turn()
    assert list(Chore.objects.exclude(error="").values_list("error", flat=True)) == ["DatabaseError: deadlock detected"]
    assert not loop.turn()


@pytest.mark.parametrize("seconds", [-1, 60])
def test_a_turn_takes_so_long_and_the_rest_is_done_in_the_next(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    monkeypatch.setattr(call_log, "PORTION_SECONDS", seconds)
    lose(3)
    assert call_log.close_lost() is (seconds < 0)
    assert Call.objects.filter(outcome="end unknown").count() == (1 if seconds < 0 else 3)
    while call_log.close_lost():
        pass
    assert Call.objects.filter(outcome="end unknown").count() == 3
