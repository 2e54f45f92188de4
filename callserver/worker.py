"""gunicorn's worker for a call server: its main thread answers webhooks, its other threads serve pages."""

import mmap
import os
import select
import selectors
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any

from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, TConn, ThreadWorker

from callserver import plain
from callserver.waiting import Alarm, Alarms, Pool, Resting

POLITE_SECONDS = 0.002
FIRST_SECONDS = 5.0  # how long a connection may rest where none is kept
HALF_SECONDS = 10.0  # how long the rest of a webhook may take to come
HASTY_THREADS = 4  # for what is late already: it does not queue behind pages
SEND_SECONDS = 5.0  # how long a thread sends to somebody who does not read on
AT_ONCE = 64  # connections that are looked at before anything else is
WHEN_READABLE = select.EPOLLIN | select.EPOLLONESHOT  # then nothing more is told of a connection until it rests again
# How many connections each process of this master has, and one more; 0 where one accepts none. They share it.
COUNTS = memoryview(mmap.mmap(-1, 64 * 4)).cast("i")


class Exchange:
    """A webhook, and what the application replies: at once, or as it promises."""

    __slots__ = ("_headers", "_status", "_version", "body", "conn", "lasts", "overdue")

    def __init__(self, conn: TConn, environ: plain.Environ) -> None:
        self.conn = conn
        self.lasts = plain.lasts(environ)
        self._version = environ["SERVER_PROTOCOL"]
        self.body: Any = ()
        self.overdue: Alarm | None = None  # for what is promised

    def start_response(self, status: str, headers: list[tuple[str, str]], exc_info: object = None) -> None:
        """Take status and headers, as WSGI wants it."""
        self._status, self._headers = status, headers

    def spell(self, body: Iterable[bytes], *, keep: bool) -> bytes:
        return plain.spell(self._status, self._headers, body, keep=keep, version=self._version)


class CallWorker(ThreadWorker):  # type: ignore[misc] # gunicorn is not typed
    """The main thread waits for all connections, and handles webhooks itself, since they wait for nothing.

    In gunicorn's own worker each request goes to a thread and its connection back again, and a thread sleeps while its
    event is kept. That was two thirds of all that a webhook cost, and where 16 events waited for the database no caller
    got an answer. What has to be waited for the application promises (`calls.webhooks.wsgi`), and the main thread sends
    the reply when it is told to. All other requests go to threads, where gunicorn handles them, and so does whatever
    is not plain HTTP.
    """

    tpool: Pool

    # Its life, as gunicorn has it

    def get_thread_pool(self) -> Pool:
        self.keepalived_conns = Resting()
        self.doorbell = select.epoll()
        self.alarms = Alarms()
        self.polite: dict[socket.socket, Alarm] = {}  # listeners at which another process may go first
        self.begun: dict[TConn, tuple[bytes, Alarm]] = {}  # what came of a webhook that is not all there yet
        self.hasty = Pool(HASTY_THREADS, "late")
        self.ready: deque[Exchange] = deque()  # whose reply can be given, or can't be waited for
        self.woken = False
        self.is_prompt: Callable[[str], bool] | None = None  # whether a path is one of webhooks
        return Pool(self.cfg.threads, "request")

    def init_process(self) -> None:
        # gunicorn looks each of its settings up anew, twenty times a request; none changes in a process.
        self.cfg.__dict__.update({name: setting.get() for name, setting in self.cfg.settings.items()})
        super().init_process()

    def load_wsgi(self) -> None:
        super().load_wsgi()
        if not any(self.left_to_gunicorn()):
            self.is_prompt = getattr(self.wsgi, "is_prompt", None)

    def left_to_gunicorn(self) -> tuple[object, ...]:
        """What somebody may have set who starts gunicorn in another way than we do: then it reads all requests."""
        other_protocols = self.cfg.is_ssl, self.cfg.proxy_protocol != "off", self.cfg.http_protocols != ["h1"]
        return *other_protocols, self.log.access_log_enabled, os.environ.get("SCRIPT_NAME")

    def run(self) -> None:
        try:
            self.tpool.start()
            self.hasty.start()
            self.poller.register(self.doorbell, selectors.EVENT_READ, self.answer_the_door)
            super().run()
        finally:
            self.woken = True  # the pipe by which it would be is closed
            for pool in (self.tpool, self.hasty):
                pool.shutdown()  # however it ends: else the process would wait for threads that wait

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        super().wait_for_and_dispatch_events(self.alarms.seconds(timeout))
        self.alarms.ring()

    # Connections come, as many to each process

    def accept(self, listener: socket.socket) -> None:
        """Accept a connection. A process that has fewer of them is given the time to be quicker.

        Connections stay for long, and so would the work stay with whoever was quick once.
        """
        if COUNTS[self.place] > min(filter(None, COUNTS), default=0):
            self.poller.unregister(listener)
            self.polite[listener] = self.alarms.set(POLITE_SECONDS, partial(self.accept_after_all, listener))
        else:
            self.accept_now(listener)

    def accept_after_all(self, listener: socket.socket) -> None:
        self.listen_again(listener)
        self.accept_now(listener)

    def accept_now(self, listener: socket.socket) -> None:
        super().accept(listener)
        self.tell_count()

    def listen_again(self, listener: socket.socket) -> None:
        self.polite.pop(listener).needed = False
        self.poller.register(listener, selectors.EVENT_READ, self.accept)

    def set_accept_enabled(self, enabled: bool) -> None:
        for listener in [*self.polite]:
            self.listen_again(listener)
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

    # They rest, something comes, and they rest again

    def enqueue_req(self, conn: TConn) -> None:
        """Let a new connection rest first: nothing may come on it for long."""
        self.doorbell.register(conn.sock, 0)
        self.rest(conn)

    def rest(self, conn: TConn) -> None:
        """Wait for what comes next."""
        if read_ahead(conn):
            self.hand_over(conn)
            return
        conn.sock.setblocking(False)
        conn.timeout = time.monotonic() + (self.cfg.keepalive or FIRST_SECONDS)
        if not self.alive:
            conn.timeout = min(conn.timeout, time.monotonic() + STOP_KEEPALIVE_LINGER)
        self.keepalived_conns.put(conn)
        self.doorbell.modify(conn.sock, WHEN_READABLE)

    def answer_the_door(self, _: object) -> None:
        for descriptor, _ in self.doorbell.poll(0, AT_ONCE):
            if conn := self.keepalived_conns.take(descriptor):
                self.attend(conn)

    def attend(self, conn: TConn) -> None:
        """See what came. Whatever it is, it ends no more than its connection."""
        if self.is_prompt is None:
            self.hand_over(conn)
            return
        try:
            data = conn.sock.recv(plain.MOST_BYTES)
        except OSError:
            data = b""
        if not data:  # the other side hung up
            self.part(conn)
            return
        try:
            self.take_in(conn, data)
        except Exception:
            self.log.exception("What came could not be read")
            self.part(conn)

    def take_in(self, conn: TConn, data: bytes) -> None:
        """Handle what takes only a moment, and wait for the rest of it; hand over all else."""
        before, too_long = self.begun.pop(conn, (b"", None))
        data = before + data
        environ = plain.read(data, conn.server, conn.client)
        path = environ["PATH_INFO"] if environ else plain.begun(data)
        is_webhook = self.is_prompt is not None and self.is_prompt(path or "")
        if not environ and (is_webhook or path == ""):
            too_long = too_long or self.alarms.set(HALF_SECONDS, partial(self.give_up, conn))
            self.begun[conn] = data, too_long
            self.rest(conn)
            return
        if too_long:
            too_long.needed = False
        if environ and is_webhook:
            self.answer(conn, environ)
        else:
            self.hand_over(conn, data)

    def give_up(self, conn: TConn) -> None:
        """Part with somebody who does not send the rest."""
        if self.keepalived_conns.take(conn.sock.fileno()):
            self.part(conn)

    def hand_over(self, conn: TConn, data: bytes = b"") -> None:
        """Let gunicorn handle what comes, and give it what was read of it."""
        self.in_thread(self.tpool, conn, partial(self.by_gunicorn, conn, data))

    def by_gunicorn(self, conn: TConn, data: bytes) -> bool:
        conn.data_ready = True  # or an end: gunicorn need not wait for it
        if data:
            conn.init()
            conn.parser.unreader.unread(data)
        return self.handle(conn) is True and conn.sock.fileno() >= 0

    def in_thread(self, pool: Pool, conn: TConn, act: Callable[[], bool]) -> None:
        """Have a thread do what takes a while. It says whether the connection is kept."""

        def do() -> None:
            try:
                kept = act()
            except Exception:  # gunicorn sees to what goes wrong in a request; a thread less would stay one less
                self.log.exception("A request could not be handled to its end")
                kept = False
            if not kept:
                with suppress(OSError):  # gunicorn closed it, where an answer broke off
                    conn.close(graceful=True)  # which may take a moment, while the other side reads to the end
            self.method_queue.defer(self.rest if kept else self.count_out, conn)

        pool.do(do)

    def murder_keepalived(self, force: bool = False) -> None:
        """Close the connections that rested for too long, or all. Where something came just now, see to it."""
        now = float("inf") if force else time.monotonic()
        while conn := self.keepalived_conns.take_late(now):
            if force or not is_readable(conn):
                self.part(conn)
            else:
                self.attend(conn)

    def part(self, conn: TConn) -> None:
        """Close a connection on which nothing is under way."""
        if conn in self.begun:
            self.begun.pop(conn)[1].needed = False
        conn.close()
        self.count_out(conn)

    def count_out(self, conn: TConn) -> None:
        self.nr_conns -= 1
        self.tell_count()

    # Webhooks

    def answer(self, conn: TConn, environ: plain.Environ) -> None:
        """Have the application reply, now or when it is told that what it promises has come true."""
        self.nr += 1
        if self.nr >= self.max_requests:
            self.alive = False
        exchange = Exchange(conn, environ)
        try:
            exchange.body = self.wsgi(environ, exchange.start_response)
            if not hasattr(exchange.body, "when_ready"):
                self.reply(exchange, exchange.body)
            elif exchange.body.when_ready(partial(self.tell_ready, exchange)):
                exchange.overdue = self.alarms.set(exchange.body.seconds, partial(self.fulfil, exchange))
            else:
                self.fulfil(exchange)
        except Exception as error:
            self.fail(conn, error)

    def tell_ready(self, exchange: Exchange) -> None:
        """Note that waiting is over. Called in any thread; the main one is woken once for all that it finds then."""
        self.ready.append(exchange)
        if not self.woken:
            self.woken = True
            self.method_queue.defer(self.fulfil_all)

    def fulfil_all(self) -> None:
        self.woken = False  # before it looks: what is appended from now on wakes it again
        while self.ready:
            exchange = self.ready.popleft()
            if exchange.overdue:  # else a thread is at it
                self.fulfil(exchange)

    def fulfil(self, exchange: Exchange) -> None:
        """Reply as promised; in a thread, where that takes longer."""
        if exchange.overdue:
            exchange.overdue.needed, exchange.overdue = False, None
        if exchange.body.is_ready:
            try:
                self.reply(exchange, exchange.body.fulfil())
            except Exception as error:
                self.fail(exchange.conn, error)
        else:
            self.in_thread(self.hasty, exchange.conn, partial(self.reply_late, exchange))

    def reply(self, exchange: Exchange, body: Iterable[bytes]) -> None:
        """Send the reply. Where the other side does not take it all at once, a thread sends the rest."""
        conn, keep = exchange.conn, exchange.lasts and self.keeps
        data = exchange.spell(body, keep=keep)
        try:
            sent = conn.sock.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:  # it hung up
            self.part(conn)
            return
        if sent == len(data):
            (self.rest if keep else self.part)(conn)
        else:
            self.in_thread(self.hasty, conn, partial(self.send, conn, data[sent:], keep=keep))

    def reply_late(self, exchange: Exchange) -> bool:
        conn, keep = exchange.conn, exchange.lasts and self.keeps
        try:
            data = exchange.spell(exchange.body.fulfil(), keep=keep)
        except Exception as error:
            self.handle_error(None, conn.sock, conn.client, error)
            return False
        return self.send(conn, data, keep=keep)

    def send(self, conn: TConn, data: bytes, *, keep: bool) -> bool:
        """Send this, in a thread, and say whether the connection is kept."""
        conn.sock.settimeout(SEND_SECONDS)
        try:
            conn.sock.sendall(data)
        except OSError:  # it hung up, or reads no further
            return False
        return keep

    @property
    def keeps(self) -> bool:
        """Whether connections are kept after a reply."""
        return bool(self.alive and self.cfg.keepalive and len(self.keepalived_conns) < self.max_keepalived)

    def fail(self, conn: TConn, error: Exception) -> None:
        """Log what the application failed with, and reply 500: a fault of ours."""
        self.handle_error(None, conn.sock, conn.client, error)
        self.part(conn)


def read_ahead(conn: TConn) -> bool:
    """Say whether gunicorn has read a part of the next request already, so that its socket need not tell of any."""
    return conn.parser is not None and bool(conn.parser.unreader.buf.getvalue())


def is_readable(conn: TConn) -> bool:
    """Say whether something has come, if only an end."""
    look = select.poll()
    look.register(conn.sock, select.POLLIN)
    return bool(look.poll(0))
