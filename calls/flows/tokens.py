"""The token in the address that the platform asks us at while a flow runs: `/event/<token>`.

It names where in which version the caller is, so that a flow goes on without anything remembered, on any web process.
The platform's signature does not cover the address, so the token is signed by us; SECRET_KEY_FALLBACKS count.
"""

from dataclasses import dataclass, field, fields
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.core import signing

SALT = "place in a flow"
VALID = timedelta(hours=48)  # no call lasts so long


@dataclass(frozen=True)
class Place:
    """Where a caller is. `state` is the step's own: which try, which telephone. The rest goes along with the call."""

    version: int
    step: str
    number: str  # of ours, that was called
    caller: str
    visits: int = 0
    state: dict[str, Any] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)  # what the caller keyed in, by its name
    hours: int | None = None  # the opening hours that were asked last
    leg: str = ""  # the caller's own


def url_of(place: Place, door: str = "event") -> str:
    """The address at which the platform asks how a call at this place goes on."""
    content = [getattr(place, one.name) for one in fields(place)]
    return f"{settings.BASE_URL}/{door}/{quote(signing.dumps(content, salt=SALT), safe=':')}"


def read(token: str) -> Place | None:
    """Give the place; None for a token that is not ours, or too old."""
    try:
        found = signing.loads(token, salt=SALT, max_age=VALID)
        return Place(*found)
    except (signing.BadSignature, TypeError):
        return None
