"""Which recordings are messages.

One is when the step that asked for it was a voicemail: its event came to an address with the token of that step, and
names it in its `reply`. They are looked for where recordings are found, by the worker: an event that comes in waits
for nothing, and a message stays one when the payloads of its call are emptied.
"""

from typing import Any

from django.conf import settings
from django.utils import timezone

from calls.flows.engine import BLOCKED
from calls.models import FlowVersion, Kind, Recording, StepKind, Voicemail
from calls.models.voicemail import STEP_NAME
from calls.vonage.events import text_of


def make(after: int, upto: int) -> None:
    """Make a message of each recording that is one, of the events between these keys."""
    recorded = Recording.objects.filter(event__gt=after, event__lte=upto, event__kind=Kind.RECORD, voicemail=None)
    replies = {pk: payload.get("reply") for pk, payload in recorded.values_list("pk", "event__payload")}
    steps = {pk: step for pk, reply in replies.items() if (step := step_of(reply))}
    if not steps:
        return
    wanted = {pk: _version_of(replies[pk]) for pk in steps}
    versions = FlowVersion.objects.filter(pk__in={pk for pk in wanted.values() if pk})
    known = set(versions.values_list("pk", flat=True))
    mail_at = timezone.now() if settings.VOICEMAIL_EMAIL else None
    made = [
        Voicemail(
            recording_id=pk,
            version_id=wanted[pk] if wanted[pk] in known else None,
            step=text_of(step.get("name"), STEP_NAME),
            blocked=step.get("step") == BLOCKED,
            mail_at=mail_at,
        )
        for pk, step in sorted(steps.items())
    ]
    Voicemail.objects.bulk_create(made, ignore_conflicts=True)


def step_of(reply: Any) -> dict[str, Any] | None:
    """The voicemail step whose recording an event tells of, {"step", "kind", "name"}; None for any other event."""
    path = reply.get("path") if isinstance(reply, dict) else None
    last = path[-1] if isinstance(path, list) and path else None
    return last if isinstance(last, dict) and last.get("kind") == StepKind.VOICEMAIL else None


def _version_of(reply: dict[str, Any]) -> int | None:
    version = reply.get("version")
    return version if isinstance(version, int) and 0 < version < 2**63 else None
