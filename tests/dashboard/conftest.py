"""Calls that tests of the list begin with."""

from collections.abc import Callable

import pytest

from calls.models import Call, CallEvent
from calls.records import search
from tests.factories import make_call


@pytest.fixture
def write() -> Callable[[], None]:
    """Let the worker write what calls are found by."""
    return lambda: search.write(list(Call.objects.values_list("pk", flat=True)))


@pytest.fixture
def kinds(db: None) -> dict[str, Call]:
    """A call of each kind."""
    make = {
        "answered": make_call(seconds=8),
        "long": make_call(seconds=400),
        "missed": make_call("started", "ringing", "timeout"),
        "busy": make_call("started", "busy"),
        "gave up": make_call("started", "ringing", "cancelled"),
        "declined": make_call("started", "rejected", direction="outbound", detail="declined"),
        "restricted": make_call("started", "rejected", direction="outbound", detail="restricted"),
        "refused": make_call("started", "rejected", direction="outbound", sip_code=503),
        "stopped": make_call("started", "ringing", "cancelled", direction="outbound"),
        "failed": make_call("started", "failed"),
        "voicemail": make_call(extra=[{"recording_url": "https://api.nexmo.com/v1/files/x"}]),
        "lasting": make_call("started", "ringing"),
    }
    CallEvent.objects.filter(call=make["busy"], status="busy").update(signed=False)
    return make
