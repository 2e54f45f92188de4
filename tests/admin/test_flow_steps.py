"""Each kind of step has a form: what is filled in is kept, what cannot be heard is refused at its field."""

from typing import Any

import pytest
from django.test import Client

from calls.admin.steps import FORMS, StepForm, Targets
from calls.flows.compile import compile_draft, facts_of
from calls.flows.draft import Way, add_step, set_ways, stamp_of, way_of
from calls.flows.steps import STEPS
from calls.models import CallFlow, OpeningHours, PhoneNumber, Step, Then
from tests.admin.test_flows import LIST, make_flow, page_of, send
from tests.factories import OURS

pytestmark = pytest.mark.django_db
SPOKEN = {"voice": "", "voice_old_name": ""}  # the flow's voice


@pytest.fixture
def flow() -> CallFlow:
    return make_flow()


def address(step: Step) -> str:
    return f"{LIST}{step.flow_id}/steps/{step.pk}/"


def fill(browser: Client, step: Step, **fields: object) -> Any:
    """Send the step's form."""
    step.flow.refresh_from_db()
    return send(browser, address(step), {"name": step.name, "stamp": stamp_of(step.flow), **fields})


def saved(browser: Client, step: Step, **fields: object) -> Step:
    """Send the form, which must be taken; give the step as it is then."""
    answer = fill(browser, step, **fields)
    form = answer.context.get("form")
    assert answer.redirect_chain, form and form.errors
    step.refresh_from_db()
    return step


def refused(browser: Client, step: Step, **fields: object) -> dict[str, list[str]]:
    """Send the form, which must come back with nothing saved; give the reasons at each field."""
    before = Step.objects.values().get(pk=step.pk)
    answer = fill(browser, step, **fields)
    assert not answer.redirect_chain, "the form was taken"
    assert Step.objects.values().get(pk=step.pk) == before
    page = answer.content.decode()
    assert "Nothing was saved. Correct what is marked." in page
    return {name: [str(reason) for reason in found] for name, found in answer.context["form"].errors.items()}


def ways(step: Step) -> dict[str, Way]:
    return {branch.on: way_of(branch) for branch in step.branches.all()}


def test_every_kind_has_a_form_of_its_own_and_a_new_one_would_have_one_too(flow: CallFlow) -> None:
    assert set(FORMS) == set(STEPS)
    steps = [add_step(flow, kind) for kind in STEPS]
    facts = facts_of(flow, steps)
    for step in steps:
        for form in (FORMS[step.kind], StepForm):
            made = form(step, facts=facts, targets=Targets.of(flow, steps))
            asked = set(made.fields) - {"name", "voice", *(f"on_{end}" for end in STEPS[step.kind].ends)}
            kept = set(STEPS[step.kind]().settings()) - {"language", "style", "premium"}
            assert kept <= asked, step.kind


@pytest.mark.parametrize("kind", sorted(STEPS))
def test_the_page_of_each_kind_shows_a_form_with_a_label_for_each_field(
    login: Client, flow: CallFlow, kind: str
) -> None:
    step = add_step(flow, kind)
    answer = login.get(address(step))
    page = answer.content.decode()
    assert answer.status_code == 200
    for field in answer.context["form"].visible_fields():
        if not field.use_fieldset:
            assert f'<label for="{field.id_for_label}">' in page
    assert "Save step" in page


def test_a_greeting_is_kept_in_its_own_voice_or_the_flows(login: Client, flow: CallFlow) -> None:
    step = add_step(flow, "greeting")
    saved(login, step, text="Good\r\nday.", loop=2, level="0.5", **SPOKEN)
    told = {"text": "Good\nday.", "language": "", "style": 0, "premium": False, "loop": 2, "level": 0.5}
    assert step.settings == told
    saved(login, step, name="Hello", text="Good day.", loop=1, level="0.0", voice="en-GB:0", voice_old_name="")
    assert (step.name, step.settings["language"], step.settings["style"]) == ("Hello", "en-GB", 0)


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"text": ""}, "text", "text"),
        ({"text": "x" * 1_501}, "text", "1,500"),
        ({"text": "<speak>Good <break time='1s'>day</speak>"}, "text", "close"),
        ({"text": "Hello {caller.surname}."}, "text", "caller.surname"),
        ({"text": "Hello", "loop": 0}, "loop", "1"),
        ({"text": "Hello", "voice": "xx-XX:0"}, "voice", "no voice"),
        ({"text": "Hello", "voice_old_name": "Russel"}, "voice", "Did you mean Russell?"),
    ],
)
def test_a_greeting_that_cannot_be_said_is_refused_at_its_field(
    login: Client, flow: CallFlow, fields: dict[str, Any], field: str, reason: str
) -> None:
    step = add_step(flow, "greeting")
    errors = refused(login, step, **{"loop": 1, "level": "0.0", **SPOKEN, **fields})
    assert list(errors) == [field]
    assert any(reason in message for message in errors[field]), errors


MENU = {"prompt": "Press 1.", "seconds": 5, "tries": 2, "nothing": "", "wrong": "No.", "on_end": "next", **SPOKEN}


def keys(*lines: tuple[str, str, str]) -> dict[str, list[str]]:
    """What the lines of a menu send, the empty ones of a page without scripts among them."""
    every = [*lines, ("", "", ""), ("", "", "")]
    return {f"keys_{name}": [line[at] for line in every] for at, name in enumerate(("key", "goes", "words"))}


def test_a_menus_keys_lead_to_steps_flows_and_back(login: Client, flow: CallFlow) -> None:
    step, bye, other = add_step(flow, "menu"), flow.steps.get(name="Bye"), make_flow("Workshop")
    lines = keys(("1", f"step:{bye.pk}", "bye,  the end"), ("2", f"flow:{other.pk}", ""), ("*", "again", ""))
    saved(login, step, **MENU, **lines)
    assert ways(step) == {
        "1": Way("1", Then.STEP, bye.pk, None, "bye, the end"),
        "2": Way("2", Then.FLOW, None, other.pk),
        "*": Way("*", Then.AGAIN),
    }
    page = login.get(page_of(flow)).content.decode()
    assert "1 Bye, 2 Workshop, * again" in page
    form = login.get(address(step)).content.decode()
    assert f'<option value="flow:{other.pk}" selected>Flow: Workshop</option>' in form
    saved(login, step, **{**MENU, "on_end": "hang up"}, **keys(("1", "next", "")))
    assert ways(step) == {"1": Way("1", Then.NEXT), "end": Way("end", Then.HANG_UP)}


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([], "The menu has no key"),
        ([("1", "next", ""), ("1", "again", "")], "Key 1 has two lines. Keep one of them."),
        ([("1", "", "")], "Key 1 leads nowhere. Choose where it goes"),
        ([("", "next", "")], "A line has no key."),
        ([("A", "next", "")], "“A” is no key of a telephone."),
        ([("1", "step:999999", "")], "What key 1 led to is not there any more."),
        ([("1", "step:x", "")], "What key 1 led to is not there any more."),
        ([("1", "next", "yes"), ("2", "again", "Yes")], "“yes” stands at two keys."),
    ],
)
def test_a_key_that_leads_nowhere_is_refused_with_the_cure(
    login: Client, flow: CallFlow, lines: list[tuple[str, str, str]], reason: str
) -> None:
    step = add_step(flow, "menu")
    errors = refused(login, step, **{**MENU, "speech": "on"}, **keys(*lines))
    assert list(errors) == ["keys"]
    assert reason in errors["keys"][0]
    assert not step.branches.exists()


def test_a_step_of_another_flow_is_no_target(login: Client, flow: CallFlow) -> None:
    step, elsewhere = add_step(flow, "menu"), make_flow("Other").steps.first()
    assert elsewhere is not None
    errors = refused(login, step, **MENU, **keys(("1", f"step:{elsewhere.pk}", "")))
    assert "not there any more" in errors["keys"][0]


def test_opening_hours_are_chosen_and_say_where_to_go(login: Client, flow: CallFlow) -> None:
    hours = OpeningHours.objects.create(name="Shop hours", time_zone="Europe/London")
    step, bye = add_step(flow, "hours"), flow.steps.get(name="Bye")
    errors = refused(login, step, hours="", on_open="next", on_closed="next")
    assert "No opening hours are chosen." in errors["hours"][0]
    saved(login, step, hours=hours.pk, on_open="next", on_closed=f"step:{bye.pk}")
    assert step.settings["hours"] == hours.pk
    assert ways(step) == {"closed": Way("closed", Then.STEP, bye.pk)}


FORWARD = {"ring_seconds": 20, "show": "ours", "longest": 7200, "whisper": "", **SPOKEN}
FORWARD |= {"on_busy": "next", "on_unanswered": "next", "on_failed": "next"}


def test_a_forward_rings_in_turn_and_says_where_to_go(login: Client, flow: CallFlow, settings: Any) -> None:
    settings.OUTBOUND_COUNTRIES = ["GB"]
    step, bye = add_step(flow, "forward"), flow.steps.get(name="Bye")
    lines = {"targets_type": ["phone", "sip", "phone"], "targets_to": ["+44 7700 900512", "sip:anna@example.com", ""]}
    saved(login, step, **{**FORWARD, "on_busy": f"step:{bye.pk}"}, **lines)
    told = [{"type": "phone", "to": "447700900512"}, {"type": "sip", "to": "sip:anna@example.com"}]
    assert step.settings["targets"] == told
    assert ways(step) == {"busy": Way("busy", Then.STEP, bye.pk)}


@pytest.mark.parametrize(
    ("kind", "to", "reason"),
    [
        ("phone", "+44 20 7946 0000", "is a number of ours: the call would ring itself"),
        ("phone", "", "It rings nobody. Add a phone."),
        ("sip", "anna", "“anna” is no SIP address."),
        ("pigeon", "anna", "A line has no kind."),
    ],
)
def test_a_forward_that_reaches_nobody_is_refused(
    login: Client, flow: CallFlow, settings: Any, kind: str, to: str, reason: str
) -> None:
    settings.OUTBOUND_COUNTRIES = ["GB"]
    PhoneNumber.objects.create(msisdn=OURS, flow=flow)
    step = add_step(flow, "forward")
    errors = refused(login, step, **FORWARD, targets_type=[kind], targets_to=[to])
    assert reason in errors["targets"][0]


VOICEMAIL = {"prompt": "Speak.", "beep": "on", "seconds": 60, "silence": 5, "key": "#", "thanks": "", **SPOKEN}


def test_a_voicemail_ends_the_call_unless_it_leads_on(login: Client, flow: CallFlow) -> None:
    step = add_step(flow, "voicemail")
    saved(login, step, **VOICEMAIL, notice="It is recorded.", notice_off_reason="", on_next="hang up")
    assert (step.settings["seconds"], ways(step)) == (60, {})
    saved(login, step, **VOICEMAIL, notice="It is recorded.", notice_off_reason="", on_next="next")
    assert ways(step) == {"next": Way("next", Then.NEXT)}


def test_sentences_that_came_along_follow_the_voice_of_their_step(login: Client, flow: CallFlow) -> None:
    step = add_step(flow, "voicemail")
    told = {**VOICEMAIL, "notice": "This call is recorded.", "notice_off_reason": "", "on_next": "hang up"}
    saved(login, step, **told | {"voice": "de-DE:0"})
    assert (step.settings["notice"], step.settings["prompt"]) == ("Dieser Anruf wird aufgezeichnet.", "Speak.")


def test_a_voicemail_without_a_notice_wants_a_reason(login: Client, flow: CallFlow) -> None:
    step = add_step(flow, "voicemail")
    errors = refused(login, step, **VOICEMAIL, notice="", notice_off_reason="", on_next="hang up")
    assert list(errors) == ["notice"]
    saved(login, step, **VOICEMAIL, notice="", notice_off_reason="Staff line.", on_next="hang up")
    assert any("Staff line." in str(finding) for finding in compile_draft(flow).warnings)


@pytest.mark.parametrize(
    ("kind", "fields", "kept"),
    [
        ("wait", {"seconds": "1.5"}, {"seconds": 1.5}),
        ("notify", {"url": "https://example.com/hook", "payload": '{"topic": "orders"}', "method": "POST"},
         {"url": "https://example.com/hook", "payload": {"topic": "orders"}, "method": "POST"}),
        ("hangup", {"text": "", **SPOKEN}, {"text": ""}),
        ("audio", {"sound": "", "url": "https://example.com/a.mp3", "loop": 1, "level": "0.0"}, {"sound": None}),
        ("digits", {"prompt": "Your order?", "keep": "Order", "most": 6, "hash": "on", "seconds": 5, "nothing": "",
                    "tries": 2, "on_nothing": "next", **SPOKEN}, {"keep": "Order", "most": 6, "hash": True}),
        ("room", {"room": "team", "music": "", "sound": "", "pin": "", "ask": "PIN?", "wrong": "No.", "tries": 3,
                  "notice": "Recorded.", "notice_off_reason": "", "on_refused": "next", **SPOKEN}, {"room": "team"}),
    ],
)  # fmt: skip
def test_other_kinds_keep_what_is_filled_in(
    login: Client, flow: CallFlow, kind: str, fields: dict[str, Any], kept: dict[str, Any]
) -> None:
    step = saved(login, add_step(flow, kind), **fields)
    assert step.settings.items() >= kept.items()
    assert [finding for finding in compile_draft(flow).errors if finding.step == step] == []


@pytest.mark.parametrize(
    ("kind", "fields", "field"),
    [
        ("wait", {"seconds": "9000"}, "seconds"),
        ("wait", {"seconds": "a while"}, "seconds"),
        ("notify", {"url": "", "payload": "", "method": "POST"}, "url"),
        ("notify", {"url": "https://example.com", "payload": "[1]", "method": "POST"}, "payload"),
        ("audio", {"sound": "", "url": "", "loop": 1, "level": "0.0"}, "sound"),
        ("goto", {"on_next": ""}, "on_next"),
    ],
)
def test_other_kinds_refuse_at_the_field(
    login: Client, flow: CallFlow, kind: str, fields: dict[str, Any], field: str
) -> None:
    assert list(refused(login, add_step(flow, kind), **fields)) == [field]


def test_a_raw_ncco_is_kept_action_for_action_and_its_warnings_are_shown(login: Client, flow: CallFlow) -> None:
    step = add_step(flow, "ncco")
    saved(login, step, actions='[{"action": "record", "endOnSilence": 3}]')
    assert step.settings["actions"] == [{"action": "record", "endOnSilence": 3}]
    assert "It records the caller without saying so before." in login.get(address(step)).content.decode()


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("[{", "This is no JSON."),
        ('{"action": "talk"}', "An NCCO is a list of actions"),
        ("", "The NCCO has no action"),
        ('[{"action": "talk", "text": "Hi"}, {"action": "dance"}]', "Action 2"),
    ],
)
def test_a_raw_ncco_that_cannot_run_is_refused_by_rule(
    login: Client, flow: CallFlow, written: str, reason: str
) -> None:
    errors = refused(login, add_step(flow, "ncco"), actions=written)
    assert list(errors) == ["actions"]
    assert reason in errors["actions"][0]


def test_what_was_typed_stays_in_a_form_that_comes_back(login: Client, flow: CallFlow) -> None:
    step = add_step(flow, "menu")
    page = fill(
        login, step, **{**MENU, "prompt": "Press <1>.", "tries": 99}, **keys(("7", "", "seven"))
    ).content.decode()
    assert "Press &lt;1&gt;." in page
    assert 'value="seven"' in page
    assert '<option value="7" selected>' in page


def test_a_step_is_found_below_its_own_flow_alone(login: Client, flow: CallFlow) -> None:
    other = make_flow("Other").steps.first()
    assert other is not None
    assert login.get(f"{LIST}{flow.pk}/steps/{other.pk}/").status_code == 404
    set_ways(other, [])
    assert login.get(f"{LIST}{other.flow_id}/steps/{other.pk}/").status_code == 200
