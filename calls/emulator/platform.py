"""The platform: applications, legs, conversations, its clock and its trace. All that happens, happens through here."""

import asyncio
import random
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

from calls.emulator import events, lives
from calls.emulator.application import Application, Target
from calls.emulator.asking import Asker
from calls.emulator.clock import AT_ONCE, Clock
from calls.emulator.conversations import Conversation
from calls.emulator.events import Fields
from calls.emulator.faults import NONE, Faults
from calls.emulator.legs import Endpoint, Leg
from calls.emulator.limits import CALLS_A_SECOND, Limiter
from calls.emulator.people import Callees, Person
from calls.emulator.post import Post
from calls.emulator.recordings import Recordings
from calls.emulator.trace import Trace
from calls.emulator.webhooks import Webhook, WebhookSender
from calls.vonage.ncco import Ncco

LEGS_KEPT = timedelta(days=2)
MOST_LEGS = 20_000  # ours, not the platform's: some 130 MB
BASE_URL, REGION_URL = "https://api.nexmo.com", "https://api-eu-3.vonage.com"


class Platform:
    """A telephone network of its own. Use it as an asynchronous context; leaving it waits for webhooks under way.

    `seed` makes what is left to chance the same in each run.
    """

    def __init__(
        self,
        applications: list[Application],
        *,
        clock: Clock | None = None,
        callees: Callees | None = None,
        seed: int | None = None,
        faults: Faults = NONE,
        base_url: str = BASE_URL,
    ) -> None:
        self.applications = applications
        self.clock = clock or Clock()
        self.trace = Trace(self.clock)
        self.callees = callees or Callees()
        self.chance = random.Random(seed)  # noqa: S311 - order of events, no secret
        self.base_url = base_url  # by which applications reach the REST API, without a slash at the end
        self.sender = WebhookSender(self.clock, self.trace, self.chance)
        self.post = Post(self)
        self.faults = faults
        self.asker = Asker(self)
        self.recordings = Recordings(self)
        self.new_calls = Limiter(self.clock, CALLS_A_SECOND)
        self.legs: dict[str, Leg] = {}
        self.conversations: dict[str, Conversation] = {}
        self.rooms: dict[tuple[str, str], Conversation] = {}  # by application and name
        self.phones = 0  # pages with telephones that are open

    async def __aenter__(self) -> Self:
        await self.sender.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for leg in list(self.legs.values()):
            leg.hang_up("platform")
        self.recordings.finish()
        self.post.hurry()
        try:
            await self.post.settle()
            await self.clock.settle()
        finally:
            await self.sender.__aexit__(kind, error, trace)

    @property
    def region_url(self) -> str:
        """Where a call is controlled. On a machine of ours that is the one place there is."""
        return REGION_URL if self.base_url == BASE_URL else self.base_url

    @property
    def faults(self) -> Faults:
        """What the platform does wrong, of its own accord or because it was told to."""
        return self.sender.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self.clock.set(self.clock.now() + timedelta(seconds=faults.clock_off - self.sender.faults.clock_off))
        self.sender.faults = faults

    @property
    def findings(self) -> list[str]:
        """The faults of the applications that were met, a sentence each."""
        return self.sender.findings

    def application_of(self, number: str) -> Application | None:
        """Give the application that a number is linked to: one that names it goes before one that takes any."""
        owners = [one for one in self.applications if one.owns(number)]
        return min(owners, key=lambda one: one.numbers is None, default=None)

    def ring(
        self,
        application: Application,
        *,
        to: str,
        caller: Endpoint,
        person: Person | None = None,
        extras: Fields | None = None,
    ) -> Leg:
        """Let somebody call a number of the application, and give the leg, which lives on by itself."""
        dialled = Endpoint("phone", to)
        person = person or Person()
        leg = Leg(self, application, Conversation(self), from_=caller, to=dialled, person=person, extras=extras)
        person.dial(leg)
        leg.live(lives.inbound(leg))
        return leg

    def callee(self, shown: str) -> Person:
        """Give a new person for a number, a user, a URI that is called. While time jumps nobody could pick up."""
        person = self.callees.who(shown)
        if person.answer == "phone" and (not self.phones or self.clock.speed == AT_ONCE):
            person.answer = "answer"
        return person

    def place(self, application: Application, order: lives.Order) -> Leg:
        """Call somebody for an application, and give the leg, which lives on by itself."""
        leg = Leg(
            self,
            application,
            Conversation(self),
            from_=order.from_,
            to=order.to,
            direction="outbound",
            person=self.callee(order.to.shown),
            call_events=order.events,
        )
        leg.live(lives.outbound(leg, order))
        return leg

    def transfer(self, leg: Leg, to: Ncco | Target) -> None:
        """Move a leg to a conversation of its own and let it live by another NCCO, or that of a URL."""
        if leg.is_over:
            return
        before = leg.conversation.uuid
        Conversation(self).join(leg)
        leg.note("joins", "transferred", before=before)
        moved = events.transferred(leg, before, leg.conversation.uuid, self.clock.now())
        leg.tell(moved, leg.call_events)
        leg.live(lives.transferred(leg, to))

    def room(self, application: Application, name: str) -> Conversation:
        """Give the room of this name, which is one for each application."""
        key = (application.application_id, name)
        if key not in self.rooms:
            self.rooms[key] = Conversation(self, name=name)
        return self.rooms[key]

    def forget_old_legs(self) -> None:
        """Forget legs that were over two days ago, as the platform does by default, and sooner where there are too
        many for us.
        """
        since = self.clock.now() - LEGS_KEPT
        while self.legs:
            leg = next(iter(self.legs.values()))
            if leg.ended_at is None or (leg.ended_at >= since and len(self.legs) <= MOST_LEGS):
                return
            del self.legs[leg.uuid]
            if not leg.conversation.legs:
                self.conversations.pop(leg.conversation.uuid, None)

    def forget_room(self, room: Conversation) -> None:
        """Let a room that is empty be no room any more."""
        self.rooms = {key: one for key, one in self.rooms.items() if one is not room}

    def may_show(self, leg: Leg, number: str) -> bool:
        """Whether a callee may see this number: one of the account, or that of the caller who is put through."""
        return (leg.direction == "inbound" and number == leg.from_.shown) or any(
            one.owns(number) for one in self.applications
        )

    def tell(self, application: Application, target: Target, fields: Fields) -> None:
        """Send an ordinary event; nobody waits for the reply."""
        if target.url:
            self.post.send(Webhook(application, "event", target.url, target.method, fields))

    def begin_to_ask(self, leg: Leg, webhook: Webhook) -> "asyncio.Task[Ncco | None]":
        """Send a question, and its fallback where that fails."""
        return self.post.ask(webhook, self.asker.ask(leg, webhook))

    async def ask(self, leg: Leg, webhook: Webhook) -> Ncco | None:
        """Send a question, and give the NCCO of the reply. Should the leg end meanwhile, the request goes on."""
        return await asyncio.shield(self.begin_to_ask(leg, webhook))

    def note(self, words: str, **data: Any) -> None:
        """Add a line to the trace that belongs to no leg."""
        self.trace.add("note", words, **data)
