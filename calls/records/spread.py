"""How values are spread: kept as texts of one letter a value, which any database joins, and counted in no time. Pure.

A letter stands for a whole number: exactly below 64, beyond it for a class that is at most a thirty-second wide.
Where a text is long, a letter that is there often stands once, with its count behind it in digits that are no letters:
"P#!7" is twenty P and a 7. Texts of both kinds are joined, and counted, alike.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

FIRST = ord("0")  # the letter of 0
EXACT = 64  # below it each number has a letter of its own
HALF = EXACT // 2  # letters of each further power of two
MOST = 2**27 - 1
DIGITS = "!\"#$%&'()*"  # of counts: 0 to 9
IN_DIGITS = str.maketrans("0123456789", DIGITS)
FROM_DIGITS = str.maketrans(DIGITS, "0123456789")
RUN = re.compile(f"([^{re.escape(DIGITS)}])([{re.escape(DIGITS)}]+)")


def letter_of(value: int) -> str:
    """Give the letter of a number; below 0 and beyond MOST that of the nearest there is."""
    value = min(max(value, 0), MOST)
    if value < EXACT:
        return chr(FIRST + value)
    shift = value.bit_length() - (EXACT - 1).bit_length()
    return chr(FIRST + EXACT + (shift - 1) * HALF + (value >> shift) - HALF)


def value_of(letter: str) -> int:
    """Give the number that a letter stands for: the middle of its class."""
    index = ord(letter) - FIRST
    if index < EXACT:
        return index
    shift, position = divmod(index - EXACT, HALF)
    return ((HALF + position) << (shift + 1)) + (1 << shift)


@dataclass
class Spread:
    """How often each letter is there."""

    counts: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, text: str) -> "Spread":
        """Read a text of letters, of which some may have their count behind them."""
        if not any(digit in text for digit in DIGITS):
            return cls(Counter(text))
        counts = Counter(RUN.sub("", text))
        for letter, count in RUN.findall(text):
            counts[letter] += int(count.translate(FROM_DIGITS))
        return cls(counts)

    @classmethod
    def together(cls, parts: Iterable["Spread"]) -> "Spread":
        whole = cls()
        for part in parts:
            for letter, count in part.counts.items():
                whole.counts[letter] += count
        return whole

    @property
    def text(self) -> str:
        """The shortest text that says this."""
        return "".join(
            letter if count == 1 else f"{letter}{str(count).translate(IN_DIGITS)}"
            for letter, count in sorted(self.counts.items())
        )

    @property
    def total(self) -> int:
        return self.counts.total()

    def percentile(self, percent: int) -> int | None:
        """Give the least value that so many of a hundred do not exceed; None where there is no value."""
        wanted = -(-self.total * percent // 100)  # rounded up
        for letter in sorted(self.counts):
            wanted -= self.counts[letter]
            if wanted <= 0:
                return value_of(letter)
        return None

    def classes(self, edges: Sequence[int]) -> list[int]:
        """Count the values below the first edge, from there to the second, and so on, and from the last one on."""
        bounds = [0, *edges, MOST + 1]
        values = [(value_of(letter), count) for letter, count in self.counts.items()]
        return [sum(count for value, count in values if low <= value < high) for low, high in pairwise(bounds)]
