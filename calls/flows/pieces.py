"""A difference in pieces: what is there now, what was there, and what is the same. Pure."""

import difflib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Mark = Literal["", "ins", "del"]
CONTEXT = 4  # words that stay on both sides of what changed in a text
MOST_WORDS = 3_000  # a longer text is not compared word by word
LONGEST_VALUE = 80


@dataclass(frozen=True)
class Piece:
    """A part of a sentence: what is there now, what was there, or what is the same."""

    text: str
    mark: Mark = ""


def value_pieces(label: str, old: Any, new: Any) -> tuple[Piece, ...]:
    """Say what became of a value: of a text word by word."""
    if isinstance(old, str) and isinstance(new, str) and old.strip() and new.strip():
        return text_pieces(label, old, new)
    return swap(label, shown(old), shown(new))


def text_pieces(label: str, old: str, new: str) -> tuple[Piece, ...]:
    """Mark the words that went and came, with a few around them."""
    then, now = _words(old), _words(new)
    if max(len(then), len(now)) > MOST_WORDS:
        return (Piece(f"{label} is another one."),)
    runs = difflib.SequenceMatcher(None, then, now, autojunk=False).get_opcodes()
    only = {run[0] for run in runs} - {"equal"}
    pieces = [Piece(f"{label}: ")]
    if only == {"insert"} and len(runs) <= 2:
        pieces, runs = [Piece(f"{label} adds: ")], [run for run in runs if run[0] != "equal"]
    for at, (what, a, b, c, d) in enumerate(runs):
        if what == "equal":
            pieces.append(Piece(_shortened(then[a:b], first=at == 0, last=at == len(runs) - 1)))
            continue
        if a < b:
            pieces += [Piece("".join(then[a:b]).strip(), "del"), Piece(" ")]
        if c < d:
            pieces += [Piece("".join(now[c:d]).strip(), "ins"), Piece(" ")]
    return tuple(piece for piece in pieces if piece.text)


def _words(text: str) -> list[str]:
    return re.findall(r"\S+\s*", re.sub(r"(\S)\Z", r"\1 ", text))


def _shortened(words: Sequence[str], *, first: bool, last: bool) -> str:
    head = [] if first else list(words[:CONTEXT])
    tail = [] if last else list(words[-CONTEXT:])
    return "".join(words) if len(words) <= len(head) + len(tail) + 1 else "".join([*head, "… ", *tail])


def swap(label: str, old: str, new: str) -> tuple[Piece, ...]:
    if old == new:
        return (Piece(f"{label} changed."),)
    return (Piece(f"{label}: "), Piece(old, "del"), Piece(" "), Piece(new, "ins"))


def shown(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(one, str | int | float) for one in value):
        text = ", ".join(map(str, value))
    else:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1].rstrip()}…"
