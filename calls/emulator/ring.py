"""Ringing a number of an application once, on a platform of its own, and judging what came of it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from calls.emulator.application import Application
from calls.emulator.clock import Clock
from calls.emulator.expectations import Told
from calls.emulator.legs import Leg
from calls.emulator.people import Person
from calls.emulator.platform import Platform
from calls.emulator.scenario import Scenario
from calls.emulator.trace import Happening, Watcher


@dataclass(frozen=True)
class Outcome:
    """What came of a call: faults found in the application, and expectations that did not hold, a sentence each."""

    findings: Sequence[str]
    failures: Sequence[str]
    leg: Leg

    def as_json(self) -> dict[str, Any]:
        """For programs: the last line of a trace."""
        return {"kind": "outcome", "findings": list(self.findings), "failures": list(self.failures)}

    @property
    def is_good(self) -> bool:
        return not self.findings and not self.failures


@dataclass(eq=False)  # two of one platform may have seen the same
class Witness:
    """Notes what happens in a call, from its ringing to its end, and nothing of other calls of the platform."""

    happenings: list[Happening] = field(default_factory=list)
    legs: set[str] = field(default_factory=set)
    conversations: set[str] = field(default_factory=set)

    def __call__(self, happening: Happening) -> None:
        if self.concerns(happening.leg, happening.conversation):
            self.happenings.append(happening)

    def follow(self, leg: Leg) -> None:
        """Whoever comes into a conversation that the caller is in belongs to the call."""
        self.legs.add(leg.uuid)
        self.conversations.add(leg.conversation.uuid)

    def concerns(self, leg: str, conversation: str) -> bool:
        """Whether something is of this call. What names neither may be."""
        if leg in self.legs or conversation in self.conversations:
            self.legs.add(leg)
            self.conversations.add(conversation)
            self.legs.discard("")
            self.conversations.discard("")
            return True
        return not leg and not conversation

    @property
    def findings(self) -> list[str]:
        """The faults of the application that this call met, a sentence each."""
        return list(dict.fromkeys(one.words for one in self.happenings if one.kind == "finding"))

    def told(self, leg: Leg) -> Told:
        """What expectations are judged by, once the call is over."""
        by = "caller" if leg.ended.done() and leg.ended.result() == "user" else "platform"
        lasted = ((leg.ended_at or leg.platform.clock.now()) - leg.started_at).total_seconds()
        events: list[dict[str, Any]] = [
            dict(one.data["fields"])
            for one in self.happenings
            if one.kind == "webhook" and one.data.get("door") == "event"
        ]
        return Told(self.happenings, leg.uuid, events, by, lasted, leg.status)


async def play(
    scenario: Scenario,
    application: Application,
    platform: Platform,
    *,
    begun: Callable[[Leg, "Witness"], None] | None = None,
) -> Outcome:
    """Let the caller of a scenario ring, and judge the call when it is over. `begun` is told when there is a leg.

    Cancelled, the call is ended properly, as by the caller.
    """
    witness = Witness()
    platform.trace.watchers.append(witness)
    person = scenario.caller()
    extras = dict(scenario.answer_fields)
    leg = platform.ring(application, to=scenario.to, caller=scenario.endpoint(), person=person, extras=extras)
    witness.follow(leg)
    if begun:
        begun(leg, witness)
    try:
        await asyncio.shield(leg.ended)
    except asyncio.CancelledError:
        leg.hang_up("user")
        platform.post.hurry()
        raise
    finally:
        await platform.post.settle(witness.concerns)
        platform.trace.watchers.remove(witness)
    told = witness.told(leg)
    failures = [sentence for one in scenario.expect if (sentence := one.failure(told))]
    if person.waits_for:
        failures.append(f"The caller was to {person.waits_for}, but the call never listened for it.")
    elif (step := person.left) and told.ended_by == "platform":
        failures.append(f"The call was over before the caller came to {step.words}.")
    return Outcome(witness.findings, failures, leg)


async def ring(
    application: Application,
    *,
    to: str,
    from_: str,
    watch: Watcher,
    person: Person | None = None,
    hangup_after: float | None = None,
    speed: float = 1.0,
    report: Callable[[str], None] = lambda finding: None,
) -> list[str]:
    """Play one call, and give the faults that were found in the application, a sentence each; `report` hears of
    each when it is met.

    Numbers are E.164 without the "+"; `from_` may also be a word such as "anonymous". The caller hangs up
    `hangup_after` seconds after dialling, by the call's own clock, which runs `speed` times faster than ours
    while nothing but waiting goes on.
    """

    def listen(happening: Happening) -> None:
        if happening.kind == "finding":
            report(happening.words)

    steps = person.steps if person else ()
    scenario = Scenario(to=to, from_=from_, steps=steps, hangup_after=hangup_after)
    async with Platform([application], clock=Clock(speed)) as platform:
        platform.trace.watchers += [watch, listen]
        return list((await play(scenario, application, platform)).findings)
