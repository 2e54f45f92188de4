"""The strip of facts under a call's sentence."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from calls.dashboard.by_name import ByName
from calls.models import Call, FlowVersion, Leg, Outcome, PhoneNumber
from calls.records.cast import Cast
from calls.records.timeline import Lane, Timeline
from calls.templatetags.calls_format import NOTHING, ago, duration, latency, money, time_there, zone_letters
from calls.vonage import numbers

AT_ONCE = timedelta(seconds=5)  # the legs of a call that is over end together


@dataclass(frozen=True)
class Fact(ByName):
    """One of them: its name, what it is, and quieter what belongs to it. `tel` can be dialled."""

    name: str
    value: str
    under: str = ""
    tel: str = ""
    tone: str = ""
    version: FlowVersion | None = None


@dataclass(frozen=True)
class Webhooks:
    """How many came, how many of them signed, and how long each answer took, in milliseconds."""

    count: int
    signed: int
    answers: Sequence[float]


def facts(
    call: Call,
    cast: Cast,
    line: Timeline,
    version: FlowVersion | None,
    webhooks: Webhooks,
    number: PhoneNumber | None = None,
) -> Iterator[Fact]:
    """Give the facts in their order. What is unknown is a dash. The start is told by the clock of our number, too."""
    legs = [leg for leg in cast.legs if isinstance(leg, Leg)]
    yield _party("From", call.from_number, numbers.shown(call.from_number), cast)
    yield _party("To", call.to_number, numbers.shown_called(call.to_number), cast)
    yield from _started(call, number.time_zone if number else "")
    yield from _stretches(line, cast, legs)
    yield _ended(call, cast, legs)
    yield _cost(call, legs)
    yield Fact("Flow", str(version) if version else NOTHING, _published(version), version=version)
    whole = webhooks.signed == webhooks.count
    yield (
        Fact("Signed", f"{webhooks.signed} of {webhooks.count}", "requests", tone="good" if whole else "warn")
        if webhooks.count
        else Fact("Signed", NOTHING)
    )
    slowest = max(webhooks.answers, default=None)
    many = f"slowest of {len(webhooks.answers)}; limit 5 s" if len(webhooks.answers) > 1 else "limit 5 s"
    yield Fact("Our answers", latency(slowest), many if webhooks.answers else "we were not asked")


def _party(name: str, party: str, shown: str, cast: Cast) -> Fact:
    label = cast.labels.get(party, "")
    under = shown if label else "number not sent" if shown == numbers.WITHHELD else numbers.country(party)
    return Fact(name, label or shown, under, tel=numbers.dialable(party))


def _started(call: Call, zone: str) -> Iterator[Fact]:
    """When it began; by the clock of the number as well, where that shows another time."""
    if not call.started_at:
        yield Fact("Started", NOTHING)
        return
    local = timezone.localtime(call.started_at)
    day = f"{local.day} {local:%b %Y}"
    yield Fact("Started", f"{local:%H:%M:%S} {zone_letters(local)}", f"{day}, {ago(call.started_at)}")
    if there := time_there(call.started_at, zone):
        yield Fact("At the number", there, zone.rpartition("/")[2].replace("_", " "))


def _stretches(line: Timeline, cast: Cast, legs: Sequence[Leg]) -> Iterator[Fact]:
    """How long it rang, and how long somebody talked."""
    rung: Lane | None = line.lanes[-1] if line.lanes else None
    rang = _sum(rung, {"dial", "ring"})
    name = f"Rang {cast.on(legs[-1])}" if len(legs) > 1 else "Rang"
    reached = bool(legs and legs[-1].answered_at)
    under = "" if not rung else "picked up" if reached else "still ringing" if line.live else "no answer"
    yield Fact(name if len(name) < 24 else "Rang", duration(rang) if rung else NOTHING, under)
    first = line.lanes[0] if line.lanes else None
    talked, recorded, heard = _sum(first, {"talk"}), _sum(first, {"rec"}), _sum(first, {"say", "wait"})
    under = f"recorded {duration(recorded)}" if recorded else f"heard us {duration(heard)}" if heard else ""
    yield Fact("Talked", duration(talked) if talked else NOTHING, under)


def _sum(lane: Lane | None, kinds: set[str]) -> float:
    return sum(bar.seconds for bar in lane.bars if bar.kind in kinds) if lane else 0.0


def _ended(call: Call, cast: Cast, legs: Sequence[Leg]) -> Fact:
    if not call.ended_at or not legs:
        return Fact("Ended by", NOTHING, "still on the line" if call.outcome == Outcome.IN_PROGRESS else "not told")
    enders = [leg for leg in legs if leg.disconnected_by and call.ended_at - (leg.ended_at or call.ended_at) < AT_ONCE]
    hung_up = min((leg for leg in enders if leg.disconnected_by == "user"), key=_end_of, default=None)
    who = cast.on(hung_up) if hung_up else "Vonage" if enders else NOTHING
    lasted = duration((call.ended_at - call.started_at).total_seconds()) if call.started_at else ""
    return Fact("Ended by", who, lasted and f"after {lasted}")


def _end_of(leg: Leg) -> float:
    return leg.ended_at.timestamp() if leg.ended_at else 0.0


def _cost(call: Call, legs: Sequence[Leg]) -> Fact:
    if call.price_eur is None:
        return Fact("Cost", NOTHING, "not told yet" if not call.ended_at else "not told")
    if len(legs) == 1 and legs[0].rate_eur and legs[0].duration_seconds is not None:
        return Fact("Cost", money(call.price_eur), f"{legs[0].duration_seconds} s × {money(legs[0].rate_eur)}/min")
    return Fact("Cost", money(call.price_eur), f"{len(legs)} legs" if len(legs) > 1 else "")


def _published(version: FlowVersion | None) -> str:
    if not version:
        return "no version answered"
    local = timezone.localtime(version.published_at)
    return f"published {local.day} {local:%b}"
