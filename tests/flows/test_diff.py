"""What callers will notice of a new version, in words."""

import itertools
from typing import Any

import pytest

from calls.flows.diff import differences
from calls.flows.naming import NOTHING_KNOWN, Known

pytestmark = pytest.mark.once

VOICE: dict[str, Any] = {"language": "en-GB", "style": 1, "premium": False}


def step(kind: str, place: int, name: str = "", *, on: dict[str, Any] | None = None, **settings: Any) -> dict[str, Any]:
    return {"kind": kind, "place": place, "name": name, "settings": settings, "next": {"end": True}, "on": on or {}}


def program(**steps: Any) -> dict[str, Any]:
    line = sorted(steps, key=lambda key: steps[key]["place"])
    for key, after in itertools.pairwise(line):
        steps[key]["next"] = {"step": after[1:]}
    return {"name": "Orders", "voice": VOICE, "start": "1", "steps": {key[1:]: one for key, one in steps.items()}}


def words(old: Any, new: Any, known: Known = NOTHING_KNOWN) -> list[str]:
    return [str(change) for change in differences(old, new, known)]


def small(**changes: Any) -> dict[str, Any]:
    return program(
        s1=step("greeting", 1, "Welcome", text="Good afternoon, this is Harbour Cycles.", **VOICE),
        s2=step("menu", 2, "Main menu", prompt="Press 1.", tries=2, on={"1": {"step": "3"}, **changes}),
        s3=step("hangup", 3, "Bye"),
        s4=step("hangup", 4, "Night"),
    )


def test_the_same_program_has_nothing_to_notice() -> None:
    assert words(small(), small()) == []


def test_words_that_are_added_are_marked() -> None:
    new = small()
    new["steps"]["1"]["settings"]["text"] += " We are open until six."
    assert words(small(), new) == ["Step 1, Welcome: Text adds: [+We are open until six.+] "]
    (change,) = differences(small(), new)
    assert (change.step, change.tag, change.sort) == ("1", "text changed", "changed")


def test_a_word_that_was_replaced_stands_beside_the_new_one() -> None:
    new = small()
    new["steps"]["1"]["settings"]["text"] = "Good evening, this is Harbour Cycles."
    assert words(small(), new) == ["Step 1, Welcome: Text: Good [-afternoon,-] [+evening,+] this is Harbour Cycles. "]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({"2": {"step": "3"}}, {"2": {"step": "4"}}, "Key 2 went to [-step 3, Bye-], goes to [+step 4, Night+]."),
        ({}, {"2": {"flow": 7}}, "Key 2 is new: goes to [+flow Workshop+]."),
        ({"2": {"again": True}}, {}, "Key 2 went to [-the same step again-], does nothing now."),
        (
            {},
            {"end": {"end": True}},
            "Nothing right pressed: went to [-step 3, Bye-], goes to [+the end of the call+].",
        ),
    ],
)
def test_a_key_that_leads_elsewhere_says_from_where_to_where(before: Any, after: Any, said: str) -> None:
    assert words(small(**before), small(**after), Known({7: "Workshop"})) == [f"Step 2, Main menu: {said}"]


def test_a_new_step_and_one_that_is_gone_are_told_without_those_that_stayed() -> None:
    new = small()
    new["steps"]["9"] = step("greeting", 2, "Notice", text="We moved.")
    for key, place in (("2", 3), ("3", 4), ("4", 5)):
        new["steps"][key]["place"] = place
    assert words(small(), new) == ["Step 2, Notice: [+New:+] Greeting, “We moved.”."]
    assert words(new, small()) == ["Step 2, Notice: [-Gone:-] Greeting, “We moved.”."]


def test_only_the_step_that_moved_is_said_to_have_moved() -> None:
    new = small()
    for key, place in (("4", 1), ("1", 2), ("2", 3), ("3", 4)):
        new["steps"][key]["place"] = place
    assert words(small(), new) == ["Step 1, Night: Comes at place [-4-] [+1+]."]


def test_steps_with_other_ids_are_known_by_their_names() -> None:
    new = small()
    new["steps"] = {f"1{key}": one for key, one in new["steps"].items()}
    new["steps"]["12"]["on"] = {"1": {"step": "13"}}
    assert words(small(), new) == []


def test_values_say_what_they_were() -> None:
    new = small()
    new["steps"]["2"]["settings"]["tries"] = 3
    new["voice"] = VOICE | {"style": 0}
    assert words(small(), new) == [
        "Flow: Voice: [-English (United Kingdom), style 1-] [+English (United Kingdom), style 0+]",
        "Step 2, Main menu: Times it asks: [-2-] [+3+]",
    ]


def test_what_a_setting_holds_by_an_id_is_told_by_its_name() -> None:
    phones = [[{"type": "phone", "to": number}] for number in ("447700900123", "447700900456")]
    old, new = (
        program(
            s1=step("hours", 1, hours=at),
            s2=step("audio", 2, sound=at, path=f"/sounds/{at}.mp3"),
            s3=step("forward", 3, targets=phones[at - 1]),
        )
        for at in (1, 2)
    )
    assert words(old, new, Known(hours={1: "Shop", 2: "Office"}, sounds={2: "Jingle"})) == [
        "Step 1, Opening hours: Opening hours: [-“Shop”-] [+“Office”+] ",
        "Step 2, Audio: Sound file: [-one that is gone-] [+“Jingle”+] ",
        "Step 3, Forward: Rings: +44 7700 [-900123-] [+900456+] ",
    ]


def test_of_a_flow_that_nobody_heard_all_is_new() -> None:
    assert [change.sort for change in differences(None, small())] == ["new"] * 4
