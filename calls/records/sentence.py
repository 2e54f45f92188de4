"""A call in one sentence: who, whom, from where, when, what they did, what came of it, what it cost. Pure.

"**+44 7700 900123** called **Main line** from the United Kingdom at **14:02**, heard “Thanks for calling.”
and hung up after **7 s**. €0.0006"
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from calls.records.cast import Cast, LegRow, Part
from calls.records.words import detail_words
from calls.templatetags.calls_format import duration, money
from calls.vonage import numbers

Clause = list[Part]
IN_PROGRESS = "in progress"
MOST_FURTHER = 2  # legs beside the first one that are told of
WITH_ARTICLE = {
    "Bahamas",
    "Comoros",
    "Gambia",
    "Isle of Man",
    "Maldives",
    "Netherlands",
    "Philippines",
    "Seychelles",
}


@dataclass(frozen=True)
class Deeds:
    """What the caller did and heard, as far as it is known."""

    heard: str = ""  # the first text spoken to them, in quotes
    keys: Sequence[str] = ()
    said: str = ""
    message: timedelta | None = None  # how long the message is that they left
    blocked: str | None = None  # whom the line of the block list stops that stopped them; None for who was let in


@dataclass(frozen=True)
class Facts:
    """What the sentence tells beside the cast. `clock` is the time of day it began, "14:02"."""

    direction: str
    from_number: str
    to_number: str
    outcome: str
    clock: str
    price_eur: Decimal | None


def sentence(facts: Facts, cast: Cast, deeds: Deeds) -> list[Part]:
    """Tell a call. Whatever is not known is left out."""
    parts = _outbound(facts, cast) if facts.direction == "outbound" else _inbound(facts, cast, deeds)
    parts.append(Part("."))
    return [*parts, Part(f" {money(facts.price_eur)}", "quiet")] if facts.price_eur is not None else parts


def whence(party: str) -> str:
    """The country of a number as it stands in a sentence: "the United Kingdom", "France", "" where none is known."""
    country = numbers.country(party)
    article = country.startswith("United ") or country.endswith((" Islands", " Republic")) or country in WITH_ARTICLE
    return f"the {country}" if article else country


def _inbound(facts: Facts, cast: Cast, deeds: Deeds) -> Clause:
    who = "A withheld number" if numbers.is_hidden(facts.from_number) else cast.name(facts.from_number)
    parts = [Part(who, "strong"), Part(" called ")]
    somebody = facts.to_number and facts.to_number != facts.from_number  # an app's user is named in both
    parts.append(Part(cast.name(facts.to_number), "strong") if somebody else Part("us"))
    if country := whence(facts.from_number):
        parts.append(Part(f" from {country}"))
    return _joined([[*parts, *_at(facts)], *_deeds(facts, cast, deeds)])


def _outbound(facts: Facts, cast: Cast) -> Clause:
    parts = [Part("We called "), Part(cast.name(facts.to_number), "strong")]
    if country := whence(facts.to_number):
        parts.append(Part(f" in {country}"))
    if facts.from_number:
        parts += [Part(" from "), Part(cast.name(facts.from_number), "strong")]
    parts += _at(facts)
    if not cast.legs:
        return parts
    return _joined(
        [[*parts, Part(", "), *_callee(cast.legs[0], on=facts.outcome == IN_PROGRESS)], *_further(facts, cast)]
    )


def _at(facts: Facts) -> Clause:
    return [Part(" at "), Part(facts.clock, "strong")] if facts.clock else []


def _deeds(facts: Facts, cast: Cast, deeds: Deeds) -> list[Clause]:
    """What the caller did, in order, and how it ended."""
    clauses: list[Clause] = []
    alone = len(cast.legs) <= 1
    picked_up = bool(cast.legs and cast.legs[0].answered_at)
    if deeds.blocked is not None:
        clauses.append([Part("was stopped by the block list"), Part(f" ({deeds.blocked})" if deeds.blocked else "")])
    if deeds.heard and picked_up:
        clauses.append([Part(f"heard {deeds.heard}")])
    if deeds.keys:
        clauses.append([Part("pressed "), *(Part(key, "key") for key in deeds.keys)])
    if deeds.said:
        clauses.append([Part(f"said {deeds.said}")])
    clauses += _further(facts, cast)
    if facts.outcome == "voicemail":
        long = f"{duration(deeds.message)} message" if deeds.message else "message"
        clauses.append([Part("left a "), Part(long, "strong")])
    elif cast.legs and deeds.blocked is None and (alone or facts.outcome == IN_PROGRESS):
        clauses += _ended(facts, cast.legs[0])
    return clauses


def _ended(facts: Facts, leg: LegRow) -> list[Clause]:
    """How the caller's own leg ended."""
    if facts.outcome == IN_PROGRESS:
        return [[Part("is on the line now" if leg.answered_at else "waits for us to pick up")]]
    if leg.answered_at is None:
        return [[Part({"failed": "did not get through", "rejected": "was refused"}.get(facts.outcome, "gave up"))]]
    if not leg.ended_at:
        return []
    after = lasted(leg.ended_at - leg.answered_at)
    ending = "hung up after " if leg.disconnected_by == "user" else "was on the line for "
    return [[Part(ending), Part(after, "strong")]]


def _further(facts: Facts, cast: Cast) -> list[Clause]:
    """What came of each party that the caller was put through to."""
    on = facts.outcome == IN_PROGRESS
    clauses = [_put_through(leg, cast, on=on) for leg in cast.legs[1 : 1 + MOST_FURTHER]]
    more = len(cast.legs) - 1 - MOST_FURTHER
    return [*clauses, [Part(f"was put through {more} times more")]] if more > 0 else clauses


def _put_through(leg: LegRow, cast: Cast, *, on: bool) -> Clause:
    name = Part(cast.on(leg), "strong")
    status = leg.status.lower()
    if leg.answered_at:
        if not leg.ended_at:
            return [Part("is talking to " if on else "talked to "), name]
        return [Part("talked to "), name, Part(" for "), Part(lasted(leg.ended_at - leg.answered_at), "strong")]
    if not leg.ended_at:
        return [Part("is being put through to " if on else "was being put through to "), name]
    if status == "busy":
        return [Part("found "), name, Part(" engaged")]
    if status in {"failed", "rejected"}:
        return [Part("could not be put through to "), name, Part(_why(leg))]
    rang = f" for {lasted(leg.ended_at - leg.started_at)}" if leg.started_at else ""
    return [Part("rang "), name, Part(f"{rang}{'' if status == 'cancelled' else ' without answer'}")]


def _callee(leg: LegRow, *, on: bool) -> Clause:
    """What came of the party whom we called."""
    status = leg.status.lower()
    if leg.answered_at:
        picked = "where a machine picked up" if leg.machine == "machine" else "who picked up"
        if not leg.ended_at:
            return [Part(f"{picked} and is on the line now" if on else picked)]
        after = Part(lasted(leg.ended_at - leg.answered_at), "strong")
        if leg.disconnected_by == "user":
            return [Part(f"{picked} and hung up after "), after]
        return [Part(f"{picked} and was on the line for "), after]
    if not leg.ended_at:
        rings = "whose phone rings" if status == "ringing" else "whose phone is being rung"
        return [Part(rings if on else "whose phone was rung")]
    if status == "busy":
        return [Part("who was engaged")]
    if status in {"failed", "rejected"}:
        return [Part(f"who could not be reached{_why(leg)}")]
    rang = f" for {lasted(leg.ended_at - leg.started_at)}" if leg.started_at else ""
    return [Part(f"whose phone rang{rang}{'' if status == 'cancelled' else ' without answer'}")]


def _why(leg: LegRow) -> str:
    return f" ({detail_words(leg.detail)})" if leg.detail else ""


def _joined(clauses: Sequence[Clause]) -> Clause:
    """Join clauses with commas, the last of three or more with "and"."""
    parts: Clause = []
    for index, clause in enumerate(clauses):
        if index:
            last = index == len(clauses) - 1
            parts.append(Part(" and " if last and index == 1 and len(clauses) == 2 else ", and " if last else ", "))
        parts += clause
    return parts


def lasted(time: timedelta) -> str:
    """7 s, and what takes less than one: "a moment"."""
    return duration(time) if time >= timedelta(seconds=1) else "a moment"


def clock_of(moment: datetime | None) -> str:
    """14:02, in the zone the moment is in; "" for none."""
    return f"{moment:%H:%M}" if moment else ""
