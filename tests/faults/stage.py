"""The stage for a fault: a host with its own database and spool, Vonage calling it, and what came of it in figures."""

import json
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.cluster import Cluster, own_cluster
from tests.faults.disk import Disk, small_disk
from tests.faults.figures import Figures
from tests.faults.places import Database, Places
from tests.faults.server import Host
from tests.faults.vonage import Vonage
from tests.server import ROOT

LOOK_SECONDS = 0.05  # how often the spool is looked into
ASK_SECONDS = 0.5  # and how often /readyz is asked
PATIENCE_SECONDS = 90.0  # for the spool to be empty
NOT_KEPT = "An event was not kept"  # how the log begins to tell of one
MEGABYTES = {"database": 256, "spool": 24}  # of a small disk


@dataclass
class Stage:
    """What a fault may use."""

    host: Host
    folder: Path
    seconds: float  # how long an outage lasts
    database: str  # its name within the cluster, or its path
    calm_seconds: float = 3.0  # before and after it
    cluster: Cluster | None = None
    disks: dict[str, Disk] = field(default_factory=dict)
    figures: Figures = field(default_factory=Figures)
    well_at: float | None = None  # time.monotonic() when the fault was over

    def __post_init__(self) -> None:
        self.vonage = Vonage(self.folder)
        self.in_spool: set[str] = set()  # names of files that were seen there
        self.waited_at = 0.0  # when one was last seen

    @property
    def postgres(self) -> Cluster:
        assert self.cluster
        return self.cluster

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)

    def go_on(self) -> None:
        """Let a while pass before a fault, so that connections stand, and after it."""
        time.sleep(self.calm_seconds)

    def ringing(self, *, writers: int = 0) -> AbstractContextManager[None]:
        return self.vonage.ringing(self.host.port, writers=writers)

    def all_is_well(self) -> None:
        """From here on the spool is to be emptied."""
        self.well_at = time.monotonic()

    def must(self, holds: object, otherwise: str) -> None:
        """Note what should have been so, and go on: the figures are wanted all the same."""
        if not holds:
            self.figures.wrongs.append(otherwise)

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the database, past the call server."""
        if self.cluster:
            return self.cluster.sql(query, database=self.database)
        with closing(sqlite3.connect(self.database)) as session:
            return list(session.execute(query))

    @contextmanager
    def full(self, name: str) -> Iterator[None]:
        """A disk has no room while the block runs."""
        self.disks[name].fill()
        try:
            yield
        finally:
            self.disks[name].free()
            if self.cluster:
                self.cluster.revive()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Look into the spool and ask /readyz while the block runs."""
        over = threading.Event()

        def look_into_spool() -> None:
            while not over.wait(LOOK_SECONDS):
                if names := self.host.spooled():
                    self.in_spool.update(names)
                    self.waited_at = time.monotonic()

        def ask_if_ready() -> None:
            while not over.wait(ASK_SECONDS):
                with suppress(OSError, ValueError):
                    self.figures.ready.append(self.host.ready()[0])

        threads = [threading.Thread(target=act) for act in (look_into_spool, ask_if_ready)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in threads:
                thread.join(30)

    # The end

    def drain(self) -> None:
        """Wait until the spool is empty. The command says when what was claimed is stored as well."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.host.spooled() and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
        if left := len(self.host.spooled()):
            self.must(False, f"{left} events are still in the spool")
        if self.in_spool:
            self.figures.drained_seconds = max(self.waited_at - (self.well_at or self.waited_at), 0.0)
            drain = self.host.manage("spool", "drain")
            self.must(drain.returncode == 0, f"spool drain: {drain.stdout} {drain.stderr}".strip())

    def judge(self) -> None:
        """Let it come to its end, count, and ask the oracle."""
        self.drain()
        self.host.stop()
        self.figures.count(self.vonage.replies)
        self.figures.spooled = len(self.in_spool)
        self.figures.refusal = next((line for line in self.host.words.splitlines() if NOT_KEPT in line), "")
        asked = subprocess.run(
            [sys.executable, "-m", "tests.load.oracle", "--json", *self.vonage.journals],
            cwd=ROOT,
            env=self.host.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert asked.stdout.startswith("{"), asked.stderr
        self.figures.verdict(json.loads(asked.stdout))


@contextmanager
def staged(
    places: Places, kind: Database, *, seconds: float, calm_seconds: float = 3.0, disks: tuple[str, ...] = ()
) -> Iterator[Stage]:
    """Start a host for one fault, with a database of its own, and end all of it afterwards."""
    with ExitStack() as ends:
        home = spool = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="fault-")))
        small = {name: ends.enter_context(small_disk(MEGABYTES[name])) for name in disks}
        if "spool" in small:
            spool = small["spool"].folder
        if kind == "Postgres" and "database" in small:
            places = Places(home, ends.enter_context(own_cluster(small["database"].folder)))
        url = places.fresh(kind, spool)  # a file of SQLite stands beside the spool
        host = Host(spool / "spool", url, log=home / "server.log")
        database = url.partition("///")[2] or url.rpartition("/")[2]
        stage = Stage(host, home, seconds, database, calm_seconds, disks=small)
        if kind == "Postgres":
            stage.cluster = places.cluster
            ends.callback(stage.postgres.drop, stage.database)
        ends.callback(host.lose_power)
        ends.callback(host.stop)
        host.start()
        with stage.watched():
            yield stage
