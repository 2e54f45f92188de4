"""A sound that callers are played: a file of ours, or one that another server has."""

from dataclasses import dataclass
from typing import Any

from calls.flows.program import Target
from calls.flows.run import Run
from calls.flows.run import Step as Compiled
from calls.flows.steps.kind import NOTHING_KNOWN, Facts, Kind, SoundFile
from calls.flows.urls import absolute
from calls.vonage import ncco
from calls.vonage.ncco import Ncco

SHOWN_URL = 60  # characters


@dataclass(frozen=True)
class Audio(Kind):
    """`sound` is the id of a sound file, `url` an address elsewhere: one of both. `level` is the volume, -1 to 1;
    `loop` how often it is played.

    The program holds the sound's "path" instead of looking it up: it goes on being played until it is published anew.
    """

    sound: int | None = None
    url: str = ""
    level: float = 0
    loop: int = 1

    @property
    def title(self) -> str:
        if self.url:
            return f"plays {self.url if len(self.url) <= SHOWN_URL else self.url[: SHOWN_URL - 1] + '…'}"
        return "plays a sound file" if self.sound is not None else "plays nothing yet"

    def file(self, facts: Facts) -> SoundFile | None:
        """The sound file that it plays. Imported settings may hold anything."""
        return facts.sounds.get(self.sound) if isinstance(self.sound, int) else None

    def actions(self, url: str) -> Ncco:
        return [ncco.stream(url, level=self.level, loop=self.loop)]

    def problems(self, facts: Facts = NOTHING_KNOWN) -> list[str]:
        if self.sound is None and not self.url:
            return ["It plays nothing. Choose a sound file, or give the address of one."]
        if self.sound is not None and self.url:
            return ["It has a sound file and an address, and can play one of them. Empty the other."]
        wrong = []
        if self.sound is not None and not self.file(facts):
            wrong.append("The sound file that it played is gone. Choose another one.")
        wrong += [problem.message for problem in ncco.errors(self.actions(self.url or absolute("/sounds/")))]
        if self.loop == 0:
            wrong.append("A sound that is played for ever never lets the caller go on. Play it 1 to 20 times.")
        return wrong

    def warnings(self, facts: Facts = NOTHING_KNOWN) -> list[str]:
        found = self.file(facts)
        return [f"“{found.name}”: {warning}" for warning in found.warnings] if found else []

    def compiled(self, facts: Facts = NOTHING_KNOWN) -> dict[str, Any]:
        found = self.file(facts)
        return self.settings() | ({"path": found.path} if found else {})

    def play(self, step: Compiled, run: Run) -> Target | None:
        path = step["settings"].get("path")
        run.actions += self.actions(absolute(path) if path else self.url)
        return run.target(step, "next")
