"""A caller's way through a flow without a network: rings, presses, hears what came of a telephone."""

from typing import Any

from calls.flows import tokens
from calls.flows.engine import Served
from calls.flows.routing import directory
from calls.flows.run import Heard
from calls.vonage import ncco
from tests.factories import CALLER, OURS

LEG = "8b4f0d3c1e5a4b7c9d2e6f8a0b1c2d3e"


def ring(to: str = OURS, from_: str = CALLER) -> Served:
    return directory.answer(to, from_, leg=LEG)


def said(served: Served | None) -> list[str]:
    assert served
    return [action["text"] for action in served.ncco if action["action"] == "talk"]


def action_of(served: Served | None, name: str) -> dict[str, Any]:
    """The action of that name, of an NCCO that Vonage would take."""
    assert served
    assert ncco.errors(served.ncco) == []
    return next(action for action in served.ncco if action["action"] == name)


def place_of(url: str) -> tokens.Place:
    place = tokens.read(url.rpartition("/")[2])
    assert place
    return place


def press(served: Served | None, digits: str | None = None, *spoken: str) -> Served | None:
    """Answer the question that was asked; without digits and words: with silence."""
    place = place_of(action_of(served, "input")["eventUrl"][0])
    return directory.go_on(place, Heard("input", digits=digits, spoken=spoken))


def came(served: Served | None, status: str, detail: str = "") -> Served | None:
    """Tell what came of the telephone that was rung."""
    place = place_of(action_of(served, "connect")["eventUrl"][0])
    return directory.go_on(place, Heard("status", status=status, detail=detail))


def way(served: Served | None) -> list[dict[str, Any]]:
    """What is told of the way, without ids."""
    assert served
    return [
        {name: value for name, value in one.items() if name not in {"step", "name", "place"}} for one in served.path
    ]
