"""Which program answers a number: kept in memory, so that no caller waits for the database.

A background thread of each web process looks once a second for what has changed. What it finds it also writes to files
under SPOOL_DIR/answers, this host's memory (see memory.py).
"""

import logging
import os
import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, InterfaceError, close_old_connections
from django.db.models import Count, Max
from django.utils import timezone

from calls.flows import engine, hours_data
from calls.flows.callers import Callers
from calls.flows.callers import load_all as load_callers
from calls.flows.engine import Served
from calls.flows.hours import Schedule
from calls.flows.memory import Shelf
from calls.flows.program import Program
from calls.flows.run import Heard, Number
from calls.flows.tokens import Place
from calls.models import FlowVersion, PhoneNumber, Publication, Revision
from calls.models.numbers import PhoneNumberQuerySet

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
EVERYBODY = "all"  # the name of the one file of callers
START_SECONDS = 2.0  # how long a starting process waits for its first look before it answers from files
OVERLAP = timedelta(seconds=10)  # transactions commit out of order: look this far back again


class Directory:
    """The answers of this process: a World for the engine."""

    def __init__(self) -> None:
        self.numbers = Shelf("numbers", dict)
        self.flows = Shelf("flows", list)  # which version is live when
        self.versions = Shelf("versions", dict)
        self.hours = Shelf("hours", dict)
        self.people = Shelf("callers", dict)  # one thing: contacts, blocks and rules
        self.shelves = (self.numbers, self.flows, self.versions, self.hours, self.people)
        self.schedules: dict[int, tuple[Any, Schedule]] = {}
        self.callers = Callers({})
        self.seen: datetime | None = None
        self.revisions: dict[str, int] = {}
        self.pid = 0
        self.away = False
        self.looked = threading.Event()
        self.looking = threading.Lock()

    # What the doors ask

    def answer(self, *parties: str, leg: str = "", moment: datetime | None = None) -> Served:
        """Answer for the first of the parties that is a number of ours: the number called or, when we call, ours.

        `leg` is that of the call. Never raises, and never without something to say.
        """
        now = moment or timezone.now()
        for at, party in enumerate(parties):
            number = self.number(party)
            if number and number.flow:
                return _told(self._answer(number, parties, at, now, leg))
        return Served(engine.NUMBER_NOT_IN_SERVICE, problem="no number of ours was called")

    def _answer(self, number: Number, parties: Sequence[str], at: int, now: datetime, leg: str) -> Served:
        if at == 0:
            return engine.answer(self, number, parties[1] if len(parties) > 1 else "", now, leg)
        return engine.begin(self, number, self.callers.find(parties[0]), now, leg)  # whom we called is not blocked

    def go_on(self, place: Place, heard: Heard, moment: datetime | None = None) -> Served | None:
        """Say how a call goes on; None: as it was. Never raises."""
        served = engine.go_on(self, place, heard, moment or timezone.now())
        return _told(served) if served else None

    def pick_up(self, place: Place) -> Served:
        """Say what a telephone hears that a flow rang, before it is put through. Never raises."""
        return _told(engine.pick_up(self, place, timezone.now()))

    def knows(self, place: Place) -> bool:
        """Whether memory or this host's disk has what is said at this place. Of a call that began elsewhere not."""
        return self.versions.get(str(place.version)) is not None

    def owns(self, msisdn: str) -> bool:
        return msisdn in self.numbers.things

    # What the engine asks: see run.World

    def number(self, msisdn: str) -> Number | None:
        if not (msisdn.isascii() and msisdn.isdigit() and len(msisdn) <= 15):
            return None
        found = self.numbers.get(msisdn)
        try:
            return Number(msisdn, **found) if found else None
        except TypeError:  # a file of another release
            return None

    def schedule(self, hours: int) -> Schedule:
        """Opening hours by their id: open, where they are not known."""
        data = self.hours.get(str(hours))
        known = self.schedules.get(hours)
        if known is None or known[0] is not data:
            known = self.schedules[hours] = (data, Schedule.read(data))
        return known[1]

    def program(self, version: int) -> Program | None:
        """A version's program: from memory or this host's files, or, of a call that began elsewhere, the database."""
        found: Program | None = self.versions.things.get(str(version))
        if found is None:
            found = self.versions.get(str(version))
        if found is None:
            try:
                found = FlowVersion.objects.values_list("program", flat=True).filter(pk=version).first()
            except (DatabaseError, InterfaceError):
                close_old_connections()  # no request's end does so here, and a broken one would stay broken
                return None
            if found is not None:
                self.versions.put(str(version), found, 1)
        return found

    def live(self, flow: int, moment: datetime) -> int | None:
        """The version that is live then: of the publications that cover the moment the latest.

        Before the first of them it is the first: a clock that went wrong makes no caller hear less.
        """
        now = moment.timestamp()
        times = self.flows.get(str(flow)) or ()
        covering = [version for begins, ends, version in times if begins <= now and (ends is None or now < ends)]
        return covering[-1] if covering else times[0][2] if times else None

    # How the answers come here

    def start(self) -> None:
        """Load this host's files, then follow the database in a thread. Waits up to START_SECONDS for a first look."""
        if self.pid == os.getpid():
            return
        self.pid = os.getpid()
        self.load_files()
        threading.Thread(target=self._follow, name="routing", daemon=True).start()
        self.looked.wait(START_SECONDS)

    def load_files(self) -> None:
        """Take up what this host knew last."""
        for shelf in self.shelves:
            shelf.load()
        self.callers = Callers(self.people.things.get(EVERYBODY) or {})

    def clear(self) -> None:
        """Forget everything: another database is looked at next."""
        for shelf in self.shelves:
            shelf.clear()
        self.seen, self.revisions, self.callers = None, {}, Callers({})
        self.schedules.clear()

    def look(self) -> None:
        """Take up what was changed since the last look: two queries where nothing was. Raises what they raise."""
        with self.looking:
            revisions = dict(Revision.objects.values_list("topic", "number"))
            self._look_at_numbers()
            takers = {"flows": self._take_flows, "hours": self._take_hours, "callers": self._take_callers}
            for topic, take in takers.items():
                revision = revisions.get(topic, 0)
                if revision != self.revisions.get(topic):
                    take(revision)
                    self.revisions[topic] = revision

    def _look_at_numbers(self) -> None:
        newest = PhoneNumber.objects.aggregate(count=Count("pk"), at=Max("changed_at"))
        unchanged = newest["count"] == len(self.numbers.things) and newest["at"] == self.seen
        if unchanged and (self.seen is None or self._settled(self.seen)):
            return
        numbers = PhoneNumber.objects.all()
        if self.seen:
            self._take_numbers(numbers.changed_since(self.seen - OVERLAP))
        if newest["count"] != len(self.numbers.things) or not self.seen:
            there = self._take_numbers(numbers)
            for msisdn in set(self.numbers.things) - there:
                self.numbers.forget(msisdn)
        self.seen = newest["at"]

    @staticmethod
    def _settled(moment: datetime) -> bool:
        return datetime.now(moment.tzinfo) - moment > OVERLAP

    def _take_numbers(self, numbers: PhoneNumberQuerySet) -> set[str]:
        rows = numbers.values_list("msisdn", "flow_id", "label", "time_zone", "changed_at")
        there = set()
        for msisdn, flow, label, zone, changed_at in rows:
            # Texts of one form compare like the times.
            stamp = changed_at.isoformat(timespec="microseconds")
            self.numbers.put(msisdn, {"flow": flow, "label": label, "time_zone": zone}, stamp)
            there.add(msisdn)
        return there

    def _take_flows(self, revision: int) -> None:
        """Take up which version of each flow is live when, from now on, with the programs that are not here yet."""
        ahead: dict[int, list[Any]] = defaultdict(list)
        now = timezone.now()
        rows = Publication.objects.ahead_of(now - OVERLAP)
        for flow, version, from_at, until_at in rows.values_list("flow_id", "version_id", "from_at", "until_at"):
            if until_at is None and from_at <= now - OVERLAP:
                ahead[flow] = []  # what went before is over
            ahead[flow].append([from_at.timestamp(), until_at.timestamp() if until_at else None, version])
        self._take_versions({row[2] for rows in ahead.values() for row in rows})
        for flow, times in ahead.items():
            self.flows.put(str(flow), times, revision)
        for flow in set(map(int, self.flows.things)) - set(ahead):
            self.flows.forget(str(flow))

    def _take_versions(self, wanted: Iterable[int]) -> None:
        missing = sorted(pk for pk in wanted if str(pk) not in self.versions.things)
        for start in range(0, len(missing), 500):
            for version in FlowVersion.objects.filter(pk__in=missing[start : start + 500]):
                self.versions.put(str(version.pk), version.program, 1)

    def _take_hours(self, revision: int) -> None:
        known = hours_data.load_all()
        for pk, data in known.items():
            self.hours.put(str(pk), data, revision)
        for name in set(self.hours.things) - {str(pk) for pk in known}:
            self.hours.forget(name)

    def _take_callers(self, revision: int) -> None:
        everybody = load_callers()
        self.people.put(EVERYBODY, everybody, revision)
        self.callers = Callers(everybody)

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


def _told(served: Served) -> Served:
    """Tell operators what is wrong with an answer."""
    if served.problem:
        logger.error("Version %s of %s: %s", served.version, served.msisdn, served.problem)
    return served


directory = Directory()
