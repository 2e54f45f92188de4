"""The local Vonage that rings what tests publish."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from calls.emulator.application import Application
from calls.emulator.clock import AT_ONCE, Clock
from calls.emulator.platform import Platform
from calls.emulator.ring import play
from calls.emulator.scenario import read
from calls.models import Call
from tests.emulator.keys import APPLICATION_ID, key_pair
from tests.factories import CALLER, OURS
from tests.settings import KNOWN

SECRET = KNOWN["VONAGE_SIGNATURE_SECRET"]
Ring = Callable[..., Call]


@pytest.fixture
def ring(live_server: LiveServer, settings: Settings) -> Ring:
    """Ring our number as a scenario says, with all that it expects; give the call as it was kept."""
    settings.BASE_URL = live_server.url
    ours = Application(
        application_id=APPLICATION_ID,
        public_key=key_pair("first")[1],
        numbers=(OURS,),
        secret=SECRET,
        answer_url=f"{live_server.url}/answer",
        event_url=f"{live_server.url}/event",
        fallback_url=f"{live_server.url}/fallback",
    )

    async def rung(scenario: dict[str, Any]) -> list[str]:
        wanted = read({"to": OURS, "from": CALLER, **scenario}, "scenario")
        async with Platform([ours], clock=Clock(AT_ONCE), callees=wanted.called(), seed=1) as platform:
            outcome = await play(wanted, ours, platform)
        return [*outcome.failures, *outcome.findings]

    def ring(*, suffers: str = "the reply took", **scenario: Any) -> Call:
        """`suffers` is what may be found wrong: on a busy machine replies take long."""
        assert [one for one in asyncio.run(rung(scenario)) if suffers not in one] == []
        return Call.objects.get()

    return ring
