"""`connect`: another party is rung, and joined to the call."""

import asyncio

from calls.emulator.application import Target
from calls.emulator.asking import ask_what_to_do
from calls.emulator.dialling import RINGING_SECONDS, dial
from calls.emulator.flow import Action, Flow
from calls.emulator.legs import LONGEST_CALL_SECONDS, Endpoint, Leg, endpoint_of
from calls.emulator.machine import Detection, detect
from calls.vonage.ncco import Ncco

TOO_MANY_CALLS = "Rate limit hit: too many calls are being made."  # the platform's words are inferred
ASKED_ABOUT = {"timeout", "failed", "rejected", "unanswered", "busy"}  # with `eventType: synchronous`
UNKNOWN = "Unknown"  # what a telephone shows that is rung without `from`


async def connect(flow: Flow, action: Action) -> Ncco | None:
    """Ring the other party. It is done when that leg ends, or when nobody answers."""
    leg, platform = flow.leg, flow.platform
    if not platform.new_calls.allows():
        platform.asker.refuse(leg, TOO_MANY_CALLS)
        return None
    to = endpoint_of(action["endpoint"][0])
    callee = Leg(
        platform,
        leg.application,
        leg.conversation,
        from_=_from(flow, action, to),
        to=to,
        direction="outbound",
        person=platform.callees.who(to.shown),
        events_to=flow.target(action),
    )
    callee.is_connected = True
    callee.holds_failure = action.get("eventType") == "synchronous"
    leg.note("rings", f"rings {to.shown}", party=to.shown, callee=callee.uuid)
    try:
        callee.live(_live(flow, action, callee))
        await asyncio.shield(callee.ended)
        return await _ask_about_failure(flow, callee)
    finally:
        callee.hang_up("platform")
        callee.tell_what_was_held()


def _from(flow: Flow, action: Action, to: Endpoint) -> Endpoint:
    """Who calls, as the callee sees it. A Client SDK user stays that user, as seen in logs."""
    leg = flow.leg
    if leg.is_app_caller:
        return leg.from_
    if action.get("randomFromNumber"):
        return Endpoint("phone", flow.platform.chance.choice(leg.application.numbers or (leg.dialled.shown,)))
    return Endpoint("phone", action.get("from") or (UNKNOWN if to.type == "phone" else leg.from_.shown))


async def _live(flow: Flow, action: Action, callee: Leg) -> None:
    """What the other party lives through."""
    number = action.get("from")
    if number and not flow.platform.may_show(flow.leg, number):
        callee.tell_status("started", callee.started_at)
        callee.fail("rejected", detail="invalid_number", sip_code=403)
        return
    if not await dial(callee, float(action.get("timeout", RINGING_SECONDS))):
        return
    callee.answer(float(action.get("limit", LONGEST_CALL_SECONDS)))
    how = Detection.of(action.get("machineDetection", ""), action.get("advancedMachineDetection", {}))
    if how:
        listening = detect(callee, how, flow.obey)
        if how.is_before_the_ncco:
            await listening
        else:
            callee.beside(listening)
    await _before_joining(flow, callee)
    if not callee.is_over:
        await _talk(flow, callee)


async def _before_joining(flow: Flow, callee: Leg) -> None:
    """Send the keys, and run the NCCO, that the endpoint asks for before the parties hear each other."""
    options = callee.to.options
    if keys := options.get("dtmfAnswer"):
        callee.note("note", f"sends keys: {keys}", keys=keys)
    if on_answer := options.get("onAnswer"):
        callee.person.act(callee)
        ncco = await ask_what_to_do(callee, Target(on_answer["url"], "GET"))
        if ncco:
            await Flow(callee, flow.plays).run(ncco)


async def _talk(flow: Flow, callee: Leg) -> None:
    """Let both talk until one hangs up: the other party by itself, when it was told nothing else."""
    flow.leg.note("joins", f"connected to {callee.to.shown}", party=callee.to.shown, callee=callee.uuid)
    person = callee.person
    if "onAnswer" not in callee.to.options:
        person.act(callee)
    if person.steps or person.hangup_after is not None:
        await asyncio.shield(callee.ended)
    await flow.platform.clock.sleep(person.talks)
    callee.hang_up("user")


async def _ask_about_failure(flow: Flow, callee: Leg) -> Ncco | None:
    """With `eventType: synchronous` the reply to the event that says why nobody answered may be an NCCO."""
    if not callee.held or callee.outcome not in ASKED_ABOUT:
        return None
    return await flow.leg.ask(callee.held.pop(0), callee.events_to)
