"""The picture of a flow: nothing lies on anything else, and every way is drawn once, whatever the program holds."""

import itertools
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given, settings

from calls.flows.column import pressed
from calls.flows.layout import draw
from calls.flows.letters import cut, width
from calls.flows.picture import MARGIN, Lit, Picture
from calls.flows.program import AGAIN, END, Program, to_flow, to_step
from calls.flows.ways import code, ways
from tests.flows.programs import program, programs, step

pytestmark = pytest.mark.once

Box = tuple[float, float, float, float]  # left, top, right, bottom


def boxes(picture: Picture) -> Iterator[Box]:
    """What must not lie on anything else: steps, flows, keys and words."""
    for node in picture.nodes:
        yield node.x, node.y, node.x + node.width, node.y + node.height
    for flow in picture.flows:
        yield flow.x, flow.y, flow.x + flow.width, flow.y + flow.height
    for label in picture.labels:
        top, bottom = (label.y - 9, label.y + 9) if label.is_keys else (label.y - 8, label.y + 2)
        yield label.x, top, label.x + label.width, bottom


def overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


@settings(max_examples=40, deadline=None)
@given(programs())
def test_nothing_lies_on_anything_else_and_all_is_within(given_program: Program) -> None:
    picture = draw(given_program, flows={7: "Workshop", 8: "A flow with a long name " * 4})
    drawn = sorted(boxes(picture), key=lambda box: box[1])
    near = ((one, other) for at, one in enumerate(drawn) for other in drawn[at + 1 : at + 60] if other[1] < one[3])
    assert not [pair for pair in near if overlap(*pair)]
    points = [point for line in picture.lines for point in line.points]
    points += [(x, y) for box in drawn for x, y in (box[:2], box[2:])]
    assert all(-MARGIN <= x <= picture.width - MARGIN and 0 <= y <= picture.height for x, y in points)


@settings(max_examples=40, deadline=None)
@given(programs())
def test_every_way_is_drawn_once(given_program: Program) -> None:
    picture = draw(given_program)
    drawn = Counter((line.step, case) for line in picture.lines if line.step for case in line.cases)
    there = Counter((key, way.on) for key, one in given_program["steps"].items() for way in ways(one))
    assert drawn == there
    for line in picture.lines:
        if line.to.startswith("step ") and line.step:
            node = next(node for node in picture.nodes if node.step == line.to[5:])
            assert node.y <= line.points[-1][1] <= node.y + node.height
    marks = Counter(line.to.split()[0] for line in picture.lines)
    dots = Counter(dot.sort for dot in picture.dots)
    assert (dots["end"], dots["again"], dots["lost"]) == (marks["end"], marks["again"], marks["lost"])
    assert len(picture.flows) == marks["flow"]


@settings(max_examples=40, deadline=None)
@given(programs())
def test_no_lane_runs_through_words_or_lies_on_another(given_program: Program) -> None:
    picture = draw(given_program)
    lanes = [(line.points[1], line.points[2], line.to) for line in picture.lines if line.arrow]
    for (x, low), (_, high), _ in lanes:
        top, bottom = sorted((low, high))
        assert not [box for box in boxes(picture) if box[0] < x < box[2] and box[1] < bottom and top < box[3]]
    for (one, begins, to), (other, starts, leads) in itertools.combinations(lanes, 2):
        if to != leads and one[0] == starts[0]:
            first, second = sorted((one[1], begins[1])), sorted((other[1], starts[1]))
            assert first[1] < second[0] or second[1] < first[0]


def menu_and_more() -> Program:
    on = {"1": to_flow(7), "2": to_step(3), "3": to_step(3), "4": to_step(3), "7": to_step(2), "*": AGAIN, "end": END}
    return program(
        step("greeting", 1, to_step(2), name="Welcome", text="Good day."),
        step("menu", 2, to_step(3), on, name="Main menu", prompt="Press a key."),
        step("greeting", 3, END, name="Goodbye", text="Goodbye."),
        step("greeting", 4, END, {"next": to_step(99)}, text="Nobody hears this."),
    )


def test_ways_to_one_place_are_one_line_with_its_keys() -> None:
    picture = draw(menu_and_more(), flows={7: "Workshop"})
    keys = {label.text for label in picture.labels if label.is_keys}
    assert keys == {"1", "2–4", "7 *"}  # a key that leads to its own step asks again
    assert [label.text for label in picture.labels if not label.is_keys] == ["no key"]
    assert [flow.said for flow in picture.flows] == ["Workshop"]
    straight = next(line for line in picture.lines if line.step == "2" and line.to == "step 3")
    assert len(straight.points) == 2
    assert straight.cases == ("2", "3", "4")


def test_steps_that_nobody_comes_to_say_so() -> None:
    picture = draw(menu_and_more())
    assert [node.step for node in picture.nodes if not node.reached] == ["4"]
    assert "never reached" in picture.nodes[3].said
    assert {dot.sort for dot in picture.dots} == {"head", "end", "again", "lost"}


def test_what_is_lit_and_what_changed_is_marked() -> None:
    lit = Lit(frozenset("12"), frozenset([("", "step 1"), ("1", "step 2"), ("2", "flow 7"), ("2", "again")]))
    picture = draw(menu_and_more(), lit=lit, marks={"2": "changed", "3": "new"})
    assert [node.lit for node in picture.nodes] == [True, True, False, False]
    assert {(line.step, line.to) for line in picture.lines if line.lit} == lit.lines
    assert [line.lit for line in picture.lines] == sorted(line.lit for line in picture.lines)  # drawn above the rest
    assert [label.text for label in picture.labels if label.lit] == ["7 *", "1"]
    assert picture.flows[0].lit
    assert picture.nodes[1].detail.startswith("changed")
    assert ": new: " in picture.nodes[2].said


def test_a_start_that_is_not_the_first_is_entered_from_the_side() -> None:
    steps = (step("greeting", 1, END, text="One."), step("greeting", 2, to_step(1), text="Two."))
    head = next(line for line in draw(program(*steps, start="2")).lines if not line.step)
    assert (head.to, head.arrow) == ("step 2", True)


def test_a_flow_of_the_usual_size_fits_the_column() -> None:
    """350 px beside the steps, and at least that on a phone."""
    assert draw(menu_and_more(), flows={7: "Workshop"}).width <= 350


@pytest.mark.parametrize(
    ("keys", "text"),
    [("1", "1"), ("12", "1 2"), ("321", "1–3"), ("1234567890", "1–0"), ("1357*#", "1 3 5 7 * #"), ("*1", "1 *")],
)
def test_keys_are_written_short(keys: str, text: str) -> None:
    assert pressed(keys) == text


def test_a_text_is_cut_to_its_room() -> None:
    assert cut("  Main \n menu ", 12, 200) == "Main menu"
    short = cut("Bestellungen und Werkstatt, Lager und Versand", 12, 90)
    assert short.endswith("…")
    assert width(short, 12) <= 90
    assert cut("漢字" * 40, 12, 60) == "漢字漢…"


def test_codes_tell_targets_apart() -> None:
    assert [code(one) for one in (to_step(3), to_flow(3), AGAIN, END)] == ["step 3", "flow 3", "again", "end"]
