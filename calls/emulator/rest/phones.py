"""`/lab/phones/{number}`: a telephone that a program or a page in the browser holds, over a WebSocket.

It says what it does: `{"do": "dial", "to": "442079460000"}`, `answer`, `hangup`, `{"do": "press", "keys": "12"}`,
`{"do": "say", "text": "sales"}`. It is told what happens on its leg, as the trace has it, and of itself
(`"kind": "phone"`): that it rings, dials, is idle again. While it is there, calls to its number ring it.
"""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from aiohttp import WSMsgType, web

from calls.emulator import scenario as scenarios
from calls.emulator.legs import Endpoint, Leg
from calls.emulator.people import Person
from calls.emulator.platform import Platform
from calls.emulator.reading import BadFile, text
from calls.emulator.rest.problems import Problem
from calls.emulator.rest.requests import PLATFORM
from calls.emulator.rest.streams import HEARTBEAT_SECONDS
from calls.emulator.trace import Happening

MOST_BYTES = 64 * 1024  # of what it says at once


def routes() -> list[web.RouteDef]:
    return [web.get("/lab/phones/{number}", hold)]


async def hold(request: web.Request) -> web.StreamResponse:
    """Be the telephone of this number until its holder goes away, and with that hangs up."""
    platform, number = request.app[PLATFORM], scenarios.number(request.match_info["number"])
    socket = web.WebSocketResponse(heartbeat=HEARTBEAT_SECONDS, max_msg_size=MOST_BYTES)
    if not socket.can_prepare(request):
        raise Problem(426, "A telephone is held over a WebSocket.")
    if number in platform.callees.by_hand:
        raise Problem(409, f"Somebody else holds the telephone {number}.")
    phone = Telephone(platform, number)
    with phone.plugged_in():
        await socket.prepare(request)
        telling = asyncio.create_task(_tell(phone, socket))
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    phone.take(message.data)
        finally:
            telling.cancel()
    return socket


async def _tell(phone: "Telephone", socket: web.WebSocketResponse) -> None:
    while True:
        await socket.send_str(json.dumps(await phone.told.get(), default=str))


class Holder(Person):
    """Who holds a telephone: it rings until they pick up, and they talk until they hang up."""

    def __init__(self, taken: Callable[[Leg], None]) -> None:
        super().__init__(answer="no-answer")
        self.taken = taken

    def copy(self) -> Person:
        return Holder(self.taken)

    def dial(self, leg: Leg) -> None:
        self.taken(leg)


class Telephone:
    """One line: while it is in use, others hear that it is busy."""

    def __init__(self, platform: Platform, number: str) -> None:
        self.platform = platform
        self.number = number
        self.leg: Leg | None = None
        self.told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    @contextmanager
    def plugged_in(self) -> Iterator[None]:
        """Let calls to its number ring it."""
        by_hand = self.platform.callees.by_hand
        by_hand[self.number] = self._who
        self.platform.trace.watchers.append(self._watch)
        try:
            yield
        finally:
            self.platform.trace.watchers.remove(self._watch)
            del by_hand[self.number]
            self._put_down()

    def take(self, message: str) -> None:
        """Do what its holder says; what makes no sense is told back."""
        try:
            said = json.loads(message)
            if not isinstance(said, dict):
                raise BadFile('Say what to do, as in {"do": "answer"}.')
            self._do(said)
        except (BadFile, RecursionError, ValueError) as error:
            self.told.put_nowait({"kind": "problem", "words": str(error)})

    def _do(self, said: dict[str, Any]) -> None:
        if said.get("do") == "dial":
            self._dial(said)
            return
        leg = self.leg
        if leg is None:
            raise BadFile("There is no call.")
        match said.get("do"):
            case "press":
                for key in scenarios.keys(said.get("keys"), "keys"):
                    leg.press(key)
            case "say":
                leg.beside(leg.speak(text(said.get("text"), "text")))
            case "answer":
                leg.pick_up()
            case "hangup":
                self._put_down()
            case _:
                raise BadFile("A telephone can dial, answer, press, say and hangup.")

    def _dial(self, said: dict[str, Any]) -> None:
        to = scenarios.number(text(said.get("to"), "to"))
        if self.leg:
            raise BadFile("There is a call already.")
        application = self.platform.application_of(to)
        if application is None:
            raise BadFile(f"{to} is linked to no application.")
        caller = Endpoint("phone", self.number)
        self.platform.ring(application, to=to, caller=caller, person=Holder(self._taken))

    def _who(self) -> Person:
        return Person(answer="busy") if self.leg else Holder(self._taken)

    def _taken(self, leg: Leg) -> None:
        """A call has begun on this line."""
        self.leg = leg
        self._tell("dials" if leg.direction == "inbound" else "rings", leg)
        leg.ended.add_done_callback(lambda ended: self._over(leg))

    def _over(self, leg: Leg) -> None:
        self.leg = None
        self._tell("idle", leg)

    def _put_down(self) -> None:
        """Hang up; a call that rings is declined."""
        if self.leg is None:
            return
        if self.leg.direction == "outbound" and self.leg.answered_at is None:
            self.leg.fail("rejected", detail="declined")
        else:
            self.leg.hang_up("user")

    def _tell(self, does: str, leg: Leg) -> None:
        parties = {"from": leg.from_.shown, "to": leg.to.shown, "leg": leg.uuid, "status": leg.status}
        self.told.put_nowait({"kind": "phone", "does": does, **parties})

    def _watch(self, happening: Happening) -> None:
        if self.leg and happening.leg == self.leg.uuid and happening.kind not in {"webhook", "reply", "finding"}:
            self.told.put_nowait(happening.as_json())
