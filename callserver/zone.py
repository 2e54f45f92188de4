"""The zone in which the pages of the dashboard show times: the viewer's, which their browser tells in a cookie.

It is no secret and decides nothing but what is shown. The admin and the API stay in TIME_ZONE: what is planned there is
meant in the server's zone.
"""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

COOKIE = "zone"  # see zone.js: "Europe/Madrid" as the browser says, "server" where the viewer prefers that
LONGEST = 64
IN_TIME_ZONE = ("/admin/", "/api/")


class ViewersZoneMiddleware:
    """Show times in the viewer's zone. It stays until the thread's next request: a CSV file is still being made."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = request.COOKIES.get(COOKIE, "")
        zone = _zone(name) if name and not request.path_info.startswith(IN_TIME_ZONE) else None
        if zone:
            timezone.activate(zone)
        else:
            timezone.deactivate()
        return self.get_response(request)


def _zone(name: str) -> ZoneInfo | None:
    """Read the cookie; None for what is no zone."""
    try:
        return ZoneInfo(name) if len(name) <= LONGEST else None
    except (KeyError, ValueError, OSError):  # unknown, no path of a zone, a folder
        return None
