"""Every kind of step with any settings: what is let through to publishing makes NCCOs that Vonage takes, always."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from calls.flows import engine, tokens
from calls.flows.callers import Callers
from calls.flows.engine import Served
from calls.flows.hours import Schedule
from calls.flows.program import END, SCHEMA, Program, to_step
from calls.flows.run import Heard, Number
from calls.flows.steps import STEPS, Facts
from calls.flows.steps.kind import SoundFile
from calls.models import StepKind
from calls.vonage import ncco
from tests.factories import CALLER, OURS, PERSON

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
LEG = "8b4f0d3c1e5a4b7c9d2e6f8a0b1c2d3e"
HEARD = [
    Heard("input"),
    Heard("input", digits="1"),
    Heard("input", digits="4711"),
    Heard("input", digits="123456789012345678901234567890"),
    Heard("input", spoken=("sales", "sails")),
    Heard("status", status="busy"),
    Heard("status", status="rejected", detail="invalid_number"),
    Heard("status", status="timeout"),
    Heard("record"),
    Heard("notify"),
]

texts = some.sampled_from(
    [
        *(
            "",
            " ",
            "Good morning.",
            "Hello {caller.name}, we open {hours.next_open}.",
            "{caller.number}",
            "{caller.nam}",
        ),
        *("<speak>Hello <break time='1s'/></speak>", "<speak>open", "x" * 1_500, "x" * 1_501, "\0", "🙂", "1,5 & <"),
    ]
)
numbers = some.one_of(some.integers(-2, 25), some.sampled_from([120, 121, 7_200, 7_201, 0.1, 2.5, True, None, "5"]))
targets = some.lists(
    some.fixed_dictionaries(
        {
            "type": some.sampled_from(["phone", "sip", "app", "typed", "fax"]),
            "to": some.sampled_from(
                [PERSON, "+44 7700 900456", OURS, "", "Alice", "Digits", "sip:anna@example.com", "sip:ann a@b", "999"]
            ),
        }
    ),
    max_size=3,
)
FIELDS: dict[str, Any] = {
    **dict.fromkeys(("text", "prompt", "thanks", "nothing", "wrong", "notice", "ask", "whisper", "room"), texts),
    **dict.fromkeys(("seconds", "silence", "most", "tries", "ring_seconds", "longest"), numbers),
    **dict.fromkeys(
        ("beep", "speech", "hash", "moderator", "waits", "muted", "record", "accept", "premium"), some.booleans()
    ),
    "language": some.sampled_from(["", "en-GB", "de-DE", "xx-XX"]),
    "style": some.integers(0, 3),
    "level": some.sampled_from([-1, 0, 0.5, 1, 2]),
    "loop": some.integers(0, 3),
    "key": some.sampled_from(["", "#", "5", "A", "12"]),
    "keep": some.sampled_from(["Digits", "", "Order number"]),
    "pin": some.sampled_from(["", "4711", "1", "abc", "1" * 21]),
    "music": some.sampled_from(["", "https://example.com/hold.mp3", "hold.mp3"]),
    "sound": some.sampled_from([None, 3, 99]),
    "notice_off_reason": some.sampled_from(["", " ", "All agreed."]),
    "targets": targets,
    "show": some.sampled_from(["ours", "caller", OURS, "442079460099", ""]),
    "url": some.sampled_from(["", "https://example.com/told", "ftp://example.com"]),
    "method": some.sampled_from(["POST", "GET", "PUT"]),
    "payload": some.sampled_from([{}, {"who": "{caller.name}", "n": [1, None, {"a": "{caller.number}"}]}, [], "text"]),
    "hours": some.sampled_from([None, 1]),
    "actions": some.sampled_from([[], [{"action": "talk", "text": "Hello."}], [{"action": "talk"}], [[]], {}, [1]]),
}
GOOD: dict[str, dict[str, Any]] = {
    "menu": {"prompt": "Press 1."},
    "digits": {"prompt": "Key in your order number."},
    "room": {"room": "Board"},
    "forward": {"targets": [{"type": "phone", "to": PERSON}, {"type": "app", "to": "Alice"}]},
    "notify": {"url": "https://example.com/told"},
    "ncco": {"actions": [{"action": "talk", "text": "Hello."}]},
    "hours": {"hours": 1},
    "audio": {"sound": 3},
}
FACTS = Facts(
    owns=lambda number: number == OURS,
    number=OURS,
    branches={"1": ["sales"], "next": [], "closed": []},
    hours={1: "Shop"},
    sounds={3: SoundFile("Hold", f"/sounds/{'0' * 64}.mp3")},
    refuse_destination=lambda number: "" if number[-3:] == "456" else "not allowed",
)


class Small:
    """A World of one number, whose flow is one step and a farewell."""

    callers = Callers({"contacts": [[1, "Anna & Co. <b>", []]], "numbers": [[CALLER, 1]]})

    def __init__(self, kind: str, settings: dict[str, Any]) -> None:
        step = {"kind": kind, "place": 1, "name": "", "settings": settings, "next": to_step(2), "on": {"1": to_step(2)}}
        last = {"kind": "hangup", "place": 2, "name": "", "settings": {"text": "Goodbye."}, "next": END, "on": {}}
        self.steps = {"1": step | {"words": {"1": ["sales"]}}, "2": last}

    def number(self, msisdn: str) -> Number | None:
        return Number(OURS, flow=1, label="Shop") if msisdn == OURS else None

    def program(self, version: int) -> Program | None:
        return {"schema": SCHEMA, "flow": 1, "name": "Line", "voice": {}, "start": "1", "steps": self.steps}

    def live(self, flow: int, moment: datetime) -> int | None:
        return 1

    def schedule(self, hours: int) -> Schedule:
        return Schedule.read(None)


def test_every_kind_of_step_that_staff_can_choose_is_here() -> None:
    assert set(STEPS) == {kind.value for kind in StepKind}


@pytest.mark.parametrize("kind", STEPS)
def test_its_settings_can_be_kept_and_its_title_is_a_line(kind: str) -> None:
    step = STEPS[kind].from_settings({})
    assert STEPS[kind].from_settings({**step.settings(), "of another release": 1}) == step
    assert step.title
    assert "\n" not in step.title


@pytest.mark.parametrize("kind", STEPS)
@given(data=some.data())
def test_what_may_be_published_is_what_vonage_takes(kind: str, data: some.DataObject) -> None:
    names = STEPS[kind].from_settings({}).settings()
    others = some.fixed_dictionaries({}, optional={name: FIELDS[name] for name in names})
    settings = GOOD.get(kind, {}) | data.draw(others)
    step = STEPS[kind].from_settings(settings)
    step.warnings(FACTS)
    assert step.title
    if step.problems(FACTS) or step.misfits(settings):
        return
    world = Small(kind, step.compiled(FACTS))
    number = world.number(OURS)
    assert number
    for caller in (CALLER, "anonymous"):
        answered = engine.answer(world, number, caller, NOW, LEG)
        follow(world, answered, depth=2)


def follow(world: Small, served: Served, depth: int) -> None:
    """Look at what is served, and at all that it can lead to."""
    check(served)
    if not depth:
        return
    for place in places(served):
        for heard in HEARD:
            reply = engine.go_on(world, place, heard, NOW)
            if reply is not None:
                follow(world, reply, depth - 1)
        check(engine.pick_up(world, place, NOW))


def check(served: Served) -> None:
    assert served.problem == ""
    for actions in (served.ncco, served.moved):
        assert ncco.errors(actions) == []
        assert [one for one in ncco.check(actions) if one.rule in {24, 25}] == []


def places(served: Served) -> list[tokens.Place]:
    urls = [url for action in [*served.ncco, *served.moved] for url in action.get("eventUrl", ())]
    return [place for url in urls if (place := tokens.read(url.rpartition("/")[2]))]
