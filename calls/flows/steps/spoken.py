"""What every text that is read to a caller has: a voice, or that of its flow, and what may be wrong with both."""

import unicodedata
from collections.abc import Mapping
from typing import Any

from calls.flows import words
from calls.flows.steps.kind import Facts, Kind
from calls.vonage import ncco, ssml, voices

DEFAULT_VOICE = {"language": "en-AU", "style": 3, "premium": False}  # the old Russell, who spoke in the tutorial
FLOWS_VOICE = {"language": "", "style": 0, "premium": False}  # of a step that speaks as its flow does


class Spoken(Kind):
    """A kind with these three fields. `language` and `style` name the voice (en-AU, 3 is the old Russell); without a
    language it is the flow's.
    """

    language: str
    style: int
    premium: bool

    def voice(self, facts: Facts) -> dict[str, Any]:
        """The voice it is read in: its own, or the flow's."""
        own = {"language": self.language, "style": self.style, "premium": self.premium}
        return own if self.language else dict(facts.voice or DEFAULT_VOICE)

    def texts(self) -> Mapping[str, str]:
        """What is said, by the name of its field."""
        return {}

    def problems(self, facts: Facts) -> list[str]:
        said = {name: text for name, text in self.texts().items() if text}
        voice = self.voice(facts)
        wrong = [problem for text in said.values() for problem in text_problems(text, voice)]
        return [*dict.fromkeys([*wrong, *(voiceless(**voice) if said else ())])]

    def warnings(self, facts: Facts) -> list[str]:
        voice = self.voice(facts)
        odd = [
            problem.message
            for text in self.texts().values()
            if text
            for problem in ncco.check([ncco.talk(text, **voice)])
            if problem.severity == "warning"
        ]
        return [*dict.fromkeys(odd)]


def text_problems(text: str, voice: Mapping[str, Any]) -> list[str]:
    """Why it cannot be said."""
    wrong = [problem.message for problem in ncco.errors([ncco.talk(text, **voice)])]
    return [*wrong, *silences(text), *words.problems(text)]


def silences(text: str) -> list[str]:
    """Say what is wrong with a text, though Vonage would take it."""
    wrong = []
    control = next((letter for letter in text if unicodedata.category(letter) == "Cc" and letter not in "\n\r\t\0"), "")
    if control:
        wrong.append(f"The text has the control character U+{ord(control):04X}, which nobody can hear. Remove it.")
    reading = ssml.read(text)
    if text.strip() and reading.says_something and not reading.errors and not reading.has_words:
        wrong.append("The text has pauses but no words, so callers would hear silence. Write what they hear.")
    return wrong


def voiceless(language: str, style: int, premium: bool) -> list[str]:
    """Say what is wrong with a voice."""
    voice = voices.find(language, style)
    if voice is None:
        return [f"There is no voice {language}, style {style}. Choose one of the list."]
    if premium and not voice.premium:
        return [f"The voice {language}, style {style} has no premium variant. Switch premium off."]
    if voice.premium_only and not premium:
        return [f"The voice {language}, style {style} is premium only. Switch premium on."]
    return []
