"""`manage.py ring`: the local Vonage rings a number. It needs no database."""

import asyncio
import math
import sys
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand

from calls.emulator.application import Application
from calls.emulator.ring import ring
from calls.emulator.trace import lines

APPLICATION = ["answer_url", "event_url", "fallback_url", "answer_method", "event_method", "fallback_method"]
APPLICATION += ["secret", "api_key", "application_id"]


def number(text: str) -> str:
    """Read a telephone number as people write it, or a word such as "anonymous"."""
    digits = text.strip().removeprefix("+").replace(" ", "")
    return digits if digits.isdigit() else text.strip()


def http_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        good = False
    if not good:
        raise ArgumentTypeError(f"{text!r} is not a URL such as http://127.0.0.1:3000/answer")
    return text


def seconds(text: str) -> float:
    return _at_least(text, 0, "seconds, 0 or more")


def speed(text: str) -> float:
    return _at_least(text, 1, "a speed of 1 or more")


def count(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 1_000_000:
        raise ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def _at_least(text: str, least: float, meant: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not least <= value < math.inf:  # false for "nan", too
        raise ArgumentTypeError(f"{text!r} is not {meant}")
    return value


class Command(BaseCommand):
    help = (
        "Ring a number as Vonage would: send the webhooks of one inbound call, play the NCCO that comes back, "
        "print the trace. Exits with 1, and says why, when a reply is one that Vonage or a caller would suffer from."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", type=number, default="442079460000", help="number called (%(default)s)")
        parser.add_argument("--from", type=number, default="447700900123", help="caller (%(default)s)")
        base = settings.BASE_URL
        parser.add_argument("--answer-url", type=http_url, default=f"{base}/answer", help="%(default)s")
        parser.add_argument("--event-url", type=http_url, default=f"{base}/event", help="%(default)s")
        parser.add_argument("--fallback-url", type=http_url, help="asked when the answer URL fails")
        for name, method in (("answer", "GET"), ("event", "POST"), ("fallback", "GET")):
            parser.add_argument(f"--{name}-method", choices=["GET", "POST"], default=method, help=f"{method}")
        secret = next(iter(settings.VONAGE_SIGNATURE_SECRET), "")
        parser.add_argument("--secret", default=secret, help="signs the webhooks (VONAGE_SIGNATURE_SECRET)")
        parser.add_argument("--api-key", default=settings.VONAGE_API_KEY, help="VONAGE_API_KEY")
        parser.add_argument("--application-id", default=settings.VONAGE_APPLICATION_ID, help="VONAGE_APPLICATION_ID")
        parser.add_argument(
            "--hangup-after", type=seconds, help="the caller hangs up so long after dialling, in seconds"
        )
        parser.add_argument("--speed", type=speed, default=1.0, help="how much faster the call's own clock runs (1)")
        parser.add_argument("--count", type=count, default=1, help="calls, one after another (1)")
        parser.add_argument("--quiet", action="store_true", help="no trace; what is wrong is still said")

    def handle(self, *, count: int, **options: Any) -> None:
        self.said: set[str] = set()
        try:
            bad = [findings for _ in range(count) if (findings := self._ring(options))]
        except KeyboardInterrupt:
            sys.exit(130)  # as a shell says it
        if bad and count > 1:
            self.stderr.write(f"{len(bad)} of {count} calls went wrong.")
        if bad:
            sys.exit(1)

    def _ring(self, options: dict[str, Any]) -> list[str]:
        """Ring once. Gives what was wrong."""
        given: dict[str, Any] = {name: options[name] or "" for name in APPLICATION}
        application = Application(**given)
        return asyncio.run(
            ring(
                application,
                to=options["to"],
                from_=options["from"],
                hangup_after=options["hangup_after"],
                speed=options["speed"],
                watch=lines(self._hush if options["quiet"] else self._write, detailed=options["verbosity"] > 1),
                report=self._report,
            )
        )

    def _report(self, finding: str) -> None:
        """Say what is wrong when it is met, once also when later calls meet it again."""
        if finding not in self.said:
            self.said.add(finding)
            self.stderr.write(finding)
            self.stderr.flush()

    def _write(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def _hush(self, line: str) -> None:
        """Print nothing."""
