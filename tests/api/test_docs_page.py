"""GET /api/docs/: the description of the API for people, from this server alone."""

import json
import re

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db
PAGE, SWAGGER = "/api/docs/", "/api/docs/swagger/"


def test_a_stranger_is_led_to_the_login() -> None:
    for address in (PAGE, SWAGGER, f"{SWAGGER}?script="):
        assert Client().get(address).headers["Location"].startswith("/login/")


def test_the_page_shows_each_operation_that_the_schema_has(login: Client) -> None:
    page = login.get(PAGE).content.decode()
    schema = json.loads(login.get("/api/schema/", headers={"Accept": "application/json"}).content)
    operations = [(verb.upper(), path) for path, verbs in schema["paths"].items() for verb in verbs]
    shown = re.findall(r'op-verb [^>]+>(\w+)</span>\s*<span class="mono op-path">([^<]+)<', page)
    assert shown == operations
    for words in (
        "audio/mpeg&#x27; --data-binary @file",
        "/api/sounds/?name=…",
        "If-Match",
        "A name, a part of a number, a tag, or words of a note.",
    ):
        assert words in page


@pytest.mark.parametrize("address", [PAGE, SWAGGER])
def test_the_page_runs_nothing_inline_and_fetches_nothing_from_elsewhere(login: Client, address: str) -> None:
    response = login.get(address)
    page = response.content.decode()
    assert "default-src 'self'" in response["Content-Security-Policy"]
    assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []
    assert re.findall(r'\b(?:style|on\w+)="', page) == []
    assert re.findall(r'(?:src|href)="(?:https?:)?//', page) == []
