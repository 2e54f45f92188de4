"""What a caller hears, in words: an NCCO told in a line."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from calls.vonage import numbers
from calls.vonage.events import text_of

TEXT_LENGTH = 90  # of what was said or heard, in a line
MOST_ACTIONS = 4


def cut(text: str, length: int = TEXT_LENGTH) -> str:
    """Shorten a text to one line, at a word's end."""
    line = " ".join(text[: length * 4].split())
    return line if len(line) <= length else f"{line[:length].rpartition(' ')[0] or line[:length]}…"


def heard(actions: Sequence[Mapping[str, Any]]) -> str:
    """Say an NCCO: what its caller hears or is asked for."""
    said = [_action(action) for action in actions[:MOST_ACTIONS]]
    more = len(actions) - MOST_ACTIONS
    return ", then ".join(said) + (f", and {more} more" if more > 0 else "") if said else "nothing: the call ends"


def spoken(action: Mapping[str, Any], length: int = TEXT_LENGTH) -> str:
    """The text of a `talk`, without SSML, in quotes."""
    text = re.sub(r"<[^<>]{0,200}>", " ", text_of(action.get("text"), 2_000))
    return f"“{cut(text, length)}”"


def _action(action: Mapping[str, Any]) -> str:
    word = text_of(action.get("action"))
    if word == "talk":
        return spoken(action)
    if word == "connect":
        return f"a call to {_endpoint(action.get('endpoint'))}"
    if word == "input":
        kinds = action.get("type")
        return "a wait for speech" if kinds == ["speech"] else "a wait for a key"
    return {
        "stream": "a sound",
        "record": "a recording",
        "conversation": "a conference",
        "notify": "a note to us",
    }.get(word, f"“{word}”")


def _endpoint(endpoints: Any) -> str:
    first = endpoints[0] if isinstance(endpoints, list) and endpoints else None
    if not isinstance(first, dict):
        return "somebody"
    party = text_of(first.get("number")) or text_of(first.get("uri")) or text_of(first.get("user"))
    return numbers.shown(party) if party else "somebody"
