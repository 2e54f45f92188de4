"""Make what staff edited heard: compile a draft, keep it as a version, tell the numbers."""

from django.db import transaction
from django.utils import timezone

from calls.flows.compile import compile_flow
from calls.flows.routing import directory
from calls.models import CallFlow, FlowVersion, User


def publish(flow: CallFlow, *, author: User | None = None, note: str = "") -> FlowVersion:
    """Make the draft what callers hear from now on. A draft that says the same as the live version makes no new one.

    Raises ValidationError with what forbids it; then nothing is changed.
    """
    with transaction.atomic():
        CallFlow.objects.select_for_update().get(pk=flow.pk)  # two who publish at once take turns
        program = compile_flow(flow)
        version = flow.newest_version()
        if version is None or version.program != program:
            number = version.number + 1 if version else 1
            version = FlowVersion.objects.create(flow=flow, number=number, program=program, author=author, note=note)
        stale = flow.phone_numbers.exclude(live_version=version)
        stale.update(live_version=version, changed_at=timezone.now())
        # Heard here at once and elsewhere within a second; a failing look must not undo a publication.
        transaction.on_commit(directory.look, robust=True)
    return version
