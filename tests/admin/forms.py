"""What a browser does with the admin's forms."""

from typing import Any

from django.contrib.auth.models import Permission
from django.test import Client

from calls.models import User

GREETING = {"text": "Thanks for calling.", "voice": "en-AU:3", "voice_old_name": ""}


def submit(browser: Client, address: str, fields: dict[str, Any]) -> Any:
    """Open a page and send its form with the token that the page brought."""
    assert browser.get(address).status_code == 200
    token = browser.cookies["csrftoken"].value
    return browser.post(address, {**fields, "csrfmiddlewaretoken": token})


def errors_of(response: Any) -> dict[str, list[str]]:
    """Give the reasons that stand at the fields of a page that came back."""
    assert response.status_code == 200, "the form was taken"
    form = response.context["adminform"].form
    return {name: [str(reason) for reason in found] for name, found in form.errors.items()}


def messages_of(browser: Client) -> list[str]:
    """Give what the next page tells at its top."""
    return [str(message) for message in browser.get("/admin/").context["messages"]]


def member_of_staff(*permissions: str) -> Client:
    """Log somebody in who may enter the admin, and there do only this: "change_phonenumber"."""
    person = User.objects.create_user(f"staff{User.objects.count()}", is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(person)
    return browser
