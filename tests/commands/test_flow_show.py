"""manage.py flow_show: sentences, and the way of somebody who would call."""

import io

import pytest
from django.core.management import CommandError, call_command

from calls.flows.publish import publish
from calls.models import Step
from tests.factories import OURS
from tests.flows.drafts import make_flow
from tests.flows.test_hours_data import make_hours

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def flow() -> None:
    made = make_flow(
        "Orders line",
        ("hours", {"hours": make_hours(zone="Asia/Tokyo").pk}, {"closed": "3"}),
        ("menu", {"prompt": "Press 2."}, {"2": "3"}),
        ("greeting", {"text": "We open {hours.next_open}."}, {}),
        number=OURS,
    )
    publish(made)
    Step.objects.filter(kind="menu").update(settings={"prompt": "All new."})


def shown(*arguments: str) -> str:
    output = io.StringIO()
    call_command("flow_show", *arguments, stdout=output)
    return output.getvalue()


def test_the_draft_is_told_in_sentences() -> None:
    assert shown("Orders line") == (
        "Orders line, the draft\n"
        "  1 Opening hours: While Shop says open, go to step 2; while closed, go to step 3.\n"
        "  2 Menu: Ask for a key, twice: “All new.” 2 or nothing right goes to step 3.\n"
        "  3 Greeting: Say “We open {hours.next_open}.” The end.\n"
    )
    assert "“Press 2.”" in shown(OURS, "--live")


def test_the_way_of_a_caller_is_told_in_the_zone_of_the_hours() -> None:
    way = shown("Orders line", "--at", "2026-11-23 14:07", "--press", "2", "--from", "hidden").split("\n\n")[1]
    assert way == (
        "Monday 23 November, 14:07: Opening hours (open), then Menu. Key 2: Greeting. The end of the call.\n"
        "  1 Opening hours (open)\n  2 Menu (key 2)\n      “All new.”\n"
        "  3 Greeting\n      “We open tomorrow at 09:00.”\n"
    )
    assert "Monday 23 November, 23:07: Opening hours (closed)" in shown("Orders line", "--at", "2026-11-23T14:07Z")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--press", "x"], "no key"),
        (["--from", "Nobody"], "no contact’s name"),
        (["--at", "noon"], "is no time"),
    ],
)
def test_what_cannot_be_asked_is_refused(arguments: list[str], reason: str) -> None:
    with pytest.raises(CommandError, match=reason):
        shown("Orders line", *arguments)


def test_nothing_live_is_said_so() -> None:
    make_flow("New")
    with pytest.raises(CommandError, match="Nothing of New is live"):
        shown("New", "--live")
    assert "No step yet." in shown("New")
