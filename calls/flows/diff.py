"""What callers will notice: the difference between two programs, in words. Reads programs; asks nobody."""

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

from calls.flows.naming import (
    NOTHING_KNOWN,
    Known,
    end_words,
    kind_words,
    step_name,
    step_title,
    summary,
    target_words,
    voice_words,
)
from calls.flows.pieces import Piece, swap, value_pieces
from calls.flows.program import Program, Target
from calls.flows.steps import STEPS
from calls.flows.steps.forward import shown as shown_target

VOICE = ("language", "style", "premium")
# Fields of the kinds as staff know them; what is not named here is called as it is written.
FIELDS = {
    "actions": "The NCCO",
    "nothing": "Said after nothing",
    "wrong": "Said after a wrong key",
    "seconds": "Seconds it waits",
    "tries": "Times it asks",
    "loop": "Times it is said",
    "level": "Volume",
    "speech": "Words may be said",
    "beep": "Beep",
    "hours": "Opening hours",
    "sound": "Sound file",
    "targets": "Rings",
}


@dataclass(frozen=True)
class Change:
    """One thing that callers will notice. `step` is its id in the new program, in the old where it is gone, "" for what
    is of the whole flow; `tag` says it in two words.
    """

    sort: Literal["new", "gone", "moved", "changed", "flow"]
    step: str
    where: str  # "Step 3, Main menu"
    tag: str
    pieces: tuple[Piece, ...]

    def __str__(self) -> str:
        marks = {"": "{}", "ins": "[+{}+]", "del": "[-{}-]"}  # as `git diff --word-diff` has it
        return f"{self.where}: {''.join(marks[piece.mark].format(piece.text) for piece in self.pieces)}"


def differences(old: Program | None, new: Program, known: Known = NOTHING_KNOWN) -> list[Change]:
    """Give what callers of `new` will notice who knew `old` (None: they heard nothing), in the order of steps.

    `known` holds the names of what either leads to, asks and plays.
    """
    before: Program = old or {"steps": {}}
    same = matched(before, new)  # id in new → id in old
    found = list(_of_the_flow(before, new)) if old else []
    moved = _moved(before, new, same)
    for key, step in in_order(new):
        if key not in same:
            words = (Piece("New:", "ins"), Piece(f" {kind_words(step['kind'])}, {summary(new, step, known)}."))
            found.append(Change("new", key, step_title(step), "new", words))
            continue
        was = before["steps"][same[key]]
        where = step_title(step)
        if key in moved:
            pieces = (Piece("Comes at place "), Piece(str(was["place"]), "del"), Piece(" "))
            found.append(Change("moved", key, where, "moved", (*pieces, Piece(str(step["place"]), "ins"), Piece("."))))
        found += [
            Change("changed", key, where, tag, tuple(pieces))
            for tag, pieces in _of_a_step(_Pair(before, new, was, step, same, known))
        ]
    for key, step in in_order(before):
        if key not in same.values():
            words = (Piece("Gone:", "del"), Piece(f" {kind_words(step['kind'])}, {summary(before, step, known)}."))
            found.append(Change("gone", key, step_title(step), "gone", words))
    return found


def in_order(program: Program) -> list[tuple[str, Any]]:
    """The steps with their ids, as callers come to them."""
    return sorted(program.get("steps", {}).items(), key=lambda item: item[1].get("place", 0))


def matched(old: Program, new: Program) -> dict[str, str]:
    """Find each new step among the old: the one of the same id, else (an import gives new ids) of the same name."""
    olds, news = dict(in_order(old)), dict(in_order(new))
    same = {key: key for key, step in news.items() if key in olds and olds[key]["kind"] == step["kind"]}
    if same:
        return same
    for marks in (("kind", "name"), ("kind",)):
        left = [key for key in olds if key not in same.values()]
        for key, step in news.items():
            alike = (one for one in left if all(olds[one].get(mark) == step.get(mark) for mark in marks))
            twin = next(alike, None) if key not in same else None
            if twin is not None:
                same[key] = twin
                left.remove(twin)
    return same


def _moved(old: Program, new: Program, same: Mapping[str, str]) -> set[str]:
    """Find the steps that changed their place among those that stayed: the fewest that explain the new order."""
    then = [key for key, _ in in_order(old) if key in same.values()]
    now = [same[key] for key, _ in in_order(new) if key in same]
    kept: set[str] = set()
    for block in difflib.SequenceMatcher(None, then, now, autojunk=False).get_matching_blocks():
        kept.update(now[block.b : block.b + block.size])
    return {key for key, was in same.items() if was not in kept}


def _of_the_flow(old: Program, new: Program) -> Iterator[Change]:
    if old.get("name") != new.get("name"):
        yield Change("flow", "", "Flow", "renamed", swap("Name", str(old.get("name")), str(new.get("name"))))
    voices = voice_words(old.get("voice", {})), voice_words(new.get("voice", {}))
    if voices[0] != voices[1]:
        yield Change("flow", "", "Flow", "voice changed", swap("Voice", *voices))


@dataclass(frozen=True)
class _Pair:
    """A step in the old program and in the new one."""

    old: Program
    new: Program
    was: Mapping[str, Any]
    step: Mapping[str, Any]
    same: Mapping[str, str]
    known: Known


def _of_a_step(pair: _Pair) -> Iterator[tuple[str, Sequence[Piece]]]:
    """Give what changed about it, each with its tag."""
    if pair.was.get("name") != pair.step.get("name"):
        yield "renamed", swap("Name", step_name(pair.was), step_name(pair.step))
    then, now = pair.was.get("settings", {}), pair.step.get("settings", {})
    voices = voice_words(then), voice_words(now)
    if "language" in now and voices[0] != voices[1]:
        yield "voice changed", swap("Voice", *voices)
    own = {one.name for one in fields(STEPS[pair.step["kind"]])} if pair.step["kind"] in STEPS else {*now}
    for name in dict.fromkeys([*then, *now]):  # what was looked up for the engine is none of theirs
        if name in own and name not in VOICE and _plain(then.get(name)) != _plain(now.get(name)):
            label = FIELDS.get(name, name.replace("_", " ").capitalize())
            told = [_told(name, settings.get(name), pair.known) for settings in (then, now)]
            yield f"{_tag_of(name)} changed", value_pieces(label, *told)
    yield from _of_branches(pair)


def _of_branches(pair: _Pair) -> Iterator[tuple[str, Sequence[Piece]]]:
    then, now = pair.was.get("on", {}), pair.step.get("on", {})
    for on in sorted({*then, *now}):
        case = end_words(on)
        key = case.startswith("Key ")
        was = then.get(on) or (None if key else pair.was.get("next"))
        goes = now.get(on) or (None if key else pair.step.get("next"))
        tag = f"{case[:1].lower()}{case[1:]} changed"
        if was and goes and was != _target(goes, pair.same):
            old, new = target_words(pair.old, was, pair.known.flows), target_words(pair.new, goes, pair.known.flows)
            went = [Piece(f"{case} went to " if key else f"{case}: went to "), Piece(old, "del")]
            yield tag, [*went, Piece(", goes to "), Piece(new, "ins"), Piece(".")]
        elif goes and not was:
            new = target_words(pair.new, goes, pair.known.flows)
            yield tag, [Piece(f"{case} is new: goes to "), Piece(new, "ins"), Piece(".")]
        elif was and not goes:
            old = target_words(pair.old, was, pair.known.flows)
            yield tag, [Piece(f"{case} went to "), Piece(old, "del"), Piece(", does nothing now.")]
        said = [", ".join(step.get("words", {}).get(on, [])) for step in (pair.was, pair.step)]
        if goes and said[0] != said[1]:
            yield tag, value_pieces(f"Words for {case[:1].lower()}{case[1:]}", *said)


def _plain(value: Any) -> Any:
    """The value as it is after a journey through JSON."""
    return json.loads(json.dumps(value))


def _told(name: str, value: Any, known: Known) -> Any:
    """A setting as people know it: what it holds by an id, by its name."""
    names = {"hours": known.hours, "sound": known.sounds}.get(name)
    if names is not None and isinstance(value, int):
        return f"“{names[value]}”" if value in names else "one that is gone"
    if name == "targets" and isinstance(value, list) and all(isinstance(one, Mapping) for one in value):
        return ", then ".join(map(shown_target, value))
    return value


def _tag_of(field: str) -> str:
    return field.replace("_", " ") if field not in {"actions"} else "NCCO"


def _target(target: Target, same: Mapping[str, str]) -> Target:
    """A target of the new program with the old one's ids."""
    if "step" in target:
        key = str(target["step"])
        return {"step": same.get(key, f"new {key}")}
    return target
