"""Databases of the benchmarks' own, on the server of TEST_POSTGRES_URL, and what they cost there."""

import itertools
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import urlsplit

import psycopg2

from tests.benchmarks.processes import cpu_seconds_of
from tests.machine import POSTGRES_URL

_serial = itertools.count(1)


@contextmanager
def new_database(name: str) -> Iterator[str]:
    """Make an empty database, and drop it in the end. Gives its URL."""
    name = f"callserver_bench_{name.replace('-', '_')}_{os.getpid()}_{next(_serial)}"
    ask(POSTGRES_URL, f'CREATE DATABASE "{name}"')
    try:
        yield urlsplit(POSTGRES_URL)._replace(path=f"/{name}").geturl()
    finally:
        ask(POSTGRES_URL, f'DROP DATABASE "{name}" WITH (FORCE)')


def ask(url: str, statement: str, *arguments: Any) -> list[tuple[Any, ...]]:
    """Run a statement that commits by itself; give its rows."""
    with closing(psycopg2.connect(url, connect_timeout=3)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement, arguments or None)
            return list(cursor.fetchall()) if cursor.description else []


def rows(url: str, statement: str) -> Iterator[Any]:
    """Give the first column of each row, some thousands at a time."""
    with closing(psycopg2.connect(url, connect_timeout=3)) as connection, connection.cursor("rows") as cursor:
        cursor.itersize = 5_000
        cursor.execute(statement)
        for row in cursor:
            yield row[0]


def durability() -> str:
    """Say how the server commits: "Postgres 15.20, fsync on, synchronous_commit on"."""
    shown = [ask(POSTGRES_URL, f"SHOW {name}")[0][0] for name in ("server_version", "fsync", "synchronous_commit")]
    return f"Postgres {shown[0].split()[0]}, fsync {shown[1]}, synchronous_commit {shown[2]}"


def backends(url: str) -> dict[int, float]:
    """Give the CPU seconds so far of each process that serves this database; empty where Postgres is not here."""
    name = urlsplit(url).path[1:]
    pids = ask(POSTGRES_URL, "SELECT pid FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()", name)
    return {pid: seconds for (pid,) in pids if (seconds := cpu_seconds_of(pid, program="postgres")) is not None}
