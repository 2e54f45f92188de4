"""gunicorn's worker of threads, in which a thread stays with its connection for a moment."""

import select
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

STAY_MILLISECONDS = 10


class StayingWorker(ThreadWorker):  # type: ignore[misc] # gunicorn is not typed
    """Whoever sends one webhook over a connection sends the next one right behind it, when many come.

    In gunicorn's own worker each request goes from the main thread to a thread, and its connection back again, by two
    queues, a pipe and four changes of threads: at full speed a quarter of all that a webhook costs. Here the thread
    waits a moment for the next request itself, unless other connections wait for a thread. Nothing else is different.
    """

    def handle(self, conn: TConn) -> Any:
        while True:
            # True: to be kept. False: to be closed; and what else gunicorn says is for its main thread.
            result = super().handle(conn)
            if result is not True or not self.stays(conn):
                return result

    def stays(self, conn: TConn) -> bool:
        """Wait for the next request. Says whether it comes: only then it is this thread's to handle."""
        if not self.alive or conn.parser.unreader.buf.getvalue() or not self.tpool._work_queue.empty():
            return False
        soon = select.poll()
        soon.register(conn.sock, select.POLLIN)
        return bool(soon.poll(STAY_MILLISECONDS))
