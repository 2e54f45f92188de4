"""A webhook as it came, before anything is thought of it."""

import time
from dataclasses import dataclass, field
from typing import Any

from calls.vonage.events import Payload, read_body, read_query
from calls.vonage.heads import Head
from calls.vonage.signatures import Claims

Environ = dict[str, Any]  # WSGI's


@dataclass(slots=True)
class Delivery:
    """What came: the raw bytes that the payload is read from, and who signed them (None: nobody, as allowed)."""

    method: str
    query: str
    content_type: str
    sender: str  # the address that it came from
    token: str = ""  # of /event/<token> or /answer/<token>
    begun: float = field(default_factory=time.perf_counter)  # how long an answer took counts from here
    body: bytes = b""
    claims: Claims | None = None
    head: Head | None = None  # as it is kept; of what is refused none is

    @classmethod
    def of(cls, environ: Environ) -> "Delivery":
        """Know it by its head; the body is not read yet."""
        get = environ.get
        path = get("PATH_INFO", "")
        token = (path.partition("/event/")[2] or path.partition("/answer/")[2]).strip("/")
        method, query, content_type = (get(name, "") for name in ("REQUEST_METHOD", "QUERY_STRING", "CONTENT_TYPE"))
        return cls(method, query, content_type, get("REMOTE_ADDR", ""), token)

    @property
    def signed(self) -> bool:
        return self.claims is not None

    def payload(self) -> tuple[Payload, bytes | None]:
        """Read it; give the raw bytes as well where they had to be cleaned. Raises EventError."""
        if self.body or self.method == "POST":
            payload, changed = read_body(self.body, self.content_type)
        else:
            payload, changed = read_query(self.query)
        return payload, (self.body or self.query.encode("utf-8", "surrogateescape")) if changed else None
