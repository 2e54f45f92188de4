"""A conversation: legs that can hear each other, whether bridged by `connect` or met in a room."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from calls.emulator.music import Music

if TYPE_CHECKING:
    from calls.emulator.application import Application
    from calls.emulator.legs import Leg
    from calls.emulator.platform import Platform
    from calls.emulator.recordings import Recording, Wish


def new_uuid() -> str:
    return f"CON-{uuid4()}"


@dataclass(frozen=True, kw_only=True)
class Seat:
    """How a leg sits in a room. Lists of leg ids: None is everyone, an empty one nobody."""

    starts: bool = True  # `startOnEnter`; else it waits for somebody who does
    ends: bool = False  # `endOnExit`: the room ends for all when this leg leaves
    mute: bool = False  # until the REST API lets it be heard
    music: str = ""  # URL of what it hears until the room starts
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
            music=next(iter(action.get("musicOnHoldUrl", [])), ""),
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
        self.to_record: tuple[Application, Wish] | None = None  # once it starts
        self._music: dict[Leg, Music] = {}
        self._departures: dict[Leg, asyncio.Future[None]] = {}
        platform.conversations[self.uuid] = self

    def join(self, leg: "Leg") -> None:
        """Take in a leg that was in another conversation before."""
        leg.conversation.leave(leg)
        leg.conversation = self
        leg.is_apart = False
        self.legs.append(leg)

    def departure(self, leg: "Leg") -> "asyncio.Future[None]":
        """Give what is done once a leg that is here is over, or was moved."""
        return self._departures.setdefault(leg, asyncio.get_running_loop().create_future())

    def enter(self, leg: "Leg", seat: Seat) -> None:
        """Give a leg that has joined its seat. The first who may start the room does; the others wait to music, or in
        silence.
        """
        self.seats[leg.uuid] = seat
        if seat.mute:
            leg.muted = True
        if seat.starts and not self.has_started:
            self._start(leg)
        elif not self.has_started and seat.music:
            self._music[leg] = Music(leg, "music on hold", seat.music)

    def record(self, application: "Application", wish: "Wish") -> None:
        """Record it from its start on. One recording has all; who asks for a second one is in the first (inferred)."""
        if self.recordings or self.to_record:
            return
        self.to_record = application, wish
        if self.has_started:
            self._begin_to_record()

    def _start(self, by: "Leg") -> None:
        self.has_started = True
        by.note("note", f"the room {self.name} starts", room=self.name)
        while self._music:
            self._music.popitem()[1].stop()
        self._begin_to_record()

    def _begin_to_record(self) -> None:
        if self.to_record:
            self.platform.recordings.start(self, *self.to_record)
            self.to_record = None

    def leave(self, leg: "Leg") -> None:
        """Let a leg go. One that is over keeps naming this as its conversation.

        Where it was one with `endOnExit`, the room ends for all; a room that nobody is in any more is no room.
        """
        if leg not in self.legs:
            return
        self.legs.remove(leg)
        seat = self.seats.pop(leg.uuid, ORDINARY)
        if gone := self._departures.pop(leg, None):
            gone.set_result(None)
        if music := self._music.pop(leg, None):
            music.stop()
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
        """Whether one leg hears another: both have to be there, and the seats have to let them."""
        if listener is speaker or not self.has_started or speaker.muted or listener.earmuffed:
            return False
        if any(leg.answered_at is None or leg.is_apart for leg in (listener, speaker)):
            return False
        hears = self.seats.get(listener.uuid, ORDINARY).can_hear
        speaks = self.seats.get(speaker.uuid, ORDINARY).can_speak
        return (hears is None or speaker.uuid in hears) and (speaks is None or listener.uuid in speaks)

    def spoken(self, speaker: "Leg", text: str, seconds: float) -> None:
        """Pass on what a party says."""
        for leg in self.legs:
            if self.can_hear(leg, speaker):
                words = f"{leg.party.shown} hears: {text or speaker.party.shown}"
                said = {"text": text, "seconds": round(seconds, 1), "by": speaker.uuid}
                leg.note("hears", words, detail=True, **said)

    def key_pressed(self, presser: "Leg", key: str) -> None:
        """Pass on a key that a party pressed."""
        for leg in self.legs:
            if self.can_hear(leg, presser):
                leg.note("hears", f"{leg.party.shown} hears the key {key}", detail=True, keys=key, by=presser.uuid)
