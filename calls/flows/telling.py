"""What a call would be like, in words: where the caller comes, what they hear there, how it ends. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from calls.flows.naming import kind_words
from calls.flows.sentences import quoted, spoken
from calls.flows.whatif import Asked, Outcome, Stop
from calls.templatetags.calls_format import duration
from calls.vonage import numbers, voices
from calls.vonage.ncco import Ncco

MOST_HEARD = 1_500  # letters of what is spoken: all of it
PHONES = {"unanswered": "Without an answer", "busy": "While it is busy", "answered": "Picked up"}


@dataclass(frozen=True)
class Told:
    """One step of the way: its name, what is heard there, what the caller did; of another flow with its name."""

    place: int
    name: str
    heard: tuple[str, ...]
    did: str
    flow: str = ""


@dataclass(frozen=True)
class Sound:
    """A text with the language and the gender of its voice; or what is played, with its address."""

    text: str
    language: str = ""
    gender: str = ""
    url: str = ""


def headline(outcome: Outcome, zone: tzinfo, here: int | None = None) -> str:
    """The whole way: "Monday 23 November, 14:07: Shop hours (open), then Main menu. Key 2: Orders. The end."

    Times are told in the `zone`. Steps of another version than `here` come with the name of their flow.
    """
    when = moment_words(outcome.asked.moment, zone)
    if outcome.ends == "blocked":
        return f"{when}: {_blocked(outcome.block or {})}"
    if not outcome.stops:
        return f"{when}: {_nowhere(outcome.asked)}"
    parts, names, case = [], list[str](), when
    if outcome.led_to is not None:
        case = f"{when}, by a rule for this caller"
    for stop in outcome.stops:
        names.append(_named(stop, here))
        if did := _case(stop):
            parts.append(f"{case}: {_joined(names)}")
            names, case = [], did
    end = _end(outcome)
    if names:
        return ". ".join([*parts, f"{case}: {_joined(names)}", end])
    return ". ".join([*parts, f"{case}: {end[:1].lower()}{end[1:]}"])


def tell(outcome: Outcome, here: int | None = None) -> list[Told]:
    """The way step by step, with all that is heard."""
    return [
        Told(
            stop.place,
            _name(stop),
            tuple(heard(stop.actions)),
            _did(stop, outcome),
            stop.flow if _elsewhere(stop, here) else "",
        )
        for stop in outcome.stops
    ]


def heard(ncco: Ncco) -> Iterator[str]:
    """Say what a caller hears of each action."""
    for action in ncco:
        words = _heard(action)
        if words:
            yield words


def sounds(ncco: Ncco) -> Iterator[Sound]:
    """Give what a browser can let people hear of it: texts in a voice, and sounds at an address."""
    for action in ncco:
        if action.get("action") == "talk":
            named = voices.by_name(str(action.get("voiceName", "")))
            language = str(action.get("language") or (named.language if named else voices.DEFAULT_LANGUAGE))
            style = action.get("style", named.style if named else voices.DEFAULT_STYLE)
            voice = voices.find(language, style) if isinstance(style, int) else None
            yield Sound(spoken(str(action.get("text", ""))), language, voice.gender if voice else "")
        elif action.get("action") == "stream" and action.get("streamUrl"):
            yield Sound("A sound.", url=str(action["streamUrl"][0]))


def moment_words(moment: datetime, zone: tzinfo) -> str:
    """Monday 23 November, 14:07."""
    there = moment.astimezone(zone)
    return f"{there:%A} {there.day} {there:%B}, {there:%H:%M}"


def _heard(action: Mapping[str, Any]) -> str:
    kind = action.get("action")
    if kind == "talk":
        often = f", {action['loop']} times" if action.get("loop", 1) not in {0, 1} else ""
        return quoted(str(action.get("text", "")), MOST_HEARD) + often
    if kind == "stream":
        return f"the sound {(action.get('streamUrl') or [''])[0]}"
    if kind == "record":
        beep = "a beep, then " if action.get("beepStart") else ""
        longest = duration(action["timeOut"]).removesuffix(" 00 s") if action.get("timeOut") else ""
        return f"{beep}what they say is recorded{f', up to {longest}' if longest else ''}"
    if kind == "connect":
        return f"ringing: {_rung(action)}"
    if kind == "conversation":
        return f"the room “{action.get('name', '')}”"
    if kind == "wait":
        return f"{action.get('timeout', 10):g} s of silence"
    return "" if kind in {"input", "notify"} else f"{kind}"


def _rung(action: Mapping[str, Any]) -> str:
    endpoint = (action.get("endpoint") or [{}])[0]
    who = numbers.shown(str(endpoint.get("number", ""))) if endpoint.get("number") else endpoint.get("uri")
    who = who or endpoint.get("user") or "a telephone"
    return f"{who} for {action['timeout']} s" if action.get("timeout") else str(who)


def _name(stop: Stop) -> str:
    return stop.name or kind_words(stop.kind)


def _named(stop: Stop, here: int | None) -> str:
    """Its name, with what came of it: "Shop hours (open)", "To Sam rings +44 7700 900512 for 20 s"."""
    rung = next((_rung(action) for action in stop.actions if action.get("action") == "connect"), "")
    if rung:
        return f"{_name(stop)} rings {rung}"
    name = f"{_name(stop)} ({stop.came})" if stop.came else _name(stop)
    return f"{name} of {stop.flow}" if _elsewhere(stop, here) else name


def _elsewhere(stop: Stop, here: int | None) -> bool:
    return here is not None and stop.version != here


def _joined(names: Sequence[str]) -> str:
    return ", then ".join(names)


def _case(stop: Stop) -> str:
    if stop.kind != "hours" and stop.came:
        return PHONES[stop.came]
    if stop.asked:
        return _pressed(stop.pressed)
    return ""


def _pressed(digits: str | None) -> str:
    if not digits:
        return "Nothing pressed"
    return f"Key {digits}" if len(digits) == 1 else f"Keys {digits}"


def _did(stop: Stop, outcome: Outcome) -> str:
    if stop.kind == "hours":
        return stop.came
    if stop.came or stop.asked:
        case = _case(stop)
        return case[:1].lower() + case[1:]
    waits = outcome.ends == "waits" and stop is outcome.stops[-1]
    return "waits for a key" if waits else ""


def _end(outcome: Outcome) -> str:
    if outcome.ends == "waits":
        return "There it waits for a key: give one above to go on."
    if outcome.ends == "talks":
        return "They talk, then the call ends."
    if outcome.ends == "broken":
        return f"There it breaks off, because {outcome.problem}."
    return "The end of the call."


def _blocked(block: Mapping[str, Any]) -> str:
    whom = {"hidden": "Callers who hide their number are blocked", "exact": "This number is blocked"}
    who = whom.get(str(block.get("kind")), f"Numbers that begin with +{block.get('pattern', '')} are blocked")
    action = block.get("action")
    if action == "message":
        return f"{who}. They hear {quoted(str(block.get('text', '')))}, and the call ends."
    return f"{who}. " + ("They may leave a message." if action == "voicemail" else "The line goes dead.")


def _nowhere(asked: Asked) -> str:
    if asked.number.flow is None:
        return "the number has no flow, so callers hear that it is not in service."
    return "nothing of the flow can be run, so callers hear that something is wrong."
