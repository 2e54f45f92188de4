"""`manage.py vonage`: a local Vonage, in a process of its own. It needs no database."""

import asyncio
import dataclasses
import signal
import ssl
from argparse import ArgumentParser
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from calls.emulator.application import Application
from calls.emulator.applications import is_public_key, load
from calls.emulator.clock import Clock
from calls.emulator.people import Callees, Person
from calls.emulator.platform import Platform
from calls.emulator.reading import BadFile
from calls.emulator.rest import tls
from calls.emulator.rest.server import EVERYWHERE, serving
from calls.emulator.scenario import number
from calls.emulator.trace import Happening
from calls.management import vonage
from callserver.env import BASE_DIR

PORT = 3001
CERTIFICATES = BASE_DIR / "var" / "vonage"


class Command(BaseCommand):
    help = (
        "Start a local Vonage: applications ring through it, place calls by its REST API, and cannot tell it from the "
        "real one. Without options it serves the voice application of this environment, with any number linked to it."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=PORT, help="%(default)s")
        parser.add_argument("--host", default="127.0.0.1", help="%(default)s: this machine alone")
        parser.add_argument("--tls", action="store_true", help="serve https, with a certificate that it makes")
        parser.add_argument("--url", type=vonage.http_url, help="how applications reach it, where that is another way")
        parser.add_argument("--applications", type=Path, help="a YAML file of applications, numbers and callees")
        parser.add_argument("--number", type=number, action="append", help="linked; can be repeated (any number is)")
        parser.add_argument("--public-key", type=Path, help="checks its tokens (that of VONAGE_PRIVATE_KEY)")
        parser.add_argument("--quiet", action="store_true", help="say nothing of calls; what is wrong is still said")
        vonage.add_application(parser)
        vonage.add_platform(parser)
        vonage.add_faults(parser)
        parser.set_defaults(callee="phone")

    def handle(self, **options: Any) -> None:
        self.talks = options["verbosity"] > 0
        try:
            applications, callees = self.read(options)
            options["certificate"] = self.certificate(options) if options["tls"] else (None, None)
        except (BadFile, ValueError) as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            raise CommandError(f"{error.filename or CERTIFICATES} cannot be used: {error.strerror or error}.") from None
        try:
            asyncio.run(self.serve(applications, callees, options))
        except OSError as error:
            raise CommandError(f"Port {options['port']} cannot be served: {error.strerror or error}.") from None
        except OverflowError:
            raise CommandError(f"Port {options['port']} is none: ports are 1 to 65535.") from None

    def certificate(self, options: dict[str, Any]) -> tuple[ssl.SSLContext, Path]:
        """Make one, or take that of before, for this machine and the names by which applications reach it."""
        host = "" if options["host"] in EVERYWHERE else options["host"]
        return tls.context(CERTIFICATES, host, urlsplit(options["url"] or "").hostname or "")

    def read(self, options: dict[str, Any]) -> tuple[list[Application], Callees]:
        """Give what the file says, or the one application of the options. Raises BadFile, and OSError."""
        if options["applications"]:
            if options["number"] or options["public_key"]:
                raise BadFile(
                    "Numbers and keys stand in the file of applications: leave out --number and --public-key."
                )
            return load(options["applications"])
        one = vonage.application(options)
        if options["number"]:
            one = dataclasses.replace(one, numbers=tuple(options["number"]))
        if options["public_key"]:
            key = options["public_key"].read_text(encoding="utf-8", errors="replace")
            if not is_public_key(key):
                raise BadFile(f"{options['public_key']} is no RSA public key in PEM.")
            one = dataclasses.replace(one, public_key=key)
        return [one], Callees(Person(answer=options["callee"]))

    async def serve(self, applications: list[Application], callees: Callees, options: dict[str, Any]) -> None:
        """Serve until somebody asks to stop. Calls that go on then are ended properly."""
        stop = asyncio.Event()
        for ends in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(ends, stop.set)
        context, certificate = options["certificate"]
        clock = Clock(options["speed"], start=options["at"])
        platform = Platform(
            applications, clock=clock, callees=callees, seed=options["seed"], faults=vonage.faults(options)
        )
        platform.trace.watchers.append(lambda happening: self.show(happening, options))
        where = {"host": options["host"], "port": options["port"], "tls": context, "url": options["url"] or ""}
        dashboard = "" if options["applications"] else f"{settings.BASE_URL}/"
        async with platform, serving(platform, **where, dashboard=dashboard) as base:
            self.say(f"The local Vonage serves {base}")
            self.say(f"Its phones: {base}/phone")
            for one in applications:
                numbers = "any number" if one.numbers is None else ", ".join(one.numbers) or "no number"
                self.say(f"{one.name} ({one.application_id or 'no application id'}): {numbers} → {one.answer_url}")
            if certificate:
                self.say(f"Trust its certificate: REQUESTS_CA_BUNDLE={certificate}")
            if not any(one.public_key for one in applications):
                self.say("Its REST API takes no calls: no application has a key (VONAGE_PRIVATE_KEY).")
            with suppress(asyncio.CancelledError):
                await stop.wait()

    def show(self, happening: Happening, options: dict[str, Any]) -> None:
        """Write a line of the trace; the first digits of the leg's id tell calls apart."""
        if happening.kind == "finding":
            with suppress(OSError, ValueError):
                self.stderr.write(happening.words)
        elif not options["quiet"] and (options["verbosity"] > 1 or not happening.detail):
            self.say(f"{happening.at:9.3f}  {happening.leg[:8]:8}  {happening.words}")

    def say(self, words: str) -> None:
        """Write a line. Calls go on where nobody reads any more (`| head`), or nobody can."""
        if not self.talks:
            return
        try:
            self.stdout.write(words)
            self.stdout.flush()
        except (OSError, ValueError):
            self.talks = False
