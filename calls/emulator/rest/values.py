"""Reading the values of a request. One that is not as documented is refused by its name."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from calls.emulator.rest.problems import Problem, invalid
from calls.vonage import ncco as nccos

Body = dict[str, Any]


def is_http_url(value: Any) -> bool:
    """Whether it is an absolute http or https URL."""
    if not isinstance(value, str):
        return False
    try:
        parts = urlsplit(value)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port or an address that is none
        return False


def one_url(value: Any, name: str) -> str:
    """Read an array of one URL: a text is an invalid type."""
    if not isinstance(value, list) or len(value) != 1 or not isinstance(value[0], str):
        raise invalid(name)
    if not is_http_url(value[0]):
        raise invalid(name, "must be an http or https URL")
    return value[0]


def mapping(value: Any, name: str) -> Body:
    if not isinstance(value, dict):
        raise invalid(name)
    return value


def flag(body: Body, name: str) -> bool:
    """Read true or false; what is not there is false."""
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise invalid(name)
    return value


def word(body: Body, name: str, words: Sequence[str], default: str = "") -> str:
    """Read one of a few words."""
    value = body.get(name, default)
    if not isinstance(value, str):
        raise invalid(name)
    if value not in words and value != default:
        raise invalid(name, "must be one of " + ", ".join(words))
    return value


def whole(body: Body, name: str, default: int, least: int, most: int) -> int:
    """Read a whole number."""
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid(name)
    if not least <= value <= most:
        raise invalid(name, f"must be {least} to {most}")
    return value


def refused(action: Body, names: dict[str, str]) -> Problem | None:
    """Say what an NCCO would be refused for that had this action; `names` are those of its options in the request."""
    for problem in nccos.errors([action]):
        path = problem.path.removeprefix("0.").replace(".0", "")
        theirs, _, rest = path.partition(".")
        name = ".".join(filter(None, (names.get(theirs, theirs), rest)))
        return invalid(name, problem.message.partition(": ")[2])
    return None
