"""A published flow as plain data, and where its callers go.

    {"schema": 2, "flow": 7, "name": "Orders line", "voice": {"language": "en-GB", "style": 1, "premium": false},
     "start": "12", "steps": {"12": {"kind": "menu", "place": 3, "name": "Main menu", "settings": {…},
     "next": target, "on": {"1": target, …}, "words": {"1": ["workshop", "repair"]}}}}

A target is {"step": "13"}, {"flow": 7} (its version that is live then), {"again": true} or {"end": true}.
"""

from typing import Any

SCHEMA = 2

Program = dict[str, Any]
Target = dict[str, Any]

END: Target = {"end": True}
AGAIN: Target = {"again": True}


class ProgramError(ValueError):
    """A published program that this release cannot run."""


def to_step(step: int | str) -> Target:
    return {"step": str(step)}


def to_flow(flow: int) -> Target:
    return {"flow": flow}
