"""An NCCO for the fallback URL of any web server: what callers hear while nobody here can be asked."""

from datetime import datetime
from typing import Any

from calls.flows import engine, tokens
from calls.flows.engine import Served
from calls.flows.run import Heard, World
from calls.vonage.ncco import Ncco

NOBODY_KNOWN = ""
MOST_QUESTIONS = 50


def fallback_ncco(world: World, msisdn: str, moment: datetime) -> Ncco:
    """Give what a stranger hears of the number at that moment who presses nothing, without questions to us.

    Prompts are left out with their questions. Raises LookupError for a number that is not here, or has nothing live.
    """
    number = world.number(msisdn)
    if number is None or number.flow is None or world.live(number.flow, moment) is None:
        raise LookupError(msisdn)
    served: Served | None = engine.begin(world, number, world.callers.find(NOBODY_KNOWN), moment)
    said: Ncco = []
    for _ in range(MOST_QUESTIONS):
        if served is None:
            break
        asked = next((at for at, action in enumerate(served.ncco) if _place(action)), None)
        if asked is None or served.ncco[asked]["action"] != "input":
            said += served.ncco
            break
        said += [action for action in served.ncco[:asked] if not action.get("bargeIn")]
        place = _place(served.ncco[asked])
        served = engine.go_on(world, place, Heard("input"), moment) if place else None
    return [_unasked(action) for action in said] or engine.NOTHING_MORE


def _place(action: dict[str, Any]) -> tokens.Place | None:
    urls = action.get("eventUrl")
    return tokens.read(str(urls[0]).rpartition("/")[2]) if isinstance(urls, list) and urls else None


def _unasked(action: dict[str, Any]) -> dict[str, Any]:
    """Take the question out of an action that goes on without one."""
    asks = _place(action) is not None
    left_out = {"eventUrl", "eventMethod", "eventType"} if asks else set()
    return {name: value for name, value in action.items() if name not in left_out}
