"""A flow in sentences, for those who cannot see its picture: what each step does, and where it leads. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from calls.flows.diff import in_order
from calls.flows.naming import NOTHING_KNOWN, Known, step_name, title
from calls.flows.program import Program, Target, to_step
from calls.flows.steps import STEPS
from calls.flows.ways import Way, case_words, code, reached, ways
from calls.templatetags.calls_format import duration
from calls.vonage import destinations, numbers, ssml

Settings = Mapping[str, Any]

MOST_LETTERS = 160  # of a text that is quoted
# What callers did, to stand before "goes to": "2 goes to step 4, nothing right to step 5".
DID = {"end": "nothing right", "next": "what follows", "nothing": "nothing keyed in", "refused": "a wrong PIN"}
NOBODY = ("busy", "unanswered", "failed")


@dataclass(frozen=True)
class Sentence:
    """What one step does."""

    step: str
    place: int
    name: str
    text: str


def sentences(program: Program, known: Known = NOTHING_KNOWN) -> list[Sentence]:
    """Say what callers of a program meet, step by step. Never raises, whatever a step holds."""
    come_to = reached(program)
    said = []
    for key, step in in_order(program):
        text = " ".join(part for part in (does(step, known), leads(program, key, step, known)) if part)
        if key not in come_to:
            text = f"No caller comes here. {text}"
        said.append(Sentence(key, int(step.get("place") or 0), step_name(step), text))
    return said


def does(step: Settings, known: Known = NOTHING_KNOWN) -> str:
    """Say what a step does, as an order: "Say “Welcome.”." """
    kind, settings = str(step.get("kind", "")), settings_of(step)
    say = SAID.get(kind)
    try:
        if say:
            return say(settings, known)
    except (KeyError, TypeError, ValueError, AttributeError):  # settings of another release
        pass
    told = title(step)
    return f"{told[:1].upper()}{told[1:]}."


def detail(step: Settings) -> str:
    """The same in the few words that a picture has room for."""
    kind, settings = str(step.get("kind", "")), settings_of(step)
    try:
        if kind == "voicemail":
            return f"up to {_long(settings['seconds'])}"
        if kind == "forward":
            return f"{_targets(settings, short=True)}, {settings['ring_seconds']} s"
        if kind == "menu":
            return "1 try" if settings["tries"] == 1 else f"{settings['tries']} tries"
        if kind == "digits":
            return str(settings["keep"])
    except (KeyError, TypeError, ValueError, AttributeError):
        pass
    return title(step)


def settings_of(step: Settings) -> Settings:
    """The settings, with what its kind takes where one is missing."""
    own: Settings = step.get("settings") or {}
    made_by = STEPS.get(str(step.get("kind", "")))
    try:
        return {**made_by.from_settings(own).settings(), **own} if made_by else own
    except TypeError:
        return own


def leads(program: Program, key: str, step: Settings, known: Known = NOTHING_KNOWN) -> str:
    """Say where callers go on: "1 goes to the flow Workshop, 2 to step 4, * says it again." Nothing: to the next."""
    found = ways(step)
    kind = step.get("kind")
    following = _following(program, key)
    if kind == "hangup":
        return ""
    if kind == "hours":
        return _of_hours(program, found, step, known)
    if kind == "goto":
        goes = _goes(program, found[0].target, known)
        return f"{goes[:1].upper()}{goes[1:]}."
    if [way.on for way in found] == ["next"]:
        return _then(program, found[0].target, following, known)
    if kind in {"digits", "voicemail"}:
        first = next(way for way in found if way.on == "next")
        rest = [way for way in found if way.on != "next" and code(way.target) != code(first.target)]
        parts = [_then(program, first.target, following, known), _list(program, rest, known)]
        return " ".join(part for part in parts if part)
    return _list(program, found, known)


def quoted(text: str, most: int = MOST_LETTERS) -> str:
    """A text as people read it, in quotes: without marks of SSML, on one line, cut where it is long."""
    line = spoken(text)
    return f"“{line if len(line) <= most else line[: most - 1].rstrip(' .,') + '…'}”"


def spoken(text: str) -> str:
    """The words of a text on one line, without marks of SSML."""
    if ssml.is_ssml(text):
        text = "".join(part for part, inside in ssml.parts(text) if not inside)
    return " ".join(text.split())


def stopped(sentence: str) -> str:
    """End a sentence with a stop, unless the text quoted in it has one."""
    return sentence if sentence.endswith((".”", "!”", "?”", "…”")) else f"{sentence}."


def times(number: Any) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")


# What the kinds do


def _greeting(settings: Settings, known: Known) -> str:
    often = f", {times(settings['loop'])}" if settings.get("loop", 1) != 1 else ""
    return stopped(f"Say {quoted(settings['text'])}{often}")


def _audio(settings: Settings, known: Known) -> str:
    name = known.sounds.get(settings.get("sound") or 0)
    what = f"the sound file {name}" if name else settings.get("url") or "a sound file"
    often = f", {times(settings['loop'])}" if settings.get("loop", 1) != 1 else ""
    return f"Play {what}{often}."


def _menu(settings: Settings, known: Known) -> str:
    ask = "Ask for a key or a word" if settings.get("speech") else "Ask for a key"
    return stopped(f"{ask}, {times(settings['tries'])}: {quoted(settings['prompt'])}")


def _voicemail(settings: Settings, known: Known) -> str:
    notice = settings.get("notice", "") if not str(settings.get("notice_off_reason", "")).strip() else ""
    said = [quoted(text) for text in (notice, settings.get("prompt", "")) if text.strip()]
    ends = [f"{settings['silence']} s of silence"] if settings.get("silence") else []
    ends += [f"the key {settings['key']}"] if settings.get("key") else []
    ended = f", ended by {' or '.join(ends)}" if ends else ""
    say = f"Say {' '.join(said)}, then record" if said else "Record"
    thanks = stopped(f" Say {quoted(settings['thanks'])}") if str(settings.get("thanks", "")).strip() else ""
    return f"{say} a message of up to {_long(settings['seconds'])}{ended}.{thanks}"


def _forward(settings: Settings, known: Known) -> str:
    each = " each" if len(settings["targets"]) > 1 else ""
    return f"Ring {_targets(settings)} for {settings['ring_seconds']} s{each}."


def _targets(settings: Settings, *, short: bool = False) -> str:
    names = [_target(one) for one in settings["targets"]]
    if not names:
        return "nobody"
    if short:
        return names[0] if len(names) == 1 else f"{len(names)} phones"
    return ", then ".join(names)


def _target(target: Mapping[str, Any]) -> str:
    kind, to = target.get("type"), str(target.get("to", ""))
    if kind == "typed":
        return f"what was keyed in as {to}"
    return numbers.shown(destinations.digits_of(to)) if kind == "phone" else to


def _room(settings: Settings, known: Known) -> str:
    who = "callers who know its PIN" if settings.get("pin") else "callers"
    moderator = ", as moderator" if settings.get("moderator") else ""
    waits = ", where they wait for a moderator" if settings.get("waits") and not moderator else ""
    recorded = " It is recorded." if settings.get("record") else ""
    return f"Let {who} into the room “{settings['room']}”{moderator}{waits}.{recorded}"


def _digits(settings: Settings, known: Known) -> str:
    ask = f"Ask for up to {settings['most']} digits, {times(settings['tries'])}"
    return stopped(f"{ask}, and keep them as “{settings['keep']}”: {quoted(settings['prompt'])}")


def _notify(settings: Settings, known: Known) -> str:
    return f"Tell {settings['url'] or 'nobody'} that a caller came here."


def _wait(settings: Settings, known: Known) -> str:
    return f"Wait {settings['seconds']:g} s in silence."


def _hours(settings: Settings, known: Known) -> str:
    return ""  # where it leads says it all


def _goto(settings: Settings, known: Known) -> str:
    return ""


def _hangup(settings: Settings, known: Known) -> str:
    text = str(settings.get("text", ""))
    return f"{stopped(f'Say {quoted(text)}')} The end." if text.strip() else "The end of the call."


def _ncco(settings: Settings, known: Known) -> str:
    names = [str(action.get("action")) for action in settings.get("actions", []) if isinstance(action, Mapping)]
    return f"Do what the NCCO says: {', '.join(names) or 'nothing'}."


SAID: Mapping[str, Callable[[Settings, Known], str]] = {
    "greeting": _greeting,
    "audio": _audio,
    "menu": _menu,
    "voicemail": _voicemail,
    "forward": _forward,
    "room": _room,
    "hours": _hours,
    "goto": _goto,
    "digits": _digits,
    "notify": _notify,
    "wait": _wait,
    "hangup": _hangup,
    "ncco": _ncco,
}


# Where they lead


def _then(program: Program, target: Target, following: str, known: Known) -> str:
    if code(target) == following:
        return ""
    if target.get("again"):
        return "Then the same again."
    return f"Then go to {place_of(program, target, known)}." if "step" in target or "flow" in target else "The end."


def _of_hours(program: Program, found: list[Way], step: Settings, known: Known) -> str:
    targets = {way.on: way.target for way in found}
    name = known.hours.get((step.get("settings") or {}).get("hours") or 0, "the opening hours")
    opened, closed = (targets.get(on, {"end": True}) for on in ("open", "closed"))
    if code(opened) == code(closed):
        return f"Open or closed by {name}, {_goes(program, opened, known)}."
    return f"While {name} says open, {_goes(program, opened, known)}; while closed, {_goes(program, closed, known)}."


def _goes(program: Program, target: Target, known: Known) -> str:
    if target.get("again"):
        return "the same again"
    return f"go to {place_of(program, target, known)}" if "step" in target or "flow" in target else "the call ends"


def _list(program: Program, found: list[Way], known: Known) -> str:
    """Say of all ways where they lead; of those that lead to one place together."""
    together: dict[str, list[Way]] = {}
    for way in found:
        together.setdefault(code(way.target), []).append(way)
    parts, has_verb = [], False
    for same in together.values():
        target, cases = same[0].target, _cases([way.on for way in same])
        if target.get("again"):
            parts.append(f"{cases} says it again")
        elif "step" in target or "flow" in target:
            parts.append(f"{cases} {'to' if has_verb else 'goes to'} {place_of(program, target, known)}")
            has_verb = True
        else:
            parts.append(f"{cases} ends the call")
    said = ", ".join(parts)
    return f"{said[:1].upper()}{said[1:]}." if said else ""


def _cases(cases: list[str]) -> str:
    if all(one in cases for one in NOBODY):
        cases = ["who is not reached", *(case for case in cases if case not in NOBODY)]
    words = [DID.get(case, case_words(case)) for case in cases]
    return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]


def place_of(program: Program, target: Target, known: Known = NOTHING_KNOWN) -> str:
    """Where it leads, to stand behind "goes to": "step 4", "the flow Workshop"."""
    if "flow" in target:
        return f"the flow {known.flows.get(target['flow'], target['flow'])}"
    step = (program.get("steps") or {}).get(str(target["step"]))
    return f"step {step.get('place', '?')}" if step else "a step that is not there"


def _following(program: Program, key: str) -> str:
    keys = [one for one, _ in in_order(program)]
    after = keys[keys.index(key) + 1 :]
    return code(to_step(after[0])) if after else ""


def _long(seconds: Any) -> str:
    return duration(seconds).removesuffix(" 00 s")
