"""Payloads as people read them: JSON over several lines, cut where it is too long, with nothing invisible in it."""

import json
import re
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from calls.dashboard.by_name import ByName
from calls.templatetags.calls_format import visible

SHOWN = 20_000  # characters of one payload
SHOWN_IN_ALL = 600_000  # characters on one page
LEAST_SHOWN = 400
KEY = re.compile(r'( *)("(?:[^"\\]|\\.){1,200}")(: .*)', re.DOTALL)


@dataclass(frozen=True)
class Pretty(ByName):
    """A payload's text as shown, and how many characters of it are left out."""

    text: str
    left_out: int = 0

    @property
    def html(self) -> SafeString:
        """The text escaped, its keys told from its values."""
        lines = ((KEY.fullmatch(line), line) for line in self.text.split("\n"))
        parts = ((m[1], m[2], m[3]) if m else (line, "", "") for m, line in lines)
        return format_html_join("\n", "{}<b>{}</b>{}", parts)


class Paper:
    """What one page has room for: long payloads are cut, and when there are many of them, shorter."""

    def __init__(self, room: int = SHOWN_IN_ALL) -> None:
        self.room = room

    def write(self, value: Any) -> Pretty:
        """Spell JSON out. The first of a page's payloads get what they need; each gets LEAST_SHOWN."""
        text = pretty(value)
        limit = max(min(SHOWN, self.room), LEAST_SHOWN)
        self.room -= min(len(text), limit)
        return Pretty(visible(text[:limit]), max(len(text) - limit, 0))


def pretty(value: Any) -> str:
    """JSON over several lines. An action of an NCCO begins with its name: Postgres keeps no order of keys."""
    return json.dumps(_action_first(value), indent=2, ensure_ascii=False)


def _action_first(value: Any) -> Any:
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        return [{"action": item["action"], **item} if "action" in item else item for item in value]
    return value
