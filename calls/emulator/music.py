"""What somebody who waits is made to hear, for as long as it takes."""

from typing import TYPE_CHECKING

from calls.emulator.sounds import seconds_of

if TYPE_CHECKING:
    from calls.emulator.legs import Leg


class Music:
    """A sound that is repeated until it is stopped. Nothing waits for its being fetched."""

    def __init__(self, leg: "Leg", name: str, url: str) -> None:
        self.leg = leg
        self.name = name
        self.url = url
        self._is_wanted = True
        self._plays = False
        leg.beside(self._play())

    async def _play(self) -> None:
        seconds = await seconds_of(self.leg.platform, self.url)
        if seconds and self._is_wanted:
            self._plays = True
            words = f"{self.name}: {self.url}"
            self.leg.note("plays", words, detail=True, url=self.url, seconds=round(seconds, 1), loop=0)

    def stop(self) -> None:
        """A second time, or when it was never heard, nothing happens."""
        self._is_wanted = False
        if self._plays:
            self._plays = False
            self.leg.note("cut", f"{self.name} ends", detail=True)
