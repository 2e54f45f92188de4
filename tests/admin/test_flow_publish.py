"""Publishing in the admin: warnings accepted one by one, set times, versions compared and brought back."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from django.utils.text import slugify

from calls.admin.flow_page import page_of as content_of
from calls.flows import text
from calls.flows.draft import add_step, stamp_of
from calls.flows.publish import publish
from calls.models import Branch, CallFlow, Counted, PhoneNumber, Publication, Step, Then
from tests.admin.test_flows import LIST, make_flow, page_of, send, staff_who_may
from tests.factories import OURS, make_call
from tests.sounds import make_sound

pytestmark = pytest.mark.django_db


@pytest.fixture
def flow() -> CallFlow:
    return make_flow()


def press(browser: Client, flow: CallFlow, **fields: object) -> Any:
    """Send the form of the Publish box."""
    flow.refresh_from_db()
    return send(browser, f"{LIST}{flow.pk}/publish/", {"when": "now", "stamp": stamp_of(flow), **fields})


def reword(flow: CallFlow, text: str) -> None:
    step = flow.steps.get(name="Welcome")
    step.settings["text"] = text
    step.save()
    flow.touch(None)


def test_a_draft_is_published_with_a_note_by_whoever_may(flow: CallFlow) -> None:
    browser = staff_who_may("view_callflow", "publish_callflow")
    page = press(browser, flow, note="The first one").content.decode()
    assert "Version 1 is live: heard from the next call on." in page
    version = flow.live_version()
    assert version is not None
    assert version.author is not None
    assert (version.number, version.note, version.author.username) == (1, "The first one", "tom")
    assert "There is nothing to publish." in page


def test_errors_stand_at_their_steps_and_forbid_to_publish(login: Client, flow: CallFlow) -> None:
    menu = add_step(flow, "menu", name="Main menu")
    page = login.get(page_of(flow)).content.decode()
    link = f'<a href="/admin/calls/callflow/{flow.pk}/steps/{menu.pk}/" data-open="{menu.pk}">Step 4, Main menu</a>'
    assert link in page
    assert '<button class="button publish-go" disabled>' in page
    assert "It cannot be published as it is:" in press(login, flow).content.decode()
    assert not flow.versions.exists()


def test_each_warning_is_accepted_by_itself(login: Client, flow: CallFlow) -> None:
    Step.objects.create(flow=flow, kind="ncco", position=4, settings={"actions": [{"action": "record"}]})
    keys = [warned.key for warned in content_of(flow).warned]
    assert len(keys) == 2
    page = press(login, flow, accept=keys[:1]).content.decode()
    assert page.count("Not published: accept this warning, or mend it.") == 1
    assert f'value="{keys[0]}" checked' in page
    assert not flow.versions.exists()
    press(login, flow, accept=keys)
    assert flow.versions.count() == 1


def test_a_draft_goes_live_at_a_set_time_and_back_again(login: Client, flow: CallFlow, settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    publish(flow)
    reword(flow, "Winter.")
    day = (timezone.now() + timedelta(days=3)).strftime("%Y-%m-%d")
    page = press(login, flow, when="later", from_at=f"{day}T09:00", until_at=f"{day}T17:00").content.decode()
    assert "Version 2 goes live on" in page
    planned = Publication.objects.latest("pk")
    assert planned.until_at is not None
    assert planned.until_at - planned.from_at == timedelta(hours=8)
    assert planned.from_at == datetime.fromisoformat(f"{day}T09:00").replace(tzinfo=ZoneInfo("Europe/Berlin"))
    live = flow.live_version()
    assert live is not None
    assert live.number == 1
    page = send(login, f"{LIST}{flow.pk}/planned/{planned.pk}/off/").content.decode()
    assert "Version 2 was taken off the plan." in page
    assert not Publication.objects.filter(pk=planned.pk).exists()


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"when": "now", "from_at": "2099-01-01T09:00"}, "“Now” is chosen, and a time is filled in."),
        ({"when": "later"}, "No time is set."),
        ({"when": "later", "from_at": "2001-01-01T09:00"}, "The time to go live has passed."),
        (
            {"when": "later", "from_at": "2099-01-02T09:00", "until_at": "2099-01-01T09:00"},
            "before the time to go live",
        ),
        ({"when": "later", "from_at": "soon"}, "Enter a valid date/time."),
        ({"when": "whenever"}, "Select a valid choice."),
    ],
)
def test_times_that_make_no_sense_publish_nothing(
    login: Client, flow: CallFlow, fields: dict[str, str], reason: str
) -> None:
    assert reason in press(login, flow, **fields).content.decode()
    assert not flow.versions.exists()
    assert not flow.publications.exists()


def test_what_is_heard_until_a_set_time_can_end_now(login: Client, flow: CallFlow) -> None:
    publish(flow)
    reword(flow, "For today.")
    publish(flow, until_at=timezone.now() + timedelta(hours=3))
    assert content_of(flow).live_version == flow.versions.get(number=2)
    today = Publication.objects.latest("pk")
    send(login, f"{LIST}{flow.pk}/planned/{today.pk}/off/")
    assert content_of(flow).live_version == flow.versions.get(number=1)
    assert "not on the plan any more" in send(login, f"{LIST}{flow.pk}/planned/{today.pk}/off/").content.decode()


def test_an_earlier_version_is_brought_back_and_the_draft_stays(login: Client, flow: CallFlow) -> None:
    publish(flow)
    reword(flow, "Second.")
    publish(flow)
    page = send(login, f"{LIST}{flow.pk}/versions/1/back/").content.decode()
    assert "Version 1 is heard again, from the next call on. The draft stayed as it was." in page
    assert content_of(flow).live_version == flow.versions.get(number=1)
    assert flow.steps.get(name="Welcome").settings["text"] == "Second."
    assert "Version 1 is live already." in send(login, f"{LIST}{flow.pk}/versions/1/back/").content.decode()
    assert login.get(f"{LIST}{flow.pk}/versions/1/back/").status_code == 405
    assert "Publish as v2" in login.get(page_of(flow)).content.decode()  # the draft is that version already


def test_versions_are_listed_shown_and_compared(login: Client, flow: CallFlow) -> None:
    publish(flow, note="The first one")
    reword(flow, "This is Spring.")
    publish(flow, note="Spring")
    reword(flow, "This is Summer.")
    versions = f"{LIST}{flow.pk}/versions/"
    page = login.get(versions).content.decode()
    assert page.index("Spring") < page.index("The first one")
    page = login.get(f"{versions}2/").content.decode()
    assert "What changed since v1" in page
    assert "<ins>Spring.</ins>" in page
    assert "&quot;schema&quot;: 2" in page
    assert "<del>Welcome.</del>" in login.get(f"{versions}compare/", {"old": "1", "new": "2"}).content.decode()
    assert "<ins>Summer.</ins>" in login.get(f"{versions}compare/", {"old": "2", "new": "draft"}).content.decode()
    assert "They say the same." in login.get(f"{versions}compare/", {"old": "1", "new": "1"}).content.decode()
    for wrong in ({"old": "1"}, {"old": "9", "new": "1"}, {"old": "x", "new": "draft"}):
        assert login.get(f"{versions}compare/", wrong).status_code == 404
    assert login.get(f"{versions}9/").status_code == 404


def test_a_version_whose_sound_was_deleted_is_not_brought_back_until_the_file_is_there(
    login: Client, flow: CallFlow
) -> None:
    sound = make_sound(name="Jingle")
    Step.objects.create(flow=flow, kind="audio", name="Hold on", position=9, settings={"sound": sound.pk})
    publish(flow)
    flow.steps.filter(kind="audio").delete()
    publish(flow)
    sound.delete()
    silent = "Version 1 plays a sound file that was deleted: at step 4, Hold on, callers would hear nothing."
    page = send(login, f"{LIST}{flow.pk}/versions/1/back/").content.decode()
    assert silent in page
    with pytest.raises(CommandError, match=silent):
        call_command("flow_publish", flow.name, "--version-number", "1")
    assert content_of(flow).live_version == flow.versions.get(number=2)
    make_sound(name="Again")
    assert "Version 1 is heard again" in send(login, f"{LIST}{flow.pk}/versions/1/back/").content.decode()


def test_the_page_leads_to_its_calls_its_text_and_what_each_version_served(login: Client, flow: CallFlow) -> None:
    PhoneNumber.objects.create(msisdn=OURS, flow=flow)
    other = make_flow(name="Night")
    add_step(other, "goto")
    Branch.objects.create(step=other.steps.get(kind="goto"), on="next", then=Then.FLOW, to_flow=flow)
    version = publish(flow)
    call = make_call()
    Counted.objects.create(call=call.pk, quarter=0, outbound=False, version=version.pk, ending=1)
    page = login.get(page_of(flow)).content.decode()
    assert f'<a href="/?flow={flow.pk}">Its calls</a>' in page
    assert f'<a href="/?flow={flow.pk}v1">1 call</a>' in page
    assert f'Other flows lead here: <a href="/admin/calls/callflow/{other.pk}/change/">Night</a>.' in page
    kept = login.get(f"{LIST}{flow.pk}/text/")
    assert kept["Content-Disposition"] == f'attachment; filename="{slugify(flow.name)}.yaml"'
    assert text.read(kept.content).name == flow.name
    told = login.get(f"{LIST}{flow.pk}/versions/1/").content.decode()
    assert (
        "&quot;action&quot;: &quot;talk&quot;" in told.partition("up to the first question")[2].partition("</pre>")[0]
    )
