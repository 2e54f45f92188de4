"""Run a program: pure, in memory, and never without something to say."""

from typing import Any

from calls.vonage import ncco
from calls.vonage.ncco import Ncco

NUMBER_NOT_IN_SERVICE: Ncco = [
    ncco.talk("Sorry, this number is not in service. Check the number and call again.", language="en-GB", style=0)
]
OUT_OF_ORDER: Ncco = [
    ncco.talk("Sorry, something is wrong here. Call again in a few minutes.", language="en-GB", style=0)
]


class ProgramError(ValueError):
    """A published program that this release cannot run."""


def run(program: dict[str, Any]) -> Ncco:
    """Give what the caller hears from the beginning of the program. Raises ProgramError."""
    try:
        # Postgres keeps no order of keys; people who read an NCCO look for the action first.
        actions = [{"action": act["action"], **act} for step in program["steps"] for act in step["actions"]]
    except (KeyError, TypeError) as error:
        raise ProgramError(f"not a program: {error}") from error
    if not actions:
        raise ProgramError("the program says nothing")
    return actions
