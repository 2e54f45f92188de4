"""The ways that lead on from a step, in the order in which people read them. Reads programs; asks nobody."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from calls.flows.diff import in_order
from calls.flows.naming import ENDS, KEYS
from calls.flows.program import END, Program, Target
from calls.flows.steps import STEPS

# Kinds that lead on when they are done, beside the ways of their own words.
GO_ON = {"greeting", "audio", "digits", "notify", "wait", "ncco", "voicemail", "goto"}
NEVER_ON = {"hangup"}


@dataclass(frozen=True)
class Way:
    """In which case ("2", "busy", "next") callers go where."""

    on: str
    target: Target

    @property
    def is_key(self) -> bool:
        return self.on in KEYS


def ways(step: Mapping[str, Any]) -> list[Way]:
    """Give all cases of a step with where they lead: keys first, then the words of its kind."""
    kind, on = str(step.get("kind", "")), step.get("on") or {}
    if kind in NEVER_ON:
        return [Way("next", END)]
    after = step.get("next") or END
    made_by = STEPS.get(kind)
    words = list(made_by.ends) if made_by else []
    if "next" not in words and (kind in GO_ON or not words):
        words.insert(0, "next")
    rest = [case for case in on if case not in words and case not in KEYS]
    keys = [key for key in KEYS if key in on]
    return [Way(case, on.get(case) or after) for case in [*keys, *words, *rest]]


def code(target: Target) -> str:
    """Name a target in a word that can be compared: "step 13", "flow 7", "again", "end"."""
    for sort in ("step", "flow"):
        if sort in target:
            return f"{sort} {target[sort]}"
    return "again" if target.get("again") else "end"


def case_words(on: str) -> str:
    """In which case a way is taken, within a sentence: "busy", "PIN not known", the key itself."""
    words = ENDS.get(on, on)
    return words if words[1:2].isupper() else f"{words[:1].lower()}{words[1:]}"


def reached(program: Program) -> set[str]:
    """The steps that callers can come to."""
    steps, seen = program.get("steps") or {}, set[str]()
    ahead = [str(program.get("start"))]
    while ahead:
        here = ahead.pop()
        if here in seen or here not in steps:
            continue
        seen.add(here)
        ahead += [str(way.target["step"]) for way in ways(steps[here]) if "step" in way.target]
    return seen


def flows_after(program: Program) -> Iterator[int]:
    """The other flows that it leads to."""
    for _, step in in_order(program):
        yield from (way.target["flow"] for way in ways(step) if "flow" in way.target)
