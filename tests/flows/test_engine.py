"""A call's way through a published flow: menus, branches, circles, callers who are blocked or led elsewhere."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from calls.flows import engine, tokens
from calls.flows.compile import compile_draft
from calls.flows.engine import Served
from calls.flows.publish import go_live, publish
from calls.flows.routing import directory
from calls.flows.run import Heard
from calls.models import Block, BlockAction, BlockKind, CallerRule, Contact, ContactNumber, PhoneNumber, Step, Tag
from tests.factories import CALLER, OURS
from tests.flows.drafts import make_flow, publish_flow

pytestmark = pytest.mark.django_db

MENU = {"prompt": "Press 1 for sales.", "nothing": "I heard nothing.", "wrong": "Not that one.", "tries": 2}


@pytest.fixture
def menu() -> None:
    publish_flow(
        "Menu",
        ("menu", MENU | {"speech": True}, {"1 sales, orders": "2", "2": "hang up", "*": "again", "end": "3"}),
        ("greeting", {"text": "Sales here."}, {"next": "hang up"}),
        ("greeting", {"text": "Goodbye."}, {}),
    )


def ring(to: str = OURS, from_: str = CALLER) -> Served:
    return directory.answer(to, from_)


def said(served: Served | None) -> list[str]:
    assert served
    return [action["text"] for action in served.ncco if action["action"] == "talk"]


def token_of(served: Served | None) -> str:
    assert served
    url: str = next(action["eventUrl"][0] for action in served.ncco if action["action"] == "input")
    return url.rpartition("/")[2]


def press(served: Served | None, digits: str | None = None, *spoken: str) -> Served | None:
    place = tokens.read(token_of(served))
    assert place
    return directory.go_on(place, Heard("input", digits=digits, spoken=spoken))


@pytest.mark.parametrize(
    ("digits", "spoken", "heard"),
    [
        ("1", (), ["Sales here."]),
        (None, ("sales please",), ["Sales here."]),
        (None, ("I want to place ORDERS",), ["Sales here."]),
        (None, ("1",), ["Sales here."]),
        ("*", (), ["Press 1 for sales."]),
        ("7", (), ["Not that one.", "Press 1 for sales."]),
        (None, ("saleswoman",), ["Not that one.", "Press 1 for sales."]),
        (None, (), ["I heard nothing.", "Press 1 for sales."]),
    ],
)
def test_menu_leads_where_its_key_or_word_says(
    menu: None, digits: str | None, spoken: tuple[str, ...], heard: list[str]
) -> None:
    assert said(press(ring(), digits, *spoken))[: len(heard)] == heard


def test_menu_ends_elsewhere_after_its_tries(menu: None) -> None:
    again = press(ring(), "7")
    assert said(press(again, "7"))[0] == "Goodbye."
    assert said(press(press(ring()), "1"))[0] == "Sales here."


def test_a_key_that_hangs_up_leaves_an_ncco_that_runs_out(menu: None) -> None:
    ended = press(ring(), "2")
    assert ended
    assert ended.ncco == engine.NOTHING_MORE


def test_a_call_finishes_on_the_version_it_began_with(menu: None) -> None:
    first = ring()
    Step.objects.filter(kind="greeting").update(settings={"text": "All new."})
    publish(Step.objects.first().flow)  # type: ignore[union-attr]
    directory.look()
    assert said(press(first, "1"))[0] == "Sales here."
    assert said(press(ring(), "1"))[0] == "All new."


def test_replies_go_on_in_a_process_that_knows_only_the_database(menu: None) -> None:
    first = ring()
    directory.clear()
    assert said(press(first, "1"))[0] == "Sales here."


def test_replies_make_no_query(menu: None) -> None:
    first = ring()
    with CaptureQueriesContext(connection) as queries:
        press(first, "1")
    assert not queries.captured_queries


def test_what_is_heard_names_the_way_and_the_version(menu: None) -> None:
    reply = press(ring(), "1")
    assert reply
    assert [(visit["kind"], visit.get("key")) for visit in reply.path] == [("menu", "1"), ("greeting", None)]
    assert reply.version == PhoneNumber.objects.get().live_version.pk  # type: ignore[union-attr]


def test_a_circle_ends_with_a_sentence() -> None:
    publish_flow("Round", ("greeting", {"text": "On and on."}, {"next": "again"}))
    served = ring()
    assert said(served)[-1] == engine.ROUND_AND_ROUND["text"]
    assert len(served.ncco) == engine.MOST_VISITS + 1
    assert "circle" in served.problem


def test_a_flow_leads_to_the_live_version_of_another() -> None:
    publish_flow("Workshop", ("greeting", {"text": "Workshop."}, {}), number="")
    publish_flow("Main", ("goto", {}, {"next": "Workshop"}))
    assert said(ring())[0] == "Workshop."


def test_a_planned_version_is_heard_between_its_times_alone() -> None:
    flow = publish_flow("Line", ("greeting", {"text": "As always."}, {}))
    now = timezone.now()
    Step.objects.update(settings={"text": "Merry Christmas."})
    publish(flow, from_at=now + timedelta(hours=1), until_at=now + timedelta(hours=2))
    directory.look()
    heard = [said(directory.answer(OURS, CALLER, moment=now + timedelta(minutes=m)))[0] for m in (59, 61, 119, 121)]
    assert heard == ["As always.", "Merry Christmas.", "Merry Christmas.", "As always."]


def test_an_earlier_version_can_be_brought_back() -> None:
    flow = publish_flow("Line", ("greeting", {"text": "One."}, {}))
    first = flow.live_version()
    Step.objects.update(settings={"text": "Two."})
    publish(flow)
    assert first
    go_live(first)
    directory.look()
    assert said(ring())[0] == "One."


@pytest.mark.parametrize(
    ("action", "texts"), [(BlockAction.MESSAGE, ["Do not call again."]), (BlockAction.HANG_UP, [])]
)
def test_blocked_callers_meet_what_the_list_says(menu: None, action: BlockAction, texts: list[str]) -> None:
    block = Block.objects.create(kind=BlockKind.EXACT, pattern=CALLER, action=action, text="Do not call again.")
    directory.look()
    served = ring()
    assert (said(served), served.block) == (texts, block.pk)
    assert ring(from_="447700900456").block is None
    assert directory.answer(CALLER, OURS).block is None  # we call them


def test_a_rule_leads_callers_with_a_tag_to_their_flow(menu: None) -> None:
    vip = publish_flow("VIP", ("greeting", {"text": "Hello {caller.name}."}, {}), number="")
    contact = Contact.objects.create(name="Anna Kowalska")
    ContactNumber.objects.create(contact=contact, party=CALLER)
    tag = Tag.objects.create(name="vip")
    contact.tags.add(tag)
    CallerRule.objects.create(tag=tag, flow=vip)
    directory.look()
    assert said(ring())[0] == "Hello Anna Kowalska."
    assert said(ring(from_="447700900456"))[0] == MENU["prompt"]


def test_a_clock_before_all_publications_hears_the_first() -> None:
    publish_flow("Line", ("greeting", {"text": "As always."}, {}))
    assert said(directory.answer(OURS, moment=datetime(2001, 1, 1, tzinfo=UTC)))[0] == "As always."


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ((), "no step"),
        ((("menu", {"prompt": "Press 1."}, {}),), "no key"),
        ((("menu", {"prompt": ""}, {"1": "next"}),), "no prompt"),
        ((("goto", {}, {}),), "does not say where"),
        ((("hours", {"hours": 99}, {}),), "gone"),
        ((("greeting", {"text": "Hello {caller.nam}."}, {}),), "did you mean"),
        ((("ncco", {"actions": [{"action": "talk"}]}, {}),), "text"),
    ],
)
def test_a_draft_that_cannot_be_run_is_not_published(steps: tuple[Any, ...], reason: str) -> None:
    flow = make_flow("Line", *steps)
    with pytest.raises(Exception, match=reason):
        publish(flow)
    assert not flow.versions.exists()


@pytest.mark.parametrize(
    ("steps", "warned"),
    [
        ((("hours", {}, {"closed": "hang up"}), ("greeting", {"text": "Hello."}, {})), 1),
        ((("hours", {}, {"closed": "3"}), ("greeting", {"text": "Hello."}, {}), ("hangup", {}, {})), 1),
        ((("wait", {}, {}),), 1),
        ((("hours", {}, {"closed": "2"}), ("hangup", {"text": "Goodbye."}, {})), 0),
        ((("greeting", {"text": "Hello."}, {}), ("wait", {}, {}), ("hangup", {}, {})), 0),
        ((("menu", {"prompt": "Press 1."}, {"1": "hang up"}), ("hangup", {}, {})), 0),
    ],
)
def test_publishing_warns_of_a_call_that_may_end_before_a_word(steps: tuple[Any, ...], warned: int) -> None:
    found = [one.message for one in compile_draft(make_flow("Line", *steps)).warnings]
    assert sum("without having heard a word" in one for one in found) == warned
