"""Numbers in the admin: what callers hear, at a glance and to be changed."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from calls.flows.draft import add_step
from calls.flows.numbers import save_block
from calls.flows.publish import publish
from calls.flows.steps import Greeting
from calls.models import CallFlow, FlowVersion, PhoneNumber, Step, User
from tests.admin.forms import GREETING, errors_of, member_of_staff, messages_of, submit
from tests.conftest import Get
from tests.factories import OURS, make_number

LIST, ADD = "/admin/calls/phonenumber/", "/admin/calls/phonenumber/add/"


def page_of(number: PhoneNumber) -> str:
    return f"{LIST}{number.pk}/change/"


def talk(get_answer: Get, msisdn: str = OURS) -> Any:
    (action,) = get_answer({"to": msisdn, "from": "447700900123", "uuid": "a1"}).json()
    return action


def test_the_list_says_what_callers_hear(login: Client) -> None:
    make_number(label="Main line", greeting="Good afternoon, this is Harbour Cycles.", language="en-GB", style=1)
    page = login.get(LIST).content.decode()
    assert "+44 20 7946 0000" in page
    assert "Main line" in page
    assert "“Good afternoon, this is Harbour Cycles.”" in page
    assert "English (United Kingdom), style 1, female, was Emma" in page
    assert "v1" in page


@pytest.mark.parametrize("words", ["+44 20 7946 00", "442079460000", "Main"])
def test_a_number_is_found_as_it_is_written(login: Client, words: str) -> None:
    make_number(label="Main line")
    make_number("33123456789", label="Paris")
    page = login.get(LIST, {"q": words}).content.decode()
    assert "+44 20 7946 0000" in page
    assert "Paris" not in page


@pytest.mark.parametrize("numbers", [2, 20])
def test_the_list_costs_the_same_queries_however_long_it_is(
    login: Client, numbers: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for serial in range(numbers):
        make_number(str(442079460000 + serial))
    with django_assert_num_queries(5):  # session, user, count, numbers with flow and version, steps
        assert login.get(LIST).status_code == 200


def test_a_new_number_is_heard_from_the_next_call_on(login: Client, staff: User, get_answer: Get) -> None:
    response = submit(login, ADD, {"msisdn": "+44 20 7946 0000", "label": "Main line", **GREETING})
    assert (response.status_code, response["Location"]) == (302, LIST)
    number = PhoneNumber.objects.get()
    assert (number.msisdn, number.label) == (OURS, "Main line")
    assert number.live_version is not None
    assert (number.live_version.number, number.live_version.author) == (1, staff)
    assert "Published as v1: heard from the next call on." in messages_of(login)
    said = talk(get_answer)
    assert said == {"action": "talk", "text": "Thanks for calling.", "language": "en-AU", "style": 3}


def test_a_changed_greeting_is_heard_from_the_next_call_on(login: Client, staff: User, get_answer: Get) -> None:
    number = make_number()
    submit(login, page_of(number), {"label": "", **GREETING, "text": "We moved.", "voice": "en-GB:0"})
    assert "Published as v2: heard from the next call on." in messages_of(login)
    assert talk(get_answer) == {"action": "talk", "text": "We moved.", "language": "en-GB", "style": 0}
    assert FlowVersion.objects.get(number=2).author == staff


def test_a_publication_reaches_this_process_with_the_commit(
    login: Client, vonage: Any, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    number = make_number()
    with django_capture_on_commit_callbacks(execute=True):
        submit(login, page_of(number), {"label": "", **GREETING, "text": "We moved."})
    assert vonage.get("/answer", {"to": OURS, "from": "447700900123"}).json()[0]["text"] == "We moved."


def test_saving_what_is_heard_already_publishes_nothing(login: Client) -> None:
    number = make_number(greeting="Thanks for calling.")
    submit(login, page_of(number), {"label": "Renamed", **GREETING})
    number.refresh_from_db()
    assert number.label == "Renamed"
    assert FlowVersion.objects.count() == 1
    assert not [message for message in messages_of(login) if "Published" in message]


def test_a_number_that_shares_its_flow_leaves_it_when_it_is_changed(login: Client, get_answer: Get) -> None:
    save_block(OURS, 2)
    first, second = PhoneNumber.objects.all()
    submit(login, page_of(first), {"label": "One", **GREETING, "text": first_text(second), "voice": "en-AU:3"})
    assert CallFlow.objects.count() == 1
    submit(login, page_of(first), {"label": "One", **GREETING, "text": "Only here."})
    assert talk(get_answer, first.msisdn)["text"] == "Only here."
    assert talk(get_answer, second.msisdn)["text"] == first_text(second)


def first_text(number: PhoneNumber) -> str:
    assert number.flow is not None
    return str(number.flow.steps.all()[0].settings["text"])


@pytest.mark.parametrize("name", ["Russell", "russell", " RUSSELL "])
def test_an_old_voice_name_decides(login: Client, get_answer: Get, name: str) -> None:
    fields = {**GREETING, "voice": "en-GB:0", "voice_old_name": name}
    assert submit(login, ADD, {"msisdn": OURS, "label": "", **fields}).status_code == 302
    assert (talk(get_answer)["language"], talk(get_answer)["style"]) == ("en-AU", 3)


def test_the_voice_shows_its_old_name(login: Client) -> None:
    number = make_number()
    page = login.get(page_of(number)).content.decode()
    facts = 'selected data-used="one flow" data-gender="male" data-names="Russell"'
    assert f'<option value="en-AU:3" {facts}>Style 3, male, was Russell</option>' in page
    assert '<optgroup label="English (Australia)" data-language="en-AU">' in page


def test_lines_end_as_they_were_typed(login: Client, get_answer: Get) -> None:
    text = "One.\r\nTwo."
    submit(login, ADD, {"msisdn": OURS, "label": "", **GREETING, "text": text})
    assert talk(get_answer)["text"] == "One.\nTwo."


def test_a_premium_voice_is_asked_for(login: Client, get_answer: Get) -> None:
    submit(login, ADD, {"msisdn": OURS, "label": "", **GREETING, "voice": "en-US:9", "voice_premium": "on"})
    assert talk(get_answer)["premium"] is True


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"text": ""}, "text", "The text is empty, so there is nothing to say. Write what callers hear."),
        ({"text": " \n "}, "text", "The text is empty, so there is nothing to say. Write what callers hear."),
        ({"text": "x" * 1501}, "text", "The text has 1,501 characters without tags, but Vonage reads at most 1,500."),
        ({"text": "<speak>One<break></speak>"}, "text", "The text opens <break> and does not close it"),
        ({"text": "<speak>Salt & pepper</speak>"}, "text", "Write &amp; for &"),
        ({"text": "<speak></speak>"}, "text", "The text has tags but no words"),
        ({"text": "<speak><break time='3s'/> \u200b</speak>"}, "text", "pauses but no words, so callers would hear"),
        ({"text": "One\x07two"}, "text", "The text has the control character U+0007, which nobody can hear."),
        ({"text": "One\x00two"}, "text", "Null characters are not allowed."),
        ({"voice_old_name": "Rusell"}, "voice", "No voice was ever called “Rusell”. Did you mean Russell?"),
        ({"voice_old_name": "zzz"}, "voice", "Choose a voice from the list, and leave the old name empty."),
        ({"voice": "xx-XX:0"}, "voice", "There is no voice “xx-XX:0”. Choose one of the list."),
        ({"voice": ""}, "voice", "No voice is chosen."),
        ({"voice_premium": "on"}, "voice", "has no premium variant. Switch premium off."),
        ({"voice": "ca-ES:3"}, "voice", "is premium only, which costs more. Switch premium on."),
        ({"msisdn": "12"}, "msisdn", "A number is 7 to 15 digits"),
        ({"msisdn": "our number"}, "msisdn", "A number is 7 to 15 digits"),
        ({"msisdn": "4" * 16}, "msisdn", "at most 15 characters"),
        ({"msisdn": "+44 20 7946 0009"}, "msisdn", "This number is here already."),
        ({"label": "x" * 61}, "label", "at most 60 characters"),
    ],
)
def test_what_cannot_be_published_is_refused_at_its_field(
    login: Client, fields: dict[str, str], field: str, reason: str
) -> None:
    make_number("442079460009")
    response = submit(login, ADD, {"msisdn": OURS, "label": "", **GREETING, **fields})
    errors = errors_of(response)
    assert list(errors) == [field]
    assert reason in " ".join(errors[field])
    assert not PhoneNumber.objects.filter(msisdn=OURS).exists()


def test_1500_characters_are_taken_and_tags_do_not_count(login: Client) -> None:
    text = f"<speak>{'x' * 1500}<break time='1s'/></speak>"
    assert submit(login, ADD, {"msisdn": OURS, "label": "", **GREETING, "text": text}).status_code == 302


def test_a_refused_change_leaves_what_callers_hear(login: Client, get_answer: Get) -> None:
    number = make_number(greeting="As before.")
    errors_of(submit(login, page_of(number), {"label": "New", **GREETING, "text": "x" * 2000}))
    number.refresh_from_db()
    assert number.label == ""
    assert talk(get_answer)["text"] == "As before."


def test_a_number_goes_with_its_flow(login: Client, get_answer: Get) -> None:
    number = make_number()
    assert submit(login, f"{LIST}{number.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not CallFlow.objects.exists()
    assert not Step.objects.exists()
    assert not FlowVersion.objects.exists()
    assert "not in service" in talk(get_answer)["text"]


def test_a_flow_stays_while_another_number_has_it(login: Client, get_answer: Get) -> None:
    save_block(OURS, 2)
    first, second = PhoneNumber.objects.all()
    submit(login, f"{LIST}{first.pk}/delete/", {"post": "yes"})
    assert CallFlow.objects.count() == 1
    assert talk(get_answer, second.msisdn)["text"] == first_text(second)


def test_several_numbers_are_deleted_at_once(login: Client) -> None:
    numbers = [make_number(str(442079460000 + serial)) for serial in range(3)]
    chosen = {"action": "delete_selected", "_selected_action": [number.pk for number in numbers[:2]], "post": "yes"}
    submit(login, LIST, chosen)
    assert PhoneNumber.objects.get() == numbers[2]
    assert CallFlow.objects.count() == 1


def test_somebody_without_permission_sees_no_numbers(db: None) -> None:
    number = make_number()
    browser = member_of_staff("view_call")
    for address in (LIST, ADD, page_of(number), f"{LIST}{number.pk}/delete/"):
        assert browser.get(address).status_code == 403


def test_somebody_who_may_look_sees_what_callers_hear_and_saves_nothing(db: None, get_answer: Get) -> None:
    number = make_number(greeting="As before.")
    browser = member_of_staff("view_phonenumber")
    page = browser.get(page_of(number))
    assert "“As before.”" in page.content.decode()
    assert b"<textarea" not in page.content
    assert submit(browser, page_of(number), {"label": "", **GREETING}).status_code == 403
    assert browser.get(ADD).status_code == 403
    assert talk(get_answer)["text"] == "As before."


def test_a_form_without_the_pages_token_is_refused(login: Client) -> None:
    number = make_number()
    assert login.post(page_of(number), {"label": "", **GREETING}).status_code == 403


@pytest.mark.parametrize("address", [LIST, ADD, "/admin/", "/admin/calls/call/"])
def test_strangers_are_led_to_the_login(client: Client, address: str, db: None) -> None:
    response = client.get(address)
    assert (response.status_code, response["Location"]) == (302, f"/admin/login/?next={address}")


def test_a_person_who_is_no_staff_is_not_let_in(client: Client, db: None) -> None:
    client.force_login(User.objects.create_user("olga"))
    assert client.get(LIST).status_code == 302


def test_a_tag_that_vonage_does_not_list_is_pointed_out_when_it_is_published(login: Client) -> None:
    fields = {"msisdn": OURS, "label": "", **GREETING, "text": "<speak>One<shout>two</shout></speak>"}
    submit(login, ADD, fields)
    page = login.get("/admin/calls/phonenumber/").content.decode()
    assert "Published as v1" in page
    assert "Listen to it once: the text has the tag &lt;shout&gt;, which Vonage does not list." in page


def menu_flow(name: str = "Orders line") -> CallFlow:
    """A published flow of three steps, with no greeting among them."""
    flow = CallFlow.objects.create(name=name)
    for title in ("Menu", "Busy", "Bye"):
        add_step(flow, "hangup", name=title)
    publish(flow)
    return flow


def test_a_label_is_saved_without_touching_a_larger_flow(login: Client) -> None:
    flow = menu_flow()
    number = PhoneNumber.objects.create(msisdn=OURS, flow=flow)
    page = login.get(page_of(number)).content.decode()
    assert f'<a href="/admin/calls/callflow/{flow.pk}/change/">Orders line</a>' in page
    assert "Menu → Busy → Bye" in page
    assert 'name="text"' not in page
    submit(login, page_of(number), {"label": "Orders", "time_zone": "Europe/Dublin", "chosen_flow": flow.pk})
    number.refresh_from_db()
    assert (number.label, number.time_zone, number.flow) == ("Orders", "Europe/Dublin", flow)
    assert (flow.steps.count(), flow.versions.count(), CallFlow.objects.count()) == (3, 1, 1)


@pytest.mark.django_db
@pytest.mark.parametrize("steps", [["greeting", "hangup"], ["hangup"], []])
def test_a_label_from_the_shell_leaves_a_larger_flow_too(steps: list[str]) -> None:
    flow = CallFlow.objects.create(name="Draft")
    for kind in steps:
        add_step(flow, kind)
    PhoneNumber.objects.create(msisdn=OURS, flow=flow)
    save_block(OURS, label="Orders")
    number = PhoneNumber.objects.get()
    assert (number.label, number.flow, flow.steps.count(), flow.versions.count()) == ("Orders", flow, len(steps), 0)


@pytest.mark.django_db
def test_a_greeting_takes_the_place_of_a_larger_flow_and_leaves_it_whole() -> None:
    flow = menu_flow()
    PhoneNumber.objects.create(msisdn=OURS, flow=flow)
    save_block(OURS, change=lambda old: Greeting(text="Only this."))
    number = PhoneNumber.objects.get()
    assert number.flow != flow
    assert flow.steps.count() == 3


def test_another_flow_takes_the_place_of_the_greeting(login: Client, get_answer: Get) -> None:
    number, flow = make_number(), menu_flow()
    before = number.flow
    assert before is not None
    submit(login, page_of(number), {"label": "", **GREETING, "chosen_flow": flow.pk})
    assert "Its callers hear Orders line v1 from the next call on." in messages_of(login)
    number.refresh_from_db()
    assert number.flow == flow
    assert not CallFlow.objects.filter(pk=before.pk).exists()  # nobody had that greeting any more


def test_how_often_and_how_loud_a_greeting_is_stays_when_a_label_is_saved(login: Client) -> None:
    number = make_number()
    step = Step.objects.get()
    step.settings |= {"loop": 2, "level": 0.5}
    step.save()
    submit(login, page_of(number), {"label": "Twice", **GREETING})
    step.refresh_from_db()
    assert (step.settings["loop"], step.settings["level"]) == (2, 0.5)


def test_a_number_that_is_deleted_leaves_a_larger_flow(login: Client) -> None:
    flow = menu_flow()
    number = PhoneNumber.objects.create(msisdn=OURS, flow=flow)
    submit(login, f"{LIST}{number.pk}/delete/", {"post": "yes"})
    assert not PhoneNumber.objects.exists()
    assert flow.steps.count() == 3


def test_a_time_zone_that_is_none_is_refused(login: Client) -> None:
    number = make_number()
    response = submit(login, page_of(number), {"label": "", **GREETING, "time_zone": "Europe/Atlantis"})
    assert "There is no time zone “Europe/Atlantis”" in errors_of(response)["time_zone"][0]
