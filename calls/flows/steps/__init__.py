"""The kinds of step that staff put a flow together from, one module each: what it says, what is wrong with it."""

from calls.flows.steps.audio import Audio
from calls.flows.steps.digits import Digits
from calls.flows.steps.forward import Forward
from calls.flows.steps.goto import GoTo
from calls.flows.steps.greeting import TUTORIAL_TEXT, Greeting
from calls.flows.steps.hangup import HangUp
from calls.flows.steps.hours import Hours
from calls.flows.steps.kind import NOTHING_KNOWN, Facts, Kind
from calls.flows.steps.menu import Menu
from calls.flows.steps.notify import Notify
from calls.flows.steps.raw import Raw
from calls.flows.steps.room import Room
from calls.flows.steps.voicemail import Voicemail
from calls.flows.steps.wait import Wait

STEPS: dict[str, type[Kind]] = {
    "audio": Audio,
    "digits": Digits,
    "forward": Forward,
    "goto": GoTo,
    "greeting": Greeting,
    "hangup": HangUp,
    "hours": Hours,
    "menu": Menu,
    "ncco": Raw,
    "notify": Notify,
    "room": Room,
    "voicemail": Voicemail,
    "wait": Wait,
}

__all__ = ["NOTHING_KNOWN", "STEPS", "TUTORIAL_TEXT", "Audio", "Facts", "Greeting", "Kind", "Menu", "Voicemail"]
