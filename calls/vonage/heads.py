"""The head of a webhook as it is kept: its request line and the headers that tell something, with nothing secret in it.

It holds only what is alike from one request to the next. So there are few different heads, and each is kept once.
"""

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import Any

MOST_CHARACTERS = 200  # of a value
MOST_OF_A_NAME = 40
MOST_OF_A_LINE = 100
HIDDEN = "•••"  # stands where a secret was
# What is secret wherever it stands: what a parameter of such a name says, a token that is signed, and an authorization.
SECRETS = re.compile(
    r"""(?P<shown>
        (?:token|secret|sig|signature|pwd|passwo?r?d|auth|(?:api|access)[_-]?key|jwt|cookie|session|session_?id)
            (?:=|%3D)
        | \b(?:Basic|Bearer|Digest)\s+ (?=\S{8})
        | \b(?=eyJ[\w-]{6})
    )
    (?:"[^"]*"? | [^\s"&;,)]+)""",
    re.IGNORECASE | re.VERBOSE,
)
SIGNS = ("=", "%3d", "eyj", "basic", "bearer", "digest")  # each of these has one, in small letters
REPLACEMENT = "\ufffd"


@dataclass(frozen=True, slots=True)
class Head:
    """A request line, with neither query nor token in it, and headers in order."""

    line: str  # "POST /event HTTP/1.1"
    headers: tuple[tuple[str, str], ...]
    key: int = field(init=False, compare=False, repr=False)  # 31 bits of a digest: two may share one, if seldom

    def __post_init__(self) -> None:
        digest = hashlib.sha256(json.dumps([self.line, self.headers]).encode()).digest()
        object.__setattr__(self, "key", int.from_bytes(digest[:4]) >> 1)

    def __str__(self) -> str:
        return "\n".join([self.line, *(f"{name}: {value}" for name, value in self.headers)])

    def as_json(self) -> dict[str, Any]:
        return {"line": self.line, "headers": self.headers}

    @classmethod
    def read(cls, told: Any) -> "Head | None":
        """Make it of what `as_json` gave; None of anything else: an event is worth more than its head."""
        try:
            headers = tuple((readable(name, MOST_OF_A_NAME), readable(value)) for name, value in told["headers"])
            return cls(readable(told["line"], MOST_OF_A_LINE), headers)
        except (KeyError, TypeError, ValueError):
            return None


def masked(text: str) -> str:
    """Hide what is secret in a line or a value."""
    small = text.lower()
    if not any(sign in small for sign in SIGNS):  # nearly always, and found in a tenth of the time
        return text
    return SECRETS.sub(rf"\g<shown>{HIDDEN}", text)


def readable(text: str, most: int = MOST_CHARACTERS) -> str:
    """Cut a text, and replace what people could not see in it, or a database would not take."""
    if not isinstance(text, str):
        raise TypeError("no text")
    cut = text if len(text) <= most else f"{text[: most - 1]}…"
    return cut if cut.isprintable() else "".join(c if c.isprintable() else REPLACEMENT for c in cut)
