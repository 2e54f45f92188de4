"""manage.py prune: lets go of what the settings say, and says what that was."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from calls.models import Call, CallEvent
from tests.factories import keep, make_call

pytestmark = pytest.mark.django_db


def prune(*words: str) -> str:
    out = StringIO()
    call_command("prune", *words, stdout=out)
    return out.getvalue()


@pytest.fixture
def old() -> None:
    """A call, one without an end and an event without a call, all of twenty days ago; and a call of now."""
    make_call()
    make_call("started")
    keep({"hello": "world"})
    CallEvent.objects.update(received_at=timezone.now() - timedelta(days=20))
    make_call()


@pytest.mark.usefixtures("old")
def test_nothing_goes_unless_told() -> None:
    assert prune() == "PAYLOAD_DAYS and CALL_DAYS are 0: everything is kept for ever.\n"
    assert CallEvent.objects.exclude(payload={}).count() == 10


@pytest.mark.usefixtures("old")
def test_it_says_what_it_did(settings: Settings) -> None:
    settings.CALL_DAYS, settings.PAYLOAD_DAYS = 10, 5
    would = "PAYLOAD_DAYS=5 and CALL_DAYS=10.\nWould be done: {}1 event without a call deleted.\n"
    assert prune("--dry-run") == would.format("1 call deleted, 4 events deleted, ")
    assert Call.objects.count() == 3
    assert prune().startswith(
        "Closed 1 call whose end was never told.\nPAYLOAD_DAYS=5 and CALL_DAYS=10.\nDone: 1 call "
    )
    assert set(Call.objects.values_list("outcome", flat=True)) == {"answered", "end unknown"}
    assert prune() == "PAYLOAD_DAYS=5 and CALL_DAYS=10.\nDone: nothing.\n"
