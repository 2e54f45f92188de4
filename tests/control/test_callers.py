"""Blocking a caller from wherever somebody sees them."""

import pytest

from calls.control.callers import block
from calls.control.refusals import Refused
from calls.flows.callers import Callers, load_all
from calls.models import Block, User
from tests.factories import CALLER, OURS, make_number


@pytest.mark.parametrize("from_", [CALLER, f" +{CALLER}", "sip:anna@example.com", "12345"])
def test_whoever_is_blocked_is_stopped(staff: User, from_: str) -> None:
    made = block(from_, by=staff, note="Robot")
    assert made.made_by == staff
    callers = Callers(load_all())
    found = callers.block_for(callers.find(from_))
    assert found is not None
    assert (found["id"], found["action"]) == (made.pk, "hang up")


def test_who_is_blocked_already_stays_as_they_are(staff: User) -> None:
    first = Block.objects.create(pattern=CALLER, action="voicemail", note="From before")
    assert block(f"+{CALLER}", by=staff) == first
    assert Block.objects.get().note == "From before"


@pytest.mark.parametrize(
    ("from_", "reason"),
    [
        ("", "This caller hides the number"),
        ("Unknown", "This caller hides the number"),
        ("Anna", "“Anna” is neither a number"),
        (OURS, "is one of our own numbers"),
        ("x" * 5000, "at most 255 characters"),
    ],
)
def test_whom_to_block_has_to_be_known(staff: User, from_: str, reason: str) -> None:
    make_number(OURS)
    with pytest.raises(Refused, match=reason):
        block(from_, by=staff)
    assert not Block.objects.exists()
