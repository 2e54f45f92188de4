"""SSML: what is spoken, what Vonage would drop a talk for, and what it may not know."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.vonage.ncco import check, errors
from calls.vonage.ssml import MAX_READ, TAGS, escape, is_ssml, read, spoken_length

pytestmark = pytest.mark.once


def spoken(inside: str) -> str:
    return f"<speak>{inside}</speak>"


# Every tag and attribute that Vonage lists, with values that it lists
LISTED = [
    "Hello",
    "<break/>",
    "<break strength='x-strong'/>",
    "<break time='1s'/><break time='500ms'/><break time='0.5s'/>",
    '<break time="1s"/>',
    "<emphasis>now</emphasis><emphasis level='reduced'>then</emphasis>",
    "<lang xml:lang='it-IT'>Ciao</lang>",
    "<p><s>One.</s><s>Two.</s></p>",
    "<phoneme alphabet='ipa' ph='t&#x259;mei&#x325;&#x27E;ou&#x325;'>tomato</phoneme>",
    "<prosody volume='+6dB' rate='x-slow' pitch='-10%'>low</prosody><prosody volume='silent'>x</prosody>",
    "<say-as interpret-as='telephone'>442079460000</say-as>",
    "<say-as interpret-as='date' format='yyyymmdd'>20260302</say-as>",
    "<sub alias='Sales &amp; Support'>S&amp;S</sub>",
    "a &lt; b &gt; c &quot; &apos; &#233;",
]


@pytest.mark.parametrize("inside", LISTED)
def test_what_vonage_lists_is_right(inside: str) -> None:
    reading = read(spoken(inside))
    assert (reading.errors, reading.warnings, reading.says_something) == ([], [], True)


def test_every_tag_is_listed_once() -> None:
    assert {tag for tag in TAGS if any(f"<{tag}" in inside for inside in LISTED)} == set(TAGS)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (spoken("Fish & chips"), "is not well-formed SSML"),
        (spoken("a < b"), "is not well-formed SSML"),
        (spoken("<break time=1s/>"), "is not well-formed SSML"),
        (spoken("<p a='1' a='2'>x</p>"), "is not well-formed SSML"),
        (spoken("\x01"), "is not well-formed SSML"),
        (spoken("Caf&eacute;"), "has an entity that SSML does not know"),
        (spoken("a&nbsp;b"), "has an entity that SSML does not know"),
        (spoken("<p>Hello"), "opens <p> and does not close it"),
        (spoken("<p><s>Hello</p></s>"), "opens <s> and does not close it"),
        ("<speak>Hello", "opens <speak> and does not close it"),
        ("<speak>Hello</speak", "opens <speak> and does not close it"),
        ("<speak>Hello</speak> Goodbye", "goes on after </speak>"),
        ("<speak>Hello</speak><speak>Goodbye</speak>", "goes on after </speak>"),
        ("Hello <break time='1s'/> there", "has the SSML tag <break> outside <speak>"),
        ("Hello <speak>there</speak>", "has the SSML tag <speak> outside <speak>"),
        ("<Speak>Hello</Speak>", "has the SSML tag <Speak> outside <speak>"),
        ("<prosody rate='slow'>Hello</prosody>", "has the SSML tag <prosody> outside <speak>"),
        (spoken("<!-- later -->Hello"), "has a comment, CDATA or DTD"),
        (spoken("<![CDATA[Hello]]>"), "has a comment, CDATA or DTD"),
        (spoken("<?php?>"), "has a processing instruction"),
        (spoken("\ud800"), "has half a character"),
        (spoken("x" * MAX_READ), "is longer than 100,000 characters"),
    ],
)
def test_a_fault_is_an_error_with_its_cure(text: str, fault: str) -> None:
    [error] = read(text).errors
    assert error.startswith(fault)
    assert error.endswith(".")
    assert 3 in [problem.rule for problem in errors([{"action": "talk", "text": text}])]


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE speak [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><speak>&b;</speak>',
        '<speak><!DOCTYPE speak [<!ENTITY a SYSTEM "file:///etc/passwd">]>&a;</speak>',
        '<speak><!ENTITY % a SYSTEM "http://127.0.0.1/">%a;</speak>',
    ],
)
def test_a_dtd_is_refused_and_nothing_is_fetched_or_expanded(text: str) -> None:
    assert len(read(text).errors) == 1
    assert [problem.rule for problem in check([{"action": "talk", "text": text}])] == [3]


@pytest.mark.parametrize(
    ("inside", "oddity"),
    [
        ("<audio src='x'/>", "has the tag <audio>, which Vonage does not list"),
        ("<Break/>", "has the tag <Break>, which Vonage does not list"),
        ("<speak>x</speak>", "has the tag <speak>, which Vonage does not list"),
        ("<break pause='1s'/>", "has pause in <break>, which Vonage does not list there"),
        ("<break time='1'/>", "has time='1' in <break>, which Vonage does not list"),
        ("<break time='-1s'/>", "has time='-1s' in <break>, which Vonage does not list"),
        ("<break strength='huge'/>", "has strength='huge' in <break>, which Vonage does not list"),
        ("<prosody rate='fast '>x</prosody>", "has rate='fast ' in <prosody>, which Vonage does not list"),
        ("<sub>x</sub>", "has <sub> without alias"),
        ("<say-as>x</say-as>", "has <say-as> without interpret-as"),
        ("<say-as interpret-as='time' format='mdy'>x</say-as>", "has a format in <say-as>, which only a date takes"),
        ("<lang xml:lang='Italian'>x</lang>", "has xml:lang='Italian' in <lang>, which Vonage does not list"),
    ],
)
def test_what_vonage_does_not_list_is_a_warning(inside: str, oddity: str) -> None:
    reading = read(spoken(inside))
    assert reading.errors == []
    [warning] = reading.warnings
    assert warning.startswith(oddity)


def test_a_warning_is_said_once() -> None:
    assert len(read(spoken("<loud>a</loud>" * 50)).warnings) == 1


def test_a_fault_shows_where_it_is() -> None:
    [error] = read(spoken("Open from 9 to 5. Fish &chips; to go.")).errors
    assert 'near "&chips; to go.' in error


@pytest.mark.parametrize("text", ["Fish & chips", "1 < 2 > 0", "<now>", "a </b>", "&nbsp;", "<speaker>", "", "-> <-"])
def test_plain_text_may_hold_anything_but_ssml(text: str) -> None:
    assert not is_ssml(text)
    assert read(text).errors == read(text).warnings == []
    assert spoken_length(text) == len(text)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("Hello", 5),
        ("<speak>Hello</speak>", 5),
        (" <speak>\nHello</speak>", 7),
        ("<speak>a<break time='1s'/>b</speak>", 2),
        ("<speak><sub alias='2 > 1'>a</sub></speak>", 1),
        ('<speak><sub alias="it\'s">a</sub></speak>', 1),
        ("<speak>&amp;</speak>", 5),
    ],
)
def test_tags_do_not_count(text: str, length: int) -> None:
    assert spoken_length(text) == length


@pytest.mark.parametrize(
    ("inside", "says_something"),
    [("", False), (" \n", False), ("<p><s> </s></p>", False), ("<p>.</p>", True), ("<break/>", True)],
)
def test_a_pause_is_something_and_an_empty_paragraph_is_not(inside: str, says_something: bool) -> None:
    assert read(spoken(inside)).says_something is says_something


@given(st.text())
def test_any_text_escaped_is_spoken_as_it_is(text: str) -> None:
    reading = read(spoken(escape(text)))
    assert [error for error in reading.errors if "well-formed" not in error] == []
    if text.isprintable():
        assert reading.errors == reading.warnings == []


PIECES = [
    "<speak>",
    "</speak>",
    "<p>",
    "</p>",
    "<break time='",
    "'/>",
    '"',
    "&",
    "amp;",
    "<",
    ">",
    "<!",
    "<?",
    "\ud800",
]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=5)))
def test_any_heap_of_marks_is_read_without_raising(pieces: list[Any]) -> None:
    for text in ("".join(pieces), spoken("".join(pieces))):
        assert 0 <= spoken_length(text) <= len(text)
        assert all(line.endswith(".") and line.encode() for line in [*read(text).errors, *read(text).warnings])


@pytest.mark.parametrize("piece", ["<p>", "<", "<p ", "'<", '"', "&", "<break time='", "<a b='c' "])
def test_a_long_heap_is_read_in_a_moment(piece: str) -> None:
    text = "<speak>" + piece * (90_000 // len(piece))
    assert spoken_length(text) >= 0  # a pattern that went back over it would not end
    assert read(text).errors
