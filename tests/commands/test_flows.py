"""manage.py flow_import, flow_export, flow_lint, flow_diff, flow_publish, export_fallback: as a shell runs them."""

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from calls.flows import text
from calls.flows.importing import take_in
from calls.flows.parsing import LARGEST
from calls.flows.routing import directory
from calls.models import CallFlow, OpeningHours, PhoneNumber, Step
from tests.factories import CALLER, OURS
from tests.flows.drafts import make_flow, publish_flow

pytestmark = pytest.mark.django_db

RUSSELL = [
    {"action": "talk", "voiceName": "Russell", "text": "Hello world! This message is from my first Nexmo web app."}
]
MENU = """
callflow: 1
name: Orders line
voice: {language: en-GB, style: 1, premium: false}
steps:
- kind: hours
  settings: {hours: Shop}
  leads:
    closed: {to: {step: 3}}
- kind: menu
  name: Main menu
  settings: {prompt: For orders press 1., tries: 3}
  leads:
    '1': {to: {step: 3}, says: 'orders, order'}
    '*': {to: again}
    '2': {to: {flow: Workshop}}
    end: {to: hang up}
- kind: greeting
  settings: {text: Goodbye.}
"""

Write = Callable[[Any], str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def file(content: Any) -> str:
        path = tmp_path / "given"
        path.write_bytes(content if isinstance(content, bytes) else str(content).encode())
        return str(path)

    return file


def run(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out, stderr=out)
    return out.getvalue()


@pytest.fixture
def workshop() -> None:
    publish_flow("Workshop", ("greeting", {"text": "Workshop."}, {}), number="")
    OpeningHours.objects.create(name="Shop", time_zone="Europe/London")


@pytest.mark.parametrize("as_steps", [False, True])
def test_ncco_of_2018_is_published_and_heard(write: Write, as_steps: bool) -> None:
    words = ["flow_import", "--number", OURS, "--ncco", write(json.dumps(RUSSELL)), "--publish"]
    assert "v1" in run(*words, *(["--as-steps"] if as_steps else []))
    directory.look()
    said = directory.answer(OURS, CALLER).ncco
    assert said == (
        [{"action": "talk", "text": RUSSELL[0]["text"], "language": "en-AU", "style": 3}] if as_steps else RUSSELL
    )


def test_warnings_leave_the_exit_code_unless_strict(write: Write) -> None:
    words = ["flow_import", "--number", OURS, "--ncco", write(json.dumps(RUSSELL)), "--publish"]
    assert "Warning" in run(*words)
    PhoneNumber.objects.all().delete()
    with pytest.raises(CommandError, match="strict"):
        run(*words, "--strict")
    assert not PhoneNumber.objects.exists()


@pytest.mark.parametrize(
    ("ncco", "reason"),
    [
        ([{"action": "hangup"}], "list run out"),
        ({"action": "talk", "text": "Hi"}, "square brackets"),
        ([], "no action"),
        ([{"action": "talk", "text": "Hi", "bargeIn": True}], "input"),
        ([{"action": "connect", "endpoint": [{"type": "phone", "number": "+44"}]}], "number"),
    ],
)
def test_ncco_that_a_rule_forbids_changes_nothing(write: Write, ncco: Any, reason: str) -> None:
    with pytest.raises(CommandError, match=reason):
        run("flow_import", "--number", OURS, "--ncco", write(json.dumps(ncco)), "--publish")
    assert not CallFlow.objects.exists()


def test_a_flow_that_others_share_is_left_alone(write: Write) -> None:
    shared = publish_flow("Shared", ("greeting", {"text": "For both."}, {}))
    PhoneNumber.objects.create(msisdn="442079460001", flow=shared)
    run("flow_import", "--number", "+44 20 7946 0001", "--ncco", write(json.dumps(RUSSELL)), "--publish")
    directory.look()
    assert directory.answer(OURS).ncco[0]["text"] == "For both."
    assert directory.answer("442079460001").ncco == RUSSELL


def test_a_flow_comes_out_as_it_went_in(workshop: None, write: Write) -> None:
    run("flow_import", write(MENU), "--number", OURS)
    flow = CallFlow.objects.get(name="Orders line")
    exported = text.export(flow)
    for written in (text.as_yaml(exported), text.as_json(exported)):
        again = take_in(text.read(written.encode()), into=flow)
        assert text.export(again) == exported
    assert exported["steps"][1]["leads"]["1"] == {"to": {"step": 3}, "says": "orders, order"}
    assert exported["steps"][0]["settings"] == {"hours": "Shop"}
    assert run("flow_export", OURS) == text.as_yaml(exported)


def test_a_greeting_that_names_no_voice_speaks_as_its_flow_does(write: Write) -> None:
    greetings = [{"kind": "greeting", "settings": {"text": "Hello."} | voice} for voice in ({}, {"language": "pl-PL"})]
    given = {"callflow": 1, "name": "Hello", "voice": {"language": "en-GB", "style": 1}, "steps": greetings}
    run("flow_import", write(json.dumps(given)), "--number", OURS, "--publish")
    directory.look()
    said = [(talk["language"], talk.get("style", 0)) for talk in directory.answer(OURS, CALLER).ncco]
    assert said == [("en-GB", 1), ("pl-PL", 0)]


def test_the_voice_of_a_greeting_comes_out() -> None:
    flow = make_flow("Hello", ("greeting", {"text": "Hello.", "language": "en-AU", "style": 3, "premium": False}, {}))
    assert text.export(flow)["steps"][0]["settings"] == {"text": "Hello.", "language": "en-AU", "style": 3}
    flow.steps.update(settings={"text": "Hello."})  # an older release: in the kind's own voice
    assert text.export(flow)["steps"][0]["settings"] == {"text": "Hello.", "language": "en-AU", "style": 3}


def test_a_second_import_needs_to_be_told_where(workshop: None, write: Write) -> None:
    path = write(MENU)
    run("flow_import", path)
    with pytest.raises(CommandError, match="--into"):
        run("flow_import", path)
    run("flow_import", path, "--into", "Orders line", "--publish", "--note", "The first")
    assert CallFlow.objects.get(name="Orders line").versions.get().note == "The first"


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\ncallflow: 1\nname: N\nsteps: *b\n"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"callflow: 1\nname: N\nstep: []\n", "Did you mean “steps”"),
        (b"callflow: 2\nname: N\nsteps: []\n", "callflow: 1"),
        (b"callflow: 1\nname: N\nsteps: [{kind: menue}]\n", "Did you mean “menu”"),
        (b"callflow: 1\nname: N\nsteps: [{kind: [menu]}]\n", "is not known"),
        (b"callflow: 1\nname: N\nsteps: [{kind: menu, settings: {promt: x}}]\n", "Did you mean “prompt”"),
        (b"callflow: 1\nname: N\nsteps: [{kind: menu, settings: {tries: two}}]\n", "whole number"),
        (b"callflow: 1\nname: N\nsteps: [{kind: menu, settings: {tries: true}}]\n", "whole number"),
        (b"callflow: 1\nname: N\nsteps: [{kind: forward, settings: {targets: [4477]}}]\n", "a list of mappings, not"),
        (b"callflow: 1\nname: N\nsteps: [{kind: goto, leads: {next: {to: {step: 9}}}}]\n", "no step 9"),
        (b"callflow: 1\nname: N\nsteps: [{kind: goto, leads: {next: {to: {flow: Nowhere}}}}]\n", "no flow “Nowhere”"),
        (b"callflow: 1\nname: N\nsteps: [{kind: menu, leads: {11: {to: next}}}]\n", "no case “11”"),
        (b"callflow: 1\nname: N\nsteps: [{kind: forward, leads: {bussy: {to: next}}}]\n", "no case “bussy”"),
        (b"callflow: 1\nname: N\nsteps: [{kind: hours, settings: {hours: Shed}}]\n", "no opening hours “Shed”"),
        (b"callflow: 1\nname: N\nname: M\nsteps: []\n", "twice"),
        (b'{"callflow": 1, "callflow": 1}', "twice"),
        (BOMB.encode(), "aliases"),
        (b"x" * (LARGEST + 1), "kB"),
        (b"\xff\xfe", "UTF-8"),
        (b"[" * 5_000, "nested too deeply"),
        (b'[{"action": "talk", "text": "Hi"}]', "--ncco"),
        (b"a: [", "line"),
        (b"- a\n", "--ncco"),
        (b"!!python/object/apply:os.system [ls]\n", "could not determine a constructor"),
        (b"", "mapping"),
    ],
)
def test_a_file_that_is_no_flow_is_refused_with_a_sentence(write: Write, content: bytes, reason: str) -> None:
    with pytest.raises(CommandError, match=reason):
        run("flow_import", write(content))
    assert not CallFlow.objects.exists()


def test_lint_knows_drafts_and_files(workshop: None, write: Write) -> None:
    assert "fine" in run("flow_lint", "Workshop")
    assert "fine" in run("flow_lint", write(MENU))
    assert CallFlow.objects.count() == 1  # nothing was kept
    make_flow("Broken", ("menu", {"prompt": "Press 1."}, {}))
    with pytest.raises(CommandError, match="1 errors"):
        run("flow_lint")
    assert "voiceName" in run("flow_lint", write(json.dumps(RUSSELL)))


def test_publish_and_bring_back() -> None:
    flow = publish_flow("Line", ("greeting", {"text": "One."}, {}))
    Step.objects.filter(flow=flow).update(settings={"text": "Two."})
    assert "v2: heard from the next call on" in run("flow_publish", "Line", "--note", "Two")
    assert "v1" in run("flow_publish", OURS, "--version-number", "1")
    directory.look()
    assert directory.answer(OURS).ncco[0]["text"] == "One."
    for words, reason in (
        (["Line", "--version-number", "9"], "There are: v1, v2"),
        (["Nothing"], "There is no flow"),
        (["Line", "--at", "soon"], "is no time"),
        (["Line", "--at", "2001-01-01T00:00"], "has passed"),
    ):
        with pytest.raises(CommandError, match=reason):
            run("flow_publish", *words)


def test_a_difference_is_told_and_is_an_exit_code(write: Write) -> None:
    flow = publish_flow("Line", ("greeting", {"text": "Good morning."}, {}))
    assert run("flow_diff", "Line") == "They say the same.\n"
    file = write(run("flow_export", OURS).replace("morning", "evening"))
    Step.objects.filter(flow=flow).update(settings={"text": "Good night."})
    for words, told in (
        (["Line"], "[-morning.-] [+night.+]"),
        (["Line", "v1", file], "[-morning.-] [+evening.+]"),
        (["Line", file, "draft"], "[-evening.-] [+night.+]"),
    ):
        out = StringIO()
        with pytest.raises(CommandError, match="1 change from"):
            call_command("flow_diff", *words, stdout=out)
        assert out.getvalue() == f"Step 1, Greeting: Text: Good {told}\n"
    assert flow.steps.get().settings == {"text": "Good night."}  # a file that was compared is not kept
    for which, reason in (("9", "There are: v1"), ("nothing.yaml", "neither live, draft"), (write("- a"), "mapping")):
        with pytest.raises(CommandError, match=reason):
            run("flow_diff", "Line", "live", which)


def test_fallback_asks_nothing_and_goes_where_silence_leads() -> None:
    publish_flow(
        "Line",
        ("greeting", {"text": "Welcome."}, {}),
        ("menu", {"prompt": "Press 1."}, {"1": "hang up", "end": "3"}),
        ("greeting", {"text": "Goodbye."}, {}),
    )
    said = json.loads(run("export_fallback", "--number", OURS))
    assert [action["text"] for action in said] == ["Welcome.", "Goodbye."]
    with pytest.raises(CommandError, match="no number of ours"):
        run("export_fallback", "--number", "442079460999")
