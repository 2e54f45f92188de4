"""The log's lines: gathered, and never held back for long, nor behind a warning."""

import io
import logging
import os
import threading
import time
from collections.abc import Iterator

import pytest

from callserver.console import Gathering


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def logger(out: io.StringIO) -> Iterator[logging.Logger]:
    logger, handler = logging.getLogger("tests.console"), Gathering(out)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(handler)
    yield logger
    logger.removeHandler(handler)


def test_lines_come_together_a_moment_later(logger: logging.Logger, out: io.StringIO) -> None:
    for number in range(3):
        logger.info("line %s", number)
    deadline = time.monotonic() + 5
    while not out.getvalue() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert out.getvalue() == "line 0\nline 1\nline 2\n"


def test_a_warning_waits_for_nothing_and_keeps_its_place(logger: logging.Logger, out: io.StringIO) -> None:
    logger.info("before")
    logger.warning("careful")
    assert out.getvalue() == "before\ncareful\n"


def test_the_end_of_the_process_writes_what_is_left(logger: logging.Logger, out: io.StringIO) -> None:
    logger.info("last")
    logger.handlers[0].close()
    logger.handlers[0].flush()  # as logging.shutdown does
    assert out.getvalue() == "last\n"


def test_forked_process_writes_its_own_lines_and_not_its_parents(logger: logging.Logger, out: io.StringIO) -> None:
    logger.info("of the parent")
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        logger.info("of the child")
        logger.handlers[0].flush()
        os.write(writer, out.getvalue().encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 1000) == b"of the child\n"
    os.close(reader)
    os.close(writer)


def test_a_warning_and_a_timer_do_not_wait_for_each_other(logger: logging.Logger, out: io.StringIO) -> None:
    handler = logger.handlers[0]
    assert isinstance(handler, Gathering)
    write, begun = out.write, threading.Event()

    def write_slowly(text: str) -> int:
        begun.set()
        time.sleep(0.2)
        return write(text)

    out.write = write_slowly  # type: ignore[method-assign]
    logger.info("first")
    timer = threading.Thread(target=handler.flush, daemon=True)
    timer.start()
    assert begun.wait(5)
    before = time.monotonic()
    logger.info("meanwhile")
    assert time.monotonic() - before < 0.15  # who logs a line waits for no stream
    warning = threading.Thread(target=logger.warning, args=["careful"], daemon=True)
    warning.start()
    for thread in (timer, warning):
        thread.join(5)
        assert not thread.is_alive()
    assert out.getvalue().split() == ["first", "meanwhile", "careful"]


def test_no_line_is_lost_between_many_threads(logger: logging.Logger, out: io.StringIO) -> None:
    def log(number: int) -> None:
        for line in range(200):
            (logger.warning if line % 50 == 0 else logger.info)("%d-%d", number, line)

    threads = [threading.Thread(target=log, args=[number], daemon=True) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()
    logger.handlers[0].flush()
    assert len(set(out.getvalue().split())) == 1_600
