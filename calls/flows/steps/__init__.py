"""The kinds of step that staff put a flow together from, one module each: what it says, what is wrong with it."""

from calls.flows.steps.audio import Audio
from calls.flows.steps.goto import GoTo
from calls.flows.steps.greeting import TUTORIAL_TEXT, Greeting
from calls.flows.steps.hangup import HangUp
from calls.flows.steps.hours import Hours
from calls.flows.steps.kind import NOTHING_KNOWN, Facts, Kind
from calls.flows.steps.menu import Menu
from calls.flows.steps.raw import Raw

STEPS: dict[str, type[Kind]] = {
    "audio": Audio,
    "goto": GoTo,
    "greeting": Greeting,
    "hangup": HangUp,
    "hours": Hours,
    "menu": Menu,
    "ncco": Raw,
}

__all__ = ["NOTHING_KNOWN", "STEPS", "TUTORIAL_TEXT", "Audio", "Facts", "Greeting", "Kind", "Menu"]
