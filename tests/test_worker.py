"""gunicorn's worker whose threads stay with a connection: when one does, and when it does not."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from types import SimpleNamespace

import pytest
from gunicorn.workers.gthread import ThreadWorker

from callserver.worker import StayingWorker

pytestmark = pytest.mark.once

Lines = tuple[socket.socket, SimpleNamespace]


@pytest.fixture
def ours() -> Iterator[StayingWorker]:
    """A worker with one thread, and without a server around it."""
    made = StayingWorker.__new__(StayingWorker)
    made.alive = True
    with ThreadPoolExecutor(max_workers=1) as made.tpool:
        yield made


@pytest.fixture
def lines() -> Iterator[Lines]:
    """The client's end of a connection, and what gunicorn has of it."""
    theirs, mine = socket.socketpair()
    with theirs, mine:
        parser = SimpleNamespace(unreader=SimpleNamespace(buf=BytesIO()))
        yield theirs, SimpleNamespace(sock=mine, parser=parser)


def test_it_stays_for_a_request_that_comes(ours: StayingWorker, lines: Lines) -> None:
    theirs, connection = lines
    theirs.sendall(b"GET / HTTP/1.1\r\n")
    assert ours.stays(connection)


def test_it_goes_when_nothing_comes(ours: StayingWorker, lines: Lines) -> None:
    _, connection = lines
    assert not ours.stays(connection)


def test_it_goes_at_once_when_others_wait_for_a_thread(ours: StayingWorker, lines: Lines) -> None:
    theirs, connection = lines
    theirs.sendall(b"GET / HTTP/1.1\r\n")
    busy = threading.Event()
    ours.tpool.submit(busy.wait)
    ours.tpool.submit(int)  # there is one thread, and it is busy
    try:
        assert not ours.stays(connection)
    finally:
        busy.set()


def test_it_goes_when_the_process_shall_end(ours: StayingWorker, lines: Lines) -> None:
    theirs, connection = lines
    theirs.sendall(b"GET / HTTP/1.1\r\n")
    ours.alive = False
    assert not ours.stays(connection)


def test_what_was_read_ahead_is_left_to_gunicorn(ours: StayingWorker, lines: Lines) -> None:
    theirs, connection = lines
    theirs.sendall(b"rest")
    connection.parser.unreader.buf = BytesIO(b"GET / HTTP/1.1\r\n")
    assert not ours.stays(connection)


@pytest.mark.parametrize("said", [False, object()])
def test_what_gunicorn_does_not_keep_is_not_stayed_with(
    ours: StayingWorker, lines: Lines, monkeypatch: pytest.MonkeyPatch, said: object
) -> None:
    _, connection = lines
    monkeypatch.setattr(ThreadWorker, "handle", lambda self, conn: said)
    monkeypatch.setattr(ours, "stays", pytest.fail)
    assert ours.handle(connection) is said


def test_it_handles_one_request_after_the_other(
    ours: StayingWorker, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs, connection = lines
    handled: list[bytes] = []

    def handle(_: object, conn: SimpleNamespace) -> bool:
        handled.append(conn.sock.recv(100))
        if len(handled) < 3:
            theirs.sendall(b"next")
        return True

    monkeypatch.setattr(ThreadWorker, "handle", handle)
    theirs.sendall(b"first")
    assert ours.handle(connection) is True
    assert handled == [b"first", b"next", b"next"]
