"""Read what somebody looks for: a number in any spelling, a name, words that were said, keys, an id. Pure."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

LONGEST = 100  # characters of a search
MOST_WORDS = 8
MOST_DIGITS = 20
NUMBER = re.compile(r"[+(]?\s*\d[\d\s()./\-\u2010-\u2015]*")  # also with the hyphens and dashes that are pasted
TRUNK = re.compile(r"\(\s*0\s*\)")  # +44 (0)20
NAME = re.compile(r"(con-)?[0-9a-z]{6,}(-[0-9a-z]+)*")
AMERICAN_PREFIX = "011"  # of numbers abroad
LEAST_OF_ABROAD = 11  # digits with it: less is a part of a number
LEAST_OF_ID = 16
HEX = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Needles:
    """What is looked for: of one of `ways` everything has to be in a call's text. `ids` may be those of a leg."""

    ways: tuple[tuple[str, ...], ...]
    ids: tuple[str, ...] = ()

    def are_in(self, text: str) -> bool:
        return any(all(part in text for part in way) for way in self.ways)

    def or_any(self, parties: Iterable[str]) -> "Needles":
        """Be content with one of these parties as well."""
        return Needles((*self.ways, *((party.lower(),) for party in parties if party)), self.ids)


def needles_of(text: str) -> Needles:
    """Read a search. "+44 (0)20 7946", "020 7946" and "0044 20 7946" all find 44207946…; of words each counts."""
    text = " ".join(text.split()).lower()
    number = _plainly(text)
    if NUMBER.fullmatch(number):
        digits = re.sub(r"\D", "", TRUNK.sub("", number))
        if len(digits) <= MOST_DIGITS:  # more is the id of a leg that happens to have no letters
            ways = ((digits.lstrip("0") or digits,),)
            abroad = digits.startswith(AMERICAN_PREFIX) and len(digits) >= LEAST_OF_ABROAD
            return Needles((*ways, (digits.removeprefix(AMERICAN_PREFIX),)) if abroad else ways)
    words = tuple(dict.fromkeys(text.split()))[:MOST_WORDS]
    return Needles((words,) if words else (), _ids(text))


def _plainly(text: str) -> str:
    """Spell a number that was pasted: of a `tel:` link, with digits of other scripts, marks of direction, a comma."""
    plain = unicodedata.normalize("NFKC", text)
    letters = [str(unicodedata.digit(letter, letter)) for letter in plain if unicodedata.category(letter) != "Cf"]
    return "".join(letters).strip().removeprefix("tel:").rstrip(",;")


def _ids(text: str) -> tuple[str, ...]:
    """Spell an id in the ways that the platform does: dashed or not, with "CON-" or without."""
    if len(text) < LEAST_OF_ID or not NAME.fullmatch(text) or not any(letter.isdigit() for letter in text):
        return ()
    bare = text.removeprefix("con-")
    spelt = {bare}
    if HEX.fullmatch(plain := bare.replace("-", "")):
        dashed = "-".join((plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:]))
        spelt = {plain, dashed}
    return tuple(sorted(spelt | {f"CON-{one}" for one in spelt}))
