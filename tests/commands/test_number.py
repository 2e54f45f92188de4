"""manage.py number: numbers and what their callers hear, from the shell."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django import DjangoAssertNumQueries

from calls.flows.numbers import greeting_of, save_block
from calls.flows.steps import Greeting
from calls.models import CallFlow, FlowVersion, PhoneNumber
from tests.conftest import Get
from tests.factories import OURS, make_number

pytestmark = pytest.mark.django_db
TUTORIAL = Greeting("Hello world! This message is from my first Nexmo web app.", "en-AU", 3)


def number(*words: str) -> str:
    """Run the command, give what it says."""
    out = StringIO()
    call_command("number", *words, stdout=out)
    return out.getvalue()


def get(msisdn: str = OURS) -> PhoneNumber:
    return PhoneNumber.objects.get(msisdn=msisdn)


def test_a_new_number_is_heard(get_answer: Get) -> None:
    said = number("442079460010", "--label", "Main line", "--greeting", "Thanks for calling.", "--voice", "Russell")
    assert said == (
        "Made +44 20 7946 0010 (Main line). From the next call on callers hear v1: “Thanks for calling.” "
        "(English (Australia), style 3, was Russell).\n"
    )
    assert get("442079460010").label == "Main line"
    answer = get_answer({"to": "442079460010", "from": "447700900123"})
    assert answer.json() == [{"action": "talk", "text": "Thanks for calling.", "language": "en-AU", "style": 3}]


def test_a_new_number_without_a_greeting_gets_the_tutorials() -> None:
    number(OURS)
    assert greeting_of(get()) == TUTORIAL


def test_options_that_are_not_given_leave_the_values() -> None:
    make_number(label="Main line", greeting="As before.", language="en-GB", style=1)
    number(OURS, "--voice", "en-US:9")
    assert greeting_of(get()) == Greeting("As before.", "en-US", 9)
    assert get().label == "Main line"
    number(OURS, "--greeting", "New.")
    assert greeting_of(get()) == Greeting("New.", "en-US", 9)
    number(OURS, "--label", "")
    assert (get().label, greeting_of(get())) == ("", Greeting("New.", "en-US", 9))
    version = get().live_version
    assert version is not None
    assert version.number == 3


def test_nothing_new_changes_nothing() -> None:
    number(OURS, "--label", "Main line")
    said = number(OURS, "--label", "Main line", "--voice", "russell")
    assert said.startswith("Nothing to change: +44 20 7946 0000 (Main line). Callers hear v1: ")
    assert FlowVersion.objects.count() == 1


def test_a_number_may_be_written_as_people_do() -> None:
    number("+44 20 7946 0000")
    assert get().msisdn == OURS


def test_a_premium_only_voice_is_premium_and_another_is_not() -> None:
    number(OURS, "--voice", "ca-ES:3")
    assert greeting_of(get()) == Greeting(TUTORIAL.text, "ca-ES", 3, premium=True)
    number(OURS, "--voice", "Amy")
    assert greeting_of(get()) == Greeting(TUTORIAL.text, "en-GB", 0)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["12"], "A number is 7 to 15 digits with its country code"),
        (["our number"], "A number is 7 to 15 digits"),
        (["٤٤٢٠٧٩٤٦٠٠٠٠"], "A number is 7 to 15 digits"),
        ([OURS, "--voice", "Rusell"], "There is no voice “Rusell”. Did you mean Russell?"),
        ([OURS, "--voice", "en-GB:99"], "en-GB has en-GB:0, en-GB:1"),
        ([OURS, "--voice", ""], "Give an old name such as Russell, or language:style"),
        ([OURS, "--greeting", " "], "text is empty, so there is nothing to say"),
        ([OURS, "--greeting", "x" * 1501], "text has 1,501 characters"),
        ([OURS, "--greeting", "<speak>a"], "does not close it"),
        ([OURS, "--greeting", "a\x07b"], "has the control character U+0007"),
        ([OURS, "--greeting", "<speak><break time='2s'/></speak>"], "callers would hear silence"),
        ([OURS, "--label", "x" * 61], "at most 60 characters"),
        ([OURS, "--count", "0"], "A block has 1 to 100,000 numbers, not 0."),
        ([OURS, "--count", "100001"], "A block has 1 to 100,000 numbers, not 100,001."),
        (["999999999999999", "--count", "2"], "A number is 7 to 15 digits"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(words: list[str], reason: str) -> None:
    with pytest.raises(CommandError) as refused:
        number(*words)
    assert reason in str(refused.value)
    assert not PhoneNumber.objects.exists()


def test_a_block_is_one_flow(get_answer: Get) -> None:
    said = number("442079461000", "--count", "1000", "--label", "Campaign", "--greeting", "Hello.")
    assert said.startswith("1,000 made, 0 changed, 0 as they were: +44 20 7946 1000 to +44 20 7946 1999.")
    assert (PhoneNumber.objects.count(), CallFlow.objects.count(), FlowVersion.objects.count()) == (1000, 1, 1)
    assert set(PhoneNumber.objects.values_list("label", flat=True)) == {"Campaign"}
    assert get_answer({"to": "442079461999", "from": "447700900123"}).json()[0]["text"] == "Hello."


def test_a_block_is_changed_in_place() -> None:
    number(OURS, "--count", "3", "--greeting", "One.")
    said = number(OURS, "--count", "3", "--greeting", "Two.")
    assert said.startswith("0 made, 3 changed, 0 as they were")
    assert CallFlow.objects.count() == 1
    assert {number.live_version.number for number in PhoneNumber.objects.all() if number.live_version} == {2}


def test_a_block_leaves_numbers_that_are_here_as_they_are() -> None:
    make_number("442079460001", label="Orders", greeting="Orders here.")
    said = number(OURS, "--count", "3")
    assert said.startswith("2 made, 0 changed, 1 as they were")
    orders = get("442079460001")
    assert (orders.label, greeting_of(orders)) == ("Orders", Greeting("Orders here."))
    assert greeting_of(get()) == TUTORIAL


def test_a_blocks_voice_leaves_each_text() -> None:
    for serial, text in enumerate(["One.", "Two.", "Two."]):
        make_number(str(int(OURS) + serial), greeting=text)
    number(OURS, "--count", "4", "--voice", "Amy")
    told = {row.msisdn[-1]: greeting_of(row) for row in PhoneNumber.objects.all()}
    assert told == {
        "0": Greeting("One.", "en-GB", 0),
        "1": Greeting("Two.", "en-GB", 0),
        "2": Greeting("Two.", "en-GB", 0),
        "3": Greeting(TUTORIAL.text, "en-GB", 0),
    }


def test_a_number_leaves_a_flow_that_others_share() -> None:
    number(OURS, "--count", "3", "--greeting", "Shared.")
    number("442079460001", "--greeting", "Own.")
    assert [greeting_of(row) for row in PhoneNumber.objects.all()] == [
        Greeting("Shared."),
        Greeting("Own."),
        Greeting("Shared."),
    ]
    assert CallFlow.objects.count() == 2


def test_a_flow_that_nobody_has_any_more_goes() -> None:
    number(OURS, "--count", "2", "--greeting", "Shared.")
    number("442079460001", "--greeting", "Own.")
    number(OURS, "--count", "2", "--greeting", "Together.")
    assert CallFlow.objects.count() == 1
    assert {greeting_of(row) for row in PhoneNumber.objects.all()} == {Greeting("Together.")}


def test_a_number_that_was_never_published_is(get_answer: Get) -> None:
    PhoneNumber.objects.create(msisdn=OURS)
    number(OURS)
    assert get_answer({"to": OURS, "from": "447700900123"}).json()[0]["text"] == TUTORIAL.text


def test_a_block_that_breaks_off_leaves_nothing_behind() -> None:
    make_number("442079460001", greeting="As before.")
    with pytest.raises(CommandError):
        number(OURS, "--count", "3", "--greeting", "x" * 1501)
    assert PhoneNumber.objects.get().msisdn == "442079460001"
    assert CallFlow.objects.count() == 1


def test_a_block_costs_few_queries(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_max_num_queries(30):
        save_block(OURS, 1000)
    with django_assert_max_num_queries(30):
        save_block(OURS, 1000, change=lambda old: Greeting("New."))


def test_a_block_may_run_over_a_digit_more() -> None:
    number("9999998", "--count", "4")
    assert sorted(PhoneNumber.objects.values_list("msisdn", flat=True), key=int) == [
        "9999998",
        "9999999",
        "10000000",
        "10000001",
    ]
    assert number("9999998", "--count", "4").startswith("0 made, 0 changed, 4 as they were")


def test_a_tag_that_vonage_does_not_list_is_pointed_out() -> None:
    out, err = StringIO(), StringIO()
    call_command("number", OURS, "--greeting", "<speak>a<shout>b</shout></speak>", stdout=out, stderr=err)
    assert "hear v1" in out.getvalue()
    assert "has the tag <shout>, which Vonage does not list" in err.getvalue()
