"""By what lists of calls are narrowed: read from the parameters of an address, alike for people and for programs."""

import re
import urllib.parse
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import TypeVar

from django.db.models import Exists, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import IsNull
from django.utils import timezone

from calls.models import Call, CallEvent, CallSearch, Leg, Outcome
from calls.models.calls import FAILED, LONG_SECONDS, NOT_REACHED, TO_HANDLE, CallQuerySet
from calls.records import needles
from calls.records.answered import FLOW, Answered
from calls.records.finding import Found, has
from calls.records.names import parties_like
from calls.records.needles import Needles

SHOWN = {
    "missed": "Nobody was reached, by a caller or by us.",
    "voicemail": "The caller left a message.",
    "unhandled": "The caller reached nobody or left a message, and nobody has said that it is handled.",
    "failed": "It could not be put through.",
    "long": "It lasted over 5 minutes.",
    "unsigned": "Something was told of it without a valid signature.",
    "test": "The caller is a contact with the tag “test”.",
}
ENDINGS = ("missed", "voicemail", "failed")  # of which a call has one
DAYS = {"today": "Today", "yesterday": "Yesterday", "7": "Last 7 days", "30": "Last 30 days"}
MEANINGLESS = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]+")
YEARS = range(2000, 2100)
ANY_DAYS = (date(1999, 1, 1), date(1999, 2, 2))  # stand in kept SQL for those that are asked for
ANY_HOURS = (time(1, 1), time(2, 2))  # likewise
Read = TypeVar("Read")


class NotRead(ValueError):
    """A value that says nothing. The message says what it should be."""


@dataclass(frozen=True)
class CallFilters:
    """What is asked for. Days and times of the day are those of the server's zone; both ends are included."""

    q: str = ""
    show: tuple[str, ...] = ()
    days: str = ""
    since: date | None = None
    until: date | None = None
    hours_from: time | None = None
    hours_to: time | None = None
    flow: str = ""  # that answered first: "3", or "3v13" for a version of it

    def __bool__(self) -> bool:
        return self != CallFilters()

    def narrow(
        self,
        calls: CallQuerySet,
        found: Found | None = None,
        tests: Sequence[str] | None = None,
        answered: Answered | None = None,
        *,
        by_index: bool = True,
    ) -> CallQuerySet:
        """Leave the calls that are asked for.

        `found` is what `q` finds, `tests` are the parties whose calls are tests, and `answered` is what `flow` means,
        where that was looked up before.
        Without `by_index` each of the calls is looked at, of which there are few: no index of all of them is gone
        through, as Postgres might believe to be cheaper.
        """
        names = ("outcome", "duration_seconds")
        if not by_index:
            names = ("its_outcome", "its_duration")
            calls = calls.alias(its_outcome=Coalesce("outcome", Value("")))
            calls = calls.alias(its_duration=Coalesce("duration_seconds", Value(0)))
        return calls.filter(*self.conditions(found, tests, answered, names))

    def conditions(
        self,
        found: Found | None = None,
        tests: Sequence[str] | None = None,
        answered: Answered | None = None,
        names: tuple[str, str] = ("outcome", "duration_seconds"),
    ) -> Iterator[Q]:
        """What is asked of a call; see `narrow`. `names` are those of its outcome and its duration."""
        for name in self.show:
            if name == "test" and tests is None:
                tests = parties_like("").tests
            yield from asked_by(name, tests or (), *names)
        first, last = self.between()
        if first:
            yield Q(started_at__gte=_midnight(first))
        if last:
            yield Q(started_at__lt=_midnight(last + timedelta(days=1)))
        yield from self._hours()
        if self.flow:
            yield (answered or Answered.of(self.flow)).condition
        if self.q:
            yield (found or Found.of(self.q)).condition

    def among(self, calls: Collection[int]) -> set[int]:
        """Of a few calls, those that are asked for."""
        found = set(calls)
        if found and self != CallFilters(q=self.q):
            rows = self.without("q").narrow(Call.objects.filter(pk__in=found))
            found = set(rows.values_list("pk", flat=True))
        return Found.among(self.q, found) if found and self.q else found

    def between(self) -> tuple[date | None, date | None]:
        """The first and the last day."""
        today = timezone.localdate()
        if self.days == "today":
            return today, today
        if self.days == "yesterday":
            return today - timedelta(days=1), today - timedelta(days=1)
        if self.days:
            return today - timedelta(days=int(self.days) - 1), today
        return self.since, self.until

    @property
    def shape(self) -> "CallFilters":
        """The same with stand-ins for the days and hours, as SQL is kept that is alike but for these."""
        first, last = self.between()
        over_midnight = bool(self.hours_from and self.hours_to and self.hours_from > self.hours_to)
        begin, end = sorted(ANY_HOURS, reverse=over_midnight)
        return replace(
            self,
            days="",
            since=ANY_DAYS[0] if first else None,
            until=ANY_DAYS[1] if last else None,
            hours_from=begin if self.hours_from else None,
            hours_to=end if self.hours_to else None,
        )

    @property
    def moments(self) -> list[datetime | time]:
        """The days and hours as they are asked for: those that `shape` stands in for, in the same order."""
        first, last = self.between()
        told = [_midnight(first) if first else None, _midnight(last + timedelta(days=1)) if last else None]
        return [*filter(None, told), *(one for one in (self.hours_from, _whole(self.hours_to)) if one is not None)]

    def _hours(self) -> Iterator[Q]:
        """Times of the day; a span may go over midnight, and its last minute belongs to it."""
        first, last = self.hours_from, self.hours_to
        begun = Q(started_at__time__gte=first) if first else Q()
        over = Q(started_at__time__lte=_whole(last)) if last else Q()
        yield begun | over if first and last and first > last else begun & over

    def without(self, name: str, value: str = "") -> "CallFilters":
        """The same without one of them: "q", "flow", "days" (with `since` and `until`), "hours", or "show" with its
        value.
        """
        if name == "show":
            return replace(self, show=tuple(shown for shown in self.show if shown != value))
        if name == "days":
            return replace(self, days="", since=None, until=None)
        if name == "hours":
            return replace(self, hours_from=None, hours_to=None)
        if name == "flow":
            return replace(self, flow="")
        return replace(self, q="")

    def toggled(self, name: str) -> "CallFilters":
        """The same with one of SHOWN more, or less where it was there. A call has one of ENDINGS."""
        if name in self.show:
            return self.without("show", name)
        others = [shown for shown in self.show if not (name in ENDINGS and shown in ENDINGS)]
        return replace(self, show=(*others, name))

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The parameters that say this."""
        told: dict[str, str] = {"q": self.q, "days": self.days, "flow": self.flow}
        told |= {name: value.isoformat() for name in ("since", "until") if (value := getattr(self, name))}
        told |= {name: f"{value:%H:%M}" for name in ("hours_from", "hours_to") if (value := getattr(self, name))}
        return [*((name, value) for name, value in told.items() if value), *(("show", name) for name in self.show)]

    @property
    def query(self) -> str:
        return urllib.parse.urlencode(self.pairs)


def _whole(minute: time | None) -> time | None:
    """Give the end of a minute."""
    return minute.replace(second=59, microsecond=999_999) if minute else None


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def _declined(outcome: str, *, is_so: bool) -> Q:
    """Whether somebody declined a call that is "rejected": else Vonage or a carrier refused it.

    Looked up call by call. With EXISTS Postgres would rather read all legs beforehand.
    """
    told = ~Q(detail__in=["", "declined"]) | Q(detail="", sip_code__gte=400)
    refused = Leg.objects.filter(told, call=OuterRef("pk"), status="rejected").order_by()
    return Q(IsNull(Subquery(refused.values("pk")[:1]), is_so), (outcome, Outcome.REJECTED))


def _missed(outcome: str, duration: str) -> Sequence[Q]:
    inbound = Q((outcome, Outcome.CANCELLED)) & ~Q(direction="outbound")
    nobody = Q((f"{outcome}__in", [Outcome.MISSED, Outcome.BUSY]))
    return Q((f"{outcome}__in", NOT_REACHED)), nobody | inbound | _declined(outcome, is_so=True)


def _unhandled(outcome: str, duration: str) -> Sequence[Q]:
    """Said by what is left out: naming outcomes anew, Postgres would rather gather all calls that end so, and sort."""
    waits = Q((f"{outcome}__in", TO_HANDLE), handled_at__isnull=True)
    by_callers = ~Q(direction="outbound") | Q((outcome, Outcome.VOICEMAIL))
    return waits, by_callers, ~Q((outcome, Outcome.REJECTED)) | _declined(outcome, is_so=True)


def _voicemail(outcome: str, duration: str) -> Sequence[Q]:
    return (Q((outcome, Outcome.VOICEMAIL)),)


def _failed(outcome: str, duration: str) -> Sequence[Q]:
    return Q((f"{outcome}__in", FAILED)), Q((outcome, Outcome.FAILED)) | _declined(outcome, is_so=False)


def _long(outcome: str, duration: str) -> Sequence[Q]:
    return (Q((f"{duration}__gt", LONG_SECONDS)),)


def _by_one_of(parties: Sequence[str]) -> Q:
    """The calls of these callers: what calls are found by has an index for it, the calls themselves have none."""
    texts = CallSearch.objects.filter(has(Needles(tuple((party.lower(),) for party in parties))))
    return Q(pk__in=texts.values("pk"), from_number__in=parties)


def _unsigned(outcome: str, duration: str) -> Sequence[Q]:
    return (Q(Exists(CallEvent.objects.filter(call=OuterRef("pk"), signed=False))),)


# Each begins with the condition of an index, where there is one: see models/calls.py. They are given the names of the
# columns "outcome" and "duration_seconds".
CONDITIONS: Mapping[str, Callable[[str, str], Sequence[Q]]] = {
    "missed": _missed,
    "voicemail": _voicemail,
    "unhandled": _unhandled,
    "failed": _failed,
    "long": _long,
    "unsigned": _unsigned,
}


def asked_by(
    name: str, tests: Sequence[str], outcome: str = "outcome", duration: str = "duration_seconds"
) -> Sequence[Q]:
    """What one of SHOWN asks of a call, first what an index tells. `tests` are the parties whose calls are tests."""
    return (_by_one_of(tests),) if name == "test" else CONDITIONS[name](outcome, duration)


PARAMETERS = ("q", "days", "since", "until", "hours_from", "hours_to", "flow", "show")


def read_filters(values: Mapping[str, Sequence[str]]) -> tuple[CallFilters, dict[str, str]]:
    """Read the parameters of an address. Gives what they ask for, and of each that is left out or cut why that is."""
    read: dict[str, object] = {}
    problems: dict[str, str] = {}
    for name in PARAMETERS:
        given = [text for value in values.get(name, ())[-20:] if (text := MEANINGLESS.sub(" ", value).strip())]
        if given:
            try:
                read[name] = READERS[name](given)
            except NotRead as error:
                problems[name] = str(error)
    if len(text := str(read.get("q", ""))) > needles.LONGEST:
        read["q"] = text[: needles.LONGEST].strip()
        problems["q"] = f"A search has {needles.LONGEST} characters at most: what is beyond was left out."
    if read.get("days") and (read.pop("since", None), read.pop("until", None)) != (None, None):
        problems["days"] = f"“{DAYS[str(read['days'])]}” was asked for beside single days: single days were left out."
    filters = CallFilters(**read)  # type: ignore[arg-type]
    if filters.since and filters.until and filters.since > filters.until:
        problems["until"] = "The last day lies before the first one: the days were left out."
        filters = replace(filters, since=None, until=None)
    return filters, problems


def _shown(given: Sequence[str]) -> tuple[str, ...]:
    if unknown := next((name for name in given if name not in SHOWN), None):
        raise NotRead(f"{quoted(unknown)} is none of {', '.join(SHOWN)}: it was left out.")
    return tuple(dict.fromkeys(given))


def _days(given: Sequence[str]) -> str:
    if given[-1] not in DAYS:
        raise NotRead(f"{quoted(given[-1])} is none of {', '.join(DAYS)}: it was left out.")
    return given[-1]


def _date(given: Sequence[str]) -> date:
    try:
        day = date.fromisoformat(given[-1])
    except ValueError:
        day = date.min
    if day.year not in YEARS:
        raise NotRead(f"{quoted(given[-1])} is no day, such as 2026-11-23: it was left out.")
    return day


def _time(given: Sequence[str]) -> time:
    try:
        return time.fromisoformat(given[-1]).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        raise NotRead(f"{quoted(given[-1])} is no time of the day, such as 09:00: it was left out.") from None


def _flow(given: Sequence[str]) -> str:
    if not FLOW.fullmatch(given[-1]):
        raise NotRead(
            f"{quoted(given[-1])} is no flow, such as 3, nor a version of one, such as 3v13: it was left out."
        )
    return given[-1]


def quoted(text: str) -> str:
    """A value as a sentence names it, cut where it is long."""
    text = MEANINGLESS.sub(" ", text)
    return f"“{text if len(text) <= 40 else text[:39] + '…'}”"


READERS = {
    "q": lambda given: given[-1],
    "show": _shown,
    "days": _days,
    "since": _date,
    "until": _date,
    "hours_from": _time,
    "hours_to": _time,
    "flow": _flow,
}
