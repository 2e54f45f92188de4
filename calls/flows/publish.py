"""Make what staff edited heard: compile a draft, keep it as a version, tell the numbers."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from calls.flows.compile import compile_flow
from calls.flows.routing import directory
from calls.flows.steps import Greeting
from calls.models import CallFlow, FlowVersion, PhoneNumber, Step, StepKind, User


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


def save_number(
    msisdn: str, *, label: str | None = None, greeting: Greeting | None = None, author: User | None = None
) -> PhoneNumber:
    """Create or change a number whose callers hear one greeting, and publish it. None leaves a value as it is.

    A new number without a greeting gets the tutorial's. Raises ValidationError.
    """
    with transaction.atomic():
        number = PhoneNumber.objects.filter(msisdn=msisdn).first() or PhoneNumber(msisdn=msisdn)
        if label is not None:
            number.label = label
        if number.flow is None:
            greeting = greeting or Greeting()
        if greeting and (number.flow is None or number.flow.phone_numbers.count() > 1):
            number.flow = CallFlow.objects.create(name=number.label or msisdn)  # others keep what they share
        number.full_clean()
        number.save()
        if number.flow is None:
            raise ValidationError("The number has no flow.")
        if greeting:
            Step.objects.update_or_create(
                flow=number.flow, position=1, kind=StepKind.GREETING, defaults={"settings": greeting.settings()}
            )
        publish(number.flow, author=author)
    number.refresh_from_db()
    return number
