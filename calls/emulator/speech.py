"""How long a `talk` takes. Vonage does not say: all figures in here are inferred."""

import re
import unicodedata
from xml.parsers import expat

from calls.vonage import ssml

WORDS_PER_MINUTE = 150  # an ordinary reading pace
LEAD_SECONDS = 0.5  # until the voice begins
LONG_WORD = 8  # characters; a longer token, such as a number, is read as several words
WIDE_CHARACTERS_PER_WORD = 1.6  # Chinese, Japanese and Korean, which put no blanks between words
LONGEST_BREAK_SECONDS = 10.0  # of one <break>, as speech engines allow
BREAK_SECONDS = {"none": 0.0, "x-weak": 0.0, "weak": 0.25, "medium": 0.4, "strong": 0.75, "x-strong": 1.2}
PARAGRAPH_SECONDS = {"p": 0.75, "s": 0.4}
PACES = {"x-slow": 0.5, "slow": 0.75, "medium": 1.0, "fast": 1.25, "x-fast": 1.5}

_TIME = re.compile(r"\+?([\d.]+)(ms|s)", re.ASCII)


def seconds_to_say(text: str) -> float:
    """Give the seconds from the start of a talk to its end, for one reading of plain text or SSML."""
    if ssml.is_ssml(text):
        try:
            return LEAD_SECONDS + _Speaker().read(text)
        except (expat.ExpatError, UnicodeEncodeError):
            return LEAD_SECONDS  # inferred: text that is not well formed is not read
    return LEAD_SECONDS + _seconds(text)


def _seconds(text: str) -> float:
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    tokens = "".join(" " if unicodedata.east_asian_width(c) in "WF" else c for c in text).split()
    words = sum(max(1.0, len(token) / LONG_WORD) for token in tokens) + wide / WIDE_CHARACTERS_PER_WORD
    return words * 60 / WORDS_PER_MINUTE


class _Speaker:
    """Reads one SSML text: words at the pace of the `<prosody>` around them, and pauses."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.paces = [1.0]  # of the tags that are open, innermost last
        self.aliases = 0  # open <sub> tags, whose text is not read
        self.words: list[str] = []

    def read(self, text: str) -> float:
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.Parse(text.strip().encode(), True)
        return self.seconds

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._say()
        self.paces.append(PACES.get(attributes.get("rate", ""), 1.0) * self.paces[-1])
        if tag == "break":
            self.seconds += _break_seconds(attributes)
        if tag == "sub":
            self.aliases += 1
            self.seconds += _seconds(attributes.get("alias", "")) / self.paces[-1]

    def _characters(self, data: str) -> None:
        if not self.aliases:
            self.words.append(data)

    def _end(self, tag: str) -> None:
        self._say()
        self.paces.pop()
        self.aliases -= tag == "sub"
        self.seconds += PARAGRAPH_SECONDS.get(tag, 0.0)

    def _say(self) -> None:
        self.seconds += _seconds("".join(self.words)) / self.paces[-1]
        self.words.clear()


def _break_seconds(attributes: dict[str, str]) -> float:
    if found := _TIME.fullmatch(attributes.get("time", "")):
        try:
            seconds = float(found[1]) / (1000 if found[2] == "ms" else 1)
        except ValueError:  # such as "1.2.3s"
            return 0.0
        return min(seconds, LONGEST_BREAK_SECONDS)
    return BREAK_SECONDS.get(attributes.get("strength", "medium"), 0.0)
