"""The voice applications that are rung: what their owner would set in the Vonage dashboard."""

from dataclasses import dataclass, field
from typing import Literal
from uuid import uuid4

Method = Literal["GET", "POST"]

CONNECT_SECONDS = 1.0  # the platform's defaults for an application
READ_SECONDS = {"answer": 5.0, "fallback": 5.0, "event": 10.0}


@dataclass(frozen=True, kw_only=True)
class Application:
    """URLs and methods as an application has them. Without a `secret`, webhooks go unsigned, as to old applications."""

    answer_url: str = ""
    event_url: str = ""
    fallback_url: str = ""
    answer_method: Method = "GET"
    event_method: Method = "POST"
    fallback_method: Method = "GET"
    secret: str = ""  # the account's signature secret
    api_key: str = ""
    api_secret: str = ""
    application_id: str = field(default_factory=lambda: str(uuid4()))
    name: str = "A voice application"
    public_key: str = ""  # PEM; checks the tokens of the REST API. "": nobody can use it
    numbers: tuple[str, ...] | None = None  # linked; None: any number is
    signed_callbacks: bool = True
    connect_seconds: float = CONNECT_SECONDS
    answer_seconds: float = READ_SECONDS["answer"]
    fallback_seconds: float = READ_SECONDS["fallback"]
    event_seconds: float = READ_SECONDS["event"]

    def owns(self, number: str) -> bool:
        """Whether the number is linked to this application."""
        return self.numbers is None or number in self.numbers

    def target(self, url: str = "", method: Method | None = None) -> "Target":
        """Where an event goes: to a URL of its own (by POST, unless told), or to the application's event URL."""
        return Target(url, method or "POST") if url else Target(self.event_url, method or self.event_method)


@dataclass(frozen=True)
class Target:
    """Where the events of a leg or an action go. No URL: nobody wants them."""

    url: str
    method: Method = "POST"
