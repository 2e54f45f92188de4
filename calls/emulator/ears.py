"""What the platform listens for on a leg."""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from calls.emulator.clock import Clock

DTMF, SPEECH = "dtmf", "speech"


@dataclass(frozen=True)
class Key:
    """A key was pressed: 0-9, * or #."""

    key: str


@dataclass(frozen=True)
class Speech:
    """Somebody began to say this, and will be done after so many seconds. `also`: what else it may be taken for."""

    text: str
    seconds: float
    also: tuple[str, ...] = ()


Sound = Key | Speech


class Ear:
    """`wants` names what is listened for, "dtmf" or "speech". What else comes is not heard (inferred)."""

    def __init__(self) -> None:
        self.wants: frozenset[str] = frozenset()
        self._passed_on: dict[str, frozenset[str]] = {}
        self.takes: frozenset[str] = frozenset()  # what is heard although nobody is expected to begin with it
        self._heard: deque[Sound] = deque()
        self._news: asyncio.Future[None] | None = None
        self._curious: list[asyncio.Future[None]] = []
        self._closed = False

    def listen(self, kinds: Iterable[str], *, takes: Iterable[str] = ()) -> None:
        """Listen for these from now on; for none, forget what was heard."""
        self.wants = frozenset(kinds)
        self.takes = self.wants | frozenset(takes)
        if not self.takes:
            self._heard.clear()
        self._tell(self._curious)

    def pass_on(self, to: str, kinds: Iterable[str]) -> None:
        """Let it be known that somebody wants these whenever they come, though nothing here waits for them."""
        self._passed_on[to] = frozenset(kinds)
        self._tell(self._curious)

    def close(self) -> None:
        """Hear nothing any more. Who waits for it to listen waits no longer."""
        self._closed = True
        self.listen(())

    def take_key(self, key: str) -> bool:
        return self._take(Key(key), DTMF)

    def take_speech(self, speech: Speech) -> bool:
        return self._take(speech, SPEECH)

    async def next(self, clock: Clock, seconds: float) -> Sound | None:
        """Take the next sound, or give None when none comes in that time."""
        return self._heard.popleft() if await self.heard_within(clock, seconds) else None

    def take_keys(self) -> list[str]:
        """Take the keys that nobody has taken yet, and listen for no more."""
        keys = [sound.key for sound in self._heard if isinstance(sound, Key)]
        self.listen(())
        return keys

    async def heard_within(self, clock: Clock, seconds: float) -> bool:
        """Wait until there is a sound to take, at most so long. Says whether there is one."""
        if not self._heard:
            self._news = asyncio.get_running_loop().create_future()
            try:
                await clock.wait(self._news, seconds=seconds)
            finally:
                self._news = None
        return bool(self._heard)

    @property
    def is_open_to(self) -> frozenset[str]:
        """What a party may be told to press or say now."""
        return self.wants.union(*self._passed_on.values())

    @property
    def has_heard(self) -> bool:
        """Whether something was heard that nobody has taken yet."""
        return bool(self._heard)

    async def until_wants(self, kind: str) -> bool:
        """Wait until it listens for this. False: it never will."""
        while kind not in self.is_open_to and not self._closed:
            change: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._curious.append(change)
            await change
        return not self._closed

    def _take(self, sound: Sound, kind: str) -> bool:
        if kind not in self.takes:
            return False
        self._heard.append(sound)
        if self._news and not self._news.done():
            self._news.set_result(None)
        return True

    def _tell(self, waiting: list[asyncio.Future[None]]) -> None:
        for future in waiting:
            if not future.done():
                future.set_result(None)
        waiting.clear()
