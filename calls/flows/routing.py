"""Which program answers a number: kept in memory, so that no caller waits for the database.

A background thread of each web process looks once a second for a new publication. What it finds it also
writes to files under SPOOL_DIR/answers, this host's memory: with them a process can start while the database
is away, and its neighbours on the host hear of a publication at the next call.
"""

import json
import logging
import os
import threading
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections
from django.db.models import Count, Max

from calls.flows import engine
from calls.models import FlowVersion, PhoneNumber
from calls.models.numbers import PhoneNumberQuerySet
from calls.vonage.ncco import Ncco

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
START_SECONDS = 2.0  # how long a starting process waits for its first look before it answers from files
OVERLAP = timedelta(seconds=10)  # transactions commit out of order: look this far back again


@dataclass(frozen=True)
class Route:
    """What a number's callers hear, and since when."""

    msisdn: str
    version: int | None  # FlowVersion's id; None: nothing is published
    changed_at: str  # ISO 8601: texts of one form compare like the times


@dataclass(frozen=True)
class Answer:
    """What a caller is told, and why: which number of ours, which version."""

    ncco: Ncco
    msisdn: str = ""
    version: int | None = None
    problem: str = ""


class Directory:
    """The answers of this process."""

    def __init__(self) -> None:
        self.routes: dict[str, Route] = {}
        self.programs: dict[int, dict[str, Any]] = {}
        self.seen: datetime | None = None
        self.stamps: dict[str, int] = {}
        self.pid = 0
        self.away = False
        self.looked = threading.Event()
        self.looking = threading.Lock()

    # What the doors ask

    def answer(self, *parties: str) -> Answer:
        """Answer for the first of the parties that is a number of ours: the number called or, when we call, ours.

        Never raises, and never without something to say.
        """
        for msisdn in parties:
            route = self._route(msisdn)
            if route is None or route.version is None:
                continue
            try:
                said = engine.run(self.programs[route.version])
            except (engine.ProgramError, KeyError) as error:
                logger.error("Version %s of %s cannot be run: %s", route.version, msisdn, error)
                return Answer(engine.OUT_OF_ORDER, msisdn, route.version, f"the version cannot be run: {error}")
            return Answer(said, msisdn, route.version)
        return Answer(engine.NUMBER_NOT_IN_SERVICE, problem="no number of ours was called")

    def owns(self, msisdn: str) -> bool:
        return msisdn in self.routes

    # How the answers come here

    def start(self) -> None:
        """Load this host's files, then follow the database in a thread. Waits up to START_SECONDS for a first look."""
        if self.pid == os.getpid():
            return
        self.pid = os.getpid()
        self.load_files()
        threading.Thread(target=self._follow, name="routing", daemon=True).start()
        self.looked.wait(START_SECONDS)

    def clear(self) -> None:
        """Forget everything: another database is looked at next."""
        self.routes, self.programs, self.stamps, self.seen = {}, {}, {}, None

    def look(self) -> None:
        """Take up what was published since the last look. Raises what the database raises."""
        with self.looking:
            newest = PhoneNumber.objects.aggregate(count=Count("pk"), at=Max("changed_at"))
            unchanged = newest["count"] == len(self.routes) and newest["at"] == self.seen
            if unchanged and (self.seen is None or self._settled(self.seen)):
                return
            numbers = PhoneNumber.objects.all()
            if self.seen:
                self._take(numbers.changed_since(self.seen - OVERLAP))
            if newest["count"] != len(self.routes) or not self.seen:
                there = self._take(numbers)
                for msisdn in set(self.routes) - there:
                    self._forget(msisdn)
            self.seen = newest["at"]

    @staticmethod
    def _settled(moment: datetime) -> bool:
        return datetime.now(moment.tzinfo) - moment > OVERLAP

    def _follow(self) -> None:
        waits = threading.Event()
        while True:
            try:
                close_old_connections()
                self.look()
                if self.away:
                    logger.warning("The database answers again: publications are followed")
                self.away = False
                self.looked.set()
            except (DatabaseError, InterfaceError) as error:
                if not self.away:
                    logger.warning("Answers are served from memory, the database is away: %s", error)
                self.away = True
            except Exception:
                logger.exception("Looking for publications failed")
            waits.wait(LOOK_SECONDS)

    def _take(self, numbers: PhoneNumberQuerySet) -> set[str]:
        """Make routes of the rows, with the programs that are not in memory yet."""
        rows = [
            Route(msisdn, version, changed_at.isoformat(timespec="microseconds"))
            for msisdn, version, changed_at in numbers.values_list("msisdn", "live_version_id", "changed_at")
        ]
        missing = {route.version for route in rows if route.version and route.version not in self.programs}
        if missing:
            published = FlowVersion.objects.in_bulk(missing) if len(missing) < 500 else FlowVersion.objects.in_bulk()
            for pk, version in published.items():
                self.programs[pk] = version.program
                self._write(self._folder("versions") / f"{pk}.json", version.program)
        for route in rows:
            if self.routes.get(route.msisdn) != route:
                self._write(self._path(route.msisdn), asdict(route))
                self.routes[route.msisdn] = route
        return {route.msisdn for route in rows}

    def _forget(self, msisdn: str) -> None:
        self.routes.pop(msisdn, None)
        self._path(msisdn).unlink(missing_ok=True)

    # This host's memory

    def load_files(self) -> None:
        """Take up what this host knew last. A file that cannot be read is passed over: the database has it too."""
        for path in self._folder("numbers").glob("*.json"):
            self._read_route(path.stem)

    def _route(self, msisdn: str) -> Route | None:
        """Give the number's route; read its file again when a neighbour process has written a newer one."""
        if not (msisdn.isascii() and msisdn.isdigit() and len(msisdn) <= 15):
            return None
        try:
            stamp = os.stat(self._name(msisdn)).st_mtime_ns
        except OSError:
            return self.routes.get(msisdn)
        if stamp != self.stamps.get(msisdn):
            self._read_route(msisdn)
            self.stamps[msisdn] = stamp
        return self.routes.get(msisdn)

    def _read_route(self, msisdn: str) -> None:
        try:
            route = Route(**json.loads(self._path(msisdn).read_bytes()))
            known = self.routes.get(msisdn)
            if known and known.changed_at >= route.changed_at:
                return
            if route.version and route.version not in self.programs:
                path = self._folder("versions") / f"{route.version}.json"
                self.programs[route.version] = json.loads(path.read_bytes())
            self.routes[msisdn] = route
        except (OSError, ValueError, TypeError) as error:
            logger.warning("The last known answer of %s cannot be read: %s", msisdn, error)

    def _folder(self, name: str) -> Path:
        return Path(settings.SPOOL_DIR) / "answers" / name

    def _name(self, msisdn: str) -> str:
        """The name of its file. Each call asks for it, and a Path costs ten times as much as a look at the file."""
        return f"{settings.SPOOL_DIR}/answers/numbers/{msisdn}.json"

    def _path(self, msisdn: str) -> Path:
        return Path(self._name(msisdn))

    def _write(self, path: Path, content: object) -> None:
        """Replace the file in one step. A full disk costs this host its memory, not its callers an answer."""
        draft = f"{path}.{os.getpid()}-{threading.get_ident()}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        try:
            try:
                file = os.open(draft, flags, 0o600)
            except FileNotFoundError:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                file = os.open(draft, flags, 0o600)
            with os.fdopen(file, "w", encoding="utf-8") as text:
                json.dump(content, text)
            os.replace(draft, path)
        except OSError as error:
            logger.warning("%s cannot be written: %s", path, error)


directory = Directory()
