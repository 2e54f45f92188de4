"""SSML, the marks in a `talk` text that say how it is spoken: is it well formed, does Vonage know its tags?

A text is SSML when all of it stands in `<speak>…</speak>`; any other text is read out as it is.
Source: https://developer.vonage.com/en/voice/voice-api/concepts/customizing-tts
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax.saxutils import escape as _escape_xml

MAX_READ = 100_000  # characters; a longer text is refused for its length, and not read at all
_NEAR = 24  # characters shown on from a fault

_ANY = re.compile(r".*", re.DOTALL)


def _one_of(words: str) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, words.split())))


# tag → its attributes → what each may say
TAGS: Mapping[str, Mapping[str, re.Pattern[str]]] = {
    "break": {
        "strength": _one_of("none x-weak weak medium strong x-strong"),
        "time": re.compile(r"\+?(\d+(\.\d+)?|\.\d+)(s|ms)", re.ASCII),
    },
    "emphasis": {"level": _one_of("strong moderate reduced")},
    "lang": {"xml:lang": re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})+", re.ASCII)},
    "p": {},
    "s": {},
    "phoneme": {"alphabet": _one_of("ipa x-sampa"), "ph": _ANY},
    "prosody": {
        "volume": re.compile(r"default|silent|x-soft|soft|medium|loud|x-loud|[+-]\d+(\.\d+)?dB", re.ASCII),
        "rate": _one_of("x-slow slow medium fast x-fast"),
        "pitch": re.compile(r"default|x-low|low|medium|high|x-high|[+-]\d+(\.\d+)?%", re.ASCII),
    },
    "say-as": {
        "interpret-as": _one_of(
            "character cardinal ordinal digits fraction unit date time expletive telephone address"
        ),
        "format": _one_of("mdy dmy ymd md dm ym my d m y yyyymmdd"),
    },
    "sub": {"alias": _ANY},
}
NEEDED = {"lang": ["xml:lang"], "phoneme": ["ph"], "say-as": ["interpret-as"], "sub": ["alias"]}
_SILENT = {"speak", "p", "s"}  # alone, these say nothing; a `break` is at least a pause

_OPENS = re.compile(r"\s*<speak[\s/>]")
_STRAY = re.compile(rf"</?({'|'.join(['speak', *TAGS])})(?=[\s/>])[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"""<(?:[^<>"']|"[^"<]*"|'[^'<]*')*>""")


@dataclass
class Reading:
    """What was found in a text. `errors` stop the talk, `warnings` may be ignored by Vonage."""

    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    says_something: bool = False  # if only by a pause
    has_words: bool = False


def is_ssml(text: str) -> bool:
    """Whether Vonage takes the text as SSML: its first tag is `<speak>`."""
    return bool(_OPENS.match(text))


def escape(text: str) -> str:
    """Make plain text safe to stand inside SSML, whoever wrote it: `&`, `<` and `>` are no longer marks."""
    return _escape_xml(text)


def parts(text: str) -> list[tuple[str, bool]]:
    """Take a text apart at its tags: each part, and whether it is a tag."""
    found, end = [], 0
    for tag in _TAG.finditer(text):
        found += [(text[end : tag.start()], False), (tag[0], True)]
        end = tag.end()
    return [(part, is_tag) for part, is_tag in [*found, (text[end:], False)] if part]


def spoken_length(text: str) -> int:
    """Count characters as the limit of 1,500 does: SSML tags are free, an `&amp;` counts as written."""
    return len(_TAG.sub("", text)) if is_ssml(text) else len(text)


def read(text: str) -> Reading:
    """Look for everything that is wrong with a text, SSML or plain. Never raises, never fetches or expands anything."""
    if not is_ssml(text):
        return _read_plain(text)
    # A DTD is the door to entity bombs and external files. Speech needs none, nor comments or CDATA.
    for mark, name in (("<!", "a comment, CDATA or DTD"), ("<?", "a processing instruction")):
        if mark in text:
            return Reading([f'has {name} ("{mark}"), which SSML must not have. Remove it.'], says_something=True)
    if len(text) > MAX_READ:
        return Reading(
            [f"is longer than {MAX_READ:,} characters, so it was not read. Shorten it."], says_something=True
        )
    return _Reader(text).read()


def _read_plain(text: str) -> Reading:
    reading = Reading(says_something=bool(text.strip()), has_words=_has_words(text))
    if stray := _STRAY.search(text):
        reading.errors.append(
            f"has the SSML tag <{stray[1]}> outside <speak>, so it would be read out or refused. "
            "Put the whole text in <speak>…</speak>."
        )
    return reading


def _has_words(text: str) -> bool:
    """Whether there is anything to speak in a text: more than blanks and characters that do not show."""
    return any(unicodedata.category(character)[0] not in "ZC" for character in text)


def _shown(text: str, length: int = 40) -> str:
    """A part of the text as a message may hold it: cut, and without control characters."""
    return "".join(character if character.isprintable() else " " for character in text[:length])


class _Reader:
    """Reads one SSML text with expat, which neither recurses nor, without a DTD, expands anything."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.found = Reading()
        self.open: list[str] = []
        self.warned: set[str] = set()
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters

    def read(self) -> Reading:
        try:
            self.parser.Parse(self.text.strip().encode(), True)
        except UnicodeEncodeError:
            self.found.errors.append("has half a character (a lone surrogate), which cannot be sent. Type it anew.")
        except expat.ExpatError as error:
            self.found.errors.append(self._in_words(error))
        return self.found

    def _characters(self, data: str) -> None:
        if not self.found.says_something and not data.isspace():
            self.found.says_something = True
        self.found.has_words = self.found.has_words or _has_words(data)

    def _end(self, tag: str) -> None:
        self.open.pop()

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        outermost = not self.open
        self.open.append(tag)
        if tag not in _SILENT:
            self.found.says_something = True
        if outermost:
            return  # <speak> itself, whose version and namespaces do no harm
        if tag == "sub" and _has_words(attributes.get("alias", "")):
            self.found.has_words = True
        known = TAGS.get(tag)
        if known is None:
            self._warn(
                f"has the tag <{_shown(tag)}>, which Vonage does not list. Remove it, or listen before you rely on it."
            )
            return
        for name, value in attributes.items():
            self._check_attribute(tag, known, name, value)
        for name in NEEDED.get(tag, ()):
            if name not in attributes:
                self._warn(f"has <{tag}> without {name}, so the tag does nothing. Add {name}='…'.")
        if tag == "say-as" and "format" in attributes and attributes.get("interpret-as") != "date":
            self._warn("has a format in <say-as>, which only a date takes. Remove it, or say interpret-as='date'.")

    def _check_attribute(self, tag: str, known: Mapping[str, re.Pattern[str]], name: str, value: str) -> None:
        pattern = known.get(name)
        if pattern is None:
            self._warn(f"has {_shown(name)} in <{tag}>, which Vonage does not list there. Remove it.")
        elif not pattern.fullmatch(value):
            self._warn(
                f"has {name}='{_shown(value)}' in <{tag}>, which Vonage does not list. Choose a value that it lists."
            )

    def _warn(self, text: str) -> None:
        if text not in self.warned:
            self.warned.add(text)
            self.found.warnings.append(text)

    def _in_words(self, error: expat.ExpatError) -> str:
        """Say what expat stumbled over, and where, as somebody who writes greetings would."""
        sent = self.text.strip().encode()
        near = _shown(sent[max(self.parser.ErrorByteIndex, 0) :].decode(errors="ignore"), _NEAR).strip()
        where = f', near "{near}"' if near else ""
        code = expat.errors.messages[error.code]
        if code == expat.errors.XML_ERROR_UNDEFINED_ENTITY:
            return f"has an entity that SSML does not know{where}. Write the character itself, or &amp; for &."
        if code == expat.errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT:
            return f"goes on after </speak>{where}. Put all of it inside one <speak>…</speak>."
        if self.open and code in _UNCLOSED:
            return f"opens <{_shown(self.open[-1])}> and does not close it{where}. Add </{_shown(self.open[-1])}>."
        return f"is not well-formed SSML{where}. Write &amp; for & and &lt; for <, and put values in quotes."


_UNCLOSED = {
    expat.errors.XML_ERROR_TAG_MISMATCH,
    expat.errors.XML_ERROR_NO_ELEMENTS,
    expat.errors.XML_ERROR_UNCLOSED_TOKEN,
}
