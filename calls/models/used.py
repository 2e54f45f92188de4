"""Who uses a row that somebody wants to remove: found in programs, and named in a sentence."""

from collections.abc import Iterable
from typing import Any

MOST_NAMED = 5


def mentions(part: Any, name: str, value: object) -> bool:
    """Whether a field of this name has this value, anywhere in a program."""
    if isinstance(part, dict):
        return part.get(name) == value or any(mentions(inner, name, value) for inner in part.values())
    return isinstance(part, list) and any(mentions(inner, name, value) for inner in part)


def listed(users: Iterable[str]) -> str:
    """Name those who use something: "A, B and 3 more"."""
    names = list(users)
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"{', '.join(names[:MOST_NAMED])}{more}"
