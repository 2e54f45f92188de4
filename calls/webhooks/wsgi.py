"""The short way to the webhooks: past everything that is there for people with browsers."""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from http import HTTPStatus

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from calls.webhooks.body import Application, StartResponse
from calls.webhooks.delivery import Delivery, Environ
from calls.webhooks.refusals import refuse
from calls.webhooks.reply import Promise, Reply
from calls.webhooks.urls import DOORS, PREFIXES


class Webhooks:
    """WSGI wrapper that hands a webhook to its door; all else goes to the application.

    The doors are those of the URLs, so there is one way to treat a webhook, and two to reach it.
    """

    def __init__(self, application: Application) -> None:
        self.application = application
        ends = ("", "/")
        self.doors = {f"/{way}{name}{end}": name for name in DOORS for way in PREFIXES for end in ends}

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        door = self.door_at(environ["PATH_INFO"])
        if door is None:
            return self.application(environ, start_response)
        host = environ.get("HTTP_HOST") or environ["SERVER_NAME"]
        reply = DOORS[door](environ) if is_ours(host) else misdirected(environ, door, host)
        if isinstance(reply, Promise):
            return Promised(reply, start_response)
        start_response(status_of(reply), reply.all_headers)
        return [reply.body]

    def is_prompt(self, path: str) -> bool:
        """Whether a request for this path waits for nothing: what has to be waited for is `Promised`."""
        return self.door_at(path) is not None

    def door_at(self, path: str) -> str | None:
        door = self.doors.get(path)
        if door is None and ("/event/" in path or "/answer/" in path):  # with a token behind it
            door = self.doors.get(path.rstrip("/").rpartition("/")[0])
        return door


class Promised:
    """A body that is there once an event is kept, and so are status and headers.

    Any WSGI server can wait for it, as it goes through it. One that knows more about it has better to do.
    """

    def __init__(self, promise: Promise, start_response: StartResponse) -> None:
        self._promise, self._start_response = promise, start_response

    @property
    def seconds(self) -> float:
        """How long it may be waited for. Then it is to be fulfilled all the same, which takes a while."""
        return self._promise.keeping.seconds if self._promise.keeping else 0.0

    def when_ready(self, tell: Callable[[], object]) -> bool:
        """Have this called, in any thread, when waiting is over. False: there is nothing to wait for."""
        return self._promise.keeping is not None and self._promise.keeping.when_kept(tell)

    @property
    def is_ready(self) -> bool:
        """Whether it can be fulfilled at once."""
        return self._promise.keeping is not None and self._promise.keeping.is_kept

    def __iter__(self) -> Iterator[bytes]:
        yield from self._given(self._promise.wait())

    def fulfil(self) -> list[bytes]:
        """Give status, headers and body, and wait no longer."""
        return self._given(self._promise.fulfil())

    def _given(self, reply: Reply) -> list[bytes]:
        self._start_response(status_of(reply), reply.all_headers)
        return [reply.body]


def status_of(reply: Reply) -> str:
    return f"{reply.status:d} {reply.status.phrase}"


def misdirected(environ: Environ, door: str, host: str) -> Reply:
    """Refuse what is for another host, as Django would, and tell staff: a tunnel's may be meant for us."""
    reason = f"the host {host[:100]!r} is neither that of BASE_URL nor one of ALLOWED_HOSTS"
    return refuse(Delivery.of(environ), door, HTTPStatus.BAD_REQUEST, reason)


@lru_cache(maxsize=64)
def is_ours(host: str) -> bool:
    domain, _ = split_domain_port(host)
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)
