"""`notify` and `wait`."""

from calls.emulator import events
from calls.emulator.flow import Action, Flow
from calls.vonage.ncco import Ncco

SHORTEST_WAIT, LONGEST_WAIT = 0.1, 7200.0  # seconds; what lies outside is moved to the nearest


async def notify(flow: Flow, action: Action) -> Ncco | None:
    """Tell the application that the flow came to here, and ask it how to go on."""
    flow.leg.note("note", "notify", payload=action["payload"])
    fields = events.notified(flow.leg.conversation.uuid, action["payload"], flow.platform.clock.now())
    return await flow.ask(action, fields)


async def wait(flow: Flow, action: Action) -> None:
    """Let time pass."""
    seconds = min(max(float(action.get("timeout", 10)), SHORTEST_WAIT), LONGEST_WAIT)
    flow.leg.note("note", f"wait ({seconds:g} s)", detail=True, seconds=seconds)
    await flow.platform.clock.sleep(seconds)
