"""A Postgres of our own, to do to it what must not happen to another's: kill it, freeze it, fill its disk.

Durability is Postgres's default: what is committed is on disk. Needs initdb and postgres on this machine.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2

from tests.machine import ending_with_us
from tests.ports import free_port
from tests.server import children

ROLE = "callserver"  # may not take the connections that are kept for the superuser
MOST_CONNECTIONS = 40
CONFIGURATION = (
    f"max_connections={MOST_CONNECTIONS}",
    "listen_addresses=127.0.0.1",
    "shared_buffers=32MB",
    "log_min_messages=fatal",
    "lc_messages=C",
)


def find_binaries() -> Path | None:
    """The folder that initdb stands in, of the newest Postgres here; None where there is none."""
    found = shutil.which("initdb")
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return Path(found).resolve().parent if found else installed[-1].parent if installed else None


def as_owner() -> list[str]:
    """Postgres refuses to run as root: what stands before a command of its. It ends when we do, however we end."""
    before = ending_with_us("QUIT")
    user = ["--reuid", "postgres", "--regid", "postgres", "--clear-groups"] if os.geteuid() == 0 else []
    return [*before, *user] if before else []


@dataclass
class Cluster:
    """One server of Postgres. It stops when the block that made it ends."""

    folder: Path
    binaries: Path
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def words(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def make(self) -> None:
        command = ["initdb", "--no-sync", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"]
        self._run(*command, "-D", str(self.data))
        self.start()
        self.sql(f"CREATE ROLE {ROLE} LOGIN")

    def _run(self, program: str, *arguments: str) -> None:
        command = [*as_owner(), str(self.binaries / program), *arguments]
        subprocess.run(command, cwd=self.folder, check=True, stdout=subprocess.DEVNULL)

    # What can be done to it

    def start(self, seconds: float = 60) -> None:
        """Start it and wait until it answers, as after a crash: what was written ahead is read first."""
        settings = [word for setting in CONFIGURATION for word in ("-c", setting)]
        place = ["-D", str(self.data), "-p", str(self.port), "-k", str(self.folder)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*as_owner(), str(self.binaries / "postgres"), *place, *settings],
                cwd=self.folder,
                stdout=log,
                stderr=log,
                process_group=0,
            )
        deadline = time.monotonic() + seconds
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"Postgres did not start:\n{self.words}")
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """SIGQUIT is an immediate stop, as if the power went; SIGINT ends all sessions in good order."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(60)

    def revive(self) -> None:
        """Start it where it is not there, as somebody does who has made room on its disk."""
        if not self.answers():
            self.stop()
            self.start()

    @contextmanager
    def away(self, how: signal.Signals = signal.SIGQUIT) -> Iterator[None]:
        self.stop(how)
        try:
            yield
        finally:
            self.start()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It answers nothing, and its machine still takes connections and bytes for it."""
        assert self.process
        os.kill(self.process.pid, signal.SIGSTOP)  # first, that it starts no others
        self._signal_children(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal_children(signal.SIGCONT)
            os.kill(self.process.pid, signal.SIGCONT)

    def _signal_children(self, number: signal.Signals) -> None:
        assert self.process
        for child in children(self.process.pid):
            with suppress(ProcessLookupError):
                os.kill(child, number)

    @contextmanager
    def locked(self, database: str, table: str) -> Iterator[None]:
        """Somebody holds the table, as an ALTER TABLE would."""
        with closing(self.connect(database)) as session, session.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            yield

    @contextmanager
    def exhausted(self) -> Iterator[None]:
        """Others have all connections: those that the call server had are ended, and taken as well."""
        taken: list[Any] = []
        try:
            deadline = time.monotonic() + 20
            self._take_what_is_free(taken)
            while self._end_sessions_of_callserver():
                assert time.monotonic() < deadline, "the call server is faster than we are"
                time.sleep(0.02)  # until they have ended
                self._take_what_is_free(taken)
            yield
        finally:
            for session in taken:
                session.close()

    def _take_what_is_free(self, taken: list[Any]) -> None:
        with suppress(psycopg2.OperationalError):
            while True:
                taken.append(self.connect("postgres", user=ROLE, application_name="others"))

    def _end_sessions_of_callserver(self) -> int:
        """Say how many there were."""
        ours = "FROM pg_stat_activity WHERE usename = %s AND application_name <> 'others'"
        return int(self.sql(f"SELECT count(pg_terminate_backend(pid)) {ours}", ROLE)[0][0])

    # What is asked of it

    def connect(self, database: str = "postgres", *, user: str = "postgres", **options: Any) -> Any:
        return psycopg2.connect(
            host="127.0.0.1", port=self.port, dbname=database, user=user, connect_timeout=5, **options
        )

    def answers(self) -> bool:
        try:
            self.connect().close()
        except psycopg2.OperationalError:
            return False
        return True

    def sql(self, statement: str, *values: Any, database: str = "postgres") -> list[tuple[Any, ...]]:
        with closing(self.connect(database)) as session:
            session.autocommit = True
            with session.cursor() as cursor:
                cursor.execute(statement, values)
                return list(cursor.fetchall()) if cursor.description else []

    def url(self, database: str) -> str:
        return f"postgres://{ROLE}@127.0.0.1:{self.port}/{database}"

    def create(self, database: str, *, template: str = "template1") -> str:
        """Make a database, as another one is; give its DATABASE_URL."""
        self.sql(f"CREATE DATABASE {database} OWNER {ROLE} TEMPLATE {template}")
        return self.url(database)

    def drop(self, database: str) -> None:
        self.sql(f"DROP DATABASE {database} WITH (FORCE)")


@contextmanager
def own_cluster(folder: Path | None = None) -> Iterator[Cluster]:
    """A Postgres in a folder, by default a temporary one. Nothing of it is left."""
    binaries = find_binaries()
    assert binaries, "There is no initdb here (Debian: apt install postgresql)."
    home = Path(tempfile.mkdtemp(prefix="postgres-", dir=folder))
    cluster = Cluster(home, binaries)
    try:
        if os.geteuid() == 0:
            shutil.chown(home, "postgres", "postgres")
        cluster.make()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(home)
