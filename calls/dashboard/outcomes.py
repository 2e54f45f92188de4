"""What came of a call, as the pages say it: an icon, a word, a colour, and the reason under it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from calls.dashboard.by_name import ByName
from calls.dashboard.ways import Step, block_of, doing_at
from calls.models import Call, Leg, Outcome
from calls.records.words import detail_words
from calls.vonage.numbers import visible

RINGS = {"started", "ringing"}


@dataclass(frozen=True)
class State(ByName):
    """How a call stands. `tone` names a colour (good, warn, bad, voice, live, ""), `end` the mark at the line's end."""

    word: str
    icon: str
    tone: str = ""
    end: str = "end"
    note: str = ""


def state_of(call: Call, legs: Sequence[Leg], steps: Sequence[Step] = ()) -> State:
    """Say what came of a call. `legs` are its legs, oldest first; `steps` those of a flow that it came to."""
    block = block_of(steps)
    if call.outcome == Outcome.IN_PROGRESS:
        return State(step_of(legs, steps), "live", "live", "now")
    if call.outcome == Outcome.VOICEMAIL:
        return State("Left a message", "message", "voice", "voice", "blocked caller" if block else "")
    if block or call.outcome == Outcome.BLOCKED:
        return State("Blocked", "blocked", "", "cross", block.note if block else "")
    if call.outcome == Outcome.END_UNKNOWN:
        return State("End unknown", "question", "", "", "Vonage did not say")
    if call.outcome == Outcome.ANSWERED:
        if len(legs) > 1 or call.direction == "outbound":
            return State("Picked up", "picked-up", "good")
        return State("Heard a notice", "notice")
    return _not_reached(call, legs)


def step_of(legs: Sequence[Leg], steps: Sequence[Step] = ()) -> str:
    """Say in a word what happens on a call that is in progress: Vonage's, where it is new to us."""
    further = [leg for leg in legs[1:] if not leg.ended_at]
    if any(leg.answered_at for leg in further):
        return "Talking"
    if further:
        return "Ringing"
    if legs and legs[0].answered_at:
        return doing_at(steps)[0] or "Listening"
    word = legs[-1].status if legs else ""
    return "Ringing" if word.lower() in RINGS else visible(word) or "In progress"


def doing(legs: Sequence[Leg], name: Callable[[str], str], steps: Sequence[Step] = ()) -> str:
    """Say in some words what happens on a call that is in progress, and with whom."""
    further = [leg for leg in legs[1:] if not leg.ended_at]
    talking = next((leg for leg in further if leg.answered_at), None)
    if talking:
        return f"Talks to {name(talking.to_number)}"
    if further:
        return f"Rings {name(further[-1].to_number)}"
    if not (legs and legs[0].answered_at):
        return "Not answered yet"
    return doing_at(steps)[1] or "Hears us speak"


def _not_reached(call: Call, legs: Sequence[Leg]) -> State:
    """Missed, busy, cancelled, failed, rejected: a caller of ours who reached nobody is missed, with the reason."""
    inbound = call.direction != "outbound"
    why = _reason(legs[-1]) if legs else ""
    if call.outcome == Outcome.MISSED:
        nobody = "nobody picked up" if len(legs) > 1 else ""
        return _missed(
            "" if inbound else "No answer", detail_words(legs[-1].detail) if legs and legs[-1].detail else nobody
        )
    if call.outcome == Outcome.BUSY:
        return _missed("", "the line was busy") if inbound else _missed("Busy", "")
    if call.outcome == Outcome.CANCELLED:
        return (
            _missed("", "gave up") if inbound else State("Cancelled", "blocked", "", "none", "before it was picked up")
        )
    declined = call.outcome == Outcome.REJECTED and why in {"", "declined"}
    if declined:
        return _missed("", "declined") if inbound else _missed("Declined", "")
    return State("Failed", "failed", "bad", "cross", why or "Vonage did not say why")


def _missed(word: str, note: str) -> State:
    return State(word or "Missed", "missed", "warn", "none", note)


def _reason(leg: Leg) -> str:
    """Put Vonage's `detail` into words; without one its SIP code."""
    if leg.detail:
        return detail_words(leg.detail)
    return f"SIP {leg.sip_code}" if leg.sip_code and leg.sip_code >= 400 else ""
