"""How wide a text is in a picture whose font we do not choose: rather too wide than too narrow. Pure."""

import unicodedata
from functools import lru_cache

NARROW, WIDE = set("iljtfrI.,:;'’‘|!()[]{}/\\ -"), set("mwMW@%&—…")
EM = {
    "narrow": 0.38,
    "wide": 0.98,
    "capital": 0.72,
    "other": 0.58,
    "east": 1.1,
}  # of the size, bold and broad fonts too
ELLIPSIS = "…"


@lru_cache(maxsize=4096)
def letter_width(letter: str) -> float:
    """Give its width as a part of the font's size."""
    if letter in NARROW:
        return EM["narrow"]
    if letter in WIDE:
        return EM["wide"]
    if unicodedata.combining(letter):
        return 0
    if unicodedata.east_asian_width(letter) in "WF" or ord(letter) > 0x2E80:
        return EM["east"]
    return EM["capital"] if letter.isupper() else EM["other"]


def width(text: str, size: float) -> float:
    """Give its width in pixels."""
    return round(size * sum(map(letter_width, text)), 1)


def cut(text: str, size: float, room: float) -> str:
    """Cut a text to that many pixels, with "…" where something is missing."""
    line = " ".join(text.split())
    if width(line, size) <= room:
        return line
    left, kept = room - width(ELLIPSIS, size), ""
    for letter in line:
        left -= size * letter_width(letter)
        if left < 0:
            break
        kept += letter
    return kept.rstrip(" ,;:-–") + ELLIPSIS
