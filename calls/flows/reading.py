"""A world read from the database while a page is made: what is live at any moment, for one caller. Not for calls."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q

from calls.flows import hours_data
from calls.flows.callers import Callers
from calls.flows.diff import in_order
from calls.flows.hours import Schedule
from calls.flows.naming import Known
from calls.flows.program import Program
from calls.flows.run import Number
from calls.flows.ways import flows_after
from calls.models import (
    Block,
    BlockKind,
    CallerRule,
    CallFlow,
    Contact,
    ContactNumber,
    FlowVersion,
    OpeningHours,
    PhoneNumber,
    Publication,
    Sound,
)
from calls.vonage import numbers

Times = list[tuple[datetime, datetime | None, int]]
UNKNOWN, HIDDEN = "stranger", "anonymous"  # as Vonage would send them: nobody's number, and none at all


class Reading:
    """What is asked is read once: a query or two for each flow, opening hours and caller. `since`: the first moment."""

    def __init__(self, since: datetime, party: str = "") -> None:
        self.since, self.party = since, party
        self.programs: dict[int, Program | None] = {}
        self._times: dict[int, Times] = {}
        self._schedules: dict[int, Schedule] = {}

    def number(self, msisdn: str) -> Number | None:
        row = PhoneNumber.objects.filter(msisdn=msisdn).first() if msisdn else None
        return number_of(row) if row else None

    def program(self, version: int) -> Program | None:
        if version not in self.programs:
            found = FlowVersion.objects.filter(pk=version).values_list("program", flat=True).first()
            self.programs[version] = found
        return self.programs[version]

    def schedule(self, hours: int) -> Schedule:
        if hours not in self._schedules:
            row = OpeningHours.objects.filter(pk=hours).first()
            self._schedules[hours] = Schedule.read(hours_data.as_data(row, self.since) if row else None)
        return self._schedules[hours]

    def times(self, flow: int) -> Times:
        """From when until when which version is live, from `since` on; later ones go before earlier."""
        if flow not in self._times:
            rows = Publication.objects.filter(flow=flow).ahead_of(self.since)
            found: Times = []
            for begins, ends, version in rows.values_list("from_at", "until_at", "version"):
                if ends is None and begins <= self.since:
                    found.clear()  # what went before is over
                found.append((begins, ends, version))
            self._times[flow] = found
        return self._times[flow]

    def live(self, flow: int, moment: datetime) -> int | None:
        times = self.times(flow)
        covering = [version for begins, ends, version in times if begins <= moment and (ends is None or moment < ends)]
        return covering[-1] if covering else times[0][2] if times else None

    @cached_property
    def callers(self) -> Callers:
        """Contacts, blocks and rules, as far as they concern this caller."""
        identity = numbers.identity(self.party)
        rows = ContactNumber.objects.filter(party=identity) if identity else ContactNumber.objects.none()
        contacts = [row.contact for row in rows.select_related("contact").prefetch_related("contact__tags")]
        tags = {tag.name for contact in contacts for tag in contact.tags.all()}
        beginnings = [identity[:length] for length in range(1, len(identity) + 1)] if identity.isdigit() else []
        fits = Q(kind=BlockKind.EXACT, pattern=identity) | Q(kind=BlockKind.PREFIX, pattern__in=beginnings)
        blocks = Block.objects.filter(fits | Q(kind=BlockKind.HIDDEN)).order_by("pk")
        rules = CallerRule.objects.filter(tag__name__in=tags).values_list("tag__name", "number__msisdn", "flow_id")
        data: dict[str, Any] = {
            "contacts": [[one.pk, one.name, sorted(tag.name for tag in one.tags.all())] for one in contacts],
            "numbers": [[row.party, row.contact_id] for row in rows],
            "blocks": list(blocks.values("id", "kind", "pattern", "action", "text")),
            "rules": [{"tag": tag, "number": number, "flow": flow} for tag, number, flow in rules],
        }
        return Callers(data)


def number_of(row: PhoneNumber) -> Number:
    return Number(row.msisdn, row.flow_id, row.label, row.time_zone)


def number_for(flow: CallFlow, row: PhoneNumber | None) -> Number:
    """The number that is called; one that nobody has where the flow has none."""
    return number_of(row) if row else Number("", flow.pk)


def known_of(*programs: Program | None) -> Known:
    """The names of what these programs lead to, ask and play. Three queries at most."""
    steps = [step for program in programs if program for _, step in in_order(program)]
    hours, sounds = (_ids(steps, name) for name in ("hours", "sound"))
    flows = {flow for program in programs if program for flow in flows_after(program)}
    return Known(
        dict(CallFlow.objects.filter(pk__in=flows).values_list("pk", "name")) if flows else {},
        dict(OpeningHours.objects.filter(pk__in=hours).values_list("pk", "name")) if hours else {},
        dict(Sound.objects.filter(pk__in=sounds).values_list("pk", "name")) if sounds else {},
    )


def _ids(steps: Iterable[Mapping[str, Any]], name: str) -> list[int]:
    """What steps have in that setting."""
    found = ((step.get("settings") or {}).get(name) for step in steps)
    return sorted({one for one in found if isinstance(one, int) and not isinstance(one, bool)})


def zone_of(rows: Sequence[PhoneNumber], program: Program) -> ZoneInfo:
    """The zone in which times are asked and told: the number's, that of the first opening hours, or the server's."""
    own = next((row.time_zone for row in rows if row.time_zone), "")
    asked = [] if own else _ids((step for _, step in in_order(program)), "hours")
    hours = OpeningHours.objects.filter(pk__in=asked[:1]).first() if asked else None
    return hours.zone if hours else ZoneInfo(own or settings.TIME_ZONE)


def party_of(text: str, *, by_name: bool = True) -> str:
    """Whom somebody means: a number, "hidden", a contact's name, nobody whom we know. Gives what Vonage would send.

    Raises ValueError with what to write instead.
    """
    text = " ".join(text.split())
    if not text:
        return UNKNOWN
    if text.casefold() in {"hidden", *numbers.HIDDEN}:
        return HIDDEN
    if party := numbers.identity(text):
        return party
    found = list(Contact.objects.filter(name__iexact=text)[:2]) if by_name else []
    if len(found) > 1:
        raise ValueError(f"Several contacts are called {text}. Give the number.")
    row = found[0].numbers.first() if found else None
    if row is None:
        raise ValueError(f"“{text}” is no number and no contact’s name. Give one of both, or “hidden”.")
    return str(row.party)
