"""What a caller hears, in words: an NCCO told in a line."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from calls.vonage import numbers
from calls.vonage.events import text_of

TEXT_LENGTH = 90  # of what was said or heard, in a line
MOST_ACTIONS = 4
BOTH = ["dtmf", "speech"]


def cut(text: str, length: int = TEXT_LENGTH) -> str:
    """Shorten a text to one line, at a word's end."""
    line = " ".join(text[: length * 4].split())
    return line if len(line) <= length else f"{line[:length].rpartition(' ')[0] or line[:length]}…"


def heard(actions: Sequence[Mapping[str, Any]]) -> str:
    """Say an NCCO: what its caller hears or is asked for."""
    meant = _meant(actions)
    said = [_action(action) for action in meant[:MOST_ACTIONS]]
    more = len(meant) - MOST_ACTIONS
    return ", then ".join(said) + (f", and {more} more" if more > 0 else "") if said else "nothing: the call ends"


def _meant(actions: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Leave out what is there for the worst case alone: the sentence after a question of ours, the end's short wait."""
    for place, action in enumerate(actions):
        urls = action.get("eventUrl")
        asks_us = isinstance(urls, list) and urls and "/event/" in text_of(urls[0], 2_000)
        if action.get("action") == "input" and asks_us:
            return actions[: place + 1]
    return [] if actions == [{"action": "wait", "timeout": 0.1}] else actions


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
        kinds, keys = action.get("type"), action.get("dtmf")
        if kinds == ["speech"]:
            return "a wait for speech"
        many = isinstance(keys, dict) and keys.get("maxDigits", 4) != 1
        return "a wait for keys" if many else "a wait for a key or a word" if kinds == BOTH else "a wait for a key"
    return {
        "stream": "a sound",
        "record": "a recording",
        "conversation": "a conference",
        "notify": "a note to a program",
        "wait": "a pause",
    }.get(word, f"“{word}”")


def _endpoint(endpoints: Any) -> str:
    first = endpoints[0] if isinstance(endpoints, list) and endpoints else None
    if not isinstance(first, dict):
        return "somebody"
    party = text_of(first.get("number")) or text_of(first.get("uri")) or text_of(first.get("user"))
    return numbers.shown(party) if party else "somebody"
