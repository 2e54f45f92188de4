"""The way of a call through a flow, in words: Hours, Menu 2, Tom, Voicemail."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile, zip_longest
from typing import Any

from calls.models import StepKind
from calls.models.callers import block_words
from calls.vonage.events import text_of
from calls.vonage.numbers import visible

MOST_STEPS = 6
MOST_LETTERS = 40
SHORT = {StepKind.HOURS: "Hours"}
BLOCK = "block"  # where blocked callers come to
BLOCK_ENDS = {"hang up": "hung up", "message": "heard a sentence", "voicemail": "was sent to voicemail"}
# What a caller does who came to a step and no further: in a word, and in some.
DOING = {
    StepKind.GREETING: ("Listening", "Hears us speak"),
    StepKind.AUDIO: ("Listening", "Hears a sound"),
    StepKind.MENU: ("In the menu", "Hears the menu"),
    StepKind.DIGITS: ("Keying in", "Is asked for digits"),
    StepKind.VOICEMAIL: ("Leaving a message", "Is at the voicemail"),
    StepKind.ROOM: ("In a room", "Is in the room"),
}
TRIES = ("", "", ", second try", ", third try", ", fourth try")


@dataclass(frozen=True)
class Step:
    """A step that a caller came to, as the list names it."""

    kind: str
    words: str
    chosen: str = ""  # there, such as a key
    note: str = ""  # of the block list: whom its line stops
    end: str = ""  # of the block list: what came of it

    def __str__(self) -> str:
        return f"{self.words} {self.chosen}".rstrip()


def steps_of(path: Any) -> list[Step]:
    """Read the path that was kept with an answer."""
    steps: list[Step] = []
    for one in path if isinstance(path, list) else []:
        if not isinstance(one, dict):
            continue
        kind = text_of(one.get("kind"), 16)
        if kind == BLOCK:
            steps.append(_blocked(one))
            continue
        label = SHORT.get(StepKind(kind)) or StepKind(kind).label if kind in StepKind.values else kind.capitalize()
        words = visible(text_of(one.get("name"), MOST_LETTERS)) or str(label)
        steps.append(Step(kind, words, visible(text_of(one.get("key"), 8))))
    return steps


def _blocked(one: Mapping[str, Any]) -> Step:
    match, pattern = text_of(one.get("match"), 16), visible(text_of(one.get("pattern"), MOST_LETTERS))
    note = block_words(match, pattern) if match else ""
    return Step(BLOCK, "Block list", note=note, end=BLOCK_ENDS.get(text_of(one.get("name"), 16), ""))


def block_of(steps: Sequence[Step]) -> Step | None:
    """The line of the block list that stopped the caller; None for who is not blocked."""
    return next((step for step in steps if step.kind == BLOCK), None)


def doing_at(steps: Sequence[Step]) -> tuple[str, str]:
    """What a caller does who came so far: "In the menu", and "Hears the menu “Sales”, second try"; "" unknown."""
    last = steps[-1] if steps else None
    if last is None or last.chosen or last.kind not in DOING:
        return "", ""
    word, words = DOING[StepKind(last.kind)]
    name = "" if last.words == SHORT.get(StepKind(last.kind), StepKind(last.kind).label) else f" “{last.words}”"
    tries = len(list(takewhile(lambda step: step == last, reversed(steps))))
    return word, f"{words}{name}{TRIES[min(tries, len(TRIES) - 1)]}"


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
