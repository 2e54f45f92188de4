"""How gunicorn runs the call server: `gunicorn -c callserver/gunicorn.conf.py callserver.wsgi`."""

import os
import select
import signal
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callserver.settings")

from django.conf import settings

from calls.checks import refuse_to_serve_without_secrets

bind = f"0.0.0.0:{settings.PORT}"
worker_class = "callserver.worker.CallWorker" if hasattr(select, "epoll") else "gthread"  # a Mac has none
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))  # gunicorn's own variable
threads = 16  # for pages, and for whatever takes a while; webhooks wait in none
timeout = 30
graceful_timeout = 25  # below the 30 s that a container is given to stop
keepalive = 65  # above a proxy's 60 s, so that it never writes into a connection that is being closed
max_requests = 50_000  # bounds what a leak could cost
max_requests_jitter = 5_000
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108
accesslog = None  # answer requests carry numbers in their query; the call log has them, masked
errorlog = "-"
loglevel = "warning"
control_socket_disable = True
# A webhook by GET carries all that is told of a call in its address, and gunicorn refuses one of 4 KiB before we hear
# of it. We refuse what is longer than a body may be.
limit_request_line = 0


def post_worker_init(worker: object) -> None:
    """Leave Ctrl-C to the master, who asks the workers to end: asked twice at once, a gthread waits for itself."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def child_exit(server: object, worker: Any) -> None:
    """Let the others accept connections without regard to it, though it was killed."""
    if hasattr(worker, "count_no_longer"):
        worker.count_no_longer()


def on_starting(server: object) -> None:
    """Say it once, before there are workers."""
    refuse_to_serve_without_secrets()
