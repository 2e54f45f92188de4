"""The way of webhooks from a leg to the sender: in the order in which they are made, but for the faults of the lab."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from calls.emulator.webhooks import Undelivered, Webhook

if TYPE_CHECKING:
    from calls.emulator.platform import Platform

T = TypeVar("T")

HELD_SECONDS = 2.0  # at most that an event waits for the next one to overtake it
TWICE_WITHIN_SECONDS = 2.0
# Of two events made at one moment the first; which of the two comes first is open.
SIMULTANEOUS = {"busy", "cancelled", "timeout", "unanswered", "failed"}

About = Callable[[str, str], bool]  # whether a leg and a conversation are meant


@dataclass
class Held:
    """An event that waits for the next one of its leg."""

    webhook: Webhook
    until: "asyncio.Future[None]"


class Post:
    """Takes ordinary events; nobody waits for their reply."""

    def __init__(self, platform: "Platform") -> None:
        self.platform = platform
        self._held: dict[str, Held] = {}  # by leg
        self._under_way: dict[asyncio.Task[Any], Webhook] = {}
        self._hurry: asyncio.Future[None] | None = None
        self._in_a_hurry = False

    def send(self, webhook: Webhook) -> None:
        """Send an event now, or as the faults of the lab will have it."""
        faults = self.platform.faults
        if self._happens(faults.lost):
            self._note(webhook, "lost")
            return
        before = self._held.pop(webhook.leg, None)
        if before is None and self._comes_after_the_next(webhook):
            self._hold(webhook)
            return
        late = self._happens(faults.late)
        if late:
            self._note(webhook, f"{faults.late_seconds:g} s late")
            self._send_later(webhook, faults.late_seconds)
            self._let_go(before)
        else:
            self._send(webhook, before)

    def send_twice(self, webhook: Webhook) -> None:
        """Send it a second time where that fault happens. The reply to the second is ignored."""
        if self._happens(self.platform.faults.duplicated):
            self._note(webhook, "sent twice")
            self._send_later(webhook, self.platform.chance.uniform(0, TWICE_WITHIN_SECONDS))

    def ask(self, webhook: Webhook, question: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """Begin to ask something. Shield what is given back: should who asks be gone meanwhile, the request goes on."""
        self.send_twice(webhook)
        task = self.platform.clock.run(question)
        self._watch(webhook, task)
        return task

    def hurry(self) -> None:
        """Send at once what waits: nobody will be there later."""
        self._in_a_hurry = True
        if self._hurry and not self._hurry.done():
            self._hurry.set_result(None)

    async def settle(self, about: About = lambda leg, conversation: True) -> None:
        """Wait until all is sent and replied to that concerns these, late as it may be."""
        for leg, held in list(self._held.items()):
            if about(leg, held.webhook.conversation):
                self._let_go(self._held.pop(leg))
        while waiting := [task for task, one in self._under_way.items() if about(one.leg, one.conversation)]:
            await asyncio.wait(waiting)

    def _comes_after_the_next(self, webhook: Webhook) -> bool:
        faults, status = self.platform.faults, webhook.fields.get("status")
        if not webhook.leg or status == "completed":  # nothing comes after it
            return False
        first_of_two = status in SIMULTANEOUS or (status == "started" and webhook.fields.get("direction") == "inbound")
        if first_of_two and self._happens(faults.reordered):
            return True
        if self._happens(faults.swapped):
            self._note(webhook, "comes after the next")
            return True
        return False

    def _hold(self, webhook: Webhook) -> None:
        until = self.platform.clock.later(HELD_SECONDS, lambda: self._let_go(self._held.pop(webhook.leg, None)))
        self._held[webhook.leg] = Held(webhook, until)

    def _let_go(self, held: Held | None) -> None:
        if held:
            held.until.cancel()
            self._send(held.webhook)

    def _send(self, webhook: Webhook, before: Held | None = None) -> None:
        if before:
            before.until.cancel()
        self._watch(webhook, self.platform.clock.run(self._deliver(webhook, before)))
        for one in (webhook, before.webhook) if before else (webhook,):
            self.send_twice(one)

    def _send_later(self, webhook: Webhook, seconds: float) -> None:
        self._watch(webhook, asyncio.create_task(self._later(webhook, seconds)))

    async def _later(self, webhook: Webhook, seconds: float) -> None:
        if not self._hurry:
            self._hurry = asyncio.get_running_loop().create_future()
        if not self._in_a_hurry:
            await self.platform.clock.wait(self._hurry, seconds=seconds)
        await self.platform.clock.run(self._deliver(webhook))

    async def _deliver(self, webhook: Webhook, before: Held | None = None) -> None:
        with suppress(Undelivered):  # noted as a finding; the platform goes on
            await self.platform.sender.deliver(webhook)
        if before:
            await self._deliver(before.webhook)

    def _watch(self, webhook: Webhook, task: "asyncio.Task[Any]") -> None:
        self._under_way[task] = webhook
        task.add_done_callback(self._under_way.pop)

    def _happens(self, share: float) -> bool:
        """Draw lots; none is drawn for what never happens, so that a seed gives the same run with other faults off."""
        return share > 0 and self.platform.chance.random() < share

    def _note(self, webhook: Webhook, fault: str) -> None:
        what = webhook.fields.get("status") or webhook.kind
        words = f"fault: {what}: {fault}"
        self.platform.trace.add("note", words, leg=webhook.leg, conversation=webhook.conversation, fault=fault)
