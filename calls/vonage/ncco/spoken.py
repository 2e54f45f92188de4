"""talk and stream: is the text short and well formed, is there such a voice, does it ever end?"""

from typing import Any

from calls.vonage import ssml, voices
from calls.vonage.ncco.problems import Findings, quoted
from calls.vonage.voices import Voice

MAX_TEXT = 1_500  # characters, tags not counted


def check_talk(action: dict[Any, Any], where: Findings) -> None:
    """Rules 3 and 19 to 21 as far as options alone don't show them, and 23."""
    text = action.get("text")
    if isinstance(text, str) and text.strip():
        _check_text(text, where)
    _check_voice(action, where)
    check_loop(action, where)


def check_loop(action: dict[Any, Any], where: Findings) -> None:
    """Rule 23, also for stream."""
    if _is_whole(action.get("loop")) and action["loop"] == 0 and action.get("bargeIn") is not True:
        where.warn(
            23,
            "loop",
            "loop is 0, for ever, and no key ends it: nothing after it is ever run. "
            "Add bargeIn and an input, or say how often.",
        )


def _check_text(text: str, where: Findings) -> None:
    length = ssml.spoken_length(text)
    if length > MAX_TEXT:
        where.error(
            3,
            "text",
            f"text has {length:,} characters without tags, but Vonage reads at most {MAX_TEXT:,}. "
            "Shorten it, or share it between two talk actions.",
        )
    reading = ssml.read(text)
    for fault in reading.errors:
        where.error(3, "text", f"text {fault}")
    if not reading.errors and not reading.says_something:
        where.error(3, "text", "text has tags but no words, so there is nothing to say. Write what callers hear.")
    for oddity in reading.warnings:
        where.warn(26, "text", f"text {oddity}")


def _check_voice(action: dict[Any, Any], where: Findings) -> None:
    name = action.get("voiceName")
    pair = "language" in action or "style" in action
    if isinstance(name, str) and name.strip():
        named = voices.by_name(name)
        where.warn(19, "voiceName", f"voiceName {_about_name(name, named, pair=pair)}")
        if not pair:
            if named:
                _check_ability(action, named, where)
            return
    language, style = action.get("language", voices.DEFAULT_LANGUAGE), action.get("style", voices.DEFAULT_STYLE)
    if not isinstance(language, str) or not language.strip() or not _is_whole(style) or style < 0:
        return  # said already, as a wrong value
    voice = voices.find(language, style)
    if voice:
        _check_ability(action, voice, where)
    else:
        where.warn(20, "style" if "style" in action else "language", _about_pair(language, style))


def _about_name(name: str, voice: Voice | None, *, pair: bool) -> str:
    if pair:
        return f"{quoted(name)} stands beside language or style, and Vonage does not say which wins. Leave it out."
    if voice is None:
        return f"{quoted(name)} is no voice that Vonage ever had, so another may speak. Choose a language and style."
    return f'is deprecated. Write "language": "{voice.language}", "style": {voice.style} for {voice.name}.'


def _about_pair(language: str, style: int) -> str:
    number = style if style < 1_000 else "of that number"
    known = voices.styles(language)
    if known:
        listed = ", ".join(str(voice.style) for voice in known)
        return f"{language} has no style {number} on our list, so another voice may speak. Listed are {listed}."
    near = next((code for code, _ in voices.languages() if code.casefold() == language.casefold()), None)
    cure = f"Write {near}." if near else "Listen before you rely on it, or choose a listed one."
    return f"no voice for the language {quoted(language)} is on our list, so another may speak. {cure}"


def _check_ability(action: dict[Any, Any], voice: Voice, where: Findings) -> None:
    """Rule 21: premium and SSML."""
    called = f"{voice.language}, style {voice.style},"
    premium, text = action.get("premium", False), action.get("text")
    if premium is True and not voice.premium:
        where.warn(21, "premium", f"{called} has no premium voice. Choose another style, or leave premium out.")
    elif premium is False and voice.premium_only:
        where.warn(21, "premium", f"{called} is a premium voice only. Set premium to true, or choose another style.")
    if not voice.ssml and isinstance(text, str) and ssml.is_ssml(text):
        where.warn(21, "text", f"text is SSML, which {called} does not understand. Remove the tags, or choose another.")


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
