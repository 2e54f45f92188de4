"""Steps, and where they lead, in the words of the pages and the command line. Reads programs; asks nobody."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from calls.flows.program import Program, Target
from calls.flows.steps import STEPS
from calls.models import StepKind
from calls.vonage import voices

KEYS = "1234567890*#"

# What a branch's word means to staff, as it stands before where it leads.
ENDS = {
    "end": "Nothing right pressed",
    "next": "Goes on",
    "open": "Open",
    "closed": "Closed",
    "holiday": "Closed for a day",
    "busy": "Busy",
    "unanswered": "No answer",
    "failed": "Not reached",
    "rejected": "Declined",
    "answered": "After the talk",
    "nothing": "Nothing pressed",
    "wrong": "Wrong digits",
    "empty": "Nothing said",
    "refused": "PIN not known",
    "machine": "An answering machine",
}

Names = Mapping[int, str]  # by id


@dataclass(frozen=True)
class Known:
    """Names of what a program has the ids of."""

    flows: Names = field(default_factory=dict)
    hours: Names = field(default_factory=dict)
    sounds: Names = field(default_factory=dict)


NOTHING_KNOWN = Known()


def kind_words(kind: str) -> str:
    """Menu, Opening hours: as staff call it."""
    return str(dict(StepKind.choices).get(kind, kind.capitalize()))


def step_name(step: Mapping[str, Any]) -> str:
    """Its name; its kind where it has none."""
    return str(step.get("name") or kind_words(str(step.get("kind", ""))))


def step_title(step: Mapping[str, Any]) -> str:
    """Step 4, To Sam."""
    return f"Step {step.get('place', '?')}, {step_name(step)}"


def end_words(on: str) -> str:
    """Key 2, Busy: the case in which a branch is taken."""
    if on in KEYS:
        return f"Key {on}"
    return ENDS.get(on, on.capitalize())


def target_words(program: Program, target: Target, flows: Names | None = None) -> str:
    """Where it leads, to stand behind "goes to": "step 4, To Sam", "flow Workshop", "the same step again"."""
    if "step" in target:
        step = program.get("steps", {}).get(str(target["step"]))
        return f"s{step_title(step)[1:]}" if step else "a step that is not there"
    if "flow" in target:
        return f"flow {(flows or {}).get(target['flow'], target['flow'])}"
    return "the same step again" if target.get("again") else "the end of the call"


def short_target(program: Program, target: Target, flows: Names | None = None) -> str:
    """The same, as short as it goes: "To Sam", "Voicemail 5", "Workshop", "again", "the end"."""
    if "step" in target:
        step = program.get("steps", {}).get(str(target["step"]), {})
        return str(step.get("name") or f"{kind_words(str(step.get('kind', '')))} {step.get('place', '')}".strip())
    if "flow" in target:
        return str((flows or {}).get(target["flow"], f"flow {target['flow']}"))
    return "again" if target.get("again") else "the end"


def summary(program: Program, step: Mapping[str, Any], known: Known = NOTHING_KNOWN) -> str:
    """One line: what it does and where it leads. "1 Workshop, 2 To Sam, * again"."""
    said = title(step, known)
    ways = [(on, short_target(program, target, known.flows)) for on, target in step.get("on", {}).items()]
    keys = [f"{on} {where}" for on, where in sorted(ways, key=lambda way: KEYS.find(way[0])) if on in KEYS]
    if step.get("kind") == "goto" and ways:
        return f"goes on to {ways[0][1]}"
    ends = [f"{end_words(on).lower()}: {where}" for on, where in ways if on not in KEYS]
    if keys:
        return ", ".join([*keys, *ends])
    return ", ".join([said, *ends])


def title(step: Mapping[str, Any], known: Known = NOTHING_KNOWN) -> str:
    """What a step does, short. Settings that its kind cannot read are named, not raised."""
    try:
        kind, settings = step["kind"], step["settings"]
        if kind == "audio" and (sound := known.sounds.get(settings.get("sound"))):
            return f"plays “{sound}”"
        if kind == "hours" and (hours := known.hours.get(settings.get("hours"))):
            return f"open or closed by “{hours}”"
        return STEPS[str(step["kind"])].from_settings(step["settings"]).title
    except Exception as error:  # of another release, or spoilt: a list shows it all the same
        return f"cannot be read: {error}"


def voice_words(settings: Mapping[str, Any]) -> str:
    """English (United Kingdom), style 1, premium. Without a language it is that of the flow."""
    language, style = settings.get("language"), settings.get("style")
    if not language:
        return "the flow’s voice"
    voice = voices.find(str(language), int(style or 0))
    premium = ", premium" if settings.get("premium") and not (voice and voice.premium_only) else ""
    return f"{voice.language_name if voice else language}, style {style}{premium}"
