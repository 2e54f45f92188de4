"""Sound files in the admin: brought, heard, told of what is wrong with them, and who plays them."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from calls.models import CallFlow, Sound, Step, User
from calls.models.sounds import MOST_BYTES
from tests.admin.forms import errors_of, member_of_staff, messages_of, submit
from tests.sounds import make_sound, mp3, wav

LIST, ADD = "/admin/calls/sound/", "/admin/calls/sound/add/"


def bring(browser: Client, data: bytes, *, called: str = "welcome.wav", name: str = "") -> Any:
    return submit(browser, ADD, {"upload": SimpleUploadedFile(called, data), "name": name})


def page_of(sound: Sound) -> str:
    return f"{LIST}{sound.pk}/change/"


def test_a_sound_is_brought_and_heard(login: Client, staff: User) -> None:
    assert bring(login, wav(2.0), name="Welcome").status_code == 302
    sound = Sound.objects.get()
    assert (sound.name, sound.seconds, sound.made_by) == ("Welcome", 2.0, staff)
    page = login.get(LIST).content.decode()
    assert f'<audio controls preload="none" src="{sound.path}" aria-label="Play Welcome"></audio>' in page
    for words in ("2 s", "WAV, 32 kB", "8 kHz mono"):
        assert words in page
    assert login.head(sound.path).status_code == 200


def test_without_a_name_it_is_called_as_its_file(login: Client) -> None:
    bring(login, mp3(), called="../../Hold music.final.mp3")
    assert Sound.objects.get().name == "Hold music.final"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<html>", "This is neither an MP3 nor a WAV file, whatever its name says."),
        (b"", "The file is empty."),
        (b"OggS" + bytes(100), "This is an Ogg file"),
        (wav() + bytes(MOST_BYTES), "The file has 10.0 MB, and a sound may have 10. Cut it"),
        (wav(seed=7), "This very sound is here already, as “Jingle”."),
    ],
)
def test_what_is_no_sound_is_refused_at_its_field(login: Client, data: bytes, reason: str) -> None:
    make_sound("Jingle", wav(seed=7))
    errors = errors_of(bring(login, data))
    assert list(errors) == ["upload"]
    assert reason in errors["upload"][0]
    assert Sound.objects.count() == 1


def test_a_file_is_asked_for(login: Client) -> None:
    errors = errors_of(submit(login, ADD, {"name": "Nothing"}))
    assert errors == {"upload": ["No file is chosen. Choose an MP3 or WAV file."]}


def test_what_does_not_suit_a_telephone_is_kept_with_a_warning(login: Client) -> None:
    assert bring(login, wav(rate=44_100, channels=2)).status_code == 302
    (warning,) = [message for message in messages_of(login) if "telephone" in message]
    assert "44.1 kHz and two channels" in warning
    assert "44.1 kHz and two channels" in login.get(page_of(Sound.objects.get())).content.decode()


def test_only_the_name_can_be_changed(login: Client) -> None:
    sound = make_sound("Welcome")
    submit(login, page_of(sound), {"name": "Good day", "digest": "0", "seconds": "9"})
    again = Sound.objects.get()
    assert (again.name, again.digest, again.seconds) == ("Good day", sound.digest, sound.seconds)


@pytest.mark.parametrize("count", [1, 12])
def test_the_list_says_how_many_flows_play_it(
    login: Client, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    sounds = [make_sound(f"Sound {serial}", wav(seed=serial)) for serial in range(count)]
    for flow in (CallFlow.objects.create(name=f"Flow {serial}") for serial in range(2)):
        for _ in range(2):
            Step.objects.create(flow=flow, kind="greeting", settings={"sound": sounds[0].pk})
        Step.objects.create(flow=flow, kind="greeting", settings={"sound": None, "url": "https://example.com"})
    with django_assert_num_queries(5):  # session, user, steps, count, sounds
        page = login.get(LIST).content.decode()
    assert page.count("in 2 flows") == 1


def test_one_that_a_step_plays_stays_and_the_steps_are_named(login: Client) -> None:
    used, unused = make_sound("Jingle"), make_sound("Bell", wav(seed=1))
    step = Step.objects.create(
        flow=CallFlow.objects.create(name="Orders"), kind="greeting", settings={"sound": used.pk}
    )
    address = f"{LIST}{used.pk}/delete/"
    assert f"Jingle, played by Orders: {step}" in login.get(address).content.decode()
    assert f"Orders: {step}" in login.get(page_of(used)).content.decode()
    both = {"action": "delete_selected", "_selected_action": [used.pk, unused.pk], "post": "yes"}
    for response in (submit(login, address, {"post": "yes"}), submit(login, LIST, both)):
        assert response.status_code == 200
        assert Sound.objects.count() == 2
    step.delete()
    assert submit(login, LIST, both).status_code == 302
    assert not Sound.objects.exists()


def test_it_is_for_those_who_may(db: None) -> None:
    sound = make_sound()
    browser = member_of_staff("view_sound")
    assert browser.get(page_of(sound)).status_code == 200
    assert browser.get(ADD).status_code == 403
    assert submit(browser, page_of(sound), {"name": "Mine"}).status_code == 403
    assert member_of_staff("view_call").get(LIST).status_code == 403
