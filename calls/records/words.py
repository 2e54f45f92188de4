"""An event in plain words, with Vonage's own word beside them. Pure, and never refused: payloads are as they came.

Who did it, what happened, past tense: "Tom, picked up". Names are labels of our numbers, contacts, or
numbers as people read them. What we cannot name is said to be kept as it came.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from calls.records.cast import Cast, LegRow, Part
from calls.records.heard import TEXT_LENGTH, cut, heard
from calls.records.moments import EventRow, is_message, keys_of, reply_of, served_actions, shape_of, visits_of
from calls.templatetags.calls_format import duration, money
from calls.vonage.events import parse_time, text_of

US, VONAGE = "Us", "Vonage"
UNKNOWN = "Something we don’t know yet. Kept as it came"

# Vonage's `detail`: why somebody was not reached.
DETAILS = {
    "unavailable": "cannot be reached",
    "timeout": "nobody picked up",
    "carrier_timeout": "the carrier gave no answer",
    "invalid_number": "not a valid number",
    "restricted": "refused by the carrier",
    "declined": "declined",
    "cannot_route": "no way to that number",
    "number_out_of_service": "out of service",
    "internal_error": "a fault at Vonage",
}
MACHINE = {"beep_start": "The machine’s beep was heard", "beep_timeout": "No beep was heard in time"}


@dataclass(frozen=True)
class Words:
    """An event in words: who, what, and Vonage's word for it."""

    who: str
    parts: tuple[Part, ...]
    term: str

    def __str__(self) -> str:
        return "".join(part.text for part in self.parts)


def in_words(event: EventRow, cast: Cast) -> Words:
    """Say what happened. Any payload will do."""
    payload = event.payload if isinstance(event.payload, dict) else {}
    leg = cast.leg(event.leg_id)
    say = KINDS.get(event.kind)
    if say is None or shape_of(event) == "unknown":
        return _plain(VONAGE, UNKNOWN, event.status or text_of(payload.get("type"), 64))
    words = say(event, payload, leg, cast)
    if event.kind in {"answer", "fallback"} or "ncco" not in reply_of(event):
        return words
    kept = next((visit for visit in visits_of(event) if text_of(visit.get("label"))), {})
    name = f" ({cut(text_of(kept.get('label')), 40)})" if kept else ""
    answered = Part(f"{name}, and we answered with {heard(served_actions(event))}")
    return Words(words.who, (*words.parts, answered), words.term)


def detail_words(detail: str) -> str:
    """Say why somebody was not reached; a word that is new to us stays as it is."""
    return DETAILS.get(detail.lower(), detail.replace("_", " "))


def _plain(who: str, text: str, term: str) -> Words:
    return Words(who, (Part(text),), term)


def _status(event: EventRow, payload: Mapping[str, Any], leg: LegRow | None, cast: Cast) -> Words:
    status = event.status.lower()
    who, term = cast.on(leg), _term(event, payload)
    if status == "completed":
        return _plain(*_completed(leg, cast), term)
    if status == "machine":
        return _plain(who, MACHINE.get(text_of(payload.get("sub_state")), "A machine picked up"), term)
    table = _of_caller(leg, cast) if cast.is_caller(leg) else _of_called(who)
    subject, text = table.get(status, (VONAGE, UNKNOWN))
    detail = text_of(payload.get("detail"))
    return _plain(subject, f"{text}: {detail_words(detail)}" if detail else text, term)


def _of_caller(leg: LegRow | None, cast: Cast) -> dict[str, tuple[str, str]]:
    """What each status means on the leg of somebody who called us."""
    who, called = cast.on(leg), cast.name(leg.to_number) if leg and leg.to_number else ""
    return {
        "started": (VONAGE, "The call was set up"),
        "ringing": (who, f"Rang {called}" if called not in {"", who} else "Rang"),
        "answered": (US, "Our flow picked up"),
        "cancelled": (who, "Hung up before we picked up"),
        "busy": (US, "The line was engaged"),
        "timeout": (US, "Nobody picked up in time"),
        "unanswered": (US, "Nobody picked up"),
        "rejected": (VONAGE, "The call was refused"),
        "failed": (VONAGE, "The call could not be connected"),
        "human": (VONAGE, "A person is on the line"),
        "disconnected": (who, "The connection was closed"),
    }


def _of_called(who: str) -> dict[str, tuple[str, str]]:
    """What each status means on the leg of somebody whom we ring."""
    return {
        "started": (US, f"Dialled {who}"),
        "ringing": (who, "The phone rang"),
        "answered": (who, "Picked up"),
        "cancelled": (US, "Stopped ringing before anybody picked up"),
        "busy": (who, "Was engaged"),
        "timeout": (who, "Did not pick up in time"),
        "unanswered": (who, "Did not pick up"),
        "rejected": (who, "Was not put through"),
        "failed": (VONAGE, "The call could not be connected"),
        "human": (who, "A person picked up"),
        "disconnected": (who, "The connection was closed"),
    }


def _completed(leg: LegRow | None, cast: Cast) -> tuple[str, str]:
    """The end of a leg, with what it cost."""
    if leg is None:
        return VONAGE, "The call ended"
    if leg.answered_at is None:
        who, text = cast.on(leg), "The line was closed, never picked up"
    elif leg.disconnected_by == "user":
        who, text = cast.on(leg), "Hung up"
    elif leg.disconnected_by == "platform":
        who, text = VONAGE, "The call was over, and the line closed"
    else:
        who, text = VONAGE, "The line was closed"
    return who, f"{text}. {cost}" if (cost := cost_words(leg)) else text


def cost_words(leg: LegRow) -> str:
    """77 s × €0.0045 a minute = €0.0058; "" where Vonage has not told a price."""
    if leg.price_eur is None:
        return ""
    if leg.duration_seconds and leg.rate_eur:
        return f"{leg.duration_seconds} s × {money(leg.rate_eur)} a minute = {money(leg.price_eur)}"
    return money(leg.price_eur)


def _term(event: EventRow, payload: Mapping[str, Any]) -> str:
    """Vonage's word with what belongs to it, as in "completed, by user, sip 200"."""
    by, code = text_of(payload.get("disconnected_by"), 16), text_of(payload.get("sip_code"), 8)
    code = "" if code == "200" else code  # all is well: nothing to tell
    words = (event.status, text_of(payload.get("detail"), 32), text_of(payload.get("sub_state"), 32))
    return ", ".join(filter(None, (*words, by and f"by {by}", code and f"sip {code}")))


def _input(event: EventRow, payload: Mapping[str, Any], leg: LegRow | None, cast: Cast) -> Words:
    who = cast.on(leg) if leg else cast.caller
    if keys := keys_of(payload):
        return Words(who, (Part("Pressed "), *(Part(key, "key") for key in keys[:32])), "dtmf")
    speech = payload.get("speech")
    if not isinstance(speech, dict) or ("error" in speech and "dtmf" in payload and not speech.get("results")):
        return _plain(who, "Pressed no key in time", "dtmf, timed_out")
    results = speech.get("results")
    best = results[0] if isinstance(results, list) and results else None
    if isinstance(best, dict) and text_of(best.get("text")):
        sure = _percent(best.get("confidence"))
        return _plain(who, f"Said “{cut(text_of(best.get('text')))}”", f"speech{sure and f', {sure} sure'}")
    if error := text_of(speech.get("error")):
        return _plain(who, f"Was not understood: {cut(error)}", "speech")
    reason = text_of(speech.get("timeout_reason"), 64)
    return _plain(who, "Said nothing in time", f"speech{reason and f', {reason}'}")


def _percent(confidence: Any) -> str:
    """Read a confidence, which comes as text: "0.94", ".91"."""
    try:
        share = float(confidence)
    except (TypeError, ValueError, OverflowError):
        return ""
    return f"{share:.0%}" if 0 <= share <= 1 else ""


def _record(event: EventRow, payload: Mapping[str, Any], leg: LegRow | None, cast: Cast) -> Words:
    times = [parse_time(payload.get(name)) for name in ("start_time", "end_time")]
    long = f", {duration(times[1] - times[0])}" if times[0] and times[1] and times[1] >= times[0] else ""
    size = payload.get("size")
    term = f"record, {size / 1000:.0f} kB" if isinstance(size, int) and 0 < size < 10**12 else "record"
    if cast.message and is_message(event):
        return _plain(cast.caller, f"Left a message{long}", term)
    return _plain(VONAGE, f"A recording was saved{long}", term)


def _answer(event: EventRow, payload: Mapping[str, Any], leg: LegRow | None, cast: Cast) -> Words:
    return _plain(US, f"Asked what to do, we answered with {heard(served_actions(event))}", "answer")


def _fallback(event: EventRow, payload: Mapping[str, Any], leg: LegRow | None, cast: Cast) -> Words:
    original = payload.get("original_request")
    url = "event" if isinstance(original, dict) and original.get("type") == "event" else "answer"
    why = cut(text_of(payload.get("reason")).rstrip("."))
    failed = f"Our {url} URL failed{f' ({why})' if why else ''}"
    if "reply" not in payload:
        return _plain(VONAGE, f"{failed}; the fallback URL took the event", "fallback")
    return _plain(US, f"{failed}; we answered with {heard(served_actions(event))}", "fallback")


def _error(event: EventRow, payload: Mapping[str, Any], leg: LegRow | None, cast: Cast) -> Words:
    return _plain(VONAGE, f"Could not go on: {cut(text_of(payload.get('reason'))) or 'no reason given'}", "error")


def _transfer(event: EventRow, payload: Mapping[str, Any], leg: LegRow | None, cast: Cast) -> Words:
    return _plain(cast.on(leg), "Was moved to another conversation", "transfer")


def _notify(event: EventRow, payload: Mapping[str, Any], leg: LegRow | None, cast: Cast) -> Words:
    return _plain(VONAGE, "The flow came to a point that it tells us of", "notify")


def _transcription(event: EventRow, payload: Mapping[str, Any], leg: LegRow | None, cast: Cast) -> Words:
    return _plain(VONAGE, "The transcript is ready", "transcribed")


def _act(event: EventRow, payload: Mapping[str, Any], leg: LegRow | None, cast: Cast) -> Words:
    what = cut(text_of(payload.get("action"))) or "see below"
    if by := text_of(payload.get("by")):
        text = text_of(payload.get("heard")) if payload.get("ncco") else ""
        said = f", to say “{cut(text)}”" if text else ""
        if note := text_of(payload.get("note"), TEXT_LENGTH * 4):
            said = f": “{cut(note)}”"
        return _plain(US, f"{by} {what}{said}", "action")
    return _plain(US, f"We acted: {what}", "action")


KINDS = {
    "status": _status,
    "input": _input,
    "record": _record,
    "answer": _answer,
    "fallback": _fallback,
    "error": _error,
    "transfer": _transfer,
    "notify": _notify,
    "transcription": _transcription,
    "action": _act,
}
