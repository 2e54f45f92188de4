"""Who would answer: the engine is asked with a draft or what is live, for one caller and moment; what changes ahead."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.control.hours import override
from calls.flows.callers import Callers
from calls.flows.compile import compile_draft
from calls.flows.hours import Schedule
from calls.flows.layout import draw
from calls.flows.outlook import outlook
from calls.flows.program import Program
from calls.flows.publish import go_live, publish
from calls.flows.reading import Reading, number_of
from calls.flows.run import Number
from calls.flows.telling import headline, tell
from calls.flows.whatif import DRAFT, Asked, Outcome, WithDraft, ask, lit_of
from calls.models import (
    Block,
    BlockAction,
    BlockKind,
    CallerRule,
    CallFlow,
    Closure,
    Contact,
    ContactNumber,
    PhoneNumber,
    Step,
    Tag,
)
from tests.factories import CALLER, OURS
from tests.flows.drafts import make_flow
from tests.flows.programs import programs
from tests.flows.test_hours_data import make_hours

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 11, 23, 14, 7, tzinfo=UTC)
NIGHT = datetime(2026, 11, 23, 20, tzinfo=UTC)
LONDON = ZoneInfo("Europe/London")
PROMPT = "For orders press 2, to hear this again press star."


@dataclass
class Line:
    """A flow as it is edited and as it is live, and the ids of its steps by their place."""

    flow: CallFlow

    @property
    def ids(self) -> list[str]:
        return ["", *(str(step.pk) for step in self.flow.steps.in_order())]

    def ask(
        self, *pressed: str | None, at: datetime = MONDAY, from_: str = CALLER, live: bool = False, **more: Any
    ) -> Outcome:
        number = number_of(PhoneNumber.objects.get())
        reading = Reading(at, from_)
        world = reading if live else WithDraft(reading, self.flow.pk, compile_draft(self.flow).program, number)
        return ask(world, Asked(number, from_, at, pressed, **more))

    def lit(self, outcome: Outcome) -> tuple[set[int], set[tuple[int, str]]]:
        """Which steps and lines are lit, by places."""
        place = {step: at for at, step in enumerate(self.ids)}
        lit = lit_of(outcome, compile_draft(self.flow).program, DRAFT)
        named = {(place[step], f"step {place[to[5:]]}" if to.startswith("step") else to) for step, to in lit.lines}
        return {place[step] for step in lit.steps}, named


@pytest.fixture
def line() -> Iterator[Line]:
    with time_machine.travel(MONDAY - timedelta(days=1), tick=False):
        yield make_line()


def make_line() -> Line:
    hours = make_hours()
    publish(make_flow("Workshop", ("greeting", {"text": "Hello {caller.name}, this is the workshop."}, {})))
    flow = make_flow(
        "Orders line",
        ("hours", {"hours": hours.pk}, {"closed": "6"}),
        ("greeting", {"text": "Good day."}, {}),
        (
            "menu",
            {"prompt": PROMPT, "nothing": "I heard nothing."},
            {"1": "Workshop", "2": "4", "*": "again", "end": "5"},
        ),
        ("forward", {"targets": [{"type": "phone", "to": "447700900512"}], "ring_seconds": 20}, {}),
        ("voicemail", {"prompt": "Leave a message.", "notice_off_reason": "Told before."}, {}),
        ("greeting", {"text": "We open again {hours.next_open}."}, {}),
        number=OURS,
    )
    names = ["Shop hours", "Welcome", "Main menu", "To Sam", "Orders mailbox", "After hours"]
    for step, name in zip(flow.steps.in_order(), names, strict=True):
        Step.objects.filter(pk=step.pk).update(name=name)
    publish(flow)
    return Line(flow)


def test_the_way_is_told_and_lit(line: Line) -> None:
    outcome = line.ask("2")
    assert headline(outcome, LONDON) == (
        "Monday 23 November, 14:07: Shop hours (open), then Welcome, then Main menu. "
        "Key 2: To Sam rings +44 7700 900512 for 20 s. Without an answer: Orders mailbox. The end of the call."
    )
    assert [(told.name, told.heard, told.did) for told in tell(outcome)] == [
        ("Shop hours", (), "open"),
        ("Welcome", ("“Good day.”",), ""),
        ("Main menu", (f"“{PROMPT}”",), "key 2"),
        ("To Sam", ("ringing: +44 7700 900512 for 20 s",), "without an answer"),
        (
            "Orders mailbox",
            ("“Leave a message.”", "a beep, then what they say is recorded, up to 2 min", "“Thank you. Goodbye.”"),
            "",
        ),
    ]
    steps, lines = line.lit(outcome)
    assert steps == {1, 2, 3, 4, 5}
    assert lines == {(0, "step 1"), *((at, f"step {at + 1}") for at in range(1, 5)), (5, "end")}


@pytest.mark.parametrize(
    ("pressed", "more", "ends", "last"),
    [
        ((), {}, "waits", "There it waits for a key: give one above to go on."),
        (("2",), {"phones": "answered"}, "talks", "Picked up: they talk, then the call ends."),
        (("2",), {"phones": "busy"}, "ended", "While it is busy: Orders mailbox. The end of the call."),
        ((None, None), {}, "ended", "Nothing pressed: Orders mailbox. The end of the call."),
        (("*", "7"), {}, "waits", "Key 7: Main menu. There it waits for a key: give one above to go on."),
    ],
)
def test_what_the_caller_does_decides(line: Line, pressed: Any, more: Any, ends: str, last: str) -> None:
    outcome = line.ask(*pressed, **more)
    assert outcome.ends == ends
    assert headline(outcome, LONDON).endswith(last)


def test_what_is_said_before_asking_again_stands_where_it_is_heard(line: Line) -> None:
    told = tell(line.ask(None))
    assert [one.heard for one in told[2:]] == [(f"“{PROMPT}”", "“I heard nothing.”"), (f"“{PROMPT}”",)]
    assert line.lit(line.ask("*"))[1] >= {(3, "again")}
    assert (3, "again") not in line.lit(line.ask(None))[1]


def test_another_flow_is_followed_and_its_line_lit(line: Line) -> None:
    contact = Contact.objects.create(name="Anna")
    ContactNumber.objects.create(contact=contact, party=CALLER)
    outcome = line.ask("1")
    last = tell(outcome, DRAFT)[-1]
    assert (last.heard, last.flow) == (("“Hello Anna, this is the workshop.”",), "Workshop")
    assert headline(outcome, LONDON, DRAFT).endswith("Key 1: Greeting of Workshop. The end of the call.")
    steps, lines = line.lit(outcome)
    assert steps == {1, 2, 3}
    assert (3, f"flow {CallFlow.objects.get(name='Workshop').pk}") in lines
    assert not any(to == "end" for _, to in lines)


def test_a_draft_is_asked_and_what_is_live_is_not_touched(line: Line) -> None:
    line.flow.steps.filter(name="Welcome").update(settings={"text": "All new."})
    assert tell(line.ask())[1].heard == ("“All new.”",)
    assert tell(line.ask(live=True))[1].heard == ("“Good day.”",)
    assert not line.lit(line.ask(live=True))[0]  # the picture of the draft shows nothing of it


def test_the_moment_decides_by_the_hours(line: Line) -> None:
    outcome = line.ask(at=NIGHT)
    assert headline(outcome, LONDON) == (
        "Monday 23 November, 20:00: Shop hours (closed), then After hours. The end of the call."
    )
    assert tell(outcome)[-1].heard == ("“We open again tomorrow at 09:00.”",)
    assert line.lit(outcome)[1] == {(0, "step 1"), (1, "step 6"), (6, "end")}


@pytest.mark.parametrize(
    ("kind", "pattern", "action", "from_", "told"),
    [
        (BlockKind.EXACT, CALLER, BlockAction.HANG_UP, CALLER, "This number is blocked. The line goes dead."),
        (
            BlockKind.PREFIX,
            "4477",
            BlockAction.VOICEMAIL,
            CALLER,
            "begin with +4477 are blocked. They may leave a message.",
        ),
        (BlockKind.HIDDEN, "", BlockAction.MESSAGE, "anonymous", "They hear “Show your number.”, and the call ends."),
    ],
)
def test_blocked_callers_are_told_so(line: Line, kind: str, pattern: str, action: str, from_: str, told: str) -> None:
    Block.objects.create(kind=kind, pattern=pattern, action=action, text="Show your number.")
    outcome = line.ask(from_=from_)
    assert outcome.ends == "blocked"
    assert headline(outcome, LONDON).endswith(told)
    assert line.ask(from_="33123456789").ends == "waits"


def test_a_rule_for_the_caller_leads_elsewhere(line: Line) -> None:
    contact = Contact.objects.create(name="Anna")
    ContactNumber.objects.create(contact=contact, party=CALLER)
    tag = Tag.objects.create(name="vip")
    contact.tags.add(tag)
    CallerRule.objects.create(tag=tag, flow=CallFlow.objects.get(name="Workshop"))
    outcome = line.ask()
    assert headline(outcome, LONDON, DRAFT) == (
        "Monday 23 November, 14:07, by a rule for this caller: Greeting of Workshop. The end of the call."
    )
    assert "by a rule" not in headline(line.ask(from_="33123456789"), LONDON)
    assert not line.lit(outcome)[0]


def test_a_flow_that_goes_round_in_a_circle_is_told(line: Line) -> None:
    line.flow.steps.filter(name="Welcome").first().branches.create(on="next", then="again")  # type: ignore[union-attr]
    outcome = line.ask()
    assert outcome.ends == "broken"
    assert "leads round in a circle" in headline(outcome, LONDON)


def test_a_number_without_a_flow_and_a_flow_without_a_number(line: Line) -> None:
    silent = ask(Reading(MONDAY), Asked(Number("442079460999"), CALLER, MONDAY))
    assert "it is not in service" in headline(silent, LONDON)
    nowhere = Number("", line.flow.pk)
    world = WithDraft(Reading(MONDAY), line.flow.pk, compile_draft(line.flow).program, nowhere)
    assert ask(world, Asked(nowhere, CALLER, MONDAY, ["2"])).ends == "ended"


@dataclass
class Alone:
    """A world of one flow, that leads to itself where another would be."""

    program_: Program
    callers = Callers({})

    def number(self, msisdn: str) -> Number | None:
        return Number(msisdn, 1)

    def program(self, version: int) -> Program | None:
        return self.program_

    def schedule(self, hours: int) -> Schedule:
        return Schedule()

    def live(self, flow: int, moment: datetime) -> int | None:
        return flow


@pytest.mark.once
@settings(max_examples=40, deadline=None)
@given(
    programs(), st.lists(st.sampled_from(["1", "2", "*", None]), max_size=9), st.sampled_from(["unanswered", "busy"])
)
def test_whatever_a_program_holds_its_way_is_told(given_program: Program, pressed: Any, phones: Any) -> None:
    outcome = ask(Alone(given_program), Asked(Number(OURS, 1), CALLER, MONDAY, pressed, phones))
    assert headline(outcome, LONDON)
    assert len(tell(outcome)) == len(outcome.stops)
    lit = lit_of(outcome, given_program, 1)
    drawn = draw(given_program, lit=lit)
    assert {(line.step, line.to) for line in drawn.lines if line.lit} <= lit.lines
    assert {node.step for node in drawn.nodes if node.lit} == lit.steps


# The days ahead


def rows_of(line: Line, start: datetime = MONDAY) -> list[tuple[str, str, str]]:
    reading = Reading(start)
    found = outlook(reading, reading, number_of(PhoneNumber.objects.get()), start)
    return [(f"{row.moment:%d %H:%M}", row.why, row.way) for row in found.rows]


OPEN, CLOSED = "Shop hours (open), then Welcome, then Main menu", "Shop hours (closed), then After hours"


def test_each_opening_and_closing_of_the_days_ahead_stands_there(line: Line) -> None:
    rows = rows_of(line)
    assert rows[:3] == [("23 14:07", "", OPEN), ("23 17:30", "Shop closes", CLOSED), ("24 09:00", "Shop opens", OPEN)]
    assert rows[-1][0] <= "07 14:07"
    assert all(one[2] != other[2] for one, other in itertools.pairwise(rows))


def test_closures_overrides_and_plans_are_among_them(line: Line) -> None:
    hours = line.flow.steps.filter(kind="hours").first().settings["hours"]  # type: ignore[union-attr]
    Closure.objects.create(
        hours_id=hours,
        name="Stocktaking",
        first_day=MONDAY.date() + timedelta(1),
        last_day=MONDAY.date() + timedelta(1),
    )
    with time_machine.travel(MONDAY, tick=False):
        schedule = Closure.objects.get().hours
        override(schedule, "open", MONDAY + timedelta(hours=5), None, "", since=MONDAY + timedelta(hours=4))
        line.flow.steps.filter(name="Welcome").update(name="Hello", settings={"text": "Hello."})
        version = publish(line.flow, from_at=MONDAY + timedelta(days=2), until_at=MONDAY + timedelta(days=2, hours=1))
        rows = rows_of(line)
    whys = {at: why for at, why, _ in rows}
    assert whys["23 18:07"] == "Shop opens, set for a while"
    assert "24 09:00" not in whys
    assert whys["25 14:07"] == f"v{version.number} goes live"
    assert next(way for at, _, way in rows if at == "25 14:07").startswith("Shop hours (open), then Hello")
    assert whys["25 15:07"] == f"v{version.number} ends"


def test_a_publication_that_says_the_same_changes_nothing(line: Line) -> None:
    with time_machine.travel(MONDAY, tick=False):
        version = line.flow.versions.get()
        go_live(version, from_at=MONDAY + timedelta(days=1, minutes=1))
        assert not any("goes live" in why for _, why, _ in rows_of(line))
