"""What became of messages: those of the last days are new, or were heard; older ones were put away, most of them."""

import random
from datetime import datetime, timedelta

from django.db import connection

from calls.management.seeding.when import spelt
from calls.models import VoicemailState

PLACED_BY_PEOPLE = {"state", "heard_at", "archived_at", "changed_at"}
NOBODY_YET = "\\N"
NEW, HEARD = timedelta(days=4), timedelta(days=14)  # so old messages are heard, and archived


def placed_by_people(left: datetime, until: datetime, chance: random.Random) -> dict[str, str]:
    """Say where a message that was left at one time is at another. Times are spelt in UTC."""
    heard = left + timedelta(minutes=chance.randint(2, 600))
    archived = heard + timedelta(minutes=chance.randint(1, 3_000))
    age, luck = until - left, chance.random()
    is_heard = heard < until and (age > NEW or luck < 0.4)
    is_archived = is_heard and archived < until and luck < (0.95 if age > HEARD else 0.3)
    state = VoicemailState.ARCHIVED if is_archived else VoicemailState.HEARD if is_heard else VoicemailState.NEW
    return {
        "state": state.value,
        "heard_at": _moment(heard) if is_heard else NOBODY_YET,
        "archived_at": _moment(archived) if is_archived else NOBODY_YET,
        "changed_at": _moment(archived if is_archived else heard if is_heard else left),
    }


def _moment(moment: datetime) -> str:
    text = spelt(int(moment.timestamp()))
    return f"{text}Z" if connection.vendor == "postgresql" else text.replace("T", " ")
