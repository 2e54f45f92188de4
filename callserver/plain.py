"""HTTP as Vonage and proxies speak it: a request that lies whole in what was read, and a reply that goes out at once.

gunicorn reads whatever comes, over many reads and with all that HTTP allows. Most webhooks need none of that, and to
read them costs as much as all that is done with them. What is not plain, or not well made, is left to gunicorn.
"""

import io
import re
import time
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from gunicorn import SERVER
from gunicorn.util import http_date
from gunicorn_h1c import IncompleteError, ParseError, parse_to_wsgi_environ

MOST_BYTES = 65_536  # of a request
LONGEST_HEAD = 8_190  # gunicorn's limit of a header: none can be longer in there
# A proxy may name our own variables so, if gunicorn is told to trust it; from others gunicorn drops them.
UNDERSCORE = re.compile(rb"\r\n[^:\r\n]*_")
LENGTH = re.compile(rb"\r\nContent-Length: *(\d{1,5})\r\n", re.IGNORECASE)
EXPECTS = re.compile(rb"\r\nExpect:", re.IGNORECASE)  # then nothing more comes before gunicorn says so
# What changes how long a request is, or what becomes of its connection.
NOT_PLAIN = ("HTTP_TRANSFER_ENCODING", "HTTP_EXPECT", "HTTP_UPGRADE")
# The version, and what is said of the connection: whether it is to last. A proxy may want another one for each request.
CONNECTIONS = {
    ("HTTP/1.1", ""): True,
    ("HTTP/1.1", "keep-alive"): True,
    ("HTTP/1.1", "close"): False,
    ("HTTP/1.0", ""): False,
    ("HTTP/1.0", "close"): False,
}

Environ = dict[str, Any]  # WSGI's
Address = tuple[Any, ...]


def read(data: bytes, server: Address, client: Address) -> Environ | None:
    """Make WSGI's environ of these bytes; None where they are not one plain request, whole and no more than that."""
    head_ends = data.find(b"\r\n\r\n") + 4
    if not 4 <= head_ends <= LONGEST_HEAD or UNDERSCORE.search(data, 0, head_ends):
        return None
    if not data[: data.find(b"\r\n")].isascii():
        return None
    try:
        environ: Environ = parse_to_wsgi_environ(data[:head_ends], server[:2], client[:2])
    except (ParseError, IncompleteError, ValueError):
        return None
    length = environ.get("CONTENT_LENGTH", "0")
    if not (length.isdecimal() and length.isascii() and head_ends + int(length) == len(data)):
        return None
    if not is_plain(environ):
        return None
    environ["wsgi.input"] = io.BytesIO(data[head_ends:])
    return environ


def begun(data: bytes) -> str | None:
    """Give the path where these bytes are the beginning of a request, and the rest is not there yet; else None.

    "" is for a path that is not there yet either.
    """
    line, line_ends, _ = data.partition(b"\r\n")
    head_ends = data.find(b"\r\n\r\n") + 4
    length = LENGTH.search(data, 0, head_ends)
    whole = head_ends + int(length[1] if length else 0) if head_ends >= 4 else LONGEST_HEAD
    if not len(data) < whole <= MOST_BYTES or EXPECTS.search(data):
        return None
    words = line.decode("latin-1").split(" ")
    return "" if not line_ends else words[1].partition("?")[0] if len(words) == 3 else None


def is_plain(environ: Environ) -> bool:
    """Whether it means the same to everybody who reads it."""
    path, connection = environ["PATH_INFO"], environ.get("HTTP_CONNECTION", "").lower()
    return (
        environ["REQUEST_METHOD"] in {"GET", "POST"}
        and (environ["SERVER_PROTOCOL"], connection) in CONNECTIONS
        and not any(name in environ for name in NOT_PLAIN)
        and not ("%" in path or "#" in path or "#" in environ["QUERY_STRING"])
    )


def lasts(environ: Environ) -> bool:
    """Whether the other side wants to go on with this connection."""
    return CONNECTIONS[environ["SERVER_PROTOCOL"], environ.get("HTTP_CONNECTION", "").lower()]


@lru_cache(maxsize=1)
def date(second: int) -> str:
    """Spell a time as HTTP does."""
    return str(http_date(second))


def spell(
    status: str, headers: Iterable[tuple[str, str]], body: Iterable[bytes], *, keep: bool, version: str = "HTTP/1.1"
) -> bytes:
    """Write a reply as gunicorn would. `keep`: the connection stays."""
    ours = [("Server", SERVER), ("Date", date(int(time.time()))), ("Connection", "keep-alive" if keep else "close")]
    lines = [f"{version} {status}", *[f"{name}: {value}" for name, value in (*ours, *headers)]]
    return b"".join(["\r\n".join([*lines, "", ""]).encode("latin-1"), *body])
