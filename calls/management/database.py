"""Waiting for the database and migrating it, for processes that start together and in any order."""

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

Say = Callable[[str], object]

LOCK = 7_061_000_912  # of Postgres, for whoever prepares this database; any number that nobody else takes
LOOK_SECONDS = 0.5
SAY_SECONDS = 15.0


def problem() -> str | None:
    """Say why the database does not answer; None when it does."""
    try:
        connection.close_if_unusable_or_obsolete()
        connection.ensure_connection()
    except DatabaseError as error:
        connection.close()
        return " ".join(str(error).split())
    return None


def in_a_sentence(error: Exception) -> str | None:
    """Put into words what ended a command where that is a database that does not answer; None for all else."""
    if not isinstance(error, OperationalError | InterfaceError) or not (reason := problem()):
        return None
    return f"The database does not answer: {reason}. Start it, or correct DATABASE_URL."


def wait_for_database(say: Say) -> None:
    """Wait until the database answers, however long that takes, and say now and then why it does not."""
    said_at = float("-inf")
    while reason := problem():
        if time.monotonic() - said_at >= SAY_SECONDS:
            say(f"Waiting for the database: {reason}")
            said_at = time.monotonic()
        time.sleep(LOOK_SECONDS)


def prepare(say: Say) -> None:
    """Wait for the database and bring its tables up to date: once, however many processes do this at the same time.

    Raises what a migration raises; a database that goes away meanwhile is waited for again.
    """
    while True:
        wait_for_database(say)
        try:
            with alone():
                if count := migrate():
                    say(f"Brought the database up to date: {count} migrations.")
        except (OperationalError, InterfaceError) as error:
            if problem() is None:
                raise
            say(f"The database went away: {error}")
        else:
            return


@contextmanager
def alone() -> Iterator[None]:
    """Keep out every other process that would prepare the same database; wait while one is at it."""
    if connection.vendor != "postgresql":
        settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
        with (settings.VAR_DIR / "prepare.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        return
    # Asked again and again: a statement that waits for the lock would end by the timeouts that webhooks need.
    while not ask("SELECT pg_try_advisory_lock(%s)", LOCK):
        time.sleep(LOOK_SECONDS)
    try:
        ask("SELECT set_config('statement_timeout', '0', false)")  # a migration may take its time
        yield
    finally:
        with suppress(DatabaseError, InterfaceError):  # a connection that is lost has lost the lock
            ask("SELECT pg_advisory_unlock(%s)", LOCK)


def ask(statement: str, *values: int) -> object:
    """Give the one value that the statement selects."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        (value,) = cursor.fetchone() or (None,)
        return value


def migrate() -> int:
    """Bring the tables up to date; give the number of migrations that were missing."""
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        call_command("migrate", interactive=False, verbosity=0)
    return len(missing)
