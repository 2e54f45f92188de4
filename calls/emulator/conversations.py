"""A conversation: legs that can hear each other, whether bridged by `connect` or met in a room."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    from calls.emulator.legs import Leg
    from calls.emulator.platform import Platform
    from calls.emulator.recordings import Recording


def new_uuid() -> str:
    return f"CON-{uuid4()}"


@dataclass(frozen=True, kw_only=True)
class Seat:
    """How a leg sits in a room. Lists of leg ids: None is everyone, an empty one nobody."""

    starts: bool = True  # `startOnEnter`; else it waits for somebody who does
    ends: bool = False  # `endOnExit`: the room ends for all when this leg leaves
    mute: bool = False
    can_hear: frozenset[str] | None = None
    can_speak: frozenset[str] | None = None  # to whom

    @classmethod
    def of(cls, action: dict[str, Any]) -> "Seat":
        """Read the options of an action."""
        lists = [frozenset(action[name]) if name in action else None for name in ("canHear", "canSpeak")]
        return cls(
            starts=action.get("startOnEnter", True),
            ends=action.get("endOnExit", False),
            mute=action.get("mute", False),
            can_hear=lists[0],
            can_speak=lists[1],
        )


ORDINARY = Seat()


class Conversation:
    """`name` is that of a room, "" for one that a call was born in, where everyone hears everyone at once."""

    def __init__(self, platform: "Platform", *, name: str = "", uuid: str = "") -> None:
        self.platform = platform
        self.name = name
        self.uuid = uuid or new_uuid()
        self.legs: list[Leg] = []
        self.seats: dict[str, Seat] = {}  # by leg
        self.has_started = not name
        self.recordings: list[Recording] = []  # that are being made
        platform.conversations[self.uuid] = self

    def join(self, leg: "Leg") -> None:
        """Take in a leg that was in another conversation before."""
        leg.conversation.leave(leg)
        leg.conversation = self
        self.legs.append(leg)

    def enter(self, leg: "Leg", seat: Seat) -> None:
        """Give a leg that has joined its seat. The first who may start the room does."""
        self.seats[leg.uuid] = seat
        if seat.starts and not self.has_started:
            self.has_started = True
            leg.note("note", f"the room {self.name} starts", room=self.name)

    def leave(self, leg: "Leg") -> None:
        """Let a leg go. One that is over keeps naming this as its conversation.

        Where it was one with `endOnExit`, the room ends for all; a room that nobody is in any more is no room.
        """
        if leg not in self.legs:
            return
        self.legs.remove(leg)
        seat = self.seats.pop(leg.uuid, ORDINARY)
        if self.name:
            leg.note("leaves", f"leaves the room {self.name}", room=self.name)
        if seat.ends:
            for other in list(self.legs):
                other.hang_up("platform")
        if not self.legs:
            for recording in list(self.recordings):
                recording.stop()
            self.platform.forget_room(self)

    def can_hear(self, listener: "Leg", speaker: "Leg") -> bool:
        """Whether one leg hears another."""
        if listener is speaker or not self.has_started or speaker.muted or listener.earmuffed:
            return False
        hears = self.seats.get(listener.uuid, ORDINARY).can_hear
        speaks = self.seats.get(speaker.uuid, ORDINARY)
        if speaks.mute or (hears is not None and speaker.uuid not in hears):
            return False
        return speaks.can_speak is None or listener.uuid in speaks.can_speak

    def spoken(self, speaker: "Leg", text: str) -> None:
        """Pass on what a party says."""
        for leg in self.legs:
            if self.can_hear(leg, speaker):
                leg.note("hears", f"{leg.party.shown} hears: {text}", detail=True, text=text, by=speaker.uuid)

    def key_pressed(self, leg: "Leg", key: str) -> None:
        """Pass on a key that a party pressed."""
