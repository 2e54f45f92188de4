"""NCCOs: each rule by the smallest NCCO that breaks it, and the one next to it that is right."""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.vonage.ncco import RULES, check, errors, spoken_length, talk
from calls.vonage.ncco.options import ACTIONS, Options
from calls.vonage.ncco.options import ENDPOINTS as ENDPOINT_OPTIONS
from tests.vonage.examples import ENDPOINTS, EVENT, MENU, RING, SENT, TUTORIAL, WHOLE, connect

pytestmark = pytest.mark.once

Action = dict[str, Any]

HELLO: Action = {"action": "talk", "text": "Hello"}
INPUT: Action = {"action": "input", "type": ["dtmf"], "eventUrl": EVENT}
RECORD: Action = {"action": "record", "timeOut": 60}
ROOM: Action = {"action": "conversation", "name": "meeting"}
NOTIFY: Action = {"action": "notify", "payload": {}, "eventUrl": EVENT}
WAIT: Action = {"action": "wait"}
TRANSFER: Action = {"action": "transfer", "conversationId": "CON-1"}
PHONE: Action = ENDPOINTS["phone"]
SOCKET: Action = {"type": "websocket", "uri": "wss://example.com", "content-type": "audio/l16;rate=8000"}
SIP: Action = {"type": "sip", "uri": "sip:anna@example.com"}
STREAM: Action = {"action": "stream", "streamUrl": ["https://example.com/a.mp3"]}


def without(action: Action, *names: str) -> Action:
    return {name: value for name, value in action.items() if name not in names}


# (rule, path of the problem, NCCO that breaks the rule, NCCO that does not)
ERRORS: list[tuple[int, str, Any, Any]] = [
    (1, "", HELLO, [HELLO]),
    (1, "", json.dumps([HELLO]), [HELLO]),
    (1, "", None, []),
    (1, "0.payload.at", [NOTIFY | {"payload": {"at": float("nan")}}], [NOTIFY | {"payload": {"at": 1.5}}]),
    (1, "0.payload.1", [NOTIFY | {"payload": {1: "x"}}], [NOTIFY | {"payload": {"1": "x"}}]),
    (1, "0.payload.at", [NOTIFY | {"payload": {"at": ()}}], [NOTIFY | {"payload": {"at": []}}]),
    (1, "0.payload.at", [NOTIFY | {"payload": {"at": 2**63}}], [NOTIFY | {"payload": {"at": 2**63 - 1}}]),
    (1, "0.text", [HELLO | {"text": "Hello \ud800"}], [HELLO | {"text": "Hello \U0001f600"}]),
    (1, "0.text", [HELLO | {"text": "Hello \0"}], [HELLO | {"text": "Hello \t"}]),
    (2, "1", [HELLO, "talk"], [HELLO, HELLO]),
    (2, "0.action", [{"text": "Hello"}], [HELLO]),
    (2, "0.action", [{"action": 1}], [WAIT]),
    (2, "0.action", [HELLO | {"action": "Talk"}], [HELLO]),
    (2, "0.action", [HELLO, {"action": "hangup"}][1:], [HELLO]),
    (2, "0.action", [{"action": "pay"}], [WAIT]),
    (3, "0.text", [{"action": "talk"}], [HELLO]),
    (3, "0.text", [HELLO | {"text": " \n"}], [HELLO | {"text": "1"}]),
    (3, "0.text", [HELLO | {"text": 1}], [HELLO | {"text": "1"}]),
    (3, "0.text", [HELLO | {"text": "x" * 1501}], [HELLO | {"text": "x" * 1500}]),
    (
        3,
        "0.text",
        [HELLO | {"text": f"<speak><p>{'x' * 1501}</p></speak>"}],
        [HELLO | {"text": f"<speak><p>{'x' * 1500}</p></speak>"}],
    ),
    (3, "0.text", [HELLO | {"text": "<speak>A & B</speak>"}], [HELLO | {"text": "<speak>A &amp; B</speak>"}]),
    (3, "0.text", [HELLO | {"text": "<speak> </speak>"}], [HELLO | {"text": "<speak><break time='1s'/></speak>"}]),
    (4, "0.streamUrl", [{"action": "stream"}], [STREAM]),
    (4, "0.streamUrl", [STREAM | {"streamUrl": "https://example.com/a.mp3"}], [STREAM]),
    (4, "0.streamUrl", [STREAM | {"streamUrl": STREAM["streamUrl"] * 2}], [STREAM]),
    (4, "0.streamUrl", [STREAM | {"streamUrl": ["ftp://example.com/a.mp3"]}], [STREAM]),
    (5, "0.endpoint", [without(RING, "endpoint")], [RING]),
    (5, "0.endpoint", [RING | {"endpoint": PHONE}], [RING]),
    (5, "0.endpoint", [RING | {"endpoint": [PHONE, PHONE]}], [RING, RING]),
    (5, "0.endpoint", [RING | {"endpoint": []}], [RING]),
    (5, "0.endpoint", [RING | {"endpoint": ["447700900456"]}], [RING]),
    (5, "0.endpoint.0.type", connect(without(PHONE, "type")), connect(PHONE)),
    (5, "0.endpoint.0.type", connect(PHONE | {"type": "fax"}), connect(PHONE)),
    (5, "0.endpoint.0.type", connect(PHONE | {"type": ["phone"]}), connect(PHONE)),
    (5, "0.endpoint.0.number", connect({"type": "phone"}), connect(PHONE)),
    (5, "0.endpoint.0.user", connect({"type": "app"}), connect(ENDPOINTS["app"])),
    (5, "0.endpoint.0.uri", connect(without(SOCKET, "uri")), connect(SOCKET)),
    (5, "0.endpoint.0.content-type", connect(without(SOCKET, "content-type")), connect(SOCKET)),
    (5, "0.endpoint.0.uri", connect({"type": "sip", "user": "anna"}), connect(ENDPOINTS["sip by user"])),
    (5, "0.endpoint.0.extension", connect({"type": "vbc"}), connect(ENDPOINTS["vbc"])),
    (5, "0.endpoint.0.extension", connect({"type": "vbc", "extension": 12}), connect(ENDPOINTS["vbc"])),
    (6, "0.endpoint.0.number", connect(PHONE | {"number": "+447700900456"}), connect(PHONE)),
    (6, "0.endpoint.0.number", connect(PHONE | {"number": "07700900456"}), connect(PHONE)),
    (6, "0.endpoint.0.number", connect(PHONE | {"number": 447700900456}), connect(PHONE)),
    (6, "0.endpoint.0.number", connect(PHONE | {"number": "447700900456\n"}), connect(PHONE)),
    (6, "0.endpoint.0.number", connect(PHONE | {"number": "４４７７００９００４５６"}), connect(PHONE)),  # noqa: RUF001
    (6, "0.endpoint.0.number", connect(PHONE | {"number": "4" * 16}), connect(PHONE | {"number": "4" * 15})),
    (6, "0.endpoint.0.number", connect(PHONE | {"number": "4" * 6}), connect(PHONE | {"number": "4" * 7})),
    (6, "0.from", [RING | {"from": "Anna"}], [RING]),
    (6, "0.from", [RING | {"from": None}], [RING]),
    (7, "0.from", [RING | {"randomFromNumber": True}], [RING | {"randomFromNumber": False}]),
    (8, "0.name", [without(ROOM, "name")], [ROOM]),
    (8, "0.name", [ROOM | {"name": ""}], [ROOM]),
    (8, "0.mute", [ROOM | {"mute": True, "canSpeak": []}], [ROOM | {"mute": True, "canHear": []}]),
    (8, "0.mute", [TRANSFER | {"mute": True, "canSpeak": []}], [TRANSFER | {"mute": False, "canSpeak": []}]),
    (8, "0.transcription", [ROOM | {"transcription": {}}], [ROOM | {"transcription": {}, "record": True}]),
    (9, "0.payload", [without(NOTIFY, "payload")], [NOTIFY]),
    (9, "0.payload", [NOTIFY | {"payload": "x"}], [NOTIFY]),
    (9, "0.eventUrl", [without(NOTIFY, "eventUrl")], [NOTIFY]),
    (10, "0.eventUrl", [INPUT | {"eventUrl": EVENT[0]}], [INPUT]),
    (10, "0.eventUrl", [NOTIFY | {"eventUrl": []}], [NOTIFY]),
    (10, "0.eventUrl", [RECORD | {"eventUrl": ["/event"]}], [RECORD | {"eventUrl": ["http://127.0.0.1:3000/event"]}]),
    (10, "0.eventUrl", [RECORD | {"eventUrl": ["https://"]}], [RECORD | {"eventUrl": ["https://[::1]/event?a=b"]}]),
    (10, "0.eventUrl", [RECORD | {"eventUrl": ["https://a b"]}], [RECORD | {"eventUrl": ["HTTPS://a"]}]),
    (
        10,
        "0.transcription.eventUrl",
        [RECORD | {"transcription": {"eventUrl": "https://example.com"}}],
        [RECORD | {"transcription": {"eventUrl": ["https://example.com"]}}],
    ),
    (11, "0.eventMethod", [INPUT | {"eventMethod": "PUT"}], [INPUT | {"eventMethod": "GET"}]),
    (11, "0.eventMethod", [INPUT | {"eventMethod": "post"}], [INPUT | {"eventMethod": "POST"}]),
    (12, "0.bargeIn", [HELLO | {"bargeIn": "true"}, INPUT], [HELLO | {"bargeIn": True}, INPUT]),
    (12, "0.bargeIn", [HELLO | {"bargeIn": 1}, INPUT], [HELLO | {"bargeIn": True}, INPUT]),
    (12, "0.loop", [HELLO | {"loop": "2"}], [HELLO | {"loop": 2}]),
    (12, "0.loop", [HELLO | {"loop": True}], [HELLO | {"loop": 1}]),
    (12, "0.loop", [HELLO | {"loop": 1.0}], [HELLO | {"loop": 1}]),
    (12, "0.loop", [HELLO | {"loop": 10**5000}], [HELLO | {"loop": 2**31 - 1}]),
    (12, "0.level", [HELLO | {"level": float("nan")}], [HELLO | {"level": -1}]),
    (12, "0.timeout", [RING | {"timeout": "45"}], [RING | {"timeout": 45}]),
    (12, "0.timeout", [RING | {"timeout": None}], [RING]),
    (12, "0.dtmf.timeOut", [INPUT | {"dtmf": {"timeOut": 11}}], [INPUT | {"dtmf": {"timeOut": 10}}]),
    (12, "0.dtmf", [INPUT | {"dtmf": 4}], [INPUT | {"dtmf": {}}]),
    (12, "0.timeout", [{"action": "wait", "timeout": float("inf")}], [WAIT]),
    (13, "0.type", [without(INPUT, "type")], [INPUT]),
    (13, "0.type", [INPUT | {"type": "dtmf"}], [INPUT]),
    (13, "0.type", [INPUT | {"type": []}], [INPUT]),
    (13, "0.type", [INPUT | {"type": ["dtmf", "voice"]}], [INPUT | {"type": ["dtmf", "speech"]}]),
    (13, "0.type", [INPUT | {"type": [["dtmf"]]}], [INPUT]),
    (13, "0.dtmf", [INPUT | {"mode": "asynchronous", "dtmf": {}}], [INPUT | {"mode": "synchronous", "dtmf": {}}]),
    (13, "0.mode", [INPUT | {"mode": "asynchronous", "type": ["speech"]}], [INPUT | {"mode": "asynchronous"}]),
    (14, "0.channels", [RECORD | {"channels": 2}], [RECORD | {"channels": 2, "split": "conversation"}]),
    (
        14,
        "0.channels",
        [RECORD | {"channels": 33, "split": "conversation"}],
        [RECORD | {"channels": 32, "split": "conversation"}],
    ),
    (14, "0.split", [RECORD | {"split": "yes"}], [RECORD | {"split": "conversation"}]),
    (14, "0.endOnKey", [RECORD | {"endOnKey": "##"}], [RECORD | {"endOnKey": "#"}]),
    (14, "0.endOnKey", [RECORD | {"endOnKey": 1}], [RECORD | {"endOnKey": "1"}]),
    (15, "0.endpoint.0.uri", connect(SIP | {"user": "anna"}), connect(SIP)),
    (15, "0.endpoint.0.uri", connect(SIP | {"uri": "anna@example.com"}), connect(SIP)),
    (15, "0.endpoint.0.headers", connect(SIP | {"headers": {"a": 1}}), connect(SIP | {"headers": {"a": "1"}})),
    (15, "0.endpoint.0.headers", connect(SIP | {"headers": ["a"]}), connect(SIP | {"headers": {}})),
    (
        15,
        "0.endpoint.0.standardHeaders.User-to-User",
        connect(SIP | {"standardHeaders": {"User-to-User": "x" * 257}}),
        connect(SIP | {"standardHeaders": {"User-to-User": "x" * 256}}),
    ),
    (16, "0.endpoint.0.uri", connect(SOCKET | {"uri": "https://example.com"}), connect(SOCKET | {"uri": "ws://a"})),
    (16, "0.endpoint.0.content-type", connect(SOCKET | {"content-type": "audio/l16;rate=44100"}), connect(SOCKET)),
    (
        16,
        "0.endpoint.0.headers",
        connect(SOCKET | {"headers": {"a": "x" * 505}}),  # {"a":"…"} is 8 bytes more
        connect(SOCKET | {"headers": {"a": "x" * 504}}),
    ),
    (
        16,
        "0.endpoint.0.authorization.value",
        connect(SOCKET | {"authorization": {"type": "custom"}}),
        connect(SOCKET | {"authorization": {"type": "vonage"}}),
    ),
    (17, "0.bargeIn", [HELLO | {"bargeIn": True}], [HELLO | {"bargeIn": False}]),
    (17, "0.bargeIn", [HELLO | {"bargeIn": True}, HELLO, INPUT], [HELLO, HELLO | {"bargeIn": True}, INPUT]),
    (17, "0.bargeIn", [STREAM | {"bargeIn": True}, WAIT, INPUT], [WAIT, STREAM | {"bargeIn": True}, INPUT]),
    (17, "1.bargeIn", [INPUT, HELLO | {"bargeIn": True}], [HELLO | {"bargeIn": True}, INPUT]),
    (
        17,
        "0.bargeIn",
        [HELLO | {"bargeIn": True}, RECORD, INPUT],
        [HELLO | {"bargeIn": True}, STREAM | {"bargeIn": True}, INPUT],
    ),
    (18, "0.conversationId", [{"action": "transfer"}], [TRANSFER]),
    (18, "0.conversationId", [TRANSFER | {"conversationId": ""}], [TRANSFER]),
]

WARNINGS: list[tuple[int, str, Any, Any]] = [
    (12, "0.timeout", [WAIT | {"timeout": 0.05}], [WAIT | {"timeout": 0.1}]),
    (12, "0.timeout", [WAIT | {"timeout": 7201}], [WAIT | {"timeout": 7200}]),
    (19, "0.voiceName", TUTORIAL, [HELLO | {"language": "en-AU", "style": 3}]),
    (19, "0.voiceName", [HELLO | {"voiceName": "Nobody"}], [HELLO]),
    (19, "0.voiceName", [HELLO | {"voiceName": "Amy", "language": "en-GB"}], [HELLO | {"language": "en-GB"}]),
    (20, "0.style", [HELLO | {"language": "en-GB", "style": 99}], [HELLO | {"language": "en-GB", "style": 12 - 8}]),
    (20, "0.style", [HELLO | {"style": 99}], [HELLO | {"style": 1}]),
    (20, "0.language", [HELLO | {"language": "lt-LT"}], [HELLO | {"language": "lv-LV"}]),
    (20, "0.language", [HELLO | {"language": "en-gb"}], [HELLO | {"language": "en-GB"}]),
    (21, "0.premium", [HELLO | {"language": "en-AU", "style": 3, "premium": True}], [HELLO | {"premium": True}]),
    (
        21,
        "0.premium",
        [HELLO | {"language": "en-GB", "style": 12}],
        [HELLO | {"language": "en-GB", "style": 12, "premium": True}],
    ),
    (
        21,
        "0.text",
        [{"action": "talk", "text": "<speak>Hi</speak>", "language": "cs-CZ", "style": 1}],
        [{"action": "talk", "text": "Hi", "language": "cs-CZ", "style": 1}],
    ),
    (22, "1", [ROOM, HELLO], [HELLO, ROOM]),
    (22, "1", [TRANSFER, HELLO, HELLO], [HELLO, HELLO, TRANSFER]),
    (23, "0.loop", [HELLO | {"loop": 0}, HELLO], [HELLO | {"loop": 0, "bargeIn": True}, INPUT]),
    (23, "0.loop", [STREAM | {"loop": 0}], [STREAM | {"loop": 1}]),
    (24, "0.eventUrl", [without(INPUT, "eventUrl")], [INPUT]),
    (24, "0.eventUrl", [without(INPUT, "eventUrl")], [without(INPUT, "eventUrl"), HELLO]),
    (25, "0", [without(RECORD, "timeOut")], [RECORD]),
    (25, "0", [without(RECORD, "timeOut")], [without(RECORD, "timeOut"), HELLO]),
    (26, "0.bargein", [HELLO | {"bargein": True}], [HELLO]),
    (26, "0.dtmf.maxdigits", [INPUT | {"dtmf": {"maxdigits": 1}}], [INPUT | {"dtmf": {"maxDigits": 1}}]),
    (26, "0.maxDigits", [INPUT | {"maxDigits": 1}], [INPUT | {"dtmf": {"maxDigits": 1}}]),
    (26, "0.endpoint.0.name", connect(PHONE | {"name": "Anna"}), connect(PHONE)),
    (26, "0.text", [HELLO | {"text": "<speak><loud>x</loud></speak>"}], [HELLO | {"text": "<speak><p>x</p></speak>"}]),
    (27, "0.from", [without(RING, "from")], [without(RING, "from") | {"randomFromNumber": True}]),
    (27, "0.from", [without(RING, "from")], [{"action": "connect", "endpoint": [ENDPOINTS["app"]]}]),
]


@pytest.mark.parametrize(("rule", "path", "broken", "right"), ERRORS)
def test_an_nccos_error_is_found_and_nothing_else(rule: int, path: str, broken: Any, right: Any) -> None:
    assert [(found.rule, found.severity, found.path) for found in check(broken)] == [(rule, "error", path)]
    assert check(right) == []


@pytest.mark.parametrize(("rule", "path", "odd", "right"), WARNINGS)
def test_an_oddity_is_a_warning_and_nothing_else(rule: int, path: str, odd: Any, right: Any) -> None:
    assert [(found.rule, found.severity, found.path) for found in check(odd)] == [(rule, "warning", path)]
    assert errors(odd) == []
    assert check(right) == []


def test_ringing_the_number_that_was_called_is_a_warning() -> None:
    [found] = check([RING], called_number="447700900456")
    assert (found.rule, found.severity, found.path) == (28, "warning", "0.endpoint.0.number")
    assert check([RING], called_number="447700900457") == []


def test_a_last_input_whose_url_returns_no_ncco_is_a_warning() -> None:
    [found] = check([INPUT], returns_ncco=lambda url: url != EVENT[0])
    assert (found.rule, found.severity, found.path) == (24, "warning", "0.eventUrl")
    assert check([INPUT], returns_ncco=lambda url: url == EVENT[0]) == []


def test_every_rule_has_its_row() -> None:
    rows = {row[0] for row in ERRORS} | {row[0] for row in WARNINGS} | {28}
    assert rows == set(RULES) == set(range(1, 29))


@pytest.mark.parametrize("ncco", SENT.values(), ids=SENT)
def test_what_vonage_runs_has_no_problem(ncco: list[Action]) -> None:
    assert check(ncco) == []


@pytest.mark.parametrize("action", WHOLE.values(), ids=WHOLE)
def test_an_action_with_all_its_options_has_no_problem(action: Action) -> None:
    assert check([action]) == []


@pytest.mark.parametrize("endpoint", ENDPOINTS.values(), ids=ENDPOINTS)
def test_an_endpoint_with_its_options_has_no_problem(endpoint: Action) -> None:
    assert check(connect(endpoint)) == []


def test_the_examples_have_every_option() -> None:
    for name, action in WHOLE.items():
        assert set(ACTIONS[name]) - set(action) <= {"voiceName", "bargeIn"}
    assert {endpoint["type"] for endpoint in ENDPOINTS.values()} == set(ENDPOINT_OPTIONS)


def _paths(options: Options, prefix: str = "") -> list[str]:
    paths = []
    for name, option in options.items():
        paths += [prefix + name, *_paths(option.inside or {}, f"{prefix}{name}.")]
    return paths


@pytest.mark.parametrize(("action", "path"), [(name, path) for name in ACTIONS for path in _paths(ACTIONS[name])])
def test_every_option_refuses_a_value_that_is_none_of_its_kind(action: str, path: str) -> None:
    ncco = [deepcopy(WHOLE[action]), INPUT]
    place = ncco[0]
    *outer, last = path.split(".")
    for name in outer:
        place = place.setdefault(name, {})
    place[last] = [{}]
    assert f"0.{path}" in [found.path.removesuffix(".0.type") for found in errors(ncco)]


# (action, option, lowest, highest, step beyond)
RANGES = [
    ("talk", "loop", 0, 2**31 - 1, 1),
    ("talk", "level", -1, 1, 0.1),
    ("talk", "style", 0, 2**31 - 1, 1),
    ("stream", "loop", 0, 2**31 - 1, 1),
    ("stream", "level", -1, 1, 0.1),
    ("input", "dtmf.timeOut", 0, 10, 1),
    ("input", "dtmf.maxDigits", 1, 20, 1),
    ("input", "speech.endOnSilence", 0.4, 10, 0.1),
    ("input", "speech.startTimeout", 1, 60, 1),
    ("input", "speech.maxDuration", 1, 60, 1),
    ("input", "speech.sensitivity", 10, 100, 1),
    ("record", "channels", 1, 32, 1),
    ("record", "endOnSilence", 3, 10, 1),
    ("record", "timeOut", 3, 7200, 1),
    ("connect", "timeout", 1, 120, 1),
    ("connect", "limit", 1, 7200, 1),
    ("connect", "advancedMachineDetection.beep_timeout", 45, 120, 1),
]


@pytest.mark.parametrize(("action", "path", "low", "high", "step"), RANGES)
def test_a_number_may_reach_its_limits_and_not_pass_them(
    action: str, path: str, low: float, high: float, step: float
) -> None:
    def faults(value: float) -> list[str]:
        changed = deepcopy(WHOLE[action])
        *outer, last = path.split(".")
        place = changed
        for name in outer:
            place = place[name]
        place[last] = value
        return [found.path for found in errors([changed])]

    assert faults(low) == faults(high) == []
    assert faults(low - step) == faults(high + step) == [f"0.{path}"]


@pytest.mark.parametrize(
    ("ncco", "message"),
    [
        (
            {"action": "talk"},
            "The NCCO is an object, but Vonage reads an array of actions, also for one. Put it in square brackets.",
        ),
        (
            [HELLO, RING | {"timeout": 500}],
            "Action 2 (connect): timeout is 500, but Vonage takes 1 to 120 seconds. Write a number in that range.",
        ),
        (
            [HELLO | {"bargeIn": "true"}],
            'Action 1 (talk): bargeIn is the text "true", where a boolean belongs. Write true without quotes.',
        ),
        (
            [{"action": "hangup"}],
            'Action 1: action is the text "hangup", which Vonage does not know, so it refuses the NCCO. '
            "To hang up, let the list run out.",
        ),
        (
            TUTORIAL,
            'Action 1 (talk): voiceName is deprecated. Write "language": "en-AU", "style": 3 for Russell.',
        ),
        (
            [INPUT | {"event_url": EVENT}],
            "Action 1 (input): event_url is no option that Vonage lists here, so it may do nothing. Write eventUrl.",
        ),
        (
            [ROOM, HELLO],
            "Action 2 (talk): is never run, nor is anything after it: action 1 (conversation) lasts to the end of "
            "the call. Remove it, or move it before.",
        ),
    ],
)
def test_a_message_says_what_is_wrong_why_and_the_cure(ncco: Any, message: str) -> None:
    assert [found.message for found in check(ncco)] == [message]


@pytest.mark.parametrize("row", [*ERRORS, *WARNINGS])
def test_a_message_is_short_and_fit_to_be_stored_and_shown(row: tuple[int, str, Any, Any]) -> None:
    for found in check(row[2]):
        assert found.message.startswith(f"Action {int(found.path.split('.')[0]) + 1}" if found.path else "The NCCO")
        assert found.message.endswith(".")
        assert len(found.message) <= 260
        assert "\0" not in found.message.encode().decode()


def test_problems_come_in_the_order_of_the_actions() -> None:
    found = check([ROOM, HELLO | {"loop": -1}, {"action": "talk"}, HELLO | {"bargeIn": True}])
    assert [(problem.path, problem.rule) for problem in found] == [
        ("1.loop", 12),
        ("1", 22),
        ("2.text", 3),
        ("3.bargeIn", 17),
    ]


def test_a_greeting_leaves_out_what_is_the_default() -> None:
    plain = talk("Thanks for calling.", language="en-AU", style=3)
    assert plain == {"action": "talk", "text": "Thanks for calling.", "language": "en-AU", "style": 3}
    assert check([plain]) == []


def test_a_greeting_says_all_that_differs() -> None:
    loud = talk("Press 1.", language="en-GB", style=0, premium=True, level=0.5, loop=0, barge_in=True)
    assert loud == {
        "action": "talk",
        "text": "Press 1.",
        "language": "en-GB",
        "style": 0,
        "premium": True,
        "level": 0.5,
        "loop": 0,
        "bargeIn": True,
    }
    assert check([loud, MENU]) == []


def test_the_length_that_counts_has_no_tags() -> None:
    assert spoken_length("Hello") == spoken_length("<speak><p>Hello</p></speak>") == 5


def _nested(wrap: Callable[[Any], Any], depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = wrap(value)
    return value


@pytest.mark.parametrize("depth", [5_000, 200_000])
@pytest.mark.parametrize("wrap", [lambda value: [value], lambda value: {"a": value}], ids=["arrays", "objects"])
def test_deep_nesting_is_one_error(depth: int, wrap: Callable[[Any], Any]) -> None:
    deep = _nested(wrap, depth)
    for ncco in ([deep], [HELLO, HELLO | {"text": deep}], [NOTIFY | {"payload": {"a": deep}}]):
        [found] = errors(ncco)
        assert found.rule == 1
        assert "nested" in found.message


def test_what_holds_itself_or_more_than_anyone_can_read_is_one_error() -> None:
    loop: list[Any] = []
    loop.append(loop)
    wide = _nested(lambda value: [value, value], 60)  # 60 small lists, but 2**60 values
    for ncco in (loop, [NOTIFY | {"payload": {"a": wide}}], [HELLO] * 100_001):
        assert [found.rule for found in errors(ncco)] == [1]


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(4_400, 5_000).map(lambda digits: 10**digits)
    | st.floats()
    | st.text()
    | st.text(st.characters(categories=["Cs", "Cc"]))
    | st.binary()
    | st.sampled_from(["talk", "connect", "<speak>", "<speak><a", "https://[", "true", "12", "\ud800"]),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text() | st.integers() | st.booleans() | st.none(), inner)
        | st.tuples(inner)
        | st.frozensets(st.integers())
    ),
)


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) in an NCCO."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [(value, key) for key, _ in pairs]
    return found + [place for container, key in list(found) for place in _places(container[key])]


def look_at(ncco: Any) -> None:
    """Check, and see that every problem can be stored and shown."""
    for problem in check(ncco):
        assert problem.rule in RULES
        assert problem.message.endswith(".")
        assert problem.path.isprintable()
        assert problem.message.isprintable()


@given(JUNK)
def test_whatever_it_is_given_check_never_raises(junk: Any) -> None:
    look_at(junk)
    look_at([junk])


@given(
    st.sampled_from([*ACTIONS]),
    st.dictionaries(st.sampled_from(sorted({n for o in ACTIONS.values() for n in o})), JUNK),
)
def test_whatever_its_options_are_check_never_raises(action: str, options: dict[str, Any]) -> None:
    look_at([options | {"action": action}])


@given(st.data())
def test_whatever_stands_in_a_good_ncco_check_never_raises(data: st.DataObject) -> None:
    ncco = deepcopy([*WHOLE.values(), *(connect(endpoint)[0] for endpoint in ENDPOINTS.values())])
    container, key = data.draw(st.sampled_from(_places(ncco)))
    container[key] = data.draw(JUNK)
    look_at(ncco)


@given(JUNK)
def test_what_has_no_errors_is_json(junk: Any) -> None:
    ncco = [NOTIFY | {"payload": {"a": junk}}]
    if not errors(ncco):
        assert json.loads(json.dumps(ncco, allow_nan=False).encode()) == ncco
