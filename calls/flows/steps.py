"""The kinds of step that staff put a flow together from: their settings, what they say, what is wrong with them."""

from dataclasses import asdict, dataclass
from typing import Any, Self

from calls.vonage import ncco, voices
from calls.vonage.ncco import Ncco

TUTORIAL_TEXT = "Hello world! This message is from my first Nexmo web app."
SHOWN_LENGTH = 60


@dataclass(frozen=True)
class Greeting:
    """A text that is read to the caller. `language` and `style` name the voice: en-AU, 3 is the old Russell."""

    text: str = TUTORIAL_TEXT
    language: str = "en-AU"
    style: int = 3
    premium: bool = False

    @classmethod
    def from_settings(cls, settings: dict[str, Any]) -> Self:
        return cls(**{name: settings[name] for name in cls.__dataclass_fields__ if name in settings})

    def settings(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def title(self) -> str:
        """What it says, short enough for a list."""
        text = " ".join(self.text.split())
        return f"“{text if len(text) <= SHOWN_LENGTH else text[: SHOWN_LENGTH - 1].rstrip() + '…'}”"

    def actions(self) -> Ncco:
        return [ncco.talk(self.text, language=self.language, style=self.style, premium=self.premium)]

    def problems(self) -> list[str]:
        """Say what keeps it from being published, each with its reason and cure."""
        wrong = [problem.message for problem in ncco.errors(self.actions())]
        voice = voices.find(self.language, self.style)
        if voice is None:
            wrong.append(f"There is no voice {self.language}, style {self.style}. Choose one of the list.")
        elif self.premium and not voice.premium:
            wrong.append(f"The voice {self.language}, style {self.style} has no premium variant. Switch premium off.")
        elif voice.premium_only and not self.premium:
            wrong.append(f"The voice {self.language}, style {self.style} is premium only. Switch premium on.")
        return wrong


STEPS = {"greeting": Greeting}
