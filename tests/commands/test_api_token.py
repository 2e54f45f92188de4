"""manage.py api_token: a token for a program, printed so that a script can take it."""

import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from calls.models import ApiToken, User


def issue(*words: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("api_token", *words, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_the_token_alone_is_on_stdout_and_lets_a_program_in(staff: User) -> None:
    out, err = issue("sam", "--label", "wallboard")
    assert re.fullmatch(r"[\w-]{43}\n", out)
    assert Client(headers={"Authorization": f"Token {out.strip()}"}).get("/api/calls/").status_code == 200
    assert out.strip() not in err
    assert err == "This is the only time that wallboard of sam is shown. It may: all that sam may do.\n"


def test_each_call_issues_another_token(staff: User) -> None:
    assert issue("sam")[0] != issue("sam")[0]
    assert ApiToken.objects.count() == 2


def test_a_token_can_be_held_to_a_scope(staff: User) -> None:
    _, err = issue("sam", "--scope", "calls:read", "--scope", "calls:read")
    assert ApiToken.objects.get().scopes == ["calls:read"]
    assert "It may: calls:read." in err


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["nobody"], "There is no user “nobody”. `manage.py createsuperuser` makes one."),
        (["gone"], "“gone” may not log in, so a token would open nothing."),
        (["sam", "--scope", "everything"], "invalid choice: 'everything'"),
        (["sam", "--label", "x" * 65], "at most 64 characters"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(staff: User, words: list[str], reason: str) -> None:
    User.objects.create_user("gone", is_active=False)
    with pytest.raises(CommandError) as refused:
        issue(*words)
    assert reason in str(refused.value)
    assert not ApiToken.objects.exists()
