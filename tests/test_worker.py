"""gunicorn's worker for a call server, with gunicorn's own parts and real connections: who does what, and when."""

import http.client
import os
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.workers.gthread import TConn, ThreadWorker

from callserver import plain
from callserver import worker as worker_module
from callserver.waiting import Pool
from callserver.worker import CallWorker

pytestmark = pytest.mark.once

THREADS = 2
SOON = 5.0  # seconds in which anything is done on any machine
BIG = b"x" * 5_000_000  # more than a connection takes at once


class Promised:
    """A reply that is there when the test says so."""

    seconds = 60.0
    accepted = True

    def __init__(self, start_response: Callable[..., object]) -> None:
        self.start_response = start_response
        self.is_ready = False
        self.fulfilled_by: list[str] = []
        self.tell: Callable[[], object] = lambda: None
        self.error: Exception | None = None

    def when_ready(self, tell: Callable[[], object]) -> bool:
        self.tell = tell
        return self.accepted

    def come_true(self, *, is_ready: bool = True) -> None:
        """Tell it as the writer does, in a thread of its own."""
        self.is_ready = is_ready
        telling = threading.Thread(target=self.tell)
        telling.start()
        telling.join()

    def fulfil(self) -> list[bytes]:
        self.fulfilled_by.append(threading.current_thread().name)
        if self.error:
            raise self.error
        self.start_response("200 OK", [("Content-Length", "4")])
        return [b"kept"]

    def __iter__(self) -> Iterator[bytes]:
        pytest.fail("it would be waited for")


class App:
    """Webhooks below /event, and pages."""

    def __init__(self) -> None:
        self.done_by: list[tuple[str, str]] = []  # path and thread
        self.promised: deque[Promised] = deque()
        self.body = b"page"
        self.go_on = threading.Event()
        self.go_on.set()

    def is_prompt(self, path: str) -> bool:
        return path.startswith("/event")

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., object]) -> Any:
        path = environ["PATH_INFO"]
        self.done_by.append((path, threading.current_thread().name))
        if path == "/event/fails":
            raise RuntimeError("a fault of ours")
        if path == "/event/promised":
            self.promised.append(Promised(start_response))
            return self.promised[-1]
        if path == "/slow":
            self.go_on.wait(SOON)
        body = environ["wsgi.input"].read() or self.body
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]


class Worker(CallWorker):
    """One without a process of its own: the test is its main thread, and goes through its loop turn by turn."""

    def __init__(self, app: App, **settings: Any) -> None:
        config = Config()
        for name, value in ({"threads": THREADS, "keepalive": 60} | settings).items():
            config.set(name, value)
        self.listener = socket.create_server(("127.0.0.1", 0))
        super().__init__(
            1, os.getppid(), [self.listener], SimpleNamespace(wsgi=lambda: app), 30, config, Logger(config)
        )
        self.cfg.__dict__.update({name: setting.get() for name, setting in config.settings.items()})
        self.tpool = self.get_thread_pool()
        self.poller = selectors.DefaultSelector()
        self.method_queue.init()
        self.load_wsgi()
        self.lines: list[http.client.HTTPConnection] = []
        self.conns: list[TConn] = []

    def enqueue_req(self, conn: TConn) -> None:
        self.conns.append(conn)
        super().enqueue_req(conn)

    def begin(self) -> None:
        self.tpool.start()
        self.hasty.start()
        self.poller.register(self.method_queue.fileno(), 1, self.method_queue.run_callbacks)
        self.poller.register(self.doorbell, 1, self.answer_the_door)
        self.set_accept_enabled(True)

    def until(self, true: Callable[[], object]) -> None:
        """Go through the loop until this is true."""
        end = time.monotonic() + SOON
        while not true():
            assert time.monotonic() < end, "it did not come true"
            self.wait_for_and_dispatch_events(0.01)

    def connect(self) -> http.client.HTTPConnection:
        line = http.client.HTTPConnection("127.0.0.1", self.listener.getsockname()[1], timeout=SOON)
        line.connect()
        self.lines.append(line)
        there = self.nr_conns + 1
        self.until(lambda: self.nr_conns == there)
        return line

    def reply_on(self, line: http.client.HTTPConnection, *, asked: bool = True) -> tuple[int, bytes]:
        """Wait for the reply to what was asked on this line, or sent byte by byte."""
        got: list[tuple[int, bytes]] = []

        def read() -> None:
            response = line.getresponse() if asked else http.client.HTTPResponse(line.sock)
            if not asked:
                response.begin()
            got.append((response.status, response.read()))

        reading = threading.Thread(target=read)
        reading.start()
        self.until(lambda: got)
        reading.join()
        return got[0]

    def ask(self, path: str, line: http.client.HTTPConnection | None = None, **more: Any) -> tuple[int, bytes]:
        line = line or self.connect()
        line.request(more.pop("method", "POST"), path, **more)
        return self.reply_on(line)

    def end(self) -> None:
        for line in self.lines:
            line.close()
        for pool in (self.tpool, self.hasty):
            pool.shutdown()
            assert have_ended(pool)
        for conn in self.conns:
            conn.close()
        self.poller.close()
        self.method_queue.close()
        self.doorbell.close()
        self.listener.close()
        self.tmp.close()


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
def begin(app: App, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Worker]]:
    """Make workers with settings of gunicorn's."""
    monkeypatch.setattr(worker_module, "COUNTS", memoryview(bytearray(4 * 64)).cast("i"))
    made: list[Worker] = []

    def begin(**settings: Any) -> Worker:
        made.append(Worker(app, **settings))
        made[-1].begin()
        return made[-1]

    yield begin
    app.go_on.set()
    for one in made:
        one.end()


@pytest.fixture
def worker(begin: Callable[..., Worker]) -> Worker:
    return begin()


def have_ended(pool: Pool) -> bool:
    """Wait for the threads, and say whether all have."""
    for thread in pool.threads:
        thread.join(SOON)
    return not any(thread.is_alive() for thread in pool.threads)


MAIN = threading.main_thread().name


def test_the_main_thread_answers_webhooks_and_others_serve_pages_on_one_connection(worker: Worker, app: App) -> None:
    line = worker.connect()
    for path in ("/event", "/", "/event", "/event", "/", "/"):
        assert worker.ask(path, line, body=path) == (HTTPStatus.OK, path.encode())
    assert [path for path, thread in app.done_by if thread == MAIN] == ["/event"] * 3
    assert len({thread for path, thread in app.done_by if path == "/"} - {MAIN}) >= 1
    assert worker.nr_conns == 1


@pytest.mark.parametrize("sent", [b"", b"POST / HTTP/1.1\r\n", b"POST /event HTTP/1.1\r\nContent-Length: 9\r\n\r\nbo"])
def test_whoever_sends_half_a_request_holds_up_no_webhook(worker: Worker, sent: bytes) -> None:
    for _ in range(2 * THREADS):
        worker.connect().sock.sendall(sent)
    assert worker.ask("/event") == (HTTPStatus.OK, b"page")
    if sent.startswith(b"POST /event"):  # it holds up nobody
        assert worker.ask("/") == (HTTPStatus.OK, b"page")


@pytest.mark.parametrize("size", [9, 50_000, 200_000])
def test_a_webhook_in_pieces_is_put_together(worker: Worker, app: App, size: int) -> None:
    line, body = worker.connect(), os.urandom(size // 2).hex().encode() + b"!"
    head = b"POST /event/slow HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % len(body)
    for piece in (head[:27], head[30:] + body[:3], body[3:7], body[7:]):
        line.sock.sendall(piece)
        for _ in range(3):
            worker.wait_for_and_dispatch_events(0.01)
    assert worker.reply_on(line, asked=False) == (HTTPStatus.OK, body)
    assert (app.done_by[0][1] == MAIN) == (size < 65_536)
    assert worker.ask("/event", line)[0] == HTTPStatus.OK


@pytest.mark.parametrize(
    "data",
    [
        b"GET / H\r\n\r\n",
        b"GET / x\r\n\r\n",
        b"GET /event HTTP\r\n\r\n",
        b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
def test_what_is_no_request_costs_its_connection_alone(worker: Worker, data: bytes) -> None:
    line = worker.connect()
    line.sock.sendall(data)
    worker.until(lambda: not worker.keepalived_conns)
    assert worker.ask("/event") == worker.ask("/") == (HTTPStatus.OK, b"page")
    line.close()
    worker.until(lambda: worker.nr_conns == 2)


def test_a_fault_of_ours_in_reading_costs_a_connection_alone(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain, "read", lambda *_: 1 / 0)
    worker.connect().sock.sendall(b"GET /event HTTP/1.1\r\n\r\n")
    worker.until(lambda: worker.nr_conns == 0)


@pytest.mark.parametrize("sent", [b"PO", b"POST /event HTTP/1.1\r\nContent-Length: 9\r\n\r\nbo"])
def test_who_does_not_send_the_rest_is_parted_with(
    worker: Worker, sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "HALF_SECONDS", 0.1)
    drips, line = worker.connect(), worker.connect()
    drips.sock.sendall(sent)
    worker.until(lambda: worker.begun)
    drips.sock.sendall(b"S"[:1])  # a little more does not make it later
    worker.until(lambda: worker.nr_conns == 1)
    assert not worker.begun
    assert worker.ask("/event", line)[0] == HTTPStatus.OK


def test_who_waits_to_be_asked_for_the_rest_is(worker: Worker) -> None:
    line = worker.connect()
    line.sock.sendall(b"POST /event HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
    worker.until(lambda: not worker.keepalived_conns)
    assert line.sock.recv(100).startswith(b"HTTP/1.1 100 Continue")
    line.sock.sendall(b"ab")
    assert worker.reply_on(line, asked=False) == (HTTPStatus.OK, b"ab")


def test_who_hangs_up_half_way_is_forgotten(worker: Worker) -> None:
    line = worker.connect()
    line.sock.sendall(b"POST /event HTTP/1.1\r\nContent-Length: 9\r\n\r\nbo")
    worker.until(lambda: worker.begun)
    line.close()
    worker.until(lambda: worker.nr_conns == 0)
    assert not worker.begun


def test_requests_right_behind_each_other_are_answered_in_order(worker: Worker) -> None:
    line = worker.connect()
    one = b"POST /event HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n%d"
    line.sock.sendall(b"".join(one % number for number in range(5)))
    said = b""
    while said.count(b"HTTP/1.1 200") < 5 or not said.endswith(b"4"):
        worker.wait_for_and_dispatch_events(0.01)
        line.sock.settimeout(0.01)
        try:
            said += line.sock.recv(1000)
        except TimeoutError:
            continue
    assert [part[-1:] for part in said.split(b"HTTP/1.1")[1:]] == [b"0", b"1", b"2", b"3", b"4"]


@pytest.mark.parametrize("path", ["/event", "/"])
def test_who_asks_for_it_is_not_kept(worker: Worker, app: App, path: str) -> None:
    line = worker.connect()
    assert worker.ask(path, line, headers={"Connection": "close"}) == (HTTPStatus.OK, b"page")
    worker.until(lambda: worker.nr_conns == 0)
    assert (app.done_by[0][1] == MAIN) == (path == "/event")


def test_who_hangs_up_is_noticed_and_counted_out(worker: Worker) -> None:
    line = worker.connect()
    assert sorted(worker_module.COUNTS)[-1] == 2  # one more
    line.close()
    worker.until(lambda: worker.nr_conns == 0)
    assert sorted(worker_module.COUNTS)[-1] == 1


@pytest.mark.parametrize("path", ["/event", "/"])
def test_who_reads_slowly_gets_it_all_and_holds_up_nobody(worker: Worker, app: App, path: str) -> None:
    app.body = BIG
    slow = worker.connect()
    slow.request("GET", path)
    worker.until(lambda: app.done_by)
    app.body = b"little"
    assert worker.ask("/event") == (HTTPStatus.OK, b"little")
    assert worker.reply_on(slow) == (HTTPStatus.OK, BIG)
    assert worker.ask("/event", slow)[1] == b"little"


def test_who_reads_no_further_is_parted_with(worker: Worker, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "SEND_SECONDS", 0.05)
    app.body = BIG
    worker.connect().request("GET", "/event")
    worker.until(lambda: worker.nr_conns == 0)


# What is promised


def promised(worker: Worker, app: App) -> tuple[http.client.HTTPConnection, Promised]:
    """Ask for what is promised, on a connection of its own."""
    line, before = worker.connect(), len(app.promised)
    line.request("POST", "/event/promised")
    worker.until(lambda: len(app.promised) > before)
    return line, app.promised[-1]


def test_a_promise_takes_no_thread_and_is_kept_when_it_comes_true(worker: Worker, app: App) -> None:
    waiting = [promised(worker, app) for _ in range(5 * THREADS)]
    assert worker.ask("/event") == worker.ask("/") == (HTTPStatus.OK, b"page")
    for line, promise in reversed(waiting):
        promise.come_true()
        assert worker.reply_on(line) == (HTTPStatus.OK, b"kept")
        assert promise.fulfilled_by == [MAIN]
    assert worker.ask("/event", waiting[0][0])[0] == HTTPStatus.OK


def test_the_main_thread_is_woken_once_for_all_that_came_true(
    worker: Worker, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = [promised(worker, app) for _ in range(3)]
    woken: list[object] = []
    monkeypatch.setattr(worker.method_queue, "defer", woken.append)
    for _, promise in waiting:
        promise.come_true()
    assert woken == [worker.fulfil_all]
    worker.fulfil_all()
    for line, _ in waiting:
        assert worker.reply_on(line) == (HTTPStatus.OK, b"kept")


@pytest.mark.parametrize("why", ["it takes too long", "it came to nothing", "there is nothing to wait for"])
def test_a_promise_that_takes_a_while_to_keep_is_kept_by_a_thread_and_once(
    worker: Worker, app: App, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if why == "it takes too long":
        monkeypatch.setattr(Promised, "seconds", 0.05)
    if why == "there is nothing to wait for":
        monkeypatch.setattr(Promised, "accepted", False)
    line, promise = promised(worker, app)
    if why == "it came to nothing":
        promise.come_true(is_ready=False)
    app.go_on.clear()
    for _ in range(THREADS):  # all that there are serve pages
        worker.connect().request("GET", "/slow")
    assert worker.reply_on(line) == (HTTPStatus.OK, b"kept")
    promise.come_true()  # later, after all
    assert worker.ask("/event", line)[0] == HTTPStatus.OK
    assert len(promise.fulfilled_by) == 1
    assert promise.fulfilled_by[0].startswith("late-")


def test_who_hung_up_meanwhile_costs_nothing(worker: Worker, app: App) -> None:
    line, promise = promised(worker, app)
    line.close()
    promise.come_true()
    worker.until(lambda: worker.nr_conns == 0)
    assert worker.ask("/event")[0] == HTTPStatus.OK


@pytest.mark.parametrize("how", ["at once", "as promised", "late"])
def test_a_fault_of_ours_is_a_500_and_costs_its_connection(worker: Worker, app: App, how: str) -> None:
    if how == "at once":
        line = worker.connect()
        line.request("POST", "/event/fails")
    else:
        line, promise = promised(worker, app)
        promise.error = RuntimeError("a fault of ours")
        promise.come_true(is_ready=how == "as promised")
    assert worker.reply_on(line)[0] == HTTPStatus.INTERNAL_SERVER_ERROR
    worker.until(lambda: worker.nr_conns == 0)
    assert worker.ask("/event") == worker.ask("/") == (HTTPStatus.OK, b"page")


# How it begins and ends


def test_while_the_process_ends_what_was_promised_is_kept(worker: Worker, app: App) -> None:
    line, promise = promised(worker, app)
    worker.alive = False
    promise.come_true()
    response = worker.reply_on(line)
    assert response == (HTTPStatus.OK, b"kept")
    worker.until(lambda: worker.nr_conns == 0)


def test_while_the_process_ends_a_connection_rests_for_a_moment_only(worker: Worker) -> None:
    kept, (theirs, conn) = worker.connect(), (worker.connect(), next(iter(worker.keepalived_conns)))
    worker.alive = False
    worker.keepalived_conns.take(conn.sock.fileno())
    worker.rest(conn)
    assert conn.timeout < time.monotonic() + 10
    assert worker.ask("/event", kept)[0] == HTTPStatus.OK  # and is told that this was the last one
    worker.until(lambda: worker.nr_conns == 1)
    assert theirs.sock


def test_after_so_many_requests_another_process_goes_on(begin: Callable[..., Worker]) -> None:
    worker = begin(max_requests=2)
    assert worker.ask("/event")[0] == HTTPStatus.OK
    assert worker.alive
    line = worker.connect()
    line.request("POST", "/event")
    worker.until(lambda: not worker.alive)
    assert worker.reply_on(line)[0] == HTTPStatus.OK
    worker.until(lambda: worker.nr_conns == 1)


def test_connections_that_rested_for_too_long_are_closed_the_oldest_first(worker: Worker) -> None:
    old, young = worker.connect(), worker.connect()
    worker.keepalived_conns[0].timeout = time.monotonic() - 1
    worker.murder_keepalived()
    assert old.sock.recv(1) == b""
    assert (len(worker.keepalived_conns), worker.nr_conns) == (1, 1)
    worker.murder_keepalived(force=True)
    assert young.sock.recv(1) == b""
    assert (len(worker.keepalived_conns), worker.nr_conns) == (0, 0)


def test_what_came_at_the_last_moment_is_answered(worker: Worker, app: App) -> None:
    line = worker.connect()
    worker.alive = False
    worker.keepalived_conns[0].timeout = time.monotonic() - 1
    line.request("POST", "/event")
    worker.murder_keepalived()
    assert worker.reply_on(line) == (HTTPStatus.OK, b"page")
    assert worker.nr_conns == 0


def test_however_the_main_thread_ends_the_others_do_so_too(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise OSError("too many open files")

    worker = Worker(app)
    monkeypatch.setattr(ThreadWorker, "run", fail)
    with pytest.raises(OSError, match="too many"):
        worker.run()
    assert have_ended(worker.tpool)
    worker.end()


@pytest.mark.parametrize("setting", [{"accesslog": "-"}, {"proxy_protocol": "auto"}, {"keepalive": 0}])
def test_what_gunicorn_is_told_besides_holds(begin: Callable[..., Worker], app: App, setting: dict[str, Any]) -> None:
    worker = begin(**setting)
    assert worker.ask("/event")[0] == HTTPStatus.OK
    if "keepalive" in setting:
        worker.connect()
        worker.murder_keepalived()
        assert worker.nr_conns >= 1  # a request may still come
        worker.keepalived_conns[0].timeout = 0.0
        worker.murder_keepalived()
        worker.until(lambda: worker.nr_conns == 0)
    else:
        assert app.done_by[0][1] != MAIN  # gunicorn read it


def test_an_application_that_knows_of_no_webhooks_is_served_by_threads(
    begin: Callable[..., Worker], app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(App, "is_prompt")
    assert begin().ask("/event")[0] == HTTPStatus.OK
    assert app.done_by[0][1] != MAIN


# As many connections for each


@pytest.fixture
def both(begin: Callable[..., Worker]) -> tuple[Worker, Worker]:
    """Two that could accept a connection, as processes of one host: five are with the first, none with the other."""
    first, other = begin(), begin()
    worker_module.COUNTS[first.place] = 0
    first.age, other.age, first.nr_conns = 3, 4, 5
    for one in (first, other):
        one.tell_count()
    return first, other


def test_a_connection_goes_to_the_process_that_has_fewer(both: tuple[Worker, Worker]) -> None:
    first, other = both
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        with socket.create_connection(listener.getsockname()):
            first.poller.register(listener, 1, first.accept)
            first.accept(listener)
            assert first.nr_conns == 5  # and it goes on meanwhile
            other.accept(listener)
            first.until(lambda: not first.polite)
            assert (first.nr_conns, other.nr_conns) == (5, 1)
        with socket.create_connection(listener.getsockname()):  # the other one is busy
            first.until(lambda: first.nr_conns == 6)
        first.poller.unregister(listener)


@pytest.mark.parametrize("why", ["it accepts none", "it was killed"])
def test_a_process_gives_no_time_to_one_that(both: tuple[Worker, Worker], why: str) -> None:
    first, other = both
    if why == "it accepts none":
        other.set_accept_enabled(False)
    else:
        other.count_no_longer()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        with socket.create_connection(listener.getsockname()):
            first.accept(listener)
    assert first.nr_conns == 6


def test_a_process_that_is_polite_can_end(both: tuple[Worker, Worker]) -> None:
    first, _ = both
    with socket.create_connection(first.listener.getsockname()):
        first.until(lambda: first.polite)
        first.set_accept_enabled(False)
        assert not first.polite
        first.wait_for_and_dispatch_events(0.01)
    assert first.nr_conns == 5
