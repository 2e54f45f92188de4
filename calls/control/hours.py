"""Open or closed for a while: what staff set over the hours, wherever they do it."""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from calls.flows.steps.spoken import DEFAULT_VOICE, text_problems
from calls.models import OpeningHours, Override, OverrideState, User

MOST_CHARACTERS = 500  # of a message
LONGEST = timedelta(days=366)


def override(
    hours: OpeningHours,
    state: str,
    until: datetime,
    by: User | None,
    message: str = "",
    *,
    since: datetime | None = None,
) -> Override:
    """Keep it open or closed from now (or `since`) until a moment; then the hours hold again by themselves.

    Raises ValidationError with the reasons that `refusals` gives; then nothing is changed.
    """
    wrong = refusals(state, until, message, since)
    if wrong:
        raise ValidationError(wrong)
    begins = since or timezone.now()
    return Override.objects.create(hours=hours, state=state, from_at=begins, until_at=until, message=message, by=by)


def refusals(state: str, until: datetime, message: str = "", since: datetime | None = None) -> dict[str, str]:
    """Say what is wrong with an override, by "state", "until", "since" or "message"."""
    now = timezone.now()
    wrong = {}
    if state not in OverrideState.values:
        wrong["state"] = "It can be open or closed."
    if since and since < now:
        wrong["since"] = "The beginning is past. Leave it empty to begin now."
    if until <= now:
        wrong["until"] = "This time is past, so nothing would change. Give a time that is ahead."
    elif until > now + LONGEST:
        wrong["until"] = "This is more than a year ahead. Change the week, or add a closure."
    elif since and until <= since:
        wrong["until"] = "It ends before it begins. Give an end after the beginning."
    unsaid = message_problems(message)
    if unsaid:
        wrong["message"] = " ".join(unsaid)
    return wrong


def message_problems(message: str) -> list[str]:
    """Say why callers could not hear it: too long, SSML that is none, a placeholder that nobody knows."""
    if len(message) > MOST_CHARACTERS:
        return [f"The message has {len(message)} characters, {MOST_CHARACTERS} are the most. Say it shorter."]
    return text_problems(message, DEFAULT_VOICE) if message else []


def end_override(hours: OpeningHours, *, only: int | None = None) -> int:
    """Let the hours hold again now: end what is set at this moment, or `only` one, which may be still to come.

    What had begun is kept as history with its new end; what had not is deleted. Gives how many ended.
    """
    now = timezone.now()
    rows = hours.overrides.filter(until_at__gt=now)
    rows = rows.filter(from_at__lte=now) if only is None else rows.filter(pk=only)
    with transaction.atomic():
        ended = list(rows.select_for_update())
        for row in ended:
            if row.from_at < now:
                row.until_at = now
                row.save(update_fields=["until_at"])
            else:
                row.delete()
    return len(ended)
