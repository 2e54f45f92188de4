"""Placeholders in what callers hear: "Hello {caller.name}, we open again {hours.next_open}." Pure.

A value is somebody's name or what we worked out. It never becomes a mark of SSML, nor a placeholder.
"""

import difflib
import re
import unicodedata
from collections.abc import Mapping
from xml.sax.saxutils import quoteattr

from calls.vonage import numbers, ssml
from calls.vonage.ncco.spoken import MAX_TEXT

PLACEHOLDERS = {
    "caller.name": "the contact’s name, nothing for strangers",
    "caller.number": "their number, digit by digit",
    "hours.next_open": "when we open again",
    "hours.closes": "when we close today",
    "number.label": "what our number is called, or else the number itself",
}
OF_HOURS = {"hours.next_open", "hours.closes"}
LENGTHS = (80, 40, 20, 0)  # letters of a value; shorter where the text would become too long
SHORT = 6  # digits; a label of more is a telephone number
MARKS = dict.fromkeys(map(ord, "<>{}"), " ")  # of SSML, and of placeholders

_NAMES = "|".join(map(re.escape, PLACEHOLDERS))
_KNOWN = re.compile(rf"\{{({_NAMES})\}}")
_MEANT = re.compile(r"\{[ \t]*([A-Za-z][\w.\- ]{0,40}?)[ \t]*\}")
_DOUBLE = re.compile(rf"\{{\{{\s*({_NAMES})\s*\}}\}}")
_HALF = re.compile(rf"\{{[ \t]*({_NAMES})\b|(?<![\w.])({_NAMES})[ \t]*\}}")
_WITHIN = re.compile(rf"<[^<>]*\{{({_NAMES})\}}")
_WHOLE = re.compile(r"<(say-as|sub|phoneme)\b[^>]*[^/]>|</(say-as|sub|phoneme)\s*>")

# Beside a value that is missing
_COMMA_BEFORE = re.compile(r"[ \t]*[,:–-]?[ \t]*\Z")  # no semicolon: it may end an &amp;
_BEGINS = re.compile(r"(\A|[.!?\n]|<(speak|p|s)\b[^<>]*>|</[ps]\s*>)\Z")  # a sentence
_CURE = "word it so that nothing is missing then."
_WITHOUT = {
    "caller.name": "To strangers it says",
    "caller.number": "Without a number it says",
    "hours.next_open": "While no opening is planned it says",
    "hours.closes": "While it is closed it says",
}
_LAST = re.compile(rf"([^\W\d_]+)[ \t]*\{{({'|'.join(map(re.escape, _WITHOUT))})\}}[ \t]*(?=[.!?,;:)]|\Z)")
_SENTENCES = re.compile(r"(?<=[.!?])\s+|\n")
# Words after which more has to come, in the languages of most voices.
_LEADING = frozenset(
    re.findall(
        r"\w+",
        """
    a an and are as at before by called for from in is named of on or our than the till to until with your
    ab am an bei bis das dem den der die für heißt ist mit nach oder sind um und vom von vor zu zum zur
    au avec chez de des du dès est et jusqu la le les ou par pour à
    al con desde el en es hasta para por y
    alle con da dal dalle di e fino il per è
    ao até com das do em ou é às
    aan bij de en het met naar om op tot van vanaf voor
    dla do i jest lub na o od po przy u w z ze
    av den eller från för i med och på till tills vid är
    af er fra indtil og til ved
    """,
    )
)
_STOPS = (".", "!", "?", ",", ";", ":", ")")


def problems(text: str, *, spoken: bool = True) -> list[str]:
    """Say what is wrong with the placeholders of a text, each with its cure. Other braces are plain text.

    Not `spoken` is what programs read.
    """
    wrong = []
    for found in dict.fromkeys(match[1] for match in _DOUBLE.finditer(text)):
        wrong.append(f"{{{{{found}}}}} has two braces on each side. Write {{{found}}}.")
    rest = _DOUBLE.sub(" ", text)
    for name in dict.fromkeys(match[1] for match in _MEANT.finditer(rest)):
        if f"{{{name}}}" not in rest or name not in PLACEHOLDERS:
            wrong.append(_unknown(name))
    for found in dict.fromkeys(match[1] or match[2] for match in _HALF.finditer(_MEANT.sub(" ", rest))):
        wrong.append(f"{found} has a brace on one side only. Write {{{found}}}.")
    if not spoken:
        return wrong
    if _WITHIN.search(text) or any(inside and _KNOWN.search(part) for part, inside in _parts(text)):
        wrong.append("A placeholder stands within a tag, where it is not spoken. Put it between the tags.")
    said = "".join(part for part, inside in _parts(text) if not inside)
    if _KNOWN.search(said) and not any(letter.isalnum() for letter in _KNOWN.sub("", said)):
        wrong.append("The text is placeholders alone: where nothing is known, callers would hear nothing. Add a word.")
    return wrong


def gaps(text: str) -> list[str]:
    """Say which sentences break off where a value is missing, as they are heard then, with the cure."""
    plain = "".join(part for part, inside in _parts(text) if not inside)
    found = []
    for sentence in _SENTENCES.split(plain):
        for before, name in _LAST.findall(sentence):
            if before.casefold() in _LEADING:
                found.append(f"{_WITHOUT[name]} “{_fill(sentence, dict.fromkeys(PLACEHOLDERS, '')).strip()}”: {_CURE}")
    return [*dict.fromkeys(found)]


def names_in(text: str) -> set[str]:
    """Say which placeholders a text has."""
    return set(_KNOWN.findall(text))


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put values in the place of placeholders; where one is missing or empty, close the gap.

    `values` are plain text; "caller.number" is digits. Values are cut where more than the spoken 1,500 letters
    would come of a text that has no more itself. May give "" for a text that is placeholders alone.
    """
    if not _KNOWN.search(text):
        return text
    filled = text
    for length in LENGTHS:
        filled = _fill(text, {name: _clean(values.get(name, ""), name, length) for name in PLACEHOLDERS})
        if ssml.spoken_length(filled) <= MAX_TEXT:
            break
    return filled


def insert(text: str, values: Mapping[str, str]) -> str:
    """Put values in the place of placeholders as they are, for what is read by programs; "" where one is missing."""
    return _KNOWN.sub(lambda match: values.get(match[1], ""), text)


def digit_by_digit(number: str) -> list[str]:
    """Give the groups in which a number is said: "447700900123" is ["44", "7700", "900123"]."""
    return re.findall(r"\d+", numbers.shown(number), re.ASCII)


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name.lower().replace(" ", ""), PLACEHOLDERS, n=1, cutoff=0.5)
    near = near or [known for known in PLACEHOLDERS if known.rpartition(".")[2] == name.lower()]
    if near:
        return f"{{{name}}}: did you mean {{{near[0]}}}?"
    return f"{{{name}}} is not known. There are {', '.join(f'{{{known}}}' for known in PLACEHOLDERS)}."


def _clean(value: str, name: str, length: int) -> str:
    """Make a value one line of what can be spoken, of no more letters than these."""
    if name == "caller.number":
        return value if length and value.isascii() and value.isdigit() and len(value) <= 15 else ""
    shown = "".join(
        " " if unicodedata.category(letter)[0] in "CZ" and letter not in numbers.JOINERS else letter
        for letter in value[: 10 * LENGTHS[0]].translate(MARKS)
    )
    line = " ".join(shown.split())
    if len(line) <= length:
        return line if any(letter.isalnum() for letter in line) else ""
    cut = line[:length]
    return (cut.rpartition(" ")[0] or cut).rstrip(" ,;:-")


def _parts(text: str) -> list[tuple[str, bool]]:
    """Take SSML apart: each part, and whether it is a tag. A plain text is one part."""
    return ssml.parts(text) if ssml.is_ssml(text) else [(text, False)]


def _fill(text: str, values: Mapping[str, str]) -> str:
    marked = ssml.is_ssml(text)
    done, whole = "", 0  # within tags whose content is one word already
    for part, inside in _parts(text):
        if inside:
            done += _KNOWN.sub(lambda match: _in_tag(match[1], values[match[1]]), part)
            if match := _WHOLE.fullmatch(part):
                whole = max(whole + (1 if match[1] else -1), 0)
            continue
        pieces = _KNOWN.split(part)  # text, name, text, name, …, text
        done += pieces[0]
        for name, after in zip(pieces[1::2], pieces[2::2], strict=True):
            said = _said(name, values[name], marked=marked, whole=bool(whole))
            done = done + said + after if said else _joined(done, after, marked=marked)
    return done if marked or not ssml.is_ssml(done) else done.translate(MARKS)


def _said(name: str, value: str, *, marked: bool, whole: bool) -> str:
    if not _is_number(name, value):
        return ssml.escape(value) if marked else value
    if whole:
        return value
    groups = digit_by_digit(value)
    if marked:
        return ", ".join(f'<say-as interpret-as="digits">{group}</say-as>' for group in groups)
    return ", ".join(" ".join(group) for group in groups)


def _is_number(name: str, value: str) -> bool:
    """Whether it is said digit by digit: a caller's number, and ours where it has no other name."""
    return name == "caller.number" or (
        name == "number.label" and value.isascii() and value.isdigit() and len(value) > SHORT
    )


def _in_tag(name: str, value: str) -> str:
    """Give a value as it may stand within an attribute's quotes, whichever they are."""
    spoken = " ".join(value) if _is_number(name, value) else value
    return quoteattr(spoken.replace('"', " "))[1:-1].replace("'", "&apos;")


def _joined(before: str, after: str, *, marked: bool) -> str:
    """Close the gap that a missing value leaves: "Hello " and ", welcome" are "Hello, welcome"."""
    blank = before[-1:] in {" ", "\t"} or after[:1] in {" ", "\t"}
    left, right = before.rstrip(" \t"), after.lstrip(" \t")
    if left.endswith("(") and right.startswith(")"):
        before, after = left[:-1], right[1:]
        blank = before[-1:] in {" ", "\t"} or after[:1] in {" ", "\t"}
        left, right = before.rstrip(" \t"), after.lstrip(" \t")
    if _BEGINS.search(left):
        right = right.lstrip(" \t,;:.!?)")
        return left + (" " if blank and right and left.endswith((".", "!", "?")) else "") + right
    if not right:
        return _COMMA_BEFORE.sub("", left) + (" " if blank and marked else "")  # a tag may follow, and a word
    if right.startswith(_STOPS):
        return _COMMA_BEFORE.sub("", left) + right
    return left + (" " if blank else "") + right
