"""What every text that is read to a caller has: a voice, or that of its flow, and what may be wrong with both."""

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Self

from calls.flows import standard, times, words
from calls.flows.program import END, Target
from calls.flows.run import Run
from calls.flows.run import Step as Compiled
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

    def in_language(self, language: str) -> Self:
        """The same with the sentences that we bring along in the language of a voice."""
        texts = {name: text for name, text in vars(self).items() if isinstance(text, str)}
        return replace(self, **{name: standard.in_language(text, language) for name, text in texts.items()})

    def give_up(self, step: Compiled, run: Run, on: str, said: str) -> Target:
        """Lead a caller on who answered nothing right. Where the call ends they hear `said` and a goodbye first."""
        target = run.target(step, on)
        if target == END:  # else what comes next says why
            run.say(said, vars(self))
            run.say_ours(standard.GOODBYE if run.actions else standard.NO_ANSWER, vars(self))
        return target

    def problems(self, facts: Facts) -> list[str]:
        said = {name: text for name, text in self.texts().items() if text}
        voice = self.voice(facts)
        wrong = [problem for text in said.values() for problem in text_problems(text, voice)]
        return [*dict.fromkeys([*wrong, *(voiceless(**voice) if said else ())])]

    def warnings(self, facts: Facts) -> list[str]:
        voice = self.voice(facts)
        return [*dict.fromkeys(odd for text in self.texts().values() if text for odd in oddities(text, voice, facts))]


def oddities(text: str, voice: Mapping[str, Any], facts: Facts) -> Iterator[str]:
    """What may not be heard as it is meant."""
    language = str(voice["language"])
    yield from (one.message for one in ncco.check([ncco.talk(text, **voice)]) if one.severity == "warning")
    yield from filter(None, [standard.foreign(text, language)])
    yield from words.gaps(text)
    for name in sorted(words.names_in(text) & words.OF_HOURS):
        if not facts.asks_hours:
            yield f"{{{name}}} is known where opening hours were asked before, and no step of this flow asks any."
        if standard.base_of(language) not in times.LANGUAGES:
            yield f"{{{name}}} is said in English, and the voice speaks {standard.called(language)}. Leave it out."


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
