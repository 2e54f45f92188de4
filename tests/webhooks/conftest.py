"""Fixtures of the tests that post odd bodies."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from calls.models import Call

Render = Callable[[], None]


@pytest.fixture
def render(login: Client, api: Client) -> Render:
    """Open every page and every list of the API that shows what was kept: each must come with 200."""

    def open_all() -> None:
        pages = [reverse("calls"), reverse("loose-events"), *(call.get_absolute_url() for call in Call.objects.all())]
        lists = ["/api/calls/", "/api/events/", *(f"/api/calls/{call.pk}/" for call in Call.objects.all())]
        for browser, addresses in ((login, pages), (api, lists)):
            for address in addresses:
                response = browser.get(address)
                assert response.status_code == 200, (address, response.content)

    return open_all
