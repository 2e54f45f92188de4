"""The way of a call through a flow, in words: Hours, Menu 2, Tom, Voicemail."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from calls.models import StepKind
from calls.vonage.events import text_of
from calls.vonage.numbers import visible

MOST_STEPS = 6
MOST_LETTERS = 40
SHORT = {StepKind.HOURS: "Hours"}


@dataclass(frozen=True)
class Step:
    """A step that a caller came to, as the list names it."""

    kind: str
    words: str
    chosen: str = ""  # there, such as a key

    def __str__(self) -> str:
        return f"{self.words} {self.chosen}".rstrip()


def steps_of(path: Any) -> list[Step]:
    """Read the path that was kept with an answer."""
    steps: list[Step] = []
    for one in path if isinstance(path, list) else []:
        if not isinstance(one, dict):
            continue
        kind = text_of(one.get("kind"), 16)
        label = SHORT.get(StepKind(kind)) or StepKind(kind).label if kind in StepKind.values else kind.capitalize()
        words = visible(text_of(one.get("name"), MOST_LETTERS)) or str(label)
        steps.append(Step(kind, words, visible(text_of(one.get("key"), 8))))
    return steps


def way_of(steps: Sequence[Step], people: Iterable[str]) -> list[str]:
    """Put whom we rang where the flow rang them: in place of that step, or before a message was taken."""
    way: list[str] = []
    rung = list(people)
    for step, following in zip_longest(steps, steps[1:]):
        if following and not step.chosen and (step.kind, step.words) == (following.kind, following.words):
            continue  # heard again, or what was chosen there is told next
        if step.kind in {StepKind.FORWARD, StepKind.VOICEMAIL} and rung:
            way, rung = [*way, *rung], []
            if step.kind == StepKind.FORWARD:
                continue
        way.append(str(step))
    way = [*way, *rung]
    return way if len(way) <= MOST_STEPS + 1 else [*way[:MOST_STEPS], f"{len(way) - MOST_STEPS} more"]
