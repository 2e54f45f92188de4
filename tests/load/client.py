"""A client that costs little, since it shares the machine with server and database: one thread, ready-made bytes.

`closed_loop` keeps so many connections busy, each with one call after the other; `open_loop` begins so many calls a
second whatever the server does, and counts latency from the moment a request was due. A failed connection is made anew.
"""

import contextlib
import heapq
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tests.load.journal import Journal, Reply
from tests.load.traffic import Call, Delivery

TIMEOUT_SECONDS = 10.0  # as long as Vonage waits for an event's answer
CONNECT_SECONDS = 0.25  # this machine answers at once, or refuses
PAUSE_SECONDS = 0.05  # of a connection that failed, before it is made anew
LOOK_SECONDS = 0.1  # how often timeouts are looked for
REPEATED = {0, 429, 503, 504}  # Vonage sends a request once more then; 0 is no answer


@dataclass
class Outcome:
    """What came of a run."""

    replies: list[Reply] = field(default_factory=list)
    seconds: float = 0.0
    client_cpu_seconds: float = 0.0

    @property
    def acknowledged(self) -> int:
        return sum(reply.acknowledged for reply in self.replies)

    @property
    def failed(self) -> int:
        return len(self.replies) - self.acknowledged

    @property
    def rate(self) -> float:
        """Acknowledged requests a second."""
        return self.acknowledged / self.seconds

    def latency(self, share: float) -> float:
        """Seconds within which this share of all requests was answered, or given up: 0.99 gives the p99."""
        latencies = sorted(reply.seconds for reply in self.replies)
        return latencies[min(int(share * len(latencies)), len(latencies) - 1)] if latencies else 0.0


class ClosedFeed:
    """Each connection takes a call, sends its requests one after the other, and takes the next."""

    by_line = True

    def __init__(self, calls: Iterable[Call]) -> None:
        self.calls = iter(calls)
        self.of_line: dict[int, Iterator[Delivery]] = {}

    def take(self, line: int, now: float) -> tuple[float, Delivery] | None:
        while True:
            delivery = next(self.of_line.get(line, iter(())), None)
            if delivery:
                return now, delivery
            call = next(self.calls, None)
            if call is None:
                return None
            self.of_line[line] = iter(call)

    def next_due(self) -> float | None:
        return None


class OpenFeed:
    """So many calls a second begin; each request is due at its time, whatever became of the one before."""

    by_line = False

    def __init__(self, calls: Iterable[Call], calls_per_second: float, begin: float) -> None:
        self.calls = enumerate(calls)
        self.interval, self.begin = 1 / calls_per_second, begin
        self.due: list[tuple[float, int, Delivery]] = []
        self.serial = 0
        self._begin_next_call()

    def _begin_next_call(self) -> None:
        number, call = next(self.calls, (0, None))
        self.next_call: float | None = None
        if call is not None:
            at = self.next_call = self.begin + number * self.interval
            for delivery in call:
                self.serial += 1
                heapq.heappush(self.due, (at + delivery.offset, self.serial, delivery))

    def take(self, line: int, now: float) -> tuple[float, Delivery] | None:
        while self.next_call is not None and self.next_call <= now:
            self._begin_next_call()
        if self.due and self.due[0][0] <= now:
            at, _, delivery = heapq.heappop(self.due)
            return at, delivery
        return None

    def next_due(self) -> float | None:
        return self.due[0][0] if self.due else None


class Line:
    """One keep-alive connection."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.socket: socket.socket | None = None
        self.delivery: Delivery | None = None  # whose answer is awaited
        self.due = self.sent_at = 0.0
        self.not_before = 0.0
        self.last = False  # the server closes the connection after this answer
        self.received = b""

    def connect(self, port: int) -> socket.socket:
        line = socket.create_connection(("127.0.0.1", port), CONNECT_SECONDS)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.setblocking(False)
        self.socket, self.received, self.last = line, b"", False
        return line

    def take_in(self) -> int | None:
        """Read what came; give the status when the answer is whole. Raises OSError when the other side hung up."""
        assert self.socket
        try:
            chunk = self.socket.recv(65_536)
        except BlockingIOError:
            return None
        if not chunk:
            raise ConnectionResetError
        self.received += chunk
        head, blank, body = self.received.partition(b"\r\n\r\n")
        if not blank:
            return None
        fields = head.lower()
        at = fields.find(b"\r\ncontent-length:")
        if at >= 0:
            whole = len(body) >= int(fields[at + 17 :].partition(b"\r\n")[0])
        else:  # chunked, or one of the statuses that have no body
            whole = body.endswith(b"0\r\n\r\n") or b"\r\ntransfer-encoding:" not in fields
        if not whole:
            return None
        self.received = b""
        self.last = b"\r\nconnection: close" in fields
        return int(head[9:12])


class Client:
    """Sends what a feed gives over its lines, one request at a time on each."""

    def __init__(self, port: int, connections: int, journal: Journal | None, timeout: float, repeats: int) -> None:
        self.port, self.journal, self.timeout, self.repeats = port, journal, timeout, repeats
        self.selector = selectors.DefaultSelector()
        self.idle = deque(Line(number) for number in range(connections))
        self.busy: set[Line] = set()
        self.again: deque[tuple[float, Delivery]] = deque()
        self.tries: dict[str, int] = {}
        self.outcome = Outcome()
        self.looked = 0.0

    def run(self, feed: ClosedFeed | OpenFeed, seconds: float, stop: threading.Event | None) -> Outcome:
        """Send until the feed is empty or the time is over; wait for the answers that are still to come."""
        begun, cpu = time.monotonic(), time.thread_time()
        end = begun + seconds
        while True:
            now = time.monotonic()
            ending = now >= end or (stop is not None and stop.is_set())
            more = not ending and self._hand_out(feed, now)
            if not self.busy and not more:
                break
            for key, _ in self.selector.select(self._patience(feed, now) if more else LOOK_SECONDS):
                self._receive(key.data)
            self._give_up_late_ones()
        for line in self.idle:
            self._close(line)
        self.selector.close()
        self.outcome.seconds = time.monotonic() - begun
        self.outcome.client_cpu_seconds = time.thread_time() - cpu
        return self.outcome

    def _hand_out(self, feed: ClosedFeed | OpenFeed, now: float) -> bool:
        """Give each idle line what is due; say whether anything is still to come."""
        for _ in range(len(self.idle)):
            line = self.idle.popleft()
            if line.not_before > now:
                self.idle.append(line)
                continue
            due = self.again.popleft() if self.again else feed.take(line.number, now)
            if due:
                self._send(line, *due)
                continue
            self.idle.append(line)
            if not feed.by_line:  # what is not due for this line is not due for another
                break
        return bool(self.busy or feed.next_due() or any(line.not_before > now for line in self.idle))

    def _patience(self, feed: ClosedFeed | OpenFeed, now: float) -> float:
        due = feed.next_due()
        if due is None or not self.idle:
            return LOOK_SECONDS if self.busy else PAUSE_SECONDS
        return min(max(due - now, 0.0), LOOK_SECONDS)

    def _send(self, line: Line, due: float, delivery: Delivery) -> None:
        line.delivery, line.due, line.sent_at = delivery, due, time.monotonic()
        self.busy.add(line)
        if self.journal:
            self.journal.sent(delivery.identity)
        try:
            if line.socket is None:
                self.selector.register(line.connect(self.port), selectors.EVENT_READ, line)
            assert line.socket
            line.socket.sendall(delivery.request)
        except ConnectionRefusedError:
            self._end(line, 0, "refused")
        except TimeoutError:
            self._end(line, 0, "timeout")
        except OSError:
            self._end(line, 0, "reset")

    def _receive(self, line: Line) -> None:
        try:
            status = line.take_in()
        except OSError:
            if line.delivery:
                self._end(line, 0, "reset")
            else:
                self._close(line)
            return
        if status is not None:
            self._end(line, status, "")

    def _end(self, line: Line, status: int, failure: str) -> None:
        """Note what came of the line's request, and let the line go on."""
        assert line.delivery
        delivery, line.delivery = line.delivery, None
        now = time.monotonic()
        reply = Reply(delivery.identity, line.due, now - line.due, status, failure)
        self.outcome.replies.append(reply)
        if self.journal:
            self.journal.answered(reply)
        self.busy.discard(line)
        self.idle.append(line)
        if failure:
            self._close(line)
            line.not_before = now + PAUSE_SECONDS
        elif line.last:
            self._close(line)
        if self.repeats and status in REPEATED:
            self._repeat(delivery, now)

    def _repeat(self, delivery: Delivery, now: float) -> None:
        self.tries[delivery.identity] = self.tries.get(delivery.identity, 0) + 1
        if self.tries[delivery.identity] <= self.repeats:
            self.again.append((now, delivery))

    def _close(self, line: Line) -> None:
        if line.socket:
            with contextlib.suppress(KeyError, ValueError):
                self.selector.unregister(line.socket)
            line.socket.close()
            line.socket = None

    def _give_up_late_ones(self) -> None:
        now = time.monotonic()
        if now - self.looked > LOOK_SECONDS:
            self.looked = now
            for line in [line for line in self.busy if now - line.sent_at > self.timeout]:
                self._end(line, 0, "timeout")


def closed_loop(
    port: int,
    calls: Iterable[Call],
    *,
    connections: int,
    seconds: float,
    journal: Journal | None = None,
    timeout: float = TIMEOUT_SECONDS,
    repeats: int = 0,
    stop: threading.Event | None = None,
) -> Outcome:
    """Keep so many connections busy until the calls are all told, or the time is over, or `stop` is set."""
    return Client(port, connections, journal, timeout, repeats).run(ClosedFeed(calls), seconds, stop)


def open_loop(
    port: int,
    calls: Iterable[Call],
    *,
    calls_per_second: float,
    seconds: float,
    connections: int = 64,
    journal: Journal | None = None,
    timeout: float = TIMEOUT_SECONDS,
    repeats: int = 0,
    stop: threading.Event | None = None,
) -> Outcome:
    """Begin so many calls a second, over as many connections as it takes, up to `connections`."""
    feed = OpenFeed(calls, calls_per_second, time.monotonic())
    return Client(port, connections, journal, timeout, repeats).run(feed, seconds, stop)
