"""The addresses that say how this process is: `/healthz` for who restarts it, `/readyz` for who sends it work."""

import time
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from calls.flows.routing import directory
from calls.models import Heartbeat
from calls.records import spool
from calls.records.store import refused_lately
from calls.records.writer import Full, writer

DATABASE_SECONDS = 1.0


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that a thread of this process was free to answer: without the database, whose absence no restart cures."""
    return HttpResponse("well\n", content_type="text/plain")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """200 while webhooks can be taken: there are answers, and the database or the spool keeps events. Else 503.

    All else that an operator should know stands in the body, and takes no process out of service.
    """
    depth, refusal, database = spool.depth(), spool.refusal(), _database()
    answers = directory.looked.is_set() or bool(directory.numbers.things)
    ready = answers and (database["answers"] or not refusal) and not refused_lately()
    body = {
        "ready": ready,
        "answers": {"loaded": answers, "numbers": len(directory.numbers.things)},
        "database": database,
        "spool": {
            "usable": not refusal,
            "refusal": refusal or None,
            "files": depth.files,
            "bytes": depth.bytes,
            "oldest_seconds": round(max(0.0, time.time() - depth.oldest), 1) if depth.oldest else None,
            "set_aside": depth.bad,
        },
    }
    return JsonResponse(body, status=200 if ready else 503)


def _database() -> dict[str, Any]:
    """What the database says within DATABASE_SECONDS. It is asked by the writer: a thread of its own could hang."""
    said: dict[str, Any] = {"answers": False, "migrations_missing": None, "worker_seen_seconds_ago": None}

    def ask() -> None:
        executor = MigrationExecutor(connection)
        missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
        beat = Heartbeat.objects.values_list("beat_at", flat=True).first() if not missing else None
        seen = round((timezone.now() - beat).total_seconds(), 1) if beat else None
        said.update(answers=True, migrations_missing=missing, worker_seen_seconds_ago=seen)

    try:
        if settings.INGEST == "inline":
            ask()
        elif not writer.blocked:
            writer.hand_over(ask, attended=True).wait(DATABASE_SECONDS)
    except Full:
        pass
    return dict(said)
