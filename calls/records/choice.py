"""Which calls a report is about, and of which days: read from the parameters of an address, alike for people and for
programs.

?period=14d&number=442079460010&flow=3v13&way=out
?period=dates&from=2026-11-10&to=2026-11-23
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta, tzinfo
from urllib.parse import urlencode

from calls.models import FlowVersion
from calls.models.reports import MSISDN_LENGTH
from calls.records.filters import quoted
from calls.records.stats import MOST_DAYS, Period, Which
from calls.vonage import numbers

PERIODS = {
    "today": "Today",
    "7d": "Last 7 days",
    "14d": "Last 14 days",
    "30d": "Last 30 days",
    "90d": "Last 90 days",
    "month": "This month",
    "last-month": "Last month",
    "365d": "Last 365 days",
    "dates": "Other days …",
}
USUAL = "14d"


@dataclass(frozen=True)
class Choice:
    """Which days, which number, which flow or version of it, and whether calls to us or calls we placed."""

    name: str = USUAL
    first: str = ""  # as given, for "dates"
    last: str = ""
    number: str = ""
    flow: str = ""  # "3", or "3v13"
    way: str = ""  # "" to us, "out" placed by us
    unknown: str = ""  # the period that was asked for, where it is none

    @classmethod
    def read(cls, query: Mapping[str, str]) -> "Choice":
        """Read a query. What makes no sense counts as not said, but for days and what period: see `period`. Days alone
        are asked for, too.
        """
        first, last, flow = query.get("from", ""), query.get("to", ""), query.get("flow", "")
        name = query.get("period") or ("dates" if first or last else USUAL)
        parts = flow.partition("v")
        known = all(len(part) < 10 and part.isascii() and part.isdigit() for part in (parts[0], parts[2] or "0"))
        return cls(
            name=name if name in PERIODS else USUAL,
            first=first[:10],
            last=last[:10],
            number=numbers.typed(query.get("number", ""))[:MSISDN_LENGTH],
            flow=flow if known else "",
            way="out" if query.get("way") == "out" else "",
            unknown="" if name in PERIODS else name,
        )

    def period(self, today: date, zone: tzinfo) -> Period:
        """Give the days that are meant. Raises ValueError with a sentence for days or a period that are none."""
        if self.unknown:
            raise ValueError(f"{quoted(self.unknown)} is none of {', '.join(PERIODS)}.")
        if self.name == "dates":
            return self._dates(today, zone)
        if self.name == "month":
            return Period(today.replace(day=1), today, zone)
        if self.name == "last-month":
            last = today.replace(day=1) - timedelta(days=1)
            return Period(last.replace(day=1), last, zone)
        days = 1 if self.name == "today" else int(self.name.removesuffix("d"))
        return Period(today - timedelta(days=days - 1), today, zone)

    def _dates(self, today: date, zone: tzinfo) -> Period:
        try:
            first = date.fromisoformat(self.first) if self.first else None
            last = date.fromisoformat(self.last) if self.last else None
        except ValueError:
            raise ValueError("A day is written year-month-day, such as 2026-11-23.") from None
        begin, end = sorted((first or last or today, last or max(today, first or today)))
        if begin.year < 2000 or end.year > 2099:
            raise ValueError("Days lie between the years 2000 and 2099.")
        if (end - begin).days >= MOST_DAYS:
            raise ValueError(f"That is more than {MOST_DAYS:,} days at once, the most there is room for.")
        return Period(begin, end, zone)

    def which(self) -> Which:
        """Give the calls that are meant. A version that is not there has none."""
        flow, _, version = self.flow.partition("v")
        if not version:
            return Which(self.number, flow=int(flow) if flow else None, outbound=bool(self.way))
        found = FlowVersion.objects.filter(flow=int(flow), number=int(version)).values_list("pk", flat=True).first()
        return Which(self.number, version=found or -1, outbound=bool(self.way))

    @property
    def query(self) -> str:
        """Spell it for a URL, without what is usual."""
        given = {"period": "" if self.name == USUAL else self.name, "number": self.number, "flow": self.flow}
        given |= {"way": self.way}
        if self.name == "dates":
            given |= {"from": self.first, "to": self.last}
        return urlencode({name: value for name, value in given.items() if value})

    def without(self, name: str) -> "Choice":
        """Give the same choice with one of its fields left out."""
        return replace(self, **{name: "" if name != "name" else USUAL})
