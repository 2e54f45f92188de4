"""What somebody on the line is made to hear, by a person's or a program's word."""

from dataclasses import replace
from http import HTTPStatus

from django.utils import timezone

from calls.control.refusals import Refused
from calls.flows import engine
from calls.flows.routing import directory
from calls.flows.run import Number
from calls.models import CallFlow, FlowVersion
from calls.vonage import ncco
from calls.vonage.ncco import Ncco

USUAL_VOICE = ("en-GB", 0)


def by_flow(name: str, *, ours: str, theirs: str) -> tuple[FlowVersion, Ncco]:
    """Give what a flow of this name says to somebody, and the version that says so: the live one. Raises Refused.

    `ours` is the number of ours that is in the call, `theirs` the other party.
    """
    flow = CallFlow.objects.filter(name=name, publications__isnull=False).order_by("-pk").first()
    version = flow.live_version() if flow else None
    if flow is None or version is None:
        raise Refused(f"There is no published flow “{name[:60]}”.", HTTPStatus.BAD_REQUEST)
    directory.look()
    served = engine.begin(
        directory,
        replace(directory.number(ours) or Number(ours), flow=flow.pk),
        directory.callers.find(theirs),
        timezone.now(),
    )
    if served.problem:
        raise Refused(f"The flow “{name[:60]}” cannot be run: {served.problem}", HTTPStatus.BAD_REQUEST)
    return version, served.ncco


def by_voice(text: str, voice: tuple[str, int] = USUAL_VOICE) -> Ncco:
    """Give the text as it is read by a voice: a language and a style. Raises Refused."""
    language, style = voice
    said = [ncco.talk(text, language=language, style=style)]
    if problems := ncco.errors(said):
        raise Refused(problems[0].message, HTTPStatus.BAD_REQUEST)
    return said
