"""gunicorn's worker of threads, in which the threads themselves wait for requests."""

import mmap
import os
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, TConn, ThreadWorker

STAY_SECONDS = 0.01
POLITE_SECONDS = 0.002
WHEN_READABLE = select.EPOLLIN | select.EPOLLONESHOT  # who is woken has the connection to itself until it rests again
WITHOUT_WAITING = WHEN_READABLE | select.EPOLLOUT  # whoever is free may go on with it: nothing more need come
# How many connections each process of this master has, and one more; 0 where one accepts none. They share it.
COUNTS = memoryview(mmap.mmap(-1, 64 * 4)).cast("i")
NOBODY = SimpleNamespace(timeout=float("inf"))


class Resting:
    """The connections on which a request is awaited, in the order of their time-outs: all may rest equally long.

    For gunicorn this is its queue of connections that are kept alive.
    """

    def __init__(self) -> None:
        self._by_descriptor: dict[int, TConn] = {}
        self._one_at_a_time = threading.Lock()

    def __len__(self) -> int:
        return len(self._by_descriptor)

    def __iter__(self) -> Iterator[TConn]:
        with self._one_at_a_time:
            return iter([*self._by_descriptor.values()])

    def __getitem__(self, place: int) -> Any:
        """Give the first one, by whose time-out gunicorn sleeps. A thread may have taken the last one meanwhile."""
        return next(iter(self), NOBODY)

    def put(self, conn: TConn) -> None:
        with self._one_at_a_time:
            self._by_descriptor[conn.sock.fileno()] = conn

    def take(self, descriptor: int) -> TConn | None:
        """Take out the connection of this socket; None where another thread was first."""
        with self._one_at_a_time:
            return self._by_descriptor.pop(descriptor, None)

    def take_late(self, now: float) -> TConn | None:
        """Take out the one that rests longest, if it does for too long."""
        with self._one_at_a_time:
            descriptor, conn = next(iter(self._by_descriptor.items()), (0, None))
            return self._by_descriptor.pop(descriptor) if conn and conn.timeout <= now else None


class Attendants:
    """The threads, and where they wait.

    No ThreadPoolExecutor: gunicorn ends its pool in the handler of a signal, which may come while the same thread holds
    the executor's lock to add a thread. It would wait for itself for ever.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self.threads: list[threading.Thread] = []
        self.free: set[int] = set()  # those that wait
        self.doorbell = select.epoll()
        self._end, self._ring_for_end = os.pipe()
        self.doorbell.register(self._end, select.EPOLLIN)  # wakes all of them, and goes on doing so

    def start(self, attend: Callable[[], None]) -> None:
        for number in range(self.number):
            self.threads.append(threading.Thread(target=attend, name=f"request-{number}"))
            self.threads[-1].start()

    def next(self) -> int | None:
        """Wait until something comes on a connection, and give the descriptor of its socket; None: there is an end."""
        self.free.add(threading.get_ident())
        [(descriptor, _)] = self.doorbell.poll(-1, 1)
        self.free.discard(threading.get_ident())
        return None if descriptor == self._end else descriptor

    def shutdown(self, wait: bool = False) -> None:
        """Let the threads end that wait, and the others when they have replied. Waits for none, whatever gunicorn says.

        May be called in any thread, and in the handler of a signal.
        """
        os.write(self._ring_for_end, b".")


class Together:
    """The socket of a connection, on which the head of a reply goes out with the first part of its body.

    gunicorn writes them one after the other. With each call of the system a thread lets others go on, and in a busy
    process it then has to wait for them.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._head: bytes | None = None
        self._begun = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def sendall(self, data: bytes) -> None:
        if not self._begun:
            self._begun, self._head = True, data
        else:
            head, self._head = self._head, None
            self._sock.sendall(head + data if head else data)

    def sendfile(self, *file: Any, **part: Any) -> int:
        self.flush()
        return self._sock.sendfile(*file, **part)

    def flush(self) -> None:
        """Send a head that no body followed."""
        if self._head:
            self.sendall(b"")


class SharingWorker(ThreadWorker):  # type: ignore[misc] # gunicorn is not typed
    """All threads wait at one epoll, and the one that is woken handles the request.

    In gunicorn's own worker the main thread waits. Each request goes from it to a thread, and its connection back
    again, by two queues, a pipe and four changes of threads: at full speed a third of all that a webhook costs. Here
    the main thread accepts connections, counts them and closes those that rested for too long. The rest is gunicorn's.
    """

    tpool: Attendants

    def get_thread_pool(self) -> Attendants:
        self.keepalived_conns = Resting()
        return Attendants(self.cfg.threads)

    def init_process(self) -> None:
        # gunicorn looks each of its settings up anew, twenty times a request; none changes in a process.
        self.cfg.__dict__.update({name: setting.get() for name, setting in self.cfg.settings.items()})
        super().init_process()

    def run(self) -> None:
        try:
            self.tpool.start(self.attend)
            super().run()
        finally:
            self.tpool.shutdown()  # however it ends: else the process would wait for threads that wait

    def accept(self, listener: socket.socket) -> None:
        """Accept a connection. A process that has fewer of them is given the time to be quicker.

        Connections stay for long, and so would the work stay with whoever was quick once.
        """
        if COUNTS[self.place] > min(filter(None, COUNTS)):
            time.sleep(POLITE_SECONDS)
        super().accept(listener)
        self.tell_count()

    def set_accept_enabled(self, enabled: bool) -> None:
        super().set_accept_enabled(enabled)
        self.tell_count()

    @property
    def place(self) -> int:
        """Where its count stands."""
        return int(self.age % len(COUNTS))

    def tell_count(self) -> None:
        """Let the other processes know."""
        COUNTS[self.place] = self.nr_conns + 1 if self._accepting else 0

    def count_no_longer(self) -> None:
        """Count this process no longer, which has ended. Done in that of the master."""
        COUNTS[self.place] = 0

    def enqueue_req(self, conn: TConn) -> None:
        """Let a new connection rest first: nothing may come on it for long."""
        conn.set_timeout()
        self.keepalived_conns.put(conn)
        self.tpool.doorbell.register(conn.sock, WHEN_READABLE)

    def attend(self) -> None:
        """Handle requests, as one of the threads, until the process ends."""
        while (descriptor := self.tpool.next()) is not None:
            if conn := self.keepalived_conns.take(descriptor):
                try:
                    kept = self.serve(conn)
                except Exception:  # gunicorn sees to what goes wrong in a request; a thread less would stay one less
                    self.log.exception("A request could not be handled to its end")
                    kept = False
                if kept:
                    self.rest(conn)
                else:
                    self.part(conn)

    def serve(self, conn: TConn) -> bool:
        """Handle a request, and those right behind it. Says whether the connection is to be kept."""
        conn.data_ready = True  # a request, or an end: gunicorn need not wait for it
        came_soon = conn.timeout - time.monotonic() > self.cfg.keepalive - STAY_SECONDS
        while kept := self.handle(conn) is True and conn.sock.fileno() >= 0:
            if not (came_soon and self.stays(conn)):
                break
        return kept

    def handle_request(self, req: Any, conn: TConn) -> bool:
        """Have the application reply. Where it fails half way, what was not sent of its reply is not sent any more."""
        together = Together(conn.sock)
        kept = super().handle_request(req, SimpleNamespace(sock=together, client=conn.client, server=conn.server))
        together.flush()
        return bool(kept)

    def stays(self, conn: TConn) -> bool:
        """Wait a moment for the next request, and say whether it comes: then waking another thread would cost more.

        One thread at least waits for everybody else.
        """
        if not self.alive or not self.tpool.free or read_ahead(conn):
            return False
        return is_readable(conn, STAY_SECONDS)

    def rest(self, conn: TConn) -> None:
        """Let whichever thread is free handle what comes next."""
        conn.set_timeout()
        self.keepalived_conns.put(conn)
        if not self.alive:  # looked at after that: who rests by then gets the shorter time from the main thread
            conn.timeout = min(conn.timeout, time.monotonic() + STOP_KEEPALIVE_LINGER)
            self.method_queue.defer(int)  # which shall notice
        self.tpool.doorbell.modify(conn.sock, WITHOUT_WAITING if read_ahead(conn) else WHEN_READABLE)

    def part(self, conn: TConn) -> None:
        """Close a connection. That may take a moment, while the other side reads to the end."""
        with suppress(OSError):  # gunicorn closed it, where an answer broke off
            conn.close(graceful=True)
        self.method_queue.defer(self.count_out)

    def count_out(self) -> None:
        self.nr_conns -= 1  # on the main thread alone
        self.tell_count()

    def murder_keepalived(self, force: bool = False) -> None:
        """Close the connections that rested for too long, or all. Where something came, a thread will get to it."""
        now = float("inf") if force else time.monotonic()
        while conn := self.keepalived_conns.take_late(now):
            if not force and is_readable(conn, 0):
                self.rest(conn)
            else:
                conn.close()
                self.count_out()


def is_readable(conn: TConn, seconds: float) -> bool:
    """Wait so long for something to come, if only an end, and say whether it did."""
    soon = select.poll()
    soon.register(conn.sock, select.POLLIN)
    return bool(soon.poll(seconds * 1000))


def read_ahead(conn: TConn) -> bool:
    """Say whether a part of the next request has been read already, so that its socket need not tell of any."""
    return bool(conn.parser.unreader.buf.getvalue())
