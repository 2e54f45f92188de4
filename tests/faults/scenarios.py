"""The faults: what happens to the call server while Vonage rings it. Each is a function named for the fault."""

import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass

from tests.faults.figures import Limits
from tests.faults.places import Database
from tests.faults.stage import NOT_KEPT, Stage
from tests.test_proxy import Proxy

WRITERS = 16
STRICT = Limits()
# While web processes are away nobody answers: what then counts is how long Vonage waits.
AWAY = Limits(event=10, answer=5, answer_p99=5, silence=True)
Act = Callable[[Stage], None]


@dataclass(frozen=True)
class Fault:
    """One of them."""

    name: str
    act: Act
    databases: tuple[Database, ...]
    seconds: float  # how long the outage lasts
    limits: Limits
    disks: tuple[str, ...]  # what stands on a small disk of its own: "database", "spool"

    @property
    def about(self) -> str:
        return (self.act.__doc__ or "").partition("\n")[0]


FAULTS: dict[str, Fault] = {}


def fault(
    *databases: Database, seconds: float = 10, limits: Limits = STRICT, disks: tuple[str, ...] = ()
) -> Callable[[Act], Act]:
    """Enter the function into the list."""

    def enter(act: Act) -> Act:
        name = act.__name__.replace("_", "-")
        FAULTS[name] = Fault(name, act, databases, seconds, limits, disks)
        return act

    return enter


# The database


@fault("Postgres", seconds=30)
def stopped(stage: Stage) -> None:
    """Postgres is stopped at once, as if its power went, and comes back."""
    outage(stage, stage.postgres.away())


@fault("Postgres", seconds=30)
def frozen(stage: Stage) -> None:
    """Postgres answers nothing, and its machine still takes connections for it (SIGSTOP)."""
    outage(stage, stage.postgres.frozen())


@fault("Postgres", seconds=20)
def locked(stage: Stage) -> None:
    """Somebody holds the table of calls, as an ALTER TABLE would."""
    outage(stage, blocked(stage))


@fault("Postgres", seconds=30)
def exhausted(stage: Stage) -> None:
    """Others have taken all connections of Postgres."""
    outage(stage, stage.postgres.exhausted())


@fault("Postgres", seconds=0)
def restarted(stage: Stage) -> None:
    """Postgres is restarted in good order, as for an update."""
    outage(stage, stage.postgres.away(signal.SIGINT))


@fault("Postgres", seconds=20, limits=AWAY)
def left_behind(stage: Stage) -> None:
    """Postgres is away, the host loses its power with a full spool, and starts before Postgres does."""
    with stage.ringing():
        stage.go_on()
        with stage.postgres.away():
            stage.wait(stage.seconds / 2)
            stage.host.lose_power()
            stage.host.start()
            stage.wait(stage.seconds / 2)
        stage.all_is_well()
        stage.go_on()


@fault("Postgres", seconds=10, limits=AWAY)
def left_to_the_worker(stage: Stage) -> None:
    """Postgres is away, the host loses its power with a full spool, and its worker alone comes back."""
    with stage.ringing():
        stage.go_on()
        with stage.postgres.away():
            stage.wait(stage.seconds)
            stage.host.lose_power()
    stage.host.start_worker()
    stage.all_is_well()


@fault("SQLite")
def sixteen_writers(stage: Stage) -> None:
    """Sixteen clients write as fast as they can."""
    with stage.ringing(writers=WRITERS):
        stage.wait(stage.seconds)
    stage.must("is locked" not in stage.host.words, "a writer was told that the database is locked")


@fault("SQLite", limits=AWAY)
def power_cut(stage: Stage) -> None:
    """All processes die at once (kill -9) under load, three times over."""
    with stage.ringing():
        for _ in range(3):
            stage.wait(stage.seconds / 4)
            stage.host.lose_power()
            stage.host.start()
        stage.go_on()
    stage.all_is_well()
    check_integrity(stage)


# Disks


@fault("Postgres", seconds=20, disks=("database",))
def database_disk_full(stage: Stage) -> None:
    """The disk under Postgres is full, and has room again."""
    outage(stage, stage.full("database"))


@fault("Postgres", seconds=10, disks=("spool",))
def spool_disk_full(stage: Stage) -> None:
    """The disk under the spool is full, while the database is well."""
    outage(stage, stage.full("spool"))


@fault("SQLite", seconds=20, limits=Limits(refusals=True), disks=("database", "spool"))
def both_disks_full(stage: Stage) -> None:
    """The one disk under SQLite and the spool is full: now events are refused, loudly."""
    outage(stage, stage.full("spool"))
    check_refusals(stage)
    check_integrity(stage)


@fault("Postgres", seconds=10, limits=Limits(refusals=True), disks=("spool",))
def stopped_with_a_full_spool(stage: Stage) -> None:
    """Postgres is stopped, and the disk under the spool is full: now events are refused, loudly."""
    with stage.full("spool"):
        outage(stage, stage.postgres.away())
    check_refusals(stage)


@fault("Postgres", seconds=10, limits=Limits(event=6, refusals=True), disks=("spool",))
def frozen_with_a_full_spool(stage: Stage) -> None:
    """Postgres is frozen, and the disk under the spool is full: events are refused, and callers still answered."""
    with stage.full("spool"):
        outage(stage, stage.postgres.frozen())
    check_refusals(stage)


# Processes


@fault("Postgres", "SQLite", limits=Limits(silence=True))
def killed(stage: Stage) -> None:
    """A web worker is killed (kill -9), four times over."""
    with stage.ringing():
        for _ in range(4):
            stage.wait(stage.seconds / 4)
            stage.host.kill_web_worker()
        stage.go_on()


@fault("Postgres", "SQLite", limits=AWAY)
def replaced(stage: Stage) -> None:
    """New web workers take over from the old ones (HUP), as for a new version."""
    with stage.ringing():
        stage.go_on()
        stage.host.take_over()
        stage.go_on()
    # One may be sent on a connection that is just being closed. It is sent again, by the proxy or by Vonage.
    lost = {reply.identity for reply in stage.vonage.replies} - stage.vonage.acknowledged
    stage.must(not lost, f"{len(lost)} events were not acknowledged when they were sent again")


@fault("Postgres", "SQLite", limits=AWAY)
def ended(stage: Stage) -> None:
    """The server is asked to end (SIGTERM) while events wait for the database; it starts again."""
    with stage.ringing(), ThreadPoolExecutor(1) as pool:
        stage.go_on()
        with blocked(stage):
            waiting = pool.submit(stage.vonage.tell_at_once, stage.host.port, 8)
            stage.wait(0.4)
            stage.host.process.send_signal(signal.SIGTERM)
            stage.wait(0.4)
        begun = time.monotonic()
        stage.must(stage.host.process.wait(60) == 0, "gunicorn did not end in good order")
        stage.must(time.monotonic() - begun < 30, "gunicorn took longer to end than a container is given")
        cut_off = [reply for reply in waiting.result() if not reply.acknowledged]
        stage.must(not cut_off, f"{len(cut_off)} of the events that waited were cut off")
        stage.host.start()
        stage.go_on()


# What is sent


@fault("Postgres", "SQLite", seconds=20)
def ten_at_once(stage: Stage) -> None:
    """Each event comes ten times at the same moment."""
    events = max(int(stage.seconds), 5)
    for _ in range(events):
        stage.vonage.tell_at_once(stage.host.port, 10, same=True)
    found = stage.sql("SELECT count(*), sum(times_received) FROM calls_callevent")
    stage.must(found == [(events, 10 * events)], f"(rows, times received) are {found}, not {(events, 10 * events)}")


@fault("Postgres")
def poisoned(stage: Stage) -> None:
    """Files that are no events lie in the spool, among events that wait there."""
    outage(stage, stage.postgres.away(), lambda stage: stage.host.poison([b"", b"garbage", bytes(4096)]))
    stage.drain()
    stage.must(stage.host.set_aside() == 3, f"{stage.host.set_aside()} files are set aside, and there were 3")


@fault("Postgres")
def clock_off(stage: Stage) -> None:
    """The clocks of Vonage and of this host differ: by a minute it is nothing, by ten it is refused and told."""
    for ahead, expected in {-55: 200, 0: 200, 55: 200, -600: 401, 600: 401}.items():
        statuses = stage.vonage.tell_by_another_clock(stage.host, ahead)
        stage.must(statuses == {expected}, f"with a clock that is off by {ahead} s: {statuses}")
    stage.must("one of the clocks is wrong" in stage.host.words, "the log does not tell that a clock is wrong")


@fault("Postgres", seconds=15)
def slow_clients(stage: Stage) -> None:
    """400 clients send half a request and no more, to the proxy that stands in front."""
    proxy = Proxy(stage.folder)
    stage.host.stop()
    stage.host.port = proxy.behind
    stage.host.start()
    try:
        with stage.vonage.ringing(proxy.port):
            stage.go_on()
            deadline = time.monotonic() + stage.seconds
            while time.monotonic() < deadline:
                dawdle(proxy, 5)  # after which the proxy sends them away
    finally:
        proxy.stop()


def dawdle(proxy: Proxy, seconds: float) -> None:
    """Hold 400 connections with half a head, or half a body."""
    head = b"POST /event HTTP/1.1\r\nHost: localhost\r\n"
    with ExitStack() as ends:
        for number in range(400):
            line = ends.enter_context(proxy.connect())
            line.sendall(head + b"Content-Length: 100\r\n\r\nhalf" if number % 2 else head)
        time.sleep(seconds)


# What faults share


def outage(stage: Stage, trouble: AbstractContextManager[None], at_its_end: Act | None = None) -> None:
    """Vonage rings before, during and after the trouble."""
    with stage.ringing():
        stage.go_on()
        with trouble:
            stage.wait(stage.seconds)
            if at_its_end:
                at_its_end(stage)
        stage.all_is_well()
        stage.go_on()


@contextmanager
def blocked(stage: Stage) -> Iterator[None]:
    """No event can be stored: the table of calls is held, or SQLite's one lock is."""
    if stage.cluster:
        with stage.cluster.locked(stage.database, "calls_call"):
            yield
    else:
        with closing(sqlite3.connect(stage.database, timeout=20, isolation_level=None)) as session:
            session.execute("BEGIN IMMEDIATE")
            yield


def check_refusals(stage: Stage) -> None:
    """Events alone were refused, each was told in the log, and none any more 5 s after all was well."""
    refused = [reply for reply in stage.vonage.replies if reply.status == 503]
    late = [reply for reply in refused if stage.well_at and reply.at > stage.well_at + 5]
    stage.must(refused, "nothing was refused: was the disk full?")
    stage.must(not late, f"{len(late)} events were refused later than 5 s after all was well")
    stage.must(all(reply.identity for reply in refused), "an answer was refused")
    stage.must(503 in stage.figures.ready, "/readyz never said 503")
    told = stage.host.words.count(NOT_KEPT)
    stage.must(told >= len(refused), f"the log tells of {told} refused events, and there were {len(refused)}")


def check_integrity(stage: Stage) -> None:
    said = stage.sql("PRAGMA integrity_check")
    stage.must(said == [("ok",)], f"integrity_check: {said}")
