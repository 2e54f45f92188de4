"""The kinds of step that staff put a flow together from: their settings, what they say, what is wrong with them."""

import unicodedata
from dataclasses import asdict, dataclass
from typing import Any, Self

from calls.vonage import ncco, ssml, voices
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
        return [*(problem.message for problem in ncco.errors(self.actions())), *self.silences(), *self.voiceless()]

    def warnings(self) -> list[str]:
        """Say what Vonage may not do as it is meant."""
        return [problem.message for problem in ncco.check(self.actions()) if problem.severity == "warning"]

    def silences(self) -> list[str]:
        """Say what is wrong with the text as a greeting, though Vonage would take it."""
        wrong = []
        control = next(
            (letter for letter in self.text if unicodedata.category(letter) == "Cc" and letter not in "\n\r\t\0"), ""
        )
        if control:
            wrong.append(f"The text has the control character U+{ord(control):04X}, which nobody can hear. Remove it.")
        reading = ssml.read(self.text)
        if self.text.strip() and reading.says_something and not reading.errors and not reading.has_words:
            wrong.append("The text has pauses but no words, so callers would hear silence. Write what they hear.")
        return wrong

    def voiceless(self) -> list[str]:
        """Say what is wrong with the voice."""
        wrong = []
        voice = voices.find(self.language, self.style)
        if voice is None:
            wrong.append(f"There is no voice {self.language}, style {self.style}. Choose one of the list.")
        elif self.premium and not voice.premium:
            wrong.append(f"The voice {self.language}, style {self.style} has no premium variant. Switch premium off.")
        elif voice.premium_only and not self.premium:
            wrong.append(f"The voice {self.language}, style {self.style} is premium only. Switch premium on.")
        return wrong


STEPS = {"greeting": Greeting}
