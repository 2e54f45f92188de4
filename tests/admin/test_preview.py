"""The preview that follows what somebody types: what Vonage would be told."""

import json
from typing import Any

import pytest
from django.test import Client

from calls.models import FlowVersion
from tests.admin.forms import GREETING, member_of_staff
from tests.factories import make_number

PREVIEW = "/admin/calls/phonenumber/preview/"


def ask(browser: Client, **fields: str) -> Any:
    browser.get("/admin/calls/phonenumber/")
    token = browser.cookies["csrftoken"].value
    return browser.post(PREVIEW, {**GREETING, **fields}, headers={"X-CSRFToken": token})


def test_the_ncco_is_shown_as_it_would_be_sent(login: Client) -> None:
    told = ask(login, text="Grüße.", voice="en-GB:1").json()
    assert json.loads(told["ncco"]) == [{"action": "talk", "text": "Grüße.", "language": "en-GB", "style": 1}]
    assert "Grüße." in told["ncco"]
    assert told["voice"] == "English (United Kingdom), style 1, female, was Emma"
    assert told["count"] == "6 of 1,500 characters"
    assert (told["problems"], told["warnings"], told["over"]) == ([], [], False)


def test_an_old_name_shows_its_voice(login: Client) -> None:
    assert json.loads(ask(login, voice_old_name="amy").json()["ncco"])[0]["language"] == "en-GB"


@pytest.mark.parametrize(
    ("fields", "problem", "count"),
    [
        ({"text": "x" * 1600}, "The text has 1,600 characters", "1,600 of 1,500 characters"),
        ({"text": "<speak>a<break></speak>"}, "The text opens <break>", "1 of 1,500 characters"),
        ({"text": ""}, "The text is empty", ""),
        ({"voice_old_name": "Rusell"}, "Did you mean Russell?", ""),
        ({"voice_premium": "on"}, "has no premium variant", ""),
    ],
)
def test_a_problem_is_told_before_it_is_saved(login: Client, fields: dict[str, str], problem: str, count: str) -> None:
    told = ask(login, **fields).json()
    assert len(told["problems"]) == 1
    assert problem in told["problems"][0]
    assert told["count"] == count
    assert told["over"] is ("1,600" in count)


def test_what_vonage_may_ignore_is_a_warning(login: Client) -> None:
    told = ask(login, text="<speak>a <blink>b</blink></speak>").json()
    assert told["problems"] == []
    assert "The text has the tag <blink>" in told["warnings"][0]


def test_characters_that_turn_text_around_are_shown_as_they_are_written(login: Client) -> None:
    told = ask(login, text="abc\u202edef").json()
    assert "abc\\u202edef" in told["ncco"]


def test_nothing_is_kept(login: Client) -> None:
    make_number()
    ask(login, text="Never saved.")
    assert FlowVersion.objects.count() == 1


def test_it_is_for_those_who_may_change_numbers(db: None) -> None:
    assert ask(member_of_staff("change_phonenumber", "view_phonenumber")).status_code == 200
    browser = member_of_staff("view_phonenumber")
    assert ask(browser).status_code == 403


def test_it_is_asked_with_post_and_the_pages_token(login: Client) -> None:
    assert login.get(PREVIEW).status_code == 405
    assert login.post(PREVIEW, GREETING).status_code == 403
    assert Client().post(PREVIEW, GREETING).status_code == 302
