"""The step that plays a sound: what is wrong with it, what goes into the program, what Vonage is told."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from pytest_django import DjangoAssertNumQueries, Settings

from calls.flows.compile import compile_draft
from calls.flows.publish import publish
from calls.flows.routing import directory
from calls.flows.steps import Audio
from calls.flows.steps.kind import Facts, SoundFile
from calls.models import CallFlow, PhoneNumber, Step
from tests.conftest import Get
from tests.factories import OURS
from tests.sounds import make_sound, wav

pytestmark = pytest.mark.django_db
KNOWN = Facts(sounds={7: SoundFile("Jingle", "/sounds/abc.wav", ("It has 44.1 kHz.",))})
URL = "https://example.com/jingle.mp3"


def make_flow(*steps: dict[str, Any]) -> CallFlow:
    """Give a flow of audio steps, with a number."""
    flow = CallFlow.objects.create(name="Orders")
    for position, settings in enumerate(steps, start=1):
        Step.objects.create(flow=flow, kind="audio", position=position, settings=settings)
    PhoneNumber.objects.create(msisdn=OURS, flow=flow)
    return flow


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (Audio(), "It plays nothing. Choose a sound file, or give the address of one."),
        (Audio(sound=7, url=URL), "It has a sound file and an address, and can play one of them."),
        (Audio(sound=8), "The sound file that it played is gone. Choose another one."),
        (Audio(url="ftp://example.com/a.mp3"), "streamUrl"),
        (Audio(url="jingle.mp3"), "streamUrl"),
        (Audio(sound=7, level=2), "level"),
        (Audio(sound=7, loop=0), "played for ever never lets the caller go on"),
        (Audio(sound=7, loop=-1), "loop"),
    ],
)
def test_what_cannot_be_played_is_not_published(step: Audio, reason: str) -> None:
    (problem,) = step.problems(KNOWN)
    assert reason in problem


@pytest.mark.parametrize("step", [Audio(sound=7), Audio(url=URL), Audio(url="http://example.com/a.wav", level=-0.5)])
def test_one_of_both_is_played(step: Audio) -> None:
    assert step.problems(KNOWN) == []


def test_a_sound_that_does_not_suit_a_telephone_is_a_warning() -> None:
    assert Audio(sound=7).warnings(KNOWN) == ["“Jingle”: It has 44.1 kHz."]
    assert Audio(url=URL).warnings(KNOWN) == []


def test_vonage_is_told_where_each_sound_is(get_answer: Get, settings: Settings) -> None:
    settings.BASE_URL = "https://calls.example.com"
    first, second = make_sound(), make_sound("Other", wav(seed=1, rate=44_100))
    publish(make_flow({"sound": first.pk, "loop": 2, "level": 0.5}, {"url": URL}, {"sound": second.pk, "url": ""}))
    assert get_answer({"to": OURS, "from": "447700900123", "uuid": "a1"}).json() == [
        {"action": "stream", "streamUrl": [f"https://calls.example.com{first.path}"], "level": 0.5, "loop": 2},
        {"action": "stream", "streamUrl": [URL]},
        {"action": "stream", "streamUrl": [f"https://calls.example.com{second.path}"]},
    ]


def test_no_query_is_made_for_a_caller(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    publish(make_flow({"sound": make_sound().pk}))
    directory.look()
    with django_assert_num_queries(0):
        assert directory.answer(OURS).ncco[0]["action"] == "stream"


def test_a_sound_that_is_gone_keeps_the_draft_from_being_published() -> None:
    flow = make_flow({"sound": 4711}, {"sound": ["no", "id"]})
    with pytest.raises(ValidationError, match="The sound file that it played is gone"):
        publish(flow)


def test_sounds_are_looked_up_at_once(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    def cost(flow: CallFlow) -> int:
        with django_assert_num_queries(99, exact=False) as seen:  # type: ignore[call-arg]
            compile_draft(flow)
        return len(seen)

    flow = make_flow({"sound": make_sound().pk})
    before = cost(flow)
    Step.objects.create(flow=flow, kind="audio", settings={"sound": make_sound("Other", wav(seed=1)).pk})
    assert cost(flow) == before


def test_what_it_plays_is_said_in_lists() -> None:
    assert Audio(sound=7).title == "plays a sound file"
    assert Audio(url=URL).title == f"plays {URL}"
    assert Audio().title == "plays nothing yet"
    assert len(Audio(url=URL + "x" * 100).title) < 70
