"""Running an NCCO, action by action."""

from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from calls.emulator.application import Target
from calls.emulator.events import Fields
from calls.vonage.ncco import Ncco

if TYPE_CHECKING:
    from calls.emulator.conversations import Conversation
    from calls.emulator.legs import Leg
    from calls.emulator.platform import Platform

MOST_NCCOS = 1_000  # in one call; an application that always answers with another would keep it for hours

Action = dict[str, Any]
Play = Callable[["Flow", Action], Awaitable[Ncco | None]]
PROMPTS = {"talk", "stream"}


class Flow:
    """The NCCO in charge of a leg. `left` is what is still to be run, after the action that runs now.

    `plays` says how each action is run: it gives the NCCO that replaces the rest, or None.
    """

    def __init__(self, leg: "Leg", plays: Mapping[str, Play]) -> None:
        self.leg = leg
        self.plays = plays
        self.left: deque[Action] = deque()
        self.parties: list[tuple[Leg, Conversation]] = []  # whom `connect` has rung for it, and where

    @property
    def platform(self) -> "Platform":
        return self.leg.platform

    async def run(self, ncco: Ncco) -> None:
        """Run it until nothing is left. Whom it has connected leaves with it."""
        try:
            await self._run(ncco)
        finally:
            self.let_go()

    async def _run(self, ncco: Ncco) -> None:
        self.left = deque(ncco)
        given = 1
        while self.left and given <= MOST_NCCOS:
            action = self.left.popleft()
            replacement = await self.plays[action["action"]](self, action)
            if replacement is not None:
                self.left = deque(replacement)
                given += 1
        if self.left:
            finding = f"The call was given {MOST_NCCOS:,} NCCOs, so it was ended: let it end."
            self.platform.sender.note(finding, leg=self.leg.uuid, conversation=self.leg.conversation.uuid)

    def let_go(self) -> None:
        """End the legs that were connected, but for those that were moved elsewhere, and those that talk where this leg
        was moved from: they stay (inferred; else both legs of a call could never be moved).
        """
        for party, home in self.parties:
            was_left = self.leg.conversation is not home and not party.is_apart
            if party.conversation is home and not was_left:
                party.hang_up("platform")
            party.tell_what_was_held()

    def obey(self, ncco: Ncco) -> None:
        """Drop what runs, and run this instead."""
        self.leg.live(Flow(self.leg, self.plays).run(ncco))

    def input_ahead(self) -> Action | None:
        """Give the `input` that a prompt which may be interrupted stands before: only such prompts lie between."""
        for action in self.left:
            if action["action"] == "input":
                return action
            if action["action"] not in PROMPTS or not action.get("bargeIn"):
                return None
        return None

    def target(self, action: Action) -> Target:
        """Where the events of an action go: its own URL, or where the leg's go."""
        url = next(iter(action.get("eventUrl", [])), "")
        return Target(url, action.get("eventMethod", "POST")) if url else self.leg.call_events

    async def ask(self, action: Action, event: Fields) -> Ncco | None:
        """Send an event of an action whose reply may replace the flow."""
        return await self.leg.ask(event, self.target(action))
