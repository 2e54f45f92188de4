"""What a flow says to somebody whom we call or move: as one who rang the number of ours in the call."""

import pytest
from pytest_django import Settings

from calls.control.said import by_flow
from calls.models import PhoneNumber
from tests.factories import CALLER, OURS, PERSON
from tests.flows.drafts import publish_flow

pytestmark = pytest.mark.django_db


def test_a_flow_speaks_and_rings_for_the_number_in_the_call(settings: Settings) -> None:
    settings.OUTBOUND_COUNTRIES = ["GB"]
    publish_flow(
        "Line",
        ("greeting", {"text": "This is {number.label}."}, {}),
        ("forward", {"targets": [{"type": "phone", "to": PERSON}]}, {}),
        number="",
    )
    PhoneNumber.objects.create(msisdn=OURS, label="Orders")
    _, said = by_flow("Line", ours=OURS, theirs=CALLER)
    assert said[0]["text"] == "This is Orders."
    assert said[-1]["from"] == OURS
