"""Vonage's voices: which language and style to send, what each was called once, what it can do.

`voices.csv` holds the 287 pairs that Vonage listed in 2021 and 2023, and the 94 voice names of before. Vonage
adds voices, so a pair that is missing here may well be valid. Style numbers have gaps.
Source: https://developer.vonage.com/en/voice/voice-api/concepts/text-to-speech#supported-languages
"""

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

DEFAULT_LANGUAGE = "en-US"  # what Vonage speaks when nothing is said
DEFAULT_STYLE = 0


@dataclass(frozen=True, slots=True)
class Voice:
    """One voice. `language` (BCP 47) and `style` choose it; `name` is its old `voiceName`, or empty."""

    language: str
    language_name: str
    style: int
    name: str
    gender: str  # as Vonage lists it: "female" or "male"
    premium: bool  # has a premium (neural) variant, which costs more
    premium_only: bool  # speaks only with `premium: true`
    ssml: bool  # understands SSML
    engine: str  # whose voice it is: "google", "nuance", "polly"
    engine_voice: str  # its name there
    redirected_names: tuple[str, ...]  # names that Vonage gave up in 2018 and sends here

    @property
    def code(self) -> str:
        """The voice as one word, for a select and the shell: "en-AU:3". `by_code` reads it."""
        return f"{self.language}:{self.style}"

    @property
    def label(self) -> str:
        """The voice among those of its language: "Style 3, male, was Russell"."""
        words = [f"Style {self.style}", self.gender]
        if self.name:
            words.append(f"was {self.name}")
        elif self.engine != "google":  # Google's voices have no names, only letters
            words.append(self.engine_voice)
        if self.premium_only:
            words.append("premium only")
        if not self.ssml:
            words.append("no SSML")
        return ", ".join(words)

    def __str__(self) -> str:
        return f"{self.language_name}, style {self.style}"


class _Table(NamedTuple):
    voices: tuple[Voice, ...]
    by_pair: dict[tuple[str, int], Voice]
    by_name: dict[str, Voice]
    languages: tuple[tuple[str, str], ...]


VOICES: tuple[Voice, ...]  # every voice, by language code and style; read from the file when first asked for


def __getattr__(name: str) -> Any:
    if name == "VOICES":
        return _table().voices
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def find(language: str, style: int) -> Voice | None:
    """The voice of a pair, both written exactly as Vonage does; None for a pair that we don't know."""
    return _table().by_pair.get((language, style))


def by_name(name: str) -> Voice | None:
    """The voice that an old `voiceName` means, in any case: "russell" is en-AU, 3. None for a name nobody had."""
    return _table().by_name.get(name.strip().casefold())


def by_code(code: str) -> Voice | None:
    """The voice of a `Voice.code`, None for anything else."""
    language, _, style = code.partition(":")
    return find(language, int(style)) if style.isascii() and style.isdigit() and len(style) < 4 else None


def languages() -> list[tuple[str, str]]:
    """Every language as (code, name), by name: a Django select takes it as it is."""
    return list(_table().languages)


def styles(language: str) -> list[Voice]:
    """The voices of one language, lowest style first; none for a language that we don't know."""
    return [voice for voice in _table().voices if voice.language == language]


def choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Every voice for one select: language names as groups, `Voice.code` as values, `Voice.label` as text."""
    return [(name, [(voice.code, voice.label) for voice in styles(language)]) for language, name in _table().languages]


@cache
def _table() -> _Table:
    text = resources.files(__package__).joinpath("voices.csv").read_text(encoding="utf-8")
    voices = sorted(map(_voice, csv.DictReader(text.splitlines())), key=lambda voice: (voice.language, voice.style))
    names: dict[str, Voice] = {}
    for voice in voices:
        for name in filter(None, (voice.name, *voice.redirected_names)):
            # Nora and Henrik are listed under nb-NO and no-NO; nb-NO, the newer code, comes first and stays.
            names.setdefault(name.casefold(), voice)
    return _Table(
        tuple(voices), {(voice.language, voice.style): voice for voice in voices}, names, _name_languages(voices)
    )


def _voice(row: dict[str, str]) -> Voice:
    return Voice(
        language=row["language"],
        language_name=row["language_name"],
        style=int(row["style"]),
        name=row["name"],
        gender=row["gender"],
        premium=row["premium"] != "standard",
        premium_only=row["premium"] == "premium-only",
        ssml=row["ssml"] == "yes",
        engine=row["engine"],
        engine_voice=row["engine_voice"],
        redirected_names=tuple(filter(None, row["redirected_names"].split("|"))),
    )


def _name_languages(voices: list[Voice]) -> tuple[tuple[str, str], ...]:
    """Codes and names by name. Norwegian has two codes: names that meet are told apart by theirs."""
    names = {voice.language: voice.language_name for voice in voices}
    shared = {name for name in names.values() if list(names.values()).count(name) > 1}
    named = ((code, f"{name} ({code})" if name in shared else name) for code, name in names.items())
    return tuple(sorted(named, key=lambda language: language[1]))
