"""Menus: whatever a caller does, in whatever order, leads to what the menu says."""

from itertools import product

import pytest

from calls.flows import engine
from calls.flows.engine import Served
from calls.vonage import ncco
from tests.flows.drafts import publish_flow
from tests.flows.walking import action_of, press, ring, said, way

pytestmark = pytest.mark.django_db
PROMPT, NOTHING, WRONG = "Sales 1, workshop 2.", "I heard nothing.", "Not that one."
DONE = {
    "key": ("1", ()),
    "word": (None, ("well, sales please",)),
    "star": ("*", ()),
    "wrong key": ("7", ()),
    "wrong word": (None, ("a pizza",)),
    "silence": (None, ()),
}
SAID_BEFORE = {"star": [], "wrong key": [WRONG], "wrong word": [WRONG], "silence": [NOTHING]}


def make_menu(**settings: object) -> None:
    publish_flow(
        "Menu",
        (
            "menu",
            {"prompt": PROMPT, "nothing": NOTHING, "wrong": WRONG, **settings},
            {"1 sales": "2", "*": "again", "end": "3"},
        ),
        ("greeting", {"text": "Sales here."}, {"next": "hang up"}),
        ("greeting", {"text": "Nobody chose."}, {"next": "hang up"}),
    )


def test_what_callers_do_in_any_order() -> None:
    """Two tries: what is neither a key nor a word of the menu uses one up; star asks again and uses none."""
    make_menu(tries=2, speech=True)
    first = ring()
    for deeds in product(DONE, repeat=3):
        served: Served | None = first
        failures = 0
        for deed in deeds:
            digits, spoken = DONE[deed]
            served = press(served, digits, *spoken)
            failures += deed not in {"key", "word", "star"}
            if deed in {"key", "word"}:
                assert said(served) == ["Sales here."], deeds
                break
            if failures == 2:
                assert said(served) == ["Nobody chose."], deeds
                break
            assert said(served)[:-1] == [*SAID_BEFORE[deed], PROMPT], deeds


@pytest.mark.parametrize("tries", [1, 2, 9])
@pytest.mark.parametrize("digits", ["7", None])
def test_the_last_try_leads_to_the_end(tries: int, digits: str | None) -> None:
    make_menu(tries=tries)
    served: Served | None = ring()
    for _ in range(tries - 1):
        served = press(served, digits)
        assert said(served)[-2] == PROMPT
    assert said(press(served, digits)) == ["Nobody chose."]


def test_silence_without_a_prompt_of_its_own_says_the_menu_again() -> None:
    make_menu(nothing="", tries=2)
    assert said(press(ring()))[0] == PROMPT


def test_a_question_is_followed_by_a_sentence_in_case_our_reply_never_comes() -> None:
    make_menu()
    served = ring()
    assert [one["action"] for one in served.ncco] == ["talk", "input", "talk"]
    assert served.ncco[-1:] == engine.OUT_OF_ORDER
    assert press(served, "7").ncco[-1:] == engine.OUT_OF_ORDER  # type: ignore[union-attr]


def test_speech_is_listened_to_in_the_language_of_the_voice_and_for_the_words_of_the_keys() -> None:
    make_menu(speech=True, language="de-DE", style=0, seconds=4)
    asked = action_of(ring(), "input")
    assert asked["type"] == ["dtmf", "speech"]
    assert asked["speech"] == {"language": "de-DE", "startTimeout": 4, "context": ["sales"]}
    assert asked["dtmf"] == {"maxDigits": 1, "timeOut": 4}


def test_keys_alone_are_listened_for_where_speech_is_off() -> None:
    make_menu(speech=False)
    assert action_of(ring(), "input")["type"] == ["dtmf"]


def test_a_menu_that_leads_to_itself_ends_with_a_sentence_that_vonage_takes() -> None:
    publish_flow("Round", ("menu", {"prompt": PROMPT, "tries": 1}, {"1": "again", "end": "again"}))
    served: Served | None = ring()
    for _ in range(engine.MOST_VISITS):
        served = press(served, "1")
    assert served
    assert said(served) == [engine.ROUND_AND_ROUND["text"]]
    assert ncco.errors(served.ncco) == []
    assert "circle" in served.problem


def test_a_wrong_key_at_the_last_visit_leaves_no_barge_in_behind() -> None:
    publish_flow("Round", ("menu", {"prompt": PROMPT, "tries": 9, "wrong": WRONG}, {"1": "again", "end": "again"}))
    served: Served | None = ring()
    for _ in range(engine.MOST_VISITS - 1):
        served = press(served, "1")
    served = press(served, "7")
    assert said(served) == [WRONG, engine.ROUND_AND_ROUND["text"]]
    assert ncco.errors(served.ncco) == []  # type: ignore[union-attr]


def test_the_way_tells_the_key() -> None:
    make_menu()
    assert way(press(ring(), "1")) == [{"kind": "menu", "key": "1"}, {"kind": "greeting"}]
