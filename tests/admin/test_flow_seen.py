"""What stands beside a flow's steps: its picture, its sentences, who would answer, the days ahead."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from calls.control.hours import override
from calls.flows.publish import publish
from calls.models import Block, BlockAction, BlockKind, CallFlow, Contact, ContactNumber, OpeningHours, Step
from tests.admin.test_flows import staff_who_may
from tests.factories import CALLER, OURS
from tests.flows.drafts import make_flow
from tests.flows.test_hours_data import make_hours

pytestmark = pytest.mark.django_db


@pytest.fixture
def flow() -> CallFlow:
    """Live as v1; its draft differs in a greeting and has a step more."""
    hours = make_hours(zone="Asia/Tokyo")
    made = make_flow(
        "Orders line",
        ("hours", {"hours": hours.pk}, {"closed": "3"}),
        ("menu", {"prompt": "Press 2, {caller.name}."}, {"2": "3", "*": "again"}),
        ("greeting", {"text": "We open {hours.next_open}."}, {}),
        number=OURS,
    )
    with time_machine.travel(datetime(2026, 11, 20, tzinfo=UTC), tick=False):
        publish(made)
    made.steps.filter(kind="greeting").update(settings={"text": "All new."})
    Step.objects.create(flow=made, kind="hangup", position=4, name="Bye")
    return made


def page(browser: Client, flow: CallFlow, **asked: Any) -> str:
    query = {f"if-{name}": value for name, value in asked.items()}
    answer = browser.get(f"/admin/calls/callflow/{flow.pk}/change/", query)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_each_step_is_drawn_and_leads_to_its_line(login: Client, flow: CallFlow) -> None:
    text = page(login, flow)
    for step in flow.steps.all():
        assert f'<a href="#step-{step.pk}"><title>{step.position} ' in text
        assert f'id="step-{step.pk}"' in text
    assert "pic-changed" in text
    assert "4 Bye, Hang up: new: ends the call" in text
    assert '<li value="2"><b>Menu</b>' in text
    assert "2 or nothing right goes to step 3, * says it again" in text
    assert 'style="' not in re.search(r'<section class="module" aria-labelledby="seen.*?</section>', text)[0]  # type: ignore[index]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"at": "2026-11-24T10:00"}, "Tuesday 24 November, 10:00: Opening hours (open), then Menu. There it waits"),
        ({"at": "2026-11-24T10:00", "keys": "2"}, "Key 2: Greeting, then Bye. The end of the call."),
        ({"at": "2026-11-24T02:00", "by": "live"}, "then Greeting. The end of the call."),
        ({"at": "2026-11-24T02:00"}, "Opening hours (closed), then Greeting, then Bye."),
        ({"at": "2026-11-24T02:00", "by": "live"}, "By v1.</b> <bdi>Tuesday 24 November, 02:00: Opening"),
        ({"at": "2026-11-24T10:00", "caller": "anna kowalska"}, "<bdi>“Press 2, Anna Kowalska.”</bdi>"),
        ({"at": "2026-11-24T10:00", "caller": "+44 7700 900123"}, "<bdi>“Press 2, Anna Kowalska.”</bdi>"),
        ({"caller": "hidden"}, "Callers who hide their number are blocked. The line goes dead."),
        ({"caller": "Nobody & Co"}, "“Nobody &amp; Co” is no number and no contact’s name."),
        ({"keys": "2,x"}, "“x” is no key."),
        ({"keys": ",".join("2" * 21)}, "Those are 21 questions."),
        ({"at": "yesterday"}, "Enter a valid date/time."),
        ({"by": "v9"}, "is not one of the available choices"),
    ],
)  # fmt: skip
def test_who_would_answer_is_told_in_the_zone_of_the_hours(
    login: Client, flow: CallFlow, asked: Any, said: str
) -> None:
    contact = Contact.objects.create(name="Anna Kowalska")
    ContactNumber.objects.create(contact=contact, party=CALLER)
    Block.objects.create(kind=BlockKind.HIDDEN, action=BlockAction.HANG_UP)
    text = page(login, flow, **asked)
    assert said in text
    assert "(Tokyo)" in text


def test_what_is_refused_stands_at_its_field(login: Client, flow: CallFlow) -> None:
    text = page(login, flow, keys="2,x")
    field = re.search(r'<input[^>]*name="if-keys"[^>]*>', text)[0]  # type: ignore[index]
    assert 'aria-invalid="true"' in field
    assert 'aria-describedby="id_if-keys_error"' in field
    assert 'id="id_if-keys_error"' in text


def test_what_was_asked_is_lit_and_the_answers_stand_there_without_what_is_signed(
    login: Client, flow: CallFlow
) -> None:
    text = page(login, flow, at="2026-11-24T10:00", keys="2")
    assert text.count('class="pic-node pic-lit') == 4
    assert "/event/…" in text
    assert not re.search(r"/event/[A-Za-z0-9]", text)
    assert text.count('class="raw"') == 2


def test_the_picture_of_what_is_live_links_what_the_draft_has_too(login: Client, flow: CallFlow) -> None:
    gone = flow.steps.get(kind="menu")
    gone.delete()
    text = page(login, flow, at="2026-11-24T10:00", by="live")
    assert "2 Menu, Menu: 2 tries" in text
    assert f'href="#step-{gone.pk}"' not in text
    assert "pic-changed" not in text


def test_what_was_live_then_is_asked(login: Client, flow: CallFlow) -> None:
    with time_machine.travel(datetime(2026, 11, 25, tzinfo=UTC), tick=False):
        publish(flow)
        text = page(login, flow, at="2026-11-24T02:00", by="live")
        assert "By v1.</b>" in text
        assert text.count('class="pic-node pic-lit') == 2
        text = page(login, flow, at="2026-11-26T02:00", by="live")
        assert "By v2.</b>" in text
        assert text.count('class="pic-node pic-lit') == 3


def test_an_override_that_has_ended_is_known_of_a_moment_that_is_past(login: Client, flow: CallFlow) -> None:
    hours = OpeningHours.objects.get()
    with time_machine.travel(datetime(2026, 11, 24, 0, tzinfo=UTC), tick=False):
        override(hours, "closed", datetime(2026, 11, 24, 3, tzinfo=UTC), None)
    with time_machine.travel(datetime(2026, 11, 25, tzinfo=UTC), tick=False):
        assert "10:00: Opening hours (closed)" in page(login, flow, at="2026-11-24T10:00")
        assert "13:00: Opening hours (open)" in page(login, flow, at="2026-11-24T13:00")


def test_what_would_be_heard_stands_there_to_be_spoken(login: Client, flow: CallFlow) -> None:
    def spoken(text: str) -> str:
        return text.partition("<ol data-hear-list hidden>")[2].partition("</ol>")[0]

    first = spoken(page(login, flow, at="2026-11-24T10:00"))
    assert first == '<li lang="en-AU" data-gender="male" data-url="">Press 2.</li>'
    assert spoken(page(login, flow, at="2026-11-24T10:00", keys="2")).count("<li") == 2


def test_a_version_has_its_picture(login: Client, flow: CallFlow) -> None:
    text = login.get(f"/admin/calls/callflow/{flow.pk}/versions/1/").content.decode()
    assert "The version as a picture" in text
    assert text.count('class="pic-node"') == 3
    assert "Say “We open {hours.next_open}.” The end." in text


def test_the_days_ahead_are_those_of_what_is_live(login: Client, flow: CallFlow) -> None:
    with time_machine.travel(datetime(2026, 11, 23, 14, 7, tzinfo=UTC), tick=False):
        text = page(login, flow)
    assert "The next 14 days" in text
    assert "Times in Tokyo." in text
    assert "Tue 24 Nov <b>09:00</b>" in text
    assert "Shop opens" in text
    assert "if this draft were live" not in text
    assert "if this draft were live" in page(login, flow, by="draft")


def test_names_of_contacts_are_kept_from_those_who_may_not_see_them(flow: CallFlow) -> None:
    Contact.objects.create(name="Anna Kowalska")
    browser = staff_who_may("view_callflow")
    text = page(browser, flow, caller="Anna Kowalska")
    assert "is no number and no contact’s name" in text
    assert '<option value="Anna Kowalska">' not in text


def test_a_flow_without_steps_or_numbers_has_a_page_too(login: Client) -> None:
    empty = CallFlow.objects.create(name="Empty")
    assert "No step yet, so there is nothing to see." in page(login, empty)
    assert "callers hear that something is wrong" in page(login, empty, keys="1")


def test_a_long_flow_costs_no_more_queries(
    login: Client, flow: CallFlow, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for at in range(5, 45):
        Step.objects.create(flow=flow, kind="greeting", position=at, settings={"text": "More."})
    page(login, flow)
    with django_assert_max_num_queries(70):
        page(login, flow, keys="2", caller=CALLER)
