"""Make what staff edited heard: compile a draft, keep it as a version, let it go live; or bring an earlier one back."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from calls.flows.compile import compile_flow
from calls.flows.diff import in_order
from calls.flows.naming import step_title
from calls.flows.routing import directory
from calls.models import CallFlow, FlowVersion, Publication, Sound, User


class PlaysNothing(ValidationError):
    """A version plays a sound file that was deleted since."""


def publish(
    flow: CallFlow,
    *,
    author: User | None = None,
    note: str = "",
    from_at: datetime | None = None,
    until_at: datetime | None = None,
) -> FlowVersion:
    """Make the draft what callers hear from now on, or from `from_at` until `until_at`.

    A draft that says the same as the newest version makes no new one. Raises ValidationError with what forbids it; then
    nothing is changed.
    """
    with transaction.atomic():
        CallFlow.objects.select_for_update().get(pk=flow.pk)  # two who publish at once take turns
        program = compile_flow(flow)
        version = flow.newest_version()
        if version is None or version.program != program:
            number = version.number + 1 if version else 1
            version = FlowVersion.objects.create(flow=flow, number=number, program=program, author=author, note=note)
        go_live(version, by=author, note=note, from_at=from_at, until_at=until_at)
    return version


def go_live(
    version: FlowVersion,
    *,
    by: User | None = None,
    note: str = "",
    from_at: datetime | None = None,
    until_at: datetime | None = None,
) -> Publication | None:
    """Let callers hear a version, an earlier one too, from now on or at set times. None: they hear it already.

    Raises ValidationError for times that have passed or are the wrong way round, and PlaysNothing.
    """
    now = timezone.now()
    refuse_silence(version)
    if from_at and from_at < now:
        raise ValidationError("The time to go live has passed. Leave it empty to publish now.")
    if until_at and until_at <= (from_at or now):
        raise ValidationError("The time to go back is before the time to go live. Write a later one.")
    with transaction.atomic():
        live = Publication.objects.live_at(now).filter(flow=version.flow).first()
        if not from_at and not until_at and live and live.version_id == version.pk and live.until_at is None:
            return None
        made = Publication.objects.create(
            flow=version.flow, version=version, from_at=from_at or now, until_at=until_at, note=note, by=by
        )
        # Heard here at once and elsewhere within a second; a failing look must not undo a publication.
        transaction.on_commit(directory.look, robust=True)
    return made


def refuse_silence(version: FlowVersion) -> None:
    """Raise PlaysNothing where a step would play a sound file that is gone. A query only where it plays some."""
    played = {
        str(step["settings"]["path"]): step for _, step in in_order(version.program) if step["settings"].get("path")
    }
    digests = [path.rpartition("/")[2].partition(".")[0] for path in played]
    there = {sound.path for sound in Sound.objects.filter(digest__in=digests)} if played else set()
    silent = [step_title(step) for path, step in played.items() if path not in there]
    if silent:
        where = f"{silent[0][:1].lower()}{silent[0][1:]}"
        raise PlaysNothing(
            f"Version {version.number} plays a sound file that was deleted: at {where}, callers would hear nothing."
            " Bring the same file again under “Sound files”, or publish the draft with another one."
        )
