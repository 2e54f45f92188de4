"""What somebody on the line is made to hear, by a person's or a program's word."""

from http import HTTPStatus

from calls.control.refusals import Refused
from calls.flows import engine
from calls.models import FlowVersion
from calls.vonage import ncco
from calls.vonage.ncco import Ncco

USUAL_VOICE = ("en-GB", 0)


def by_flow(name: str) -> tuple[FlowVersion, Ncco]:
    """Give what a flow of this name says, and the version that says so: its latest. Raises Refused."""
    version = FlowVersion.objects.filter(flow__name=name).order_by("-pk").first()
    if version is None:
        raise Refused(f"There is no published flow “{name[:60]}”.", HTTPStatus.BAD_REQUEST)
    try:
        return version, engine.run(version.program)
    except engine.ProgramError as error:
        raise Refused(f"The flow “{name[:60]}” cannot be run: {error}", HTTPStatus.BAD_REQUEST) from error


def by_voice(text: str, voice: tuple[str, int] = USUAL_VOICE) -> Ncco:
    """Give the text as it is read by a voice: a language and a style. Raises Refused."""
    language, style = voice
    said = [ncco.talk(text, language=language, style=style)]
    if problems := ncco.errors(said):
        raise Refused(problems[0].message, HTTPStatus.BAD_REQUEST)
    return said
