"""A conversation: legs that can hear each other, whether bridged by `connect` or met in a room."""

from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from calls.emulator.legs import Leg
    from calls.emulator.platform import Platform


def new_uuid() -> str:
    return f"CON-{uuid4()}"


class Conversation:
    """`name` is that of a room, "" for one that a call was born in."""

    def __init__(self, platform: "Platform", *, name: str = "", uuid: str = "") -> None:
        self.platform = platform
        self.name = name
        self.uuid = uuid or new_uuid()
        self.legs: list[Leg] = []
        platform.conversations[self.uuid] = self

    def join(self, leg: "Leg") -> None:
        """Take in a leg that was in another conversation before."""
        leg.conversation.legs.remove(leg)
        leg.conversation = self
        self.legs.append(leg)

    def leave(self, leg: "Leg") -> None:
        """Let a leg go that is over. It keeps naming this as its conversation."""
        if leg in self.legs:
            self.legs.remove(leg)

    def can_hear(self, listener: "Leg", speaker: "Leg") -> bool:
        """Whether one leg hears another."""
        return listener is not speaker and not speaker.muted and not listener.earmuffed

    def spoken(self, speaker: "Leg", text: str) -> None:
        """Pass on what a party says."""
        for leg in self.legs:
            if self.can_hear(leg, speaker):
                leg.note("says", f"{speaker.party.shown} says: {text}", detail=True, text=text, by=speaker.uuid)

    def key_pressed(self, leg: "Leg", key: str) -> None:
        """Pass on a key that a party pressed."""
