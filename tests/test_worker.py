"""gunicorn's worker whose threads wait for requests themselves: who gets which request, and when a connection ends."""

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from queue import Queue
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.workers.gthread import ThreadWorker

from callserver import worker as worker_module
from callserver.worker import STAY_SECONDS, Attendants, SharingWorker, Together

pytestmark = pytest.mark.once

THREADS = 2
SOON = 5.0  # seconds in which a thread gets to it on any machine


class Worker(SharingWorker):
    """One without a server around it; what it reads from a connection goes to `handled`."""

    def __init__(self) -> None:
        self.alive, self.nr_conns, self.age = True, 0, 1
        self.sockets: list[socket.socket] = []  # no listeners
        self._accepting = False
        self.log = logging.getLogger("worker")
        self.cfg = SimpleNamespace(threads=THREADS, keepalive=60)
        self.handled: Queue[tuple[bytes, str]] = Queue()
        self.deferred: list[Callable[[], object]] = []
        self.method_queue = SimpleNamespace(defer=lambda act, *args: self.deferred.append(lambda: act(*args)))
        self.verdict: object = True
        self.pairs: list[socket.socket] = []
        self.busy = threading.Event()
        self.to_close: socket.socket | None = None
        self.busy.set()
        self.tpool = self.get_thread_pool()
        self.tpool.start(self.attend)

    def handle(self, conn: Any) -> Any:
        said = conn.parser.unreader.buf.read() or conn.sock.recv(100)
        conn.parser.unreader.buf = BytesIO()
        self.busy.wait(SOON)
        self.handled.put((said, threading.current_thread().name))
        if self.to_close:
            self.to_close.close()
        if isinstance(self.verdict, Exception):
            raise self.verdict
        return self.verdict

    def connect(self) -> tuple[socket.socket, SimpleNamespace]:
        """Accept a connection; give the client's end of it, and what gunicorn has of it."""
        theirs, ours = pair = socket.socketpair()
        self.pairs.extend(pair)
        conn = SimpleNamespace(sock=ours, parser=SimpleNamespace(unreader=SimpleNamespace(buf=BytesIO())))
        conn.set_timeout = lambda: vars(conn).update(timeout=time.monotonic() + self.cfg.keepalive)
        conn.close = lambda graceful=False: ours.close()
        self.nr_conns += 1
        self.enqueue_req(conn)
        return theirs, conn

    def do_deferred(self) -> None:
        while self.deferred:
            self.deferred.pop(0)()


@pytest.fixture
def worker() -> Iterator[Worker]:
    made = Worker()
    yield made
    made.busy.set()
    made.tpool.shutdown()
    assert have_ended(made.tpool)
    for one in made.pairs:
        one.close()


def test_a_request_is_handled_by_a_thread_and_so_is_the_next_one(worker: Worker) -> None:
    theirs, _ = worker.connect()
    for said in (b"first", b"second"):
        theirs.sendall(said)
        assert worker.handled.get(timeout=SOON)[0] == said
        time.sleep(5 * STAY_SECONDS)  # no thread stays with it for so long


def test_connections_on_which_nothing_comes_take_no_thread(worker: Worker) -> None:
    silent = [worker.connect() for _ in range(3 * THREADS)]
    theirs, _ = worker.connect()
    theirs.sendall(b"hello")
    assert worker.handled.get(timeout=SOON)[0] == b"hello"
    assert len(worker.keepalived_conns) >= len(silent)


def test_all_threads_are_at_work_when_there_is_enough(worker: Worker) -> None:
    worker.busy.clear()
    lines = [worker.connect()[0] for _ in range(3 * THREADS)]
    for number, line in enumerate(lines):
        line.sendall(b"%d" % number)
    wait_until(lambda: not worker.tpool.free)
    worker.busy.set()
    handled = [worker.handled.get(timeout=SOON) for _ in lines]
    assert {said for said, _ in handled} == {b"%d" % number for number in range(len(lines))}
    assert len({thread for _, thread in handled}) == THREADS


@pytest.mark.parametrize("verdict", [False, object(), RuntimeError("gunicorn did not see to it")])
def test_a_connection_that_is_not_kept_is_closed_and_counted_out(worker: Worker, verdict: object) -> None:
    worker.verdict = verdict
    theirs, _ = worker.connect()
    theirs.sendall(b"the last one")
    assert theirs.recv(1) == b""
    wait_until(lambda: bool(worker.deferred))
    assert worker.nr_conns == 1  # the main thread counts
    worker.do_deferred()
    assert worker.nr_conns == 0
    wait_until(lambda: len(worker.tpool.free) == THREADS)


def test_a_connection_that_was_closed_meanwhile_does_not_rest(worker: Worker) -> None:
    theirs, conn = worker.connect()
    worker.keepalived_conns.take(conn.sock.fileno())
    theirs.sendall(b"hello")
    worker.to_close = conn.sock
    assert worker.serve(conn) is False


def test_a_connection_that_gunicorn_has_closed_costs_no_thread(worker: Worker) -> None:
    worker.verdict = False
    for _ in range(2 * THREADS):
        theirs, conn = worker.connect()
        conn.close = lambda graceful: os.close(-1)  # as of a real one: OSError
        theirs.sendall(b"an answer that broke off")
        worker.handled.get(timeout=SOON)
    wait_until(lambda: len(worker.tpool.free) == THREADS)
    worker.do_deferred()
    assert worker.nr_conns == 0


def test_what_arrived_while_all_threads_were_busy_is_handled_though_the_process_ends(worker: Worker) -> None:
    worker.busy.clear()
    lines = [worker.connect() for _ in range(THREADS)]
    for theirs, _ in lines:
        theirs.sendall(b"slow")
    wait_until(lambda: not worker.tpool.free)
    theirs, conn = worker.connect()
    theirs.sendall(b"and this")
    worker.alive, conn.timeout = False, time.monotonic() - 1
    worker.murder_keepalived()
    worker.busy.set()
    assert b"and this" in [worker.handled.get(timeout=SOON)[0] for _ in range(THREADS + 1)]


def test_however_the_main_thread_ends_the_others_do_so_too(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise OSError("too many open files")

    monkeypatch.setattr(ThreadWorker, "run", fail)
    with pytest.raises(OSError, match="too many"):
        worker.run()
    assert have_ended(worker.tpool)


def test_gunicorn_finds_nobody_to_wait_for_where_a_thread_took_the_last_one(worker: Worker) -> None:
    assert min(1.0, worker.keepalived_conns[0].timeout) == 1.0


def test_who_hangs_up_is_noticed(worker: Worker) -> None:
    worker.verdict = False
    theirs, _ = worker.connect()
    theirs.close()
    assert worker.handled.get(timeout=SOON)[0] == b""


def test_what_was_read_ahead_is_handled_though_nothing_more_comes(worker: Worker) -> None:
    _, conn = worker.connect()
    worker.keepalived_conns.take(conn.sock.fileno())
    conn.parser.unreader.buf = BytesIO(b"GET / HTTP/1.1")
    worker.rest(conn)
    assert worker.handled.get(timeout=SOON)[0] == b"GET / HTTP/1.1"


def test_connections_that_rested_for_too_long_are_closed_the_oldest_first(worker: Worker) -> None:
    (old, stale), (young, _) = worker.connect(), worker.connect()
    stale.timeout = time.monotonic() - 1
    worker.murder_keepalived()
    assert old.recv(1) == b""
    assert (len(worker.keepalived_conns), worker.nr_conns) == (1, 1)
    worker.murder_keepalived(force=True)
    assert young.recv(1) == b""
    assert (len(worker.keepalived_conns), worker.nr_conns) == (0, 0)


def test_while_the_process_ends_a_connection_rests_for_a_moment_only(worker: Worker) -> None:
    theirs, conn = worker.connect()
    worker.alive = False
    theirs.sendall(b"still")
    assert worker.handled.get(timeout=SOON)[0] == b"still"
    wait_until(lambda: bool(worker.deferred))
    assert conn.timeout < time.monotonic() + 10
    assert list(worker.keepalived_conns) == [conn]
    assert worker.keepalived_conns[0] is conn


def test_the_threads_end_when_they_are_told_to_wherever_they_wait(worker: Worker) -> None:
    worker.connect()
    worker.tpool.shutdown()
    assert have_ended(worker.tpool)


def test_a_signal_may_end_them_while_they_are_being_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """gunicorn ends the pool in a handler, which Python calls in the thread that starts them, wherever that is."""
    ended = Attendants(THREADS)
    start = threading.Thread.start

    def start_when_the_signal_comes(thread: threading.Thread) -> None:
        start(thread)
        os.kill(os.getpid(), signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, lambda *_: ended.shutdown())
    monkeypatch.setattr(threading.Thread, "start", start_when_the_signal_comes)
    try:
        ended.start(lambda: None if ended.next() is None else pytest.fail("there was something to do"))
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert have_ended(ended)


def test_a_thread_stays_with_a_connection_on_which_one_request_follows_the_other(worker: Worker) -> None:
    theirs, conn = worker.connect()
    worker.keepalived_conns.take(conn.sock.fileno())
    wait_until(lambda: len(worker.tpool.free) == THREADS)
    assert not worker.stays(conn)  # nothing comes
    theirs.sendall(b"next")
    assert worker.stays(conn)
    worker.serve(conn)
    assert worker.handled.get(timeout=SOON) == (b"next", threading.current_thread().name)


@pytest.mark.parametrize("why", ["nobody waits for others", "the process ends", "it was read ahead"])
def test_it_does_not_stay_when(worker: Worker, why: str) -> None:
    theirs, conn = worker.connect()
    worker.keepalived_conns.take(conn.sock.fileno())
    theirs.sendall(b"next")
    wait_until(lambda: len(worker.tpool.free) == THREADS)
    if why == "nobody waits for others":
        worker.tpool.free = set()
    elif why == "the process ends":
        worker.alive = False
    else:
        conn.parser.unreader.buf = BytesIO(b"next")
    assert not worker.stays(conn)


def have_ended(threads: Attendants) -> bool:
    """Wait for them, and say whether all have."""
    for thread in threads.threads:
        thread.join(SOON)
    return not any(thread.is_alive() for thread in threads.threads)


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + SOON
    while not true():
        assert time.monotonic() < end
        time.sleep(0.001)


@pytest.fixture
def both(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Worker, Worker]]:
    """Two that could accept a connection, as processes of one host: five are with the first, none with the other."""
    monkeypatch.setattr(worker_module, "COUNTS", memoryview(bytearray(4 * 64)).cast("i"))
    other = Worker()
    worker.age, other.age, worker.nr_conns = 3, 4, 5
    for one in (worker, other):
        one.set_accept_enabled(True)
    yield worker, other
    other.tpool.shutdown()
    assert have_ended(other.tpool)
    other.murder_keepalived(force=True)


def accepted_by(eager: Worker, other: Worker) -> tuple[int, int]:
    """Wake both for one connection, the first a little sooner; give how many each has then."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        with socket.create_connection(listener.getsockname()):
            busy = threading.Thread(target=eager.accept, args=[listener])
            busy.start()
            other.accept(listener)
            busy.join()
    return eager.nr_conns, other.nr_conns


def test_a_connection_goes_to_the_process_that_has_fewer(both: tuple[Worker, Worker]) -> None:
    assert accepted_by(*both) == (5, 1)


@pytest.mark.parametrize("why", ["it accepts none", "it was killed"])
def test_a_process_gives_no_time_to_one_that(
    both: tuple[Worker, Worker], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, other = both
    if why == "it accepts none":
        other.set_accept_enabled(False)
    else:
        other.count_no_longer()
    monkeypatch.setattr(time, "sleep", pytest.fail)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        with socket.create_connection(listener.getsockname()):
            worker.accept(listener)
    assert worker.nr_conns == 6


def test_who_parts_is_counted_out_for_the_others_as_well(both: tuple[Worker, Worker]) -> None:
    worker, _ = both
    worker.count_out()
    assert sorted(filter(None, worker_module.COUNTS)) == [1, 5]  # one more each


class Wire:
    """A socket that remembers each write."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def sendall(self, data: bytes) -> None:
        self.sent.append(data)

    def sendfile(self, file: BytesIO, offset: int, count: int) -> int:
        self.sent.append(file.getvalue()[offset : offset + count])
        return count

    def fileno(self) -> int:
        return 7


def test_head_and_body_go_out_at_once() -> None:
    wire = Wire()
    together = Together(wire)  # type: ignore[arg-type]
    together.sendall(b"head, ")
    assert wire.sent == []
    together.sendall(b"first part")
    together.sendall(b"second part")
    together.flush()
    assert wire.sent == [b"head, first part", b"second part"]
    assert together.fileno() == 7


def test_head_without_a_body_goes_out_once() -> None:
    wire = Wire()
    together = Together(wire)  # type: ignore[arg-type]
    together.flush()
    together.sendall(b"head")
    together.flush()
    together.flush()
    assert wire.sent == [b"head"]


def test_file_follows_its_head() -> None:
    wire = Wire()
    together = Together(wire)  # type: ignore[arg-type]
    together.sendall(b"head")
    assert together.sendfile(BytesIO(b"a recording"), offset=2, count=4) == 4
    assert wire.sent == [b"head", b"reco"]
