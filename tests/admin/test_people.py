"""Users and API tokens in the admin: nobody becomes more than they are."""

import re

from django.contrib.auth.models import Group
from django.test import Client

from calls.models import ApiToken, User
from tests.admin.forms import errors_of, member_of_staff, submit

TOKENS = "/admin/calls/apitoken/"
NEW_PERSON = {"usable_password": "true", "password1": "a long password", "password2": "a long password"}


def read_token(browser: Client) -> str:
    found = re.search(r'<code class="secret">([\w-]{43})</code>', browser.get(TOKENS).content.decode())
    assert found, "no token is shown"
    return found[1]


def test_a_token_is_shown_once_and_works(login: Client, staff: User) -> None:
    response = submit(login, f"{TOKENS}add/", {"user": staff.pk, "label": "wallboard", "scopes": ["calls:read"]})
    assert response.status_code == 302
    plain = read_token(login)
    token = ApiToken.objects.get()
    assert (token.user, token.label, token.scopes) == (staff, "wallboard", ["calls:read"])
    assert ApiToken.objects.of_plain(plain) == token
    assert Client(headers={"Authorization": f"Token {plain}"}).get("/api/calls/").status_code == 200
    for address in (TOKENS, f"{TOKENS}{token.pk}/change/", f"{TOKENS}{token.pk}/history/"):
        page = login.get(address).content.decode()
        assert plain not in page
        assert token.digest not in page


def test_a_token_is_renamed_without_becoming_another_one(login: Client, staff: User) -> None:
    token, plain = ApiToken.objects.issue(staff, label="old")
    submit(login, f"{TOKENS}{token.pk}/change/", {"label": "new", "user": 999, "digest": "x"})
    token.refresh_from_db()
    assert (token.label, token.user) == ("new", staff)
    assert ApiToken.objects.of_plain(plain) == token


def test_an_unknown_scope_is_refused(login: Client, staff: User) -> None:
    response = submit(login, f"{TOKENS}add/", {"user": staff.pk, "label": "", "scopes": ["everything"]})
    assert list(errors_of(response)) == ["scopes"]


def test_staff_issue_and_see_tokens_of_their_own_alone(staff: User) -> None:
    theirs, _ = ApiToken.objects.issue(staff, label="of Sam")
    browser = member_of_staff("add_apitoken", "view_apitoken", "change_apitoken")
    me = User.objects.get(username__startswith="staff")
    refused = submit(browser, f"{TOKENS}add/", {"user": staff.pk, "label": "mine?"})
    assert list(errors_of(refused)) == ["user"]
    assert submit(browser, f"{TOKENS}add/", {"user": me.pk, "label": "mine"}).status_code == 302
    assert "of Sam" not in browser.get(TOKENS).content.decode()
    assert browser.get(f"{TOKENS}{theirs.pk}/change/").status_code == 302


def test_a_person_and_a_group_are_added(login: Client) -> None:
    assert submit(login, "/admin/calls/user/add/", {"username": "olga", **NEW_PERSON}).status_code == 302
    assert User.objects.get(username="olga").check_password("a long password")
    assert submit(login, "/admin/auth/group/add/", {"name": "Operators"}).status_code == 302
    assert Group.objects.get().name == "Operators"


def test_staff_who_may_change_users_cannot_raise_anybody(staff: User) -> None:
    browser = member_of_staff("change_user", "view_user", "delete_user")
    me = User.objects.get(username__startswith="staff")
    fields = {"username": me.username, "is_active": "on", "is_staff": "on", "is_superuser": "on", "groups": []}
    dates = {"date_joined_0": "2026-11-23", "date_joined_1": "12:00:00"}
    submit(browser, f"/admin/calls/user/{me.pk}/change/", fields | dates)
    me.refresh_from_db()
    assert not me.is_superuser
    assert me.user_permissions.count() == 3


def test_staff_cannot_change_or_delete_a_superuser(staff: User) -> None:
    browser = member_of_staff("change_user", "view_user", "delete_user")
    address = f"/admin/calls/user/{staff.pk}"
    assert b'name="_save"' not in browser.get(f"{address}/change/").content
    assert browser.get(f"{address}/password/").status_code == 403
    assert browser.get(f"{address}/delete/").status_code == 403
