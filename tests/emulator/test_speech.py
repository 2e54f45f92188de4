"""How long a talk takes: not exact, but in proportion."""

import pytest

from calls.emulator.speech import LEAD_SECONDS, seconds_to_say

pytestmark = pytest.mark.once


def spoken(text: str) -> float:
    return seconds_to_say(text) - LEAD_SECONDS


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("", 0),
        ("Goodbye.", 0.4),
        ("Thanks for calling.", 1.2),
        ("one " * 150, 60),
        ("<speak>Thanks for calling.</speak>", 1.2),
        ("<speak>Thanks <break time='2s'/> for <break time='500ms'/>calling.</speak>", 3.7),
        ("<speak>Hold<break/><break strength='x-strong'/></speak>", 2.0),
        ("<speak><break time='1.2.3s'/><break time='99999s'/></speak>", 10),
        ("<speak><p>Hello there.</p></speak>", 1.55),
        ("<speak><prosody rate='x-slow'>Thanks for calling.</prosody></speak>", 2.4),
        ("<speak><prosody rate='x-slow'><prosody rate='x-fast'>Thanks for calling.</prosody></prosody></speak>", 1.6),
        ("<speak>Ring <sub alias='the British Broadcasting Corporation'>BBC</sub> now</speak>", 2.75),
        ("<speak>Fish &amp; chips</speak>", 1.2),
        ("<speak>Unclosed <break time='5s'></speak>", 0),
        ("Read <break time='5s'/> out", 1.75),
    ],
)
def test_seconds(text: str, seconds: float) -> None:
    assert spoken(text) == pytest.approx(seconds, abs=0.06)


def test_number_takes_longer_than_a_word() -> None:
    assert spoken("442079460000") > spoken("hello")


def test_language_without_blanks_is_not_one_word() -> None:
    assert 5 < spoken("お電話ありがとうございます。ただいま営業時間外です。") < 8
