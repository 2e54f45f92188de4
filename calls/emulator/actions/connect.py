"""`connect`: another party is rung, and joined to the call."""

import asyncio
from typing import Any

from calls.emulator.application import Target
from calls.emulator.asking import ask_what_to_do
from calls.emulator.dialling import FORBIDDEN, RINGING_SECONDS, dial, refuse, send_keys
from calls.emulator.ears import DTMF, SPEECH
from calls.emulator.flow import Action, Flow
from calls.emulator.legs import LONGEST_CALL_SECONDS, Endpoint, Leg, endpoint_of
from calls.emulator.machine import Detection, detect
from calls.emulator.music import Music
from calls.vonage.ncco import Ncco

TOO_MANY_CALLS = "Rate limit hit: too many calls are being made."  # the platform's words are inferred
ASKED_ABOUT = {"timeout", "failed", "rejected", "unanswered", "busy"}  # with `eventType: synchronous`
UNKNOWN = "Unknown"  # what a telephone shows that is rung without `from`
RINGBACK = "ringback tone"


async def connect(flow: Flow, action: Action) -> Ncco | None:
    """Ring another party. It is done when that leg is over or elsewhere, or when nobody answers.

    Where another `connect` follows at once, it is done as soon as both are joined: then that one rings a further
    party, and the last of them waits until all are gone.
    """
    leg, platform = flow.leg, flow.platform
    if platform.new_calls.allows():
        callee = _new_leg(flow, action)
        if (replacement := await _ring(flow, action, callee)) is not None:
            return replacement
        if not callee.is_over and _another_follows(flow):
            return None
    else:
        platform.asker.refuse(leg, TOO_MANY_CALLS)
    return await _until_all_are_gone(flow)


async def _until_all_are_gone(flow: Flow) -> Ncco | None:
    """Wait for all who are joined, and ask about the end of each that counts, also of one who went meanwhile."""
    for party, _ in flow.parties:
        if party.is_over and (replacement := await _ask_about_end(flow, party)) is not None:
            return replacement
    while here := {party: home.departure(party) for party, home in flow.parties if party in home.legs}:
        await asyncio.wait(here.values(), return_when=asyncio.FIRST_COMPLETED)
        for party in here:
            if party.is_over and (replacement := await _ask_about_end(flow, party)) is not None:
                return replacement
    return None


def _new_leg(flow: Flow, action: Action) -> Leg:
    leg, platform = flow.leg, flow.platform
    to = endpoint_of(action["endpoint"][0])
    callee = Leg(
        platform,
        leg.application,
        leg.conversation,
        from_=_from(flow, action, to),
        to=to,
        direction="outbound",
        person=platform.callee(to.shown),
        events_to=flow.target(action),
        call_events=leg.call_events,
    )
    callee.is_connected = True
    callee.is_apart = True
    # The reply to the end of a WebSocket counts always, that to a failure only if asked for.
    callee.holds_failure = to.type == "websocket" or _is_synchronous(action)
    flow.parties.append((callee, leg.conversation))
    return callee


def _is_synchronous(action: Action) -> bool:
    return action.get("eventType") == "synchronous"


def _another_follows(flow: Flow) -> bool:
    return bool(flow.left) and flow.left[0]["action"] == "connect"


async def _ring(flow: Flow, action: Action, callee: Leg) -> Ncco | None:
    """Ring until both are joined, or the other party is gone. The reply to why it is gone may be an NCCO."""
    leg = flow.leg
    leg.note("rings", f"rings {callee.to.shown}", party=callee.to.shown, callee=callee.uuid)
    tone = _tone(leg, action.get("ringbackTone"))
    joined: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    home = callee.conversation
    gone = home.departure(callee)
    try:
        callee.live(_live(flow, action, callee, joined))
        await asyncio.wait({joined, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not callee.is_over:
            return None
        return await _ask_about_end(flow, callee, is_synchronous=_is_synchronous(action))
    finally:
        if tone:
            tone.stop()
        if callee.is_apart and callee in home.legs:  # nobody waits for it any more
            callee.hang_up("platform")
            callee.tell_what_was_held()


def _from(flow: Flow, action: Action, to: Endpoint) -> Endpoint:
    """Who calls, as the callee sees it. A Client SDK user stays that user, as seen in logs."""
    leg = flow.leg
    if leg.is_app_caller:
        return leg.from_
    if action.get("randomFromNumber"):
        ours = leg.dialled if leg.direction == "inbound" else leg.from_
        return Endpoint("phone", flow.platform.chance.choice(leg.application.numbers or (ours.shown,)))
    return Endpoint("phone", action.get("from") or (UNKNOWN if to.type == "phone" else leg.from_.shown))


async def _live(flow: Flow, action: Action, callee: Leg, joined: "asyncio.Future[None]") -> None:
    """What the other party lives through."""
    number = action.get("from")
    if number and not flow.platform.may_show(flow.leg, number):
        await refuse(callee, FORBIDDEN)
        return
    if not await dial(callee, float(action.get("timeout", RINGING_SECONDS))):
        return
    callee.answer(float(action.get("limit", LONGEST_CALL_SECONDS)))
    how = Detection.of(action.get("machineDetection", ""), action.get("advancedMachineDetection", {}))
    if how:
        # An NCCO in the reply replaces that of the call; the party that was rung leaves with it (inferred).
        listening = detect(callee, how, flow.obey)
        if how.is_before_the_ncco:
            await listening
            if callee.is_over:
                return
        else:
            callee.beside(listening)
    await _before_joining(flow, callee)
    await _talk(flow, callee, joined)


async def _before_joining(flow: Flow, callee: Leg) -> None:
    """Send the keys, and run the NCCO, that the endpoint asks for before the parties hear each other."""
    await send_keys(callee)
    if on_answer := callee.to.options.get("onAnswer"):
        tone = _tone(flow.leg, on_answer.get("ringbackTone", on_answer.get("ringback")))
        callee.person.act(callee)
        ncco = await ask_what_to_do(callee, Target(on_answer["url"], "GET"))
        if ncco:  # where there is none, they are joined all the same (inferred)
            await Flow(callee, flow.plays).run(ncco)
        if tone:
            tone.stop()


def _tone(leg: Leg, url: Any) -> Music | None:
    """Let the caller hear this meanwhile. The Python SDK sends an array."""
    return Music(leg, RINGBACK, url[0] if isinstance(url, list) else url) if url else None


async def _talk(flow: Flow, callee: Leg, joined: "asyncio.Future[None]") -> None:
    """Let both talk until one hangs up: the other party by itself, when it was told nothing else."""
    callee.is_apart = False
    flow.leg.note("joins", f"connected to {callee.to.shown}", party=callee.to.shown, callee=callee.uuid)
    callee.note("joins", f"connected to {flow.leg.party.shown}", detail=True, party=flow.leg.party.shown)
    joined.set_result(None)
    if callee.to.type == "websocket":  # a program hears all, so whoever has something to say may say it now
        flow.leg.ear.pass_on(callee.uuid, [DTMF, SPEECH])
        callee.ended.add_done_callback(lambda ended: flow.leg.ear.pass_on(callee.uuid, []))
    else:
        await callee.person.talk(callee)
    await asyncio.shield(callee.ended)


async def _ask_about_end(flow: Flow, callee: Leg, *, is_synchronous: bool = False) -> Ncco | None:
    """Where the reply to what ended a leg may be an NCCO, ask, and then tell the rest."""
    asks = callee.outcome == "disconnected" or (is_synchronous and callee.outcome in ASKED_ABOUT)
    try:
        return await flow.leg.ask(callee.held.pop(0), callee.events_to) if asks and callee.held else None
    finally:
        callee.tell_what_was_held()
