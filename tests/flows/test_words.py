"""Placeholders in what callers hear: what they become, and what nobody's name can make of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.flows import words
from calls.vonage import ssml

pytestmark = pytest.mark.once

ANNA = {"caller.name": "Anna Kowalska", "caller.number": "447700900123", "hours.next_open": "tomorrow at 9"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Hello {caller.name}, welcome.", "Hello Anna Kowalska, welcome."),
        ("You call from {caller.number}.", "You call from 4 4, 7 7 0 0, 9 0 0 1 2 3."),
        ("We open {hours.next_open}.", "We open tomorrow at 9."),
        ("No placeholder,  as it was .", "No placeholder,  as it was ."),
        ("Plain {braces} and } and {", "Plain {braces} and } and {"),
        ("<speak>Hello {caller.name}</speak>", "<speak>Hello Anna Kowalska</speak>"),
        (
            "<speak>From {caller.number}.</speak>",
            '<speak>From <say-as interpret-as="digits">44</say-as>, <say-as interpret-as="digits">7700</say-as>, '
            '<say-as interpret-as="digits">900123</say-as>.</speak>',
        ),
        (
            "<speak><say-as interpret-as='telephone'>{caller.number}</say-as></speak>",
            "<speak><say-as interpret-as='telephone'>447700900123</say-as></speak>",
        ),
    ],
)
def test_values_stand_in_the_place_of_placeholders(text: str, told: str) -> None:
    assert words.fill(text, ANNA) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Hello {caller.name}, welcome.", "Hello, welcome."),
        ("Hello, {caller.name}, welcome.", "Hello, welcome."),
        ("Hello, {caller.name}!", "Hello!"),
        ("Welcome, {caller.name}", "Welcome"),
        ("{caller.name}, welcome.", "welcome."),
        ("Hi! {caller.name}, welcome.", "Hi! welcome."),
        ("Hi! {caller.name}!", "Hi!"),
        ("Hello {caller.name} and welcome.", "Hello and welcome."),
        ("Hello ({caller.name}), welcome.", "Hello, welcome."),
        ("Hello ({caller.name}) there", "Hello there"),
        ("Hello {caller.name} {number.label}, welcome", "Hello, welcome"),
        ("Kept  as it is. Hello {caller.name}.", "Kept  as it is. Hello."),
        ("{caller.name}", ""),
        ("<speak>{caller.name}, welcome</speak>", "<speak>welcome</speak>"),
        ("<speak>Welcome, {caller.name}</speak>", "<speak>Welcome </speak>"),
        ("<speak>Call {caller.name}<emphasis>now</emphasis></speak>", "<speak>Call <emphasis>now</emphasis></speak>"),
    ],
)
def test_a_missing_value_leaves_no_gap(text: str, told: str) -> None:
    assert words.fill(text, {}) == told


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Tom & Jerry", "Hi Tom &amp; Jerry."),
        ("<break time='9s'/>Bob", "Hi break time='9s'/ Bob."),
        ("</speak><speak>", "Hi /speak speak."),
        ("{caller.number}", "Hi caller.number."),
        ("A\x00n\u202en\ta\n", "Hi A n n a."),
        ("\u200b \u2060", "Hi."),
        ("!!!", "Hi."),
        ("x" * 5000, f"Hi {'x' * 80}."),
        (f"Anna {'Maria ' * 50}", f"Hi Anna {'Maria ' * 12}Maria."[: len("Hi ") + 80].rpartition(" ")[0] + "."),
        ("\ud800Anna", "Hi Anna."),
    ],
)
def test_a_name_is_but_a_name(name: str, told: str) -> None:
    assert words.fill("<speak>Hi {caller.name}.</speak>", {"caller.name": name}) == f"<speak>{told}</speak>"


@pytest.mark.parametrize(
    ("text", "warned"),
    [
        ("Hello {caller.name}, welcome. Bye, {caller.name}!", ""),
        ("We open again {hours.next_open}.", ""),
        ("{number.label} speaking: welcome to {number.label}.", ""),
        ("Hi. Am I speaking to {caller.name}?", "To strangers it says “Am I speaking to?”"),
        ("<speak>Closed until {hours.next_open}</speak>", "While no opening is planned it says “Closed until”"),
        ("Wir haben bis {hours.closes}. Danke.", "While it is closed it says “Wir haben bis.”"),
        ("Votre numéro est {caller.number}, merci.", "Without a number it says “Votre numéro est, merci.”"),
    ],
)
def test_a_sentence_that_breaks_off_without_a_value_is_told_as_callers_hear_it(text: str, warned: str) -> None:
    assert words.gaps(text) == ([f"{warned}: word it so that nothing is missing then."] if warned else [])


@pytest.mark.parametrize(
    ("label", "told"),
    [("Harbour Cycles", "Harbour Cycles"), ("2026", "2026"), ("442079460010", "4 4, 2 0, 7 9 4 6, 0 0 1 0")],
)
def test_a_number_is_called_by_its_label_or_by_its_digits(label: str, told: str) -> None:
    assert words.fill("Welcome to {number.label}.", {"number.label": label}) == f"Welcome to {told}."


@pytest.mark.parametrize("number", ["", "sip:anna@example.com", "Anna", "+44 7700", "4" * 40, "٤٤٧٧٠٠"])
def test_what_is_no_number_is_not_read_out(number: str) -> None:
    assert words.fill("From {caller.number}: hello.", {"caller.number": number}) == "From: hello."


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Hello {caller.nam}.", "{caller.nam}: did you mean {caller.name}?"),
        ("Hello {name}.", "{name}: did you mean {caller.name}?"),
        ("Hello {Caller.Name}.", "{Caller.Name}: did you mean {caller.name}?"),
        ("Hello { caller.name }.", "{caller.name}: did you mean {caller.name}?"),
        ("We open {hours.nextopen}.", "{hours.nextopen}: did you mean {hours.next_open}?"),
        ("Hello {weather}.", "{weather} is not known. There are {caller.name}, {caller.number}, {hours.next_open}, "),
        ("Hello {{caller.name}}.", "{{caller.name}} has two braces on each side. Write {caller.name}."),
        ("Hello {caller.name, you.", "caller.name has a brace on one side only. Write {caller.name}."),
        ("Hello caller.name}, you.", "caller.name has a brace on one side only. Write {caller.name}."),
        ("<speak>Hi <sub alias='{caller.name}'>x</sub></speak>", "A placeholder stands within a tag"),
        ("Hello <{caller.name}>.", "A placeholder stands within a tag"),
        ("{caller.name}", "The text is placeholders alone"),
        ("<speak>{caller.name} <break time='1s'/>{caller.number}!</speak>", "The text is placeholders alone"),
    ],
)
def test_a_placeholder_that_is_none_is_pointed_out_once(text: str, problem: str) -> None:
    (found,) = words.problems(text)
    assert found.startswith(problem)


@pytest.mark.parametrize(
    "text",
    ["Hello {caller.name}, {caller.name}.", "a { b", "}{", "{}", "{ }", "{1}", "Open 9 {to} 5".replace("{to}", "{-}")],
)
def test_all_else_is_plain_text(text: str) -> None:
    assert words.problems(text) == []


def test_every_placeholder_is_known_to_both() -> None:
    for name in words.PLACEHOLDERS:
        text = f"So {{{name}}}."
        assert words.problems(text) == []
        assert words.names_in(text) == {name}
        assert words.fill(text, {name: "447700"}) != words.fill(text, {})


@pytest.mark.parametrize("mark", ["{}", "<speak>{}</speak>"], ids=["plain", "ssml"])
def test_values_are_cut_rather_than_the_limit_passed(mark: str) -> None:
    text = mark.format("Hello {caller.name} {caller.number}. " * 40)
    assert ssml.spoken_length(text) <= 1500
    told = words.fill(text, {"caller.name": "&" * 79 + "a", "caller.number": "447700900123"})
    assert ssml.spoken_length(told) <= 1500
    assert told.count("Hello") == 40


PIECES = ["Hello", ", ", " ", ". ", "(", ")", "!", "{", "}", "&amp;", "\n", "é"]
TAGS = ["<break time='1s'/>", "<emphasis>you</emphasis>"]
texts = st.lists(st.sampled_from([*(f"{{{name}}}" for name in words.PLACEHOLDERS), *PIECES, *TAGS]), max_size=30).map(
    "".join
)
names = st.one_of(
    st.text(max_size=120),
    st.text(alphabet="<>&{}\"'/ speakbr.calname=;!-[]?", max_size=60),
    st.sampled_from(["</speak>", "<speak>", "{caller.name}", "<break/>", "<!--", "]]>", "&lt;", "<?xml?>", "\u202e"]),
)


@given(texts, st.dictionaries(st.sampled_from(sorted(words.PLACEHOLDERS)), names))
def test_no_value_makes_marks_or_placeholders(text: str, values: dict[str, str]) -> None:
    marked = f"<speak>{text}</speak>"
    told = words.fill(marked, values)
    assert ssml.read(told).errors == []
    allowed = ['<say-as interpret-as="digits">', "</say-as>"]
    tags = [part for part, is_tag in ssml.parts(told) if is_tag and part not in allowed]
    assert tags == [part for part, is_tag in ssml.parts(marked) if is_tag]
    assert words.names_in(told) == set()
    assert ssml.spoken_length(told) <= max(1500, ssml.spoken_length(marked))


@given(texts, st.dictionaries(st.sampled_from(sorted(words.PLACEHOLDERS)), names))
def test_a_plain_text_stays_plain(text: str, values: dict[str, str]) -> None:
    plain = text.replace("<break time='1s'/>", "").replace("<emphasis>you</emphasis>", "")
    told = words.fill(plain, values)
    assert not ssml.is_ssml(told)
    assert "<" not in told
    assert words.names_in(told) == set()


@given(st.text(max_size=200), st.text(alphabet="{}caler.numhos_tx <>'\"", max_size=100))
def test_no_text_is_too_odd(text: str, braces: str) -> None:
    for odd in (text, braces, f"<speak>{text}", f"<speak>{braces}</speak>"):
        assert isinstance(words.problems(odd), list)
        assert isinstance(words.fill(odd, {"caller.name": text, "number.label": braces}), str)
