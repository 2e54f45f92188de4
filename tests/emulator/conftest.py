"""A local Vonage for tests: `local_vonage.ring()` rings a voice application, with the faults that a test wants."""

import asyncio
import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command

from calls.emulator.application import Application
from calls.emulator.clock import AT_ONCE, Clock
from calls.emulator.faults import NONE, Faults
from calls.emulator.platform import Platform
from calls.emulator.ring import Outcome, play
from calls.emulator.scenario import read
from calls.emulator.trace import Happening
from tests.emulator.voice_application import VoiceApplication

Typed = Callable[..., tuple[int, list[str], list[str]]]


@dataclass
class LocalVonage:
    """Rings from tests that are not asynchronous; each call has a platform of its own."""

    faults: Faults = NONE
    speed: float = AT_ONCE
    happenings: list[Happening] = field(default_factory=list)  # of the last call

    def ring(self, voice: VoiceApplication, scenario: dict[str, Any] | None = None, **options: Any) -> Outcome:
        """Serve an application of the tests, and ring it. `options` are those of Application."""

        async def rung() -> Outcome:
            async with voice.serving():
                return await self.rung(voice.application(**options), scenario)

        return asyncio.run(rung())

    async def rung(self, application: Application, scenario: dict[str, Any] | None = None) -> Outcome:
        """Ring an application that is served elsewhere."""
        wanted = read(scenario or {}, "scenario")
        async with self.platform(application, scenario) as platform:
            return await play(wanted, application, platform)

    def platform(self, application: Application, scenario: dict[str, Any] | None = None) -> Platform:
        """Make a platform for a scenario."""
        wanted = read(scenario or {}, "scenario")
        clock, faults = Clock(self.speed, start=wanted.at, waits=True), wanted.with_faults(self.faults)
        platform = Platform([application], clock=clock, callees=wanted.called(), seed=1, faults=faults)
        self.happenings = []
        platform.trace.watchers.append(self.happenings.append)
        return platform


@pytest.fixture
def faults() -> Faults:
    """None, unless a test is parametrized with others under this name."""
    return NONE


@pytest.fixture
def local_vonage(faults: Faults) -> LocalVonage:
    """A platform on which time jumps."""
    return LocalVonage(faults)


@pytest.fixture
def voice() -> VoiceApplication:
    """An application that greets its callers; a test gives it other `routes`."""
    return VoiceApplication()


@contextmanager
def serving(voice: VoiceApplication) -> Iterator[VoiceApplication]:
    """Serve in a thread: the command runs an event loop of its own."""
    begun, loop = threading.Event(), asyncio.new_event_loop()

    async def serve() -> None:
        async with voice.serving():
            stop = asyncio.Event()
            voice.stop = lambda: loop.call_soon_threadsafe(stop.set)
            begun.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert begun.wait(10)
    try:
        yield voice
    finally:
        voice.stop()
        thread.join(10)
        loop.close()


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Run `manage.py ring …` against an application: exit code, lines on stdout and on stderr."""

    def run(voice: VoiceApplication, *arguments: str) -> tuple[int, list[str], list[str]]:
        out, err = io.StringIO(), io.StringIO()
        code: Any = 0
        with serving(voice):
            monkeypatch.setattr(settings, "BASE_URL", voice.base)
            try:
                call_command("ring", "--speed", "1000", *arguments, stdout=out, stderr=err)
            except SystemExit as end:
                code = end.code
        return code, out.getvalue().splitlines(), err.getvalue().splitlines()

    return run
