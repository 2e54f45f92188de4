"""Flows in the admin: the list, the page, its numbers, its steps' order, and who may do what."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from calls.flows.draft import Way, add_step, set_ways, stamp_of
from calls.flows.publish import publish
from calls.models import CallFlow, PhoneNumber, Step, Then, User
from tests.admin.forms import messages_of, submit

LIST = "/admin/calls/callflow/"
pytestmark = pytest.mark.django_db


def make_flow(name: str = "Orders line", steps: Sequence[str] = ("Welcome", "Notice", "Bye")) -> CallFlow:
    """A flow of steps that say their own names; each but the last goes on."""
    flow = CallFlow.objects.create(name=name, language="en-GB", style=1)
    for at, title in enumerate(steps, 1):
        step = add_step(flow, "greeting" if at < len(steps) else "hangup", name=title)
        step.settings["text"] = f"This is {title}."
        step.save()
    flow.refresh_from_db()
    return flow


def page_of(flow: CallFlow) -> str:
    return f"{LIST}{flow.pk}/change/"


def staff_who_may(*codenames: str) -> Client:
    """A browser of somebody of the staff with these permissions."""
    person = User.objects.create_user("tom", first_name="Tom", is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(person)
    return browser


def fields(flow: CallFlow, **changed: object) -> dict[str, object]:
    """What the flow's own form sends."""
    flow.refresh_from_db()
    voice = {"voice": f"{flow.language}:{flow.style}", "voice_old_name": ""}
    places = {f"place-{step.pk}": step.position for step in flow.steps.all()}
    return {"name": flow.name, "stamp": stamp_of(flow), "add_numbers": "", **voice, **places, **changed}


def send(browser: Client, address: str, data: Mapping[str, object] | None = None) -> Any:
    """Post with the token that any page brings, and go where that leads."""
    browser.get("/admin/password_change/")
    token = browser.cookies["csrftoken"].value
    return browser.post(address, {**(data or {}), "csrfmiddlewaretoken": token}, follow=True)


def names(flow: CallFlow) -> list[str]:
    return [step.name for step in flow.steps.in_order()]


def test_the_list_says_of_each_flow_who_rings_it_and_what_is_live(
    login: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    flow = make_flow()
    PhoneNumber.objects.create(msisdn="442079460010", flow=flow)
    PhoneNumber.objects.create(msisdn="442079460011", flow=flow)
    page = login.get(LIST).content.decode()
    for words in ("Orders line", "+44 20 7946 0010 and 1 more", "nothing yet", "Welcome → Notice → Bye"):
        assert words in page
    publish(flow)
    assert "as live" in login.get(LIST).content.decode()
    flow.touch(None)
    assert "changed " in login.get(LIST).content.decode()
    for other in range(5):
        make_flow(f"Flow {other}")
    with django_assert_num_queries(5):
        login.get(LIST)


def test_a_flow_is_made_with_a_name_and_a_voice(login: Client) -> None:
    response = send(login, f"{LIST}add/", {"name": "Nights", "voice": "en-GB:1"})
    flow = CallFlow.objects.get()
    assert (flow.name, flow.language, flow.style) == ("Nights", "en-GB", 1)
    assert "No step yet" in response.content.decode()


def test_another_voice_takes_along_the_sentences_that_nobody_reworded(login: Client) -> None:
    flow = make_flow()
    step = add_step(flow, "voicemail")
    submit(login, page_of(flow), fields(flow, voice="fr-FR:0"))
    step.refresh_from_db()
    assert (step.settings["notice"], step.settings["language"]) == ("Cet appel est enregistré.", "")


def test_places_are_written_as_numbers(login: Client) -> None:
    flow = make_flow()
    bye = flow.steps.get(name="Bye")
    submit(login, page_of(flow), fields(flow, **{f"place-{bye.pk}": 1}))
    assert names(flow) == ["Bye", "Welcome", "Notice"]
    page = submit(login, page_of(flow), fields(flow, **{f"place-{bye.pk}": "first"})).content.decode()
    assert "“first” is no place. Write a number: 1 is heard first." in page
    assert names(flow) == ["Bye", "Welcome", "Notice"]


def test_numbers_are_given_the_flow_and_taken_off_it(login: Client) -> None:
    flow, number = make_flow(), PhoneNumber.objects.create(msisdn="442079460010", label="Orders")
    submit(login, page_of(flow), fields(flow, add_numbers="+44 20 7946 0010"))
    number.refresh_from_db()
    assert number.flow == flow
    assert any("Nothing of this flow is live yet" in message for message in messages_of(login))
    page = submit(login, page_of(flow), fields(flow, add_numbers="+44 20 7946 9999")).content.decode()
    assert "“+44 20 7946 9999” is no number of ours." in page
    submit(login, page_of(flow), fields(flow, take_numbers=[number.pk]))
    number.refresh_from_db()
    assert number.flow is None


def test_the_page_shows_what_changed_since_the_live_version(login: Client) -> None:
    flow = make_flow()
    publish(flow)
    assert "The draft says what is live." in login.get(page_of(flow)).content.decode()
    step = flow.steps.get(name="Notice")
    step.settings["text"] = "This is News."
    step.save()
    page = login.get(page_of(flow)).content.decode()
    assert "draft, 1 change<" in page
    assert "text changed" in page
    assert "<del>Notice.</del>" in page
    assert "<ins>News.</ins>" in page
    assert "Publish as v2" in page


def test_the_page_of_a_long_flow_asks_no_more_than_that_of_a_short_one(
    login: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    flow = make_flow(steps=[f"Step {at}" for at in range(40)])
    publish(flow)
    with django_assert_max_num_queries(30):
        login.get(page_of(flow))


def test_steps_are_added_duplicated_moved_and_removed(login: Client) -> None:
    flow = make_flow()
    steps = f"{LIST}{flow.pk}/steps/"

    def act(where: str, **data: object) -> str:
        flow.refresh_from_db()
        answer = send(login, f"{steps}{where}", {"stamp": stamp_of(flow), **data})
        return str(answer.content.decode())

    assert "Hang up" in act("add/", kind="hangup")
    welcome = flow.steps.get(name="Welcome")
    act(f"{welcome.pk}/duplicate/")
    assert names(flow) == ["Welcome", "Welcome (copy)", "Notice", "Bye", ""]
    act(f"{welcome.pk}/move/", place=3)
    assert names(flow) == ["Welcome (copy)", "Notice", "Welcome", "Bye", ""]
    act(f"{welcome.pk}/remove/")
    assert names(flow) == ["Welcome (copy)", "Notice", "Bye", ""]
    assert "There is no such kind of step" in act("add/", kind="telepathy")
    assert "That is no place" in act(f"{flow.steps.get(name='Bye').pk}/move/", place="up")


def test_a_step_that_another_leads_to_stays_and_the_other_is_named(login: Client) -> None:
    flow = make_flow()
    menu, bye = add_step(flow, "menu", name="Main menu"), flow.steps.get(name="Bye")
    set_ways(menu, [Way("2", Then.STEP, bye.pk)])
    data = {"stamp": stamp_of(flow)}
    page = send(login, f"{LIST}{flow.pk}/steps/{bye.pk}/remove/", data).content.decode()
    assert "3 Bye was not removed: step 4, Main menu (key 2) leads to this step. Lead it elsewhere first." in page
    assert Step.objects.filter(pk=bye.pk).exists()


@pytest.mark.parametrize("where", ["flow", "step", "add", "publish"])
def test_who_saves_second_is_told_who_was_first_and_nothing_is_saved(login: Client, where: str) -> None:
    flow = make_flow()
    step = flow.steps.get(name="Welcome")
    sent: dict[str, tuple[str, dict[str, object]]] = {
        "flow": (page_of(flow), fields(flow, name="Mine")),
        "step": (f"{LIST}{flow.pk}/steps/{step.pk}/", {"name": "Mine", "text": "Mine.", "loop": 1, "level": 0.0}),
        "add": (f"{LIST}{flow.pk}/steps/add/", {"kind": "hangup"}),
        "publish": (f"{LIST}{flow.pk}/publish/", {"when": "now"}),
    }
    address, data = sent[where]
    stamp = stamp_of(flow)
    flow.touch(User.objects.create_user("marta", first_name="Marta"))
    page = send(login, address, {**data, "stamp": stamp}).content.decode()
    assert "Marta changed this flow at" in page
    assert "Nothing of yours was saved" in page
    flow.refresh_from_db()
    assert (flow.name, names(flow), flow.versions.count()) == ("Orders line", ["Welcome", "Notice", "Bye"], 0)


def test_who_may_only_look_sees_all_and_no_form() -> None:
    flow = make_flow()
    publish(flow, note="The first")
    browser = staff_who_may("view_callflow")
    page = browser.get(page_of(flow)).content.decode()
    for words in ("Welcome", "English (United Kingdom), style 1", "The first", "You may not publish"):
        assert words in page
    assert 'method="post"' not in page.partition('id="content-main"')[2]
    step = flow.steps.get(name="Welcome")
    page = browser.get(f"{LIST}{flow.pk}/steps/{step.pk}/").content.decode()
    assert "This is Welcome." in page
    assert 'method="post"' not in page.partition('id="content"')[2]


@pytest.mark.parametrize(
    ("where", "may"),
    [
        ("steps/add/", "view_callflow"),
        ("steps/{step}/", "view_callflow"),
        ("steps/{step}/move/", "view_callflow"),
        ("steps/{step}/remove/", "view_callflow"),
        ("steps/{step}/duplicate/", "view_callflow"),
        ("publish/", "change_callflow"),
        ("versions/1/back/", "change_callflow"),
        ("planned/1/off/", "change_callflow"),
    ],
)
def test_what_somebody_may_not_do_is_refused_at_its_address(where: str, may: str) -> None:
    flow = make_flow()
    publish(flow)
    address = f"{LIST}{flow.pk}/{where.format(step=flow.steps.get(name='Bye').pk)}"
    assert send(staff_who_may(may), address, {"stamp": stamp_of(flow)}).status_code == 403
    assert Client().post(address).status_code == 302  # to the login


def test_numbers_are_not_handed_over_by_whoever_may_not_change_them() -> None:
    flow, number = make_flow(), PhoneNumber.objects.create(msisdn="442079460010")
    browser = staff_who_may("view_callflow", "change_callflow")
    page = send(browser, page_of(flow), fields(flow, add_numbers="442079460010")).content.decode()
    assert "You may not give numbers another flow." in page
    number.refresh_from_db()
    assert number.flow is None


def test_a_flow_that_others_lead_to_is_not_deleted(login: Client) -> None:
    flow, other = make_flow(), make_flow("Workshop")
    goto = add_step(flow, "goto")
    set_ways(goto, [Way("next", Then.FLOW, to_flow=other.pk)])
    send(login, f"{LIST}{other.pk}/delete/", {"post": "yes"})
    assert CallFlow.objects.filter(pk=other.pk).exists()
    send(login, f"{LIST}{flow.pk}/delete/", {"post": "yes"})
    assert not CallFlow.objects.filter(pk=flow.pk).exists()
