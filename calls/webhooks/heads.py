"""Which headers of a webhook are kept, and how they are read from WSGI's environ.

Those that tell who speaks to us and by which way, and are the same for thousands of requests. All others are left out:
what varies with each request would make each head one of its own, and what nobody expects may be a secret. Those that
are kept may have one in them all the same, as proxies write them: it is hidden once for all requests that are alike.
"""

import re
from functools import lru_cache

from calls.vonage.heads import HIDDEN, MOST_OF_A_LINE, Head, masked, readable
from calls.webhooks.delivery import Delivery, Environ

NAMES = (
    *("Host", "User-Agent", "Accept", "Accept-Encoding", "Content-Type", "Connection", "Via", "Forwarded"),
    *("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-IP"),
)
VARIABLES = tuple(
    "CONTENT_TYPE" if name == "Content-Type" else f"HTTP_{name.upper()}".replace("-", "_") for name in NAMES
)
# Of an authorization the scheme is kept alone. A first word that is none of these may be the secret itself.
MASKED = {name.lower(): f"{name} {HIDDEN}" for name in ("Basic", "Bearer", "Digest")}
# The port of an address is another one with each connection. That of our own host is not, and stays.
ADDRESS = r"(?:\d{1,3}(?:\.\d{1,3}){3}|\[[\da-fA-F:.]+\])"
PORTS = {
    **dict.fromkeys(["X-Forwarded-For", "X-Real-IP"], re.compile(rf"(?<![^\s,])({ADDRESS}):\d+(?![^\s,])")),
    "Forwarded": re.compile(rf"""(\b(?:for|by)="?{ADDRESS}):\d+(?![^\s,;"])""", re.IGNORECASE),
}
REMEMBERED = 128  # heads that were read lately; each may be as long as the server takes


def head_of(environ: Environ, delivery: Delivery) -> Head:
    """Read the head of a request to one of our doors."""
    get = environ.get
    path, secret = get("PATH_INFO", ""), get("HTTP_AUTHORIZATION")
    if delivery.token:  # as good as a secret, and another one each time
        path = path.rpartition(delivery.token)[0] + HIDDEN
    scheme = MASKED.get(secret.partition(" ")[0].lower(), HIDDEN) if secret else ""
    query = bool(delivery.query)
    return _head(delivery.method, path, query, get("SERVER_PROTOCOL", ""), scheme, tuple(map(get, VARIABLES)))


@lru_cache(maxsize=REMEMBERED)
def _head(method: str, path: str, query: bool, protocol: str, scheme: str, values: tuple[str | None, ...]) -> Head:
    line = masked(f"{method} {path}{'?…' if query else ''} {protocol}")
    told = [(name, readable(_told(name, value))) for name, value in zip(NAMES, values, strict=True) if value]
    return Head(readable(line, MOST_OF_A_LINE), (*told, ("Authorization", scheme)) if scheme else tuple(told))


def _told(name: str, value: str) -> str:
    """What a header says, without secrets, and without what differs from one connection to the next."""
    text = masked(_decoded(value))
    return PORTS[name].sub(r"\1", text) if name in PORTS else text


def _decoded(value: str) -> str:
    """Read what WSGI gives as if it were Latin-1 as what it most likely is."""
    return value if value.isascii() else value.encode("latin-1", "replace").decode("utf-8", "replace")
