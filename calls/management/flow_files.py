"""What the commands for call flows share: finding a flow, reading a file, saying what is wrong."""

import sys
from pathlib import Path

from django.core.management.base import CommandError

from calls.flows.parsing import BadText
from calls.models import CallFlow, FlowVersion, PhoneNumber
from calls.vonage import numbers


def find_flow(name: str) -> CallFlow:
    """Find a flow by its name, or by a number that has it. Raises CommandError."""
    found = list(CallFlow.objects.filter(name=name)[:2])
    if not found and (number := PhoneNumber.objects.filter(msisdn=numbers.typed(name)).select_related("flow").first()):
        found = [number.flow] if number.flow else []
    if len(found) == 1:
        return found[0]
    if found:
        raise CommandError(
            f"There are several flows “{name}”. Rename all but one in the admin, or give a number of it."
        )
    names = ", ".join(f"“{flow}”" for flow in CallFlow.objects.all()[:10]) or "none yet"
    raise CommandError(f"There is no flow “{name}”, nor a number with one. There are: {names}.")


def version_of(flow: int, number: int) -> FlowVersion:
    """Find a version by its number. Raises CommandError."""
    found = FlowVersion.objects.filter(flow=flow, number=number).first()
    if found is None:
        known = ", ".join(f"v{one}" for one in FlowVersion.objects.filter(flow=flow).values_list("number", flat=True))
        raise CommandError(f"There is no v{number}. There are: {known or 'none yet'}.")
    return found


def content_of(path: str) -> bytes:
    """Read a file, or standard input for “-”. Raises CommandError."""
    try:
        return sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error


def refusal(path: str, error: BadText) -> CommandError:
    return CommandError("\n".join(f"{path}: {reason}" for reason in error.reasons))
