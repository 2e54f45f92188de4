"""What a worker of gunicorn waits for: connections on which nothing came yet, threads, and times."""

import heapq
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from queue import SimpleQueue

from gunicorn.workers.gthread import TConn

Act = Callable[[], object]


class Resting:
    """The connections on which a request is awaited, in the order of their time-outs: all may rest equally long.

    For gunicorn this is its queue of connections that are kept alive.
    """

    def __init__(self) -> None:
        self._by_descriptor: dict[int, TConn] = {}

    def __len__(self) -> int:
        return len(self._by_descriptor)

    def __iter__(self) -> Iterator[TConn]:
        return iter([*self._by_descriptor.values()])

    def __getitem__(self, place: int) -> TConn:
        """Give the first one, by whose time-out gunicorn sleeps."""
        return next(iter(self))

    def put(self, conn: TConn) -> None:
        self._by_descriptor[conn.sock.fileno()] = conn

    def take(self, descriptor: int) -> TConn | None:
        return self._by_descriptor.pop(descriptor, None)

    def take_late(self, now: float) -> TConn | None:
        """Take out the one that rests longest, if it does for too long."""
        descriptor, conn = next(iter(self._by_descriptor.items()), (0, None))
        return self._by_descriptor.pop(descriptor) if conn and conn.timeout <= now else None


class Pool:
    """Threads that do what takes a while.

    No ThreadPoolExecutor: gunicorn ends its pool in the handler of a signal, which may come while the same thread holds
    the executor's lock. To put something into a SimpleQueue is safe there.
    """

    def __init__(self, number: int, name: str) -> None:
        self.number, self.name = number, name
        self.threads: list[threading.Thread] = []
        self._acts: SimpleQueue[Act | None] = SimpleQueue()

    def start(self) -> None:
        for number in range(self.number):
            self.threads.append(threading.Thread(target=self._run, name=f"{self.name}-{number}"))
            self.threads[-1].start()

    def do(self, act: Act) -> None:
        """Have a thread do this, when one is free. It must not raise."""
        self._acts.put(act)

    def shutdown(self, wait: bool = False) -> None:
        """Let the threads end, each when nothing is left to do. Waits for none, whatever gunicorn says."""
        for _ in range(self.number):
            self._acts.put(None)

    def _run(self) -> None:
        while act := self._acts.get():
            act()


@dataclass(order=True)
class Alarm:
    """Something to be done at a time, unless it is no longer needed then."""

    at: float  # of time.monotonic()
    number: int  # in the order in which they were set
    act: Act = field(compare=False)
    needed: bool = field(default=True, compare=False)


class Alarms:
    """What is to be done at its time, by one thread that looks for it."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._waiting: list[Alarm] = []

    def set(self, seconds: float, act: Act) -> Alarm:
        """Have this done in so many seconds."""
        alarm = Alarm(time.monotonic() + seconds, next(self._numbers), act)
        heapq.heappush(self._waiting, alarm)
        return alarm

    def seconds(self, most: float) -> float:
        """Say how long there is nothing to do, or `most`. Alarms that are no longer needed wake nobody."""
        while self._waiting and not self._waiting[0].needed:
            heapq.heappop(self._waiting)
        return max(0.0, min(most, self._waiting[0].at - time.monotonic())) if self._waiting else most

    def ring(self) -> None:
        """Do what is due."""
        now = time.monotonic()
        while self._waiting and self._waiting[0].at <= now:
            alarm = heapq.heappop(self._waiting)
            if alarm.needed:
                alarm.act()
