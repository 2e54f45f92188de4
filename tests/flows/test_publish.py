"""Publishing: what is heard, which version it is, and what is refused."""

import pytest
from django.core.exceptions import ValidationError

from calls.flows.numbers import save_number
from calls.flows.publish import publish
from calls.flows.routing import directory
from calls.flows.steps import TUTORIAL_TEXT, Greeting
from calls.models import CallFlow, FlowVersion, PhoneNumber, Step, User

pytestmark = pytest.mark.django_db


def texts(number: PhoneNumber) -> list[str]:
    assert number.live_version
    return [step["settings"]["text"] for step in number.live_version.program["steps"].values()]


def test_a_new_number_says_the_tutorials_greeting_by_russell() -> None:
    save_number("442079460000")
    directory.look()
    action = directory.answer("442079460000").ncco[0]
    assert action == {"action": "talk", "text": TUTORIAL_TEXT, "language": "en-AU", "style": 3}


def test_publishing_a_change_makes_the_next_version_and_leaves_the_last_one_as_it_was() -> None:
    before = save_number("442079460000").live_version
    assert before
    after = save_number("442079460000", greeting=Greeting(text="Changed.")).live_version
    assert after
    assert (before.number, after.number) == (1, 2)
    before.refresh_from_db()
    assert [step["settings"]["text"] for step in before.program["steps"].values()] == [TUTORIAL_TEXT]


def test_publishing_what_is_live_already_makes_no_version() -> None:
    save_number("442079460000")
    save_number("442079460000", greeting=Greeting(), label="Main line")
    assert FlowVersion.objects.count() == 1


def test_options_that_are_not_given_leave_what_is_there() -> None:
    save_number("442079460000", label="Main line", greeting=Greeting(text="One."))
    save_number("442079460000", greeting=Greeting(text="Two."))
    number = save_number("442079460000")
    assert (number.label, texts(number)) == ("Main line", ["Two."])


def test_numbers_that_share_a_flow_hear_its_publication_together() -> None:
    one = save_number("442079460000")
    two = PhoneNumber.objects.create(msisdn="442079460001", flow=one.flow)
    assert one.flow
    Step.objects.filter(flow=one.flow).update(settings=Greeting(text="For both.").settings())
    publish(one.flow)
    two.refresh_from_db()
    assert texts(two) == ["For both."]


def test_a_greeting_for_one_number_of_a_shared_flow_is_for_that_one_alone() -> None:
    one = save_number("442079460000")
    PhoneNumber.objects.create(msisdn="442079460001", flow=one.flow)
    two = save_number("442079460001", greeting=Greeting(text="Mine."))
    one.refresh_from_db()
    assert (texts(one), texts(two)) == ([TUTORIAL_TEXT], ["Mine."])


@pytest.mark.parametrize(
    ("greeting", "reason"),
    [
        (Greeting(text=""), "text"),
        (Greeting(text="   "), "text"),
        (Greeting(text="x" * 1_501), "1,500"),
        (Greeting(text="<speak>Good <break time='1s'>morning</speak>"), "close"),
        (Greeting(language="xx-XX"), "no voice"),
        (Greeting(style=99), "no voice"),
        (Greeting(language="af-ZA", style=0, premium=True), "no premium"),
        (Greeting(language="en-GB", style=12), "premium only"),
    ],
)
def test_a_greeting_that_cannot_be_heard_is_refused_and_nothing_is_changed(greeting: Greeting, reason: str) -> None:
    save_number("442079460000", label="Main line")
    with pytest.raises(ValidationError, match=reason):
        save_number("442079460000", label="Other", greeting=greeting)
    number = PhoneNumber.objects.get()
    assert (number.label, texts(number)) == ("Main line", [TUTORIAL_TEXT])
    assert FlowVersion.objects.count() == 1


@pytest.mark.parametrize("msisdn", ["", "12", "+442079460000", "0442079460", "4420 7946", "4" * 16, "٤٤٢٠٧٩٤٦", "44\n"])
def test_a_number_that_vonage_would_not_write_so_is_refused(msisdn: str) -> None:
    with pytest.raises(ValidationError):
        save_number(msisdn)
    assert not PhoneNumber.objects.exists()
    assert not CallFlow.objects.exists()


def test_a_flow_without_a_step_is_refused() -> None:
    with pytest.raises(ValidationError, match="no step"):
        publish(CallFlow.objects.create(name="Empty"))


def test_a_version_names_its_author() -> None:
    author = User.objects.create_user("sam")
    number = save_number("442079460000", author=author)
    assert number.live_version
    assert number.live_version.author == author
