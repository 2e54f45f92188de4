"""The worker's loop: chores are done when they are due, once however many workers there are, and never end it."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from calls.chores.duties import DUTIES, Duty
from calls.chores.loop import LEASE, Interrupted, Loop
from calls.models import Chore, Heartbeat
from calls.models.chores import ChoreQuerySet

HOUR = timedelta(hours=1)
pytestmark = pytest.mark.django_db(transaction=True)


def duty(do: Callable[[], bool | None], name: str = "sweep", every: timedelta = HOUR) -> Duty:
    return Duty(name, every, do)


def fail() -> None:
    raise ValueError("no broom\x00 \ud800")


def is_due(name: str = "sweep") -> bool:
    return Chore.objects.get(name=name).due_at <= timezone.now()


def test_every_chore_is_done_at_the_first_turn_and_then_when_it_is_due_again() -> None:
    done: list[str] = []
    loop = Loop([duty(lambda: done.append("a"), "a"), duty(lambda: done.append("b"), "b")], name="w")
    assert loop.turn()
    assert not loop.turn()
    assert sorted(done) == ["a", "b"]
    Chore.objects.filter(name="b").update(due_at=timezone.now())
    assert loop.turn()
    assert sorted(done) == ["a", "b", "b"]


def test_a_chore_is_due_again_after_its_interval_and_at_once_when_there_is_more() -> None:
    more = [True, False]
    loop = Loop([duty(lambda: more.pop(0))], name="w")
    loop.turn()
    assert is_due()
    loop.turn()
    chore = Chore.objects.get()
    assert timedelta(minutes=55) < chore.due_at - timezone.now() <= HOUR
    assert (chore.taken_by, chore.error) == ("", "")
    assert chore.finished_at


def test_what_always_has_more_to_do_does_not_keep_the_others_waiting() -> None:
    done: list[str] = []

    def greedy() -> bool:
        done.append("greedy")
        return True

    loop = Loop([duty(greedy, "greedy"), duty(lambda: done.append("modest"), "modest")], name="w")
    loop.turn()
    assert sorted(done) == ["greedy", "modest"]


def test_a_chore_that_fails_is_written_down_and_ends_nothing() -> None:
    done: list[str] = []
    loop = Loop([duty(fail), duty(lambda: done.append("other"), "other")], name="w")
    loop.turn()
    Chore.objects.filter(name="sweep").update(due_at=timezone.now())
    loop.turn()
    chore = Chore.objects.get(name="sweep")
    assert done == ["other"]
    assert chore.failures == 2
    assert chore.error.startswith("ValueError: no broom")
    assert not is_due()
    mended = Loop([duty(lambda: None)], name="w")
    Chore.objects.update(due_at=timezone.now())
    mended.turn()
    chore.refresh_from_db()
    assert (chore.failures, chore.error) == (0, "")


def test_workers_that_look_at_the_same_time_do_a_chore_once() -> None:
    started, done = threading.Barrier(4), []

    def work(name: str) -> None:
        loop = Loop([duty(lambda: done.append(name))], name=name)
        started.wait(20)
        loop.turn()
        connection.close()

    workers = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert len(done) == 1
    assert Chore.objects.count() == 1


def test_nobody_takes_a_chore_that_another_worker_is_at_until_the_lease_is_over() -> None:
    Chore.objects.make(["sweep"])
    taken = Chore.objects.take(["sweep"], worker="dead", lease=LEASE)
    assert taken
    done: list[str] = []
    loop = Loop([duty(lambda: done.append("here"))], name="w")
    loop.turn()
    assert done == []
    Chore.objects.update(due_at=timezone.now())
    loop.turn()
    assert done == ["here"]
    due_at = Chore.objects.get().due_at
    taken.finish(due_at=timezone.now())  # the one that was thought dead comes late, and changes nothing
    assert Chore.objects.get().due_at == due_at


@pytest.mark.once
def test_a_worker_outlives_a_database_that_is_away_and_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    loop = Loop([duty(lambda: done.append("done"))], name="w")
    loop.turn()
    Chore.objects.make(["sweep"])
    Chore.objects.update(due_at=timezone.now())
    Chore.objects.take(["sweep"], worker="w", lease=LEASE)

    def away(*_: object, **__: object) -> None:
        raise OperationalError("server closed the connection")

    with monkeypatch.context() as patch:
        patch.setattr(ChoreQuerySet, "take", away)
        assert not loop.turn()
        assert not loop.turn()
    loop.turn()
    loop.turn()
    assert done == ["done", "done"]


def test_what_is_interrupted_is_handed_back() -> None:
    def interrupted() -> None:
        raise Interrupted

    with pytest.raises(Interrupted):
        Loop([duty(interrupted)], name="w").run()
    assert is_due()
    assert Chore.objects.get().taken_by == ""
    assert not Heartbeat.objects.exists()


def test_rows_that_vanish_are_made_again() -> None:
    done: list[str] = []
    loop = Loop([duty(lambda: done.append("done"))], name="w")
    loop.turn()
    Chore.objects.all().delete()
    loop.turn()
    assert len(done) == 2


def test_a_worker_is_seen_at_its_loop_and_takes_its_heartbeat_along() -> None:
    seen: list[str] = []

    def look() -> None:
        seen.extend(Heartbeat.objects.values_list("worker", flat=True))
        loop.stop()

    loop = Loop([duty(look)], name="w")
    loop.run()
    assert seen == ["w"]
    assert not Heartbeat.objects.exists()


def test_names_of_chores_are_unique_and_fit_their_column() -> None:
    names = [duty.name for duty in DUTIES]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= 64
