"""The short way to the webhooks: past everything that is there for people with browsers."""

from collections.abc import Iterable
from functools import lru_cache
from http import HTTPStatus

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from calls.webhooks.body import Application, StartResponse
from calls.webhooks.delivery import Delivery, Environ
from calls.webhooks.refusals import refuse
from calls.webhooks.reply import Reply
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
        path = environ["PATH_INFO"]
        door = self.doors.get(path)
        if door is None and ("/event/" in path or "/answer/" in path):  # with a token behind it
            door = self.doors.get(path.rstrip("/").rpartition("/")[0])
        if door is None:
            return self.application(environ, start_response)
        host = environ.get("HTTP_HOST") or environ["SERVER_NAME"]
        reply = DOORS[door](environ) if is_ours(host) else misdirected(environ, door, host)
        start_response(f"{reply.status:d} {reply.status.phrase}", reply.all_headers)
        return [reply.body]


def misdirected(environ: Environ, door: str, host: str) -> Reply:
    """Refuse what is for another host, as Django would, and tell staff: a tunnel's may be meant for us."""
    reason = f"the host {host[:100]!r} is neither that of BASE_URL nor one of ALLOWED_HOSTS"
    return refuse(Delivery.of(environ), door, HTTPStatus.BAD_REQUEST, reason)


@lru_cache(maxsize=64)
def is_ours(host: str) -> bool:
    domain, _ = split_domain_port(host)
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)
