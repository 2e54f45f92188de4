"""Voices: every old name and every pair leads to the voice that Vonage lists."""

import pytest

from calls.vonage import voices
from calls.vonage.voices import VOICES, by_code, by_name, choices, find, languages, styles

pytestmark = pytest.mark.once


def test_all_listed_voices_are_there_once() -> None:
    assert len(VOICES) == len({(voice.language, voice.style) for voice in VOICES}) == 287
    assert len({voice.language for voice in VOICES}) == 65
    assert len({voice.name for voice in VOICES} - {""}) == 94
    assert {voice.gender for voice in VOICES} == {"female", "male"}
    assert {voice.engine for voice in VOICES} == {"google", "nuance", "polly"}


def test_voices_come_by_language_and_style() -> None:
    pairs = [(voice.language, voice.style) for voice in VOICES]
    assert pairs == sorted(pairs)


@pytest.mark.parametrize(
    ("name", "language", "style"),
    [
        ("Russell", "en-AU", 3),
        ("russell", "en-AU", 3),
        (" RUSSELL ", "en-AU", 3),
        ("Amy", "en-GB", 0),
        ("Kimberly", "en-US", 0),
        ("Jennifer", "en-US", 0),  # given up in 2018, as the next three
        ("Chipmunk", "en-US", 8),
        ("Eric", "en-US", 8),
        ("Agnieszka", "pl-PL", 0),
        ("Ewa", "pl-PL", 0),
        ("Justin", "en-US", 8),
        ("Nora", "nb-NO", 6),  # listed under no-NO as well
        ("Henrik", "nb-NO", 7),
    ],
)
def test_an_old_name_finds_its_voice(name: str, language: str, style: int) -> None:
    voice = by_name(name)
    assert voice
    assert (voice.language, voice.style) == (language, style)


@pytest.mark.parametrize("name", ["", " ", "Nobody", "en-AU", "Russell2", "\ud800"])
def test_a_name_nobody_had_finds_none(name: str) -> None:
    assert by_name(name) is None


def test_every_name_finds_a_voice_that_bears_it() -> None:
    for voice in VOICES:
        for name in filter(None, (voice.name, *voice.redirected_names)):
            found = by_name(name)
            assert found
            assert name in (found.name, *found.redirected_names)


def test_a_pair_finds_its_voice_as_vonage_writes_it() -> None:
    assert all(find(voice.language, voice.style) is voice for voice in VOICES)
    assert find("en-AU", 99) is find("en-au", 3) is find("", 0) is find("en-AU", -1) is None


def test_what_a_voice_can_do() -> None:
    russell, arthur, iveta, amy = find("en-AU", 3), find("en-GB", 12), find("cs-CZ", 1), find("en-GB", 0)
    assert russell
    assert arthur
    assert iveta
    assert amy
    assert (russell.premium, russell.premium_only, russell.ssml, russell.gender) == (False, False, True, "male")
    assert (arthur.premium, arthur.premium_only) == (True, True)
    assert (amy.premium, amy.premium_only) == (True, False)
    assert iveta.ssml is False
    assert (sum(v.ssml for v in VOICES), sum(v.premium for v in VOICES), sum(v.premium_only for v in VOICES)) == (
        230,
        180,
        14,
    )


@pytest.mark.parametrize(
    ("code", "label", "text"),
    [
        ("en-AU:3", "Style 3, male, was Russell", "English (Australia), style 3"),
        ("en-GB:2", "Style 2, female", "English (United Kingdom), style 2"),
        ("en-GB:12", "Style 12, male, Arthur, premium only", "English (United Kingdom), style 12"),
        ("cs-CZ:1", "Style 1, female, was Iveta, no SSML", "Czech, style 1"),
    ],
)
def test_a_voice_is_named_for_people(code: str, label: str, text: str) -> None:
    voice = by_code(code)
    assert voice
    assert (voice.code, voice.label, str(voice)) == (code, label, text)


@pytest.mark.parametrize("code", ["", "en-AU", "en-AU:", "en-AU:x", "en-AU:³", "en-AU:-1", "en-AU:" + "9" * 5000, ":"])
def test_a_code_that_is_none_finds_none(code: str) -> None:
    assert by_code(code) is None


def test_languages_come_by_name_and_each_is_told_apart() -> None:
    listed = languages()
    names = [name for _, name in listed]
    assert len(listed) == len(set(names)) == 65
    assert names == sorted(names)
    assert ("en-AU", "English (Australia)") in listed
    assert {("nb-NO", "Norwegian (nb-NO)"), ("no-NO", "Norwegian (no-NO)")} <= set(listed)
    listed.clear()
    assert languages()  # a caller's list is its own


def test_a_select_offers_every_voice_under_its_language() -> None:
    groups = choices()
    assert [name for name, _ in groups] == [name for _, name in languages()]
    assert {code for _, group in groups for code, _ in group} == {voice.code for voice in VOICES}
    assert ("en-AU:3", "Style 3, male, was Russell") in dict(groups)["English (Australia)"]


def test_a_language_lists_its_styles_in_order() -> None:
    assert [voice.style for voice in styles("en-GB")] == [0, 1, 2, 3, 4, 5, 6, 7, 12]
    assert styles("xx-YY") == []


def test_the_default_voice_is_listed() -> None:
    assert find(voices.DEFAULT_LANGUAGE, voices.DEFAULT_STYLE) is by_name("Kimberly")


def test_the_module_has_no_other_names() -> None:
    with pytest.raises(AttributeError, match="VOICE"):
        voices.VOICE  # noqa: B018
