"""Databases for faults: one of each kind is migrated and has a number, the others are copies of it."""

import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from tests.faults.cluster import Cluster
from tests.faults.server import Host
from tests.load.traffic import OURS

Database = Literal["SQLite", "Postgres"]
PREPARED = "prepared"


@dataclass
class Places:
    """Makes them, in a folder and in a cluster."""

    folder: Path
    cluster: Cluster | None = None
    made: int = 0

    def fresh(self, kind: Database, folder: Path) -> str:
        """Make a database for one fault, and give its DATABASE_URL. One of SQLite is a file in the folder."""
        self.made += 1
        if kind == "Postgres":
            assert self.cluster
            return self.cluster.create(f"fault_{self.made}", template=self._postgres)
        return f"sqlite:///{shutil.copy(self._sqlite, folder / 'calls.sqlite3')}"

    @cached_property
    def _postgres(self) -> str:
        assert self.cluster
        self._prepare(self.cluster.create(PREPARED))
        return PREPARED

    @cached_property
    def _sqlite(self) -> Path:
        path = self.folder / f"{PREPARED}.sqlite3"
        self._prepare(f"sqlite:///{path}")
        return path

    def _prepare(self, url: str) -> None:
        host = Host(self.folder / "spool", url)
        for words in (["migrate", "--verbosity", "0"], ["number", OURS, "--greeting", "Good morning."]):
            done = host.manage(*words)
            assert done.returncode == 0, done.stdout + done.stderr
