"""`manage.py ring`: the local Vonage rings a number. It needs no database."""

import asyncio
import json
import signal
import sys
from argparse import Action, ArgumentParser, Namespace
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from django.core.management.base import BaseCommand, CommandError

from calls.emulator import load, scenario, through
from calls.emulator.application import Application
from calls.emulator.clock import Clock
from calls.emulator.expectations import said
from calls.emulator.people import Person, Press, Say, Wait
from calls.emulator.platform import Platform
from calls.emulator.reading import BadFile
from calls.emulator.ring import play
from calls.emulator.scenario import Scenario
from calls.emulator.trace import Happening, lines
from calls.management import vonage

T = TypeVar("T")

# Options that a local Vonage which rings in our place has itself.
NOT_PASSED_ON = [*vonage.FIELDS, "seed"]


async def ended_by_sigterm(doing: Coroutine[Any, Any, T]) -> T:
    """Do it, and let SIGTERM cancel it as SIGINT does: so calls are ended properly. Raises CancelledError then."""
    doer = asyncio.current_task()
    with suppress(ValueError, RuntimeError):  # only the main thread takes signals
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, doer.cancel)  # type: ignore[union-attr]
    return await doing


class AddStep(Action):
    """Keep what the caller does in the order in which it was given."""

    def __call__(self, parser: ArgumentParser, namespace: Namespace, values: Any, option_string: Any = None) -> None:
        kind = {"press": Press, "say": Say, "wait": Wait}[self.dest]
        step = kind(values)
        namespace.steps = [*(namespace.steps or []), step]


class Command(BaseCommand):
    help = (
        "Ring a number as Vonage would: send the webhooks of a call, play the NCCO that comes back, print the trace. "
        "Exits with 1, and says why, when a reply is one that Vonage or a caller would suffer from, or when something "
        "that was expected did not come about; with 130 or 143 when it was interrupted or told to end."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("scenarios", nargs="*", type=Path, help="scenario files (docs/local-vonage.md)")
        parser.add_argument("--to", type=scenario.number, help=f"number called ({scenario.TO})")
        parser.add_argument("--from", type=scenario.number, help=f"caller ({scenario.FROM})")
        parser.add_argument("--press", type=vonage.pressed, action=AddStep, help="press keys when the call listens")
        parser.add_argument("--say", action=AddStep, help="say something when the call listens")
        parser.add_argument("--wait", type=vonage.seconds, action=AddStep, help="wait so many seconds")
        parser.add_argument(
            "--hangup-after", type=vonage.seconds, help="the caller hangs up so long after dialling, in seconds"
        )
        parser.add_argument(
            "--expect", action="append", default=[], help="what the caller has to hear, a part of it; can be repeated"
        )
        parser.add_argument("--count", type=vonage.count, default=1, help="calls, one after another unless --rate (1)")
        parser.add_argument("--rate", type=vonage.rate, help="calls that begin each second: ends with a latency table")
        parser.add_argument("--quiet", action="store_true", help="no trace; what is wrong is still said")
        parser.add_argument("--json", action="store_true", help="the trace as a JSON object each line")
        parser.set_defaults(steps=[])
        vonage.add_application(parser)
        parser.add_argument("--through", type=vonage.http_url, help="a local Vonage that runs, and rings in our place")
        parser.add_argument("--trust", type=Path, help="its certificate, where it serves https")
        vonage.add_platform(parser)
        vonage.add_faults(parser)

    def handle(self, *, count: int, rate: float | None, **options: Any) -> None:
        self.said: set[str] = set()
        self.progress = ""
        try:
            application = vonage.application(options)
            wanted = self.read(options)
            if options["through"]:
                wanted = self.passed_on(wanted, options, rate=rate)
            if rate:
                good = self.load(wanted, application, options, count=count, rate=rate)
            else:
                good = self.ring_all([one for one in wanted for _ in range(count)], application, options)
        except (BadFile, through.NotThrough) as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            sys.exit(128 + signal.SIGINT)  # as a shell says it
        except asyncio.CancelledError:
            sys.exit(128 + signal.SIGTERM)
        if not good:
            sys.exit(1)

    def read(self, options: dict[str, Any]) -> list[Scenario]:
        """Give the scenarios of the files, or one; the options win, and add their steps and expectations."""
        found = [scenario.load(path) for path in options["scenarios"]] or [Scenario()]
        given = {"to": options["to"], "from_": options["from"], "hangup_after": options["hangup_after"]}
        given = {name: value for name, value in given.items() if value is not None}
        steps = tuple(options["steps"])
        expected = tuple(said(fragment, "--expect") for fragment in options["expect"])
        return [replace(one, **given, steps=one.steps + steps, expect=one.expect + expected) for one in found]

    def passed_on(self, wanted: Sequence[Scenario], options: dict[str, Any], *, rate: float | None) -> list[Scenario]:
        """Give scenarios that say all of the options which a platform elsewhere can do. Raises CommandError for others:
        they would be left undone in silence.
        """
        usual = self.create_parser("manage.py", "ring").get_default
        refused = [name for name in NOT_PASSED_ON if options[name] != usual(name)] + (["rate"] if rate else [])
        if refused:
            named = ", ".join(f"--{name.replace('_', '-')}" for name in refused)
            raise CommandError(f"{options['through']} has an application of its own: leave out {named}.")
        is_told = options["callee"] != usual("callee")
        everybody = {scenario.EVERYBODY: Person(answer=options["callee"])} if is_told else {}
        faults = vonage.given_faults(options)
        return [
            replace(
                one,
                at=options["at"] or one.at,
                callees=everybody | dict(one.callees),
                faults=faults | dict(one.faults),
            )
            for one in wanted
        ]

    def ring_all(self, wanted: Sequence[Scenario], application: Application, options: dict[str, Any]) -> bool:
        """Ring one after another, each on a platform of its own. Says whether all went well."""
        bad = 0
        for one in wanted:
            if len(options["scenarios"]) > 1 and not options["json"]:
                self._write(f"{one.name}:")
            if options["through"]:
                bad += not asyncio.run(ended_by_sigterm(self.ring_through(one, options)))
            else:
                bad += not asyncio.run(ended_by_sigterm(self.ring(one, application, options)))
        if bad and len(wanted) > 1:
            self.stderr.write(f"{bad} of {len(wanted)} calls went wrong.")
        return not bad

    def platform(self, wanted: Scenario, application: Application, options: dict[str, Any]) -> Platform:
        """Make the platform on which a scenario is played."""
        return Platform(
            [application],
            clock=Clock(options["speed"], start=options["at"] or wanted.at),
            callees=wanted.called(Person(answer=options["callee"])),
            seed=options["seed"],
            faults=wanted.with_faults(vonage.faults(options)),
        )

    async def ring(self, wanted: Scenario, application: Application, options: dict[str, Any]) -> bool:
        """Ring once. Says whether all went well."""
        async with self.platform(wanted, application, options) as platform:
            platform.trace.watchers += [self.tracer(options), self.report]
            outcome = await play(wanted, application, platform)
        if options["json"]:
            self._write(json.dumps(outcome.as_json()))
        self.blame(wanted, outcome.failures)
        return outcome.is_good

    async def ring_through(self, wanted: Scenario, options: dict[str, Any]) -> bool:
        """Let a local Vonage that runs elsewhere ring. Its application is its own."""
        trace, outcome = self.tracer(options), {}
        speed = options["speed"] if options["speed"] != 1 else None
        async for told in through.told_by(options["through"], wanted, speed=speed, certificate=options["trust"]):
            if options["json"]:
                self._write(json.dumps(told))
            if told["kind"] == "outcome":
                outcome = told
            else:
                happening = Happening.from_json(told)
                if not options["json"]:
                    trace(happening)
                self.report(happening)
        self.blame(wanted, outcome["failures"])
        return not outcome["findings"] and not outcome["failures"]

    def blame(self, wanted: Scenario, failures: Sequence[str]) -> None:
        """Say which expectations did not hold."""
        for failure in failures:
            self.stderr.write(f"{wanted.name}: {failure}" if wanted.name else failure)

    def load(
        self,
        wanted: Sequence[Scenario],
        application: Application,
        options: dict[str, Any],
        *,
        count: int,
        rate: float,
    ) -> bool:
        """Ring many at a time, and say how fast the application was."""
        show = (lambda words: None) if options["quiet"] or options["json"] else self._progress
        report = load.Report()
        calls = load.run(
            wanted,
            application,
            report,
            count=count,
            rate=rate,
            platform=lambda one: self.platform(one, application, options),
            progress=show,
        )
        try:
            asyncio.run(ended_by_sigterm(calls))
        finally:
            if self.progress:
                self.stderr.write("" if self.stderr.isatty() else self.progress, style_func=str)
            self._write(json.dumps(report.as_json()) if options["json"] else report.table())
        for finding in report.findings:
            self.stderr.write(finding)
        return report.is_good

    def tracer(self, options: dict[str, Any]) -> Any:
        """Give what shows the trace: for people, for programs, or not at all."""
        if options["json"]:
            return lambda happening: self._write(json.dumps(happening.as_json(), default=str))
        if options["quiet"]:
            return lambda happening: None
        return lines(self._write, detailed=options["verbosity"] > 1, webhooks=options["verbosity"] > 2)

    def report(self, happening: Happening) -> None:
        """Say what is wrong when it is met, once also when later calls meet it again."""
        if happening.kind == "finding" and happening.words not in self.said:
            self.said.add(happening.words)
            self.stderr.write(happening.words)
            self.stderr.flush()

    def _write(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def _progress(self, words: str) -> None:
        """Move the bar. Where nobody watches it, as in CI, its end is enough."""
        self.progress = words
        if self.stderr.isatty():
            self.stderr.write(f"\r{words}", style_func=str, ending="")
            self.stderr.flush()
