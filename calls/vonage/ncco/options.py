"""The options of each action and endpoint, with the rule that each stands under, as the reference lists them.

Names are camelCase; REST writes the same ideas in snake_case. Ranges are Vonage's, in seconds where they are times.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from calls.vonage.ncco import values
from calls.vonage.ncco.problems import Findings, in_path, quoted, shown
from calls.vonage.ncco.values import Check, number, one_of

_MOST_GUESSES = 50  # of what was meant by an unknown name: guessing is slow


@dataclass(frozen=True, slots=True)
class Option:
    """What an option's value must be, and under which rule. `needed` is (rule, reason and cure) if it must be."""

    rule: int
    check: Check
    inside: "Options | None" = None  # of an object with options of its own
    needed: tuple[int, str] | None = None


Options = Mapping[str, Option]

_FLAG = Option(12, values.flag)
_TEXT = Option(12, values.text)
_LEGS = Option(12, values.texts)
_LEVEL = Option(12, number(-1, 1, whole=False))
_LOOP = Option(12, number(0))
_METHOD = Option(11, one_of("POST", "GET"))
_EVENT: Options = {"eventUrl": Option(10, values.one_url), "eventMethod": _METHOD}

_TRANSCRIPTION = Option(12, values.any_object, {"language": _TEXT, "sentimentAnalysis": _FLAG, **_EVENT})

_DTMF: Options = {
    "timeOut": Option(12, number(0, 10, "seconds")),
    "maxDigits": Option(12, number(1, 20)),
    "submitOnHash": _FLAG,
}

_SPEECH: Options = {
    "uuid": Option(12, values.one_text),
    "endOnSilence": Option(12, number(0.4, 10, "seconds", whole=False)),
    "startTimeout": Option(12, number(1, 60, "seconds")),
    "maxDuration": Option(12, number(1, 60, "seconds")),
    "language": _TEXT,
    "context": Option(12, values.texts),
    "sensitivity": Option(12, number(10, 100)),
    "saveAudio": _FLAG,
    "provider": _TEXT,
    "providerOptions": Option(12, values.any_object),
}

_ADVANCED_MACHINE_DETECTION: Options = {
    "behavior": Option(12, one_of("continue", "hangup")),
    "mode": Option(12, one_of("default", "detect", "detect_beep")),
    "beep_timeout": Option(12, number(45, 120, "seconds")),
}


def _input_types(value: Any) -> str | None:
    known = {"dtmf", "speech"}
    if isinstance(value, list) and value and all(isinstance(item, str) and item in known for item in value):
        return None
    what = "an array of something else" if isinstance(value, list) and value else shown(value)
    return f'is {what}, but Vonage takes an array of "dtmf", "speech" or both. Write ["dtmf"].'


def _spoken(value: Any) -> str | None:
    if isinstance(value, str) and not value.strip():
        return "is empty, so there is nothing to say. Write what callers hear."
    return values.text(value)


def _needed(rule: int, check: Check, missing_rule: int, cure: str, inside: "Options | None" = None) -> Option:
    return Option(rule, check, inside, (missing_rule, cure))


ACTIONS: Mapping[str, Options] = {
    "talk": {
        "text": _needed(3, _spoken, 3, "so there is nothing to say. Write what callers hear."),
        "bargeIn": _FLAG,
        "loop": _LOOP,
        "level": _LEVEL,
        "language": _TEXT,
        "style": Option(12, number(0)),
        "premium": _FLAG,
        "voiceName": _TEXT,
    },
    "stream": {
        "streamUrl": _needed(4, values.one_url, 4, 'so there is nothing to play. Write ["https://…"].'),
        "level": _LEVEL,
        "bargeIn": _FLAG,
        "loop": _LOOP,
    },
    "input": {
        "type": _needed(13, _input_types, 13, 'which Vonage needs since 2020. Write ["dtmf"], ["speech"] or both.'),
        "dtmf": Option(12, values.any_object, _DTMF),
        "speech": Option(12, values.any_object, _SPEECH),
        "mode": Option(12, one_of("synchronous", "asynchronous")),
        **_EVENT,
    },
    "record": {
        "format": Option(12, one_of("mp3", "wav", "ogg")),
        "split": Option(14, one_of("conversation")),
        "channels": Option(14, number(1, 32)),
        "endOnSilence": Option(12, number(3, 10, "seconds")),
        "endOnKey": Option(14, values.matching("[0-9*#]", "one key as text: 0-9, * or #")),
        "timeOut": Option(12, number(3, 7200, "seconds")),
        "beepStart": _FLAG,
        "transcription": _TRANSCRIPTION,
        **_EVENT,
    },
    "connect": {
        "endpoint": _needed(5, values.one_object, 5, "so it rings nobody. Write an array of one endpoint."),
        "from": Option(6, values.phone_number),
        "randomFromNumber": _FLAG,
        "eventType": Option(12, one_of("synchronous")),
        "timeout": Option(12, number(1, 120, "seconds")),
        "limit": Option(12, number(1, 7200, "seconds")),
        "machineDetection": Option(12, one_of("continue", "hangup")),
        "advancedMachineDetection": Option(12, values.any_object, _ADVANCED_MACHINE_DETECTION),
        "ringbackTone": Option(12, values.tone),
        **_EVENT,
    },
    "conversation": {
        "name": _needed(8, values.text, 8, "so nobody can meet in it. Write one: the same name is the same room."),
        "musicOnHoldUrl": Option(12, values.one_url),
        "startOnEnter": _FLAG,
        "endOnExit": _FLAG,
        "record": _FLAG,
        "canSpeak": _LEGS,
        "canHear": _LEGS,
        "mute": _FLAG,
        "transcription": _TRANSCRIPTION,
        **_EVENT,
    },
    "notify": {
        "payload": _needed(9, values.any_object, 9, "so it tells nothing. Write an object: {…}."),
        "eventUrl": _needed(10, values.one_url, 9, 'so nobody is told. Write ["https://…"].'),
        "eventMethod": _METHOD,
    },
    "wait": {"timeout": Option(12, values.finite)},  # its range is only a warning
    "transfer": {
        "conversationId": _needed(18, values.text, 18, "so it leads nowhere. Name an existing conversation."),
        "canHear": _LEGS,
        "canSpeak": _LEGS,
        "mute": _FLAG,
    },
}

ENDPOINTS: Mapping[str, Options] = {
    "phone": {
        "number": _needed(6, values.phone_number, 5, "so nobody can be rung. Write the digits as text."),
        "dtmfAnswer": Option(12, values.matching("[0-9*#p]+", "keys as text: 0-9, *, # and p for a pause")),
        "onAnswer": Option(
            12,
            values.any_object,
            {
                "url": _needed(12, values.url, 5, "so there is nothing to run. Write the address of an NCCO."),
                "ringbackTone": Option(12, values.tone),
                "ringback": Option(12, values.tone),
            },
        ),
        "shaken": _TEXT,
    },
    "app": {"user": _needed(5, values.text, 5, "so nobody can be rung. Write the user's name.")},
    "websocket": {
        "uri": _needed(
            16,
            values.matching(r"(?i:wss?)://[^\s/?#]+[!-~]*", "an absolute address that begins ws:// or wss://"),
            5,
            "so there is nothing to connect to. Write wss://….",
        ),
        "content-type": _needed(
            16,
            one_of("audio/l16;rate=8000", "audio/l16;rate=16000", "audio/l16;rate=24000"),
            5,
            'which Vonage needs to know. Write "audio/l16;rate=16000".',
        ),
        "headers": Option(16, values.any_object),
        "authorization": Option(
            16,
            values.any_object,
            {
                "type": _needed(16, one_of("vonage", "custom"), 5, 'which Vonage needs. Write "vonage" or "custom".'),
                "value": Option(16, values.matching("[ -~]{1,8191}", "up to 8,191 printable ASCII characters")),
            },
        ),
    },
    "sip": {
        "uri": Option(15, values.matching(r"(?i:sips?):[!-~]+", "an address that begins sip:")),
        "user": Option(15, values.text),
        "domain": Option(15, values.text),
        "headers": Option(15, values.object_of_texts),
        "standardHeaders": Option(
            15,
            values.any_object,
            {"User-to-User": Option(15, values.matching("(?s:.{0,256})", "a text of up to 256 characters"))},
        ),
    },
    "vbc": {"extension": _needed(5, values.text, 5, "so nobody can be rung. Write it as text.")},
}

# Names that are right elsewhere
_MOVED = {("input", name): f'stands inside dtmf since 2020. Write "dtmf": {{"{name}": …}}.' for name in _DTMF} | {
    ("transfer", "conversation_id"): "is written conversationId."
}


def known_name(item: object) -> str:
    """The action's name, empty for what is no known action."""
    name = item.get("action") if isinstance(item, dict) else None
    return name if isinstance(name, str) and name in ACTIONS else ""


def check_options(found: dict[Any, Any], options: Options, where: Findings, prefix: str = "", own: str = "") -> None:
    """Find what is wrong with an object's options: missing, unknown, of the wrong type or range.

    `own` is a name that is no option but belongs there: "action", "type".
    """
    for name, value in found.items():
        option = options.get(name) if isinstance(name, str) else None
        if option is None:
            if name != own and isinstance(name, str):
                _warn_unknown(name, options, where, prefix)
        elif fault := option.check(value):
            where.error(option.rule, prefix + name, f"{prefix}{name} {fault}")
        elif option.inside is not None:
            check_options(value, option.inside, where, f"{prefix}{name}.")
    for name, option in options.items():
        if option.needed and name not in found:
            rule, cure = option.needed
            where.error(rule, prefix + name, f"{prefix}{name} is missing, {cure}")


def _warn_unknown(name: str, options: Options, where: Findings, prefix: str) -> None:
    moved = None if prefix else _MOVED.get((where.action, name))
    if moved:
        where.warn(26, in_path(name), f"{name} {moved}")
        return
    meant = _guess(name, options) if len(where.problems) < _MOST_GUESSES else None
    cure = f"Write {meant}." if meant else "Check the spelling, or leave it out."
    where.warn(
        26,
        prefix + in_path(name),
        f"{prefix}{quoted(name)[1:-1]} is no option that Vonage lists here, so it may do nothing. {cure}",
    )


def _guess(name: str, options: Options) -> str | None:
    """The option that was probably meant: "event_url" is eventUrl, "bargein" is bargeIn."""
    plain = {option.casefold(): option for option in options}
    close = get_close_matches(name[:40].replace("_", "").casefold(), plain, n=1, cutoff=0.75)
    return plain[close[0]] if close else None
