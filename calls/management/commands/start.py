"""`manage.py start`: what the containers of docker-compose.yml run. Each waits for what it needs by itself."""

import os
import signal
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.urls import reverse

from calls.checks import refuse_to_serve_without_secrets
from calls.flows.routing import directory
from calls.management import database
from calls.management.commands.run import SERVER
from calls.management.commands.vonage import PORT as VONAGE_PORT
from calls.management.first_steps import first_admin, make_admin, make_demo_number
from callserver import env, probe
from callserver.local import MAKE, make_missing_secrets, make_password

PROXY_SECONDS = 120
MANAGE = "docker compose exec web python manage.py"


class Command(BaseCommand):
    help = "Run one of the services of docker-compose.yml."
    requires_system_checks = []  # they ask for the secrets that are made here

    def add_arguments(self, parser: ArgumentParser) -> None:
        services = parser.add_subparsers(dest="service", required=True, metavar="service")
        setup = services.add_parser("setup", help="make the secrets that nobody gave, and end")
        setup.add_argument("--database", required=True, help="its URL without the password, which is made")
        setup.add_argument("--folder", required=True, type=Path, help="where the password and the whole URL are kept")
        services.add_parser("web", help="bring the database up to date, then become gunicorn")
        services.add_parser("worker", help="bring the database up to date, say what to do next, then do the chores")
        demo = services.add_parser("demo", help="ring through the proxy as soon as it answers")
        demo.add_argument("arguments", nargs="*", help="after --, those of the command `ring`")
        services.add_parser("vonage", help="be a local Vonage, which rings through the proxy")

    def handle(self, *, service: str, **options: Any) -> None:
        # Linux ends the first process of a container by no signal that it does not handle.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        if service == "setup":
            self.set_up(options["database"], options["folder"])
        elif service == "web":
            self.serve()
        elif service == "worker":
            self.work()
        elif service == "vonage":
            self.be_vonage()
        else:
            self.ring(options["arguments"])

    def set_up(self, database_url: str, folder: Path) -> None:
        """Make the database's password and, for a try on this machine, the server's secrets. None is made twice."""
        made = ["the database's password"] if make_password(database_url, folder) else []
        if is_public():
            refuse_what_its_owner_has_to_choose()
        else:
            made += make_missing_secrets()
        self.say(f"Made {', '.join(made)}: kept in volumes." if made else "All secrets are there.")

    def serve(self) -> None:
        """Become gunicorn, so that it is the one whom signals reach.

        A host that knows answers does not let callers wait for the database: the worker brings it up to date later.
        """
        refuse_to_serve_without_secrets()
        directory.load_files()
        away = database.problem()
        if away and directory.numbers.things:
            self.say(f"The database is away, so callers hear this host's last known answers: {away}")
        else:
            database.prepare(self.say)
        connections.close_all()
        os.chdir(env.BASE_DIR)
        os.execv(SERVER[0], SERVER)  # noqa: S606 - each word is our own

    def work(self) -> None:
        """Do the chores. One worker is enough, so it is the one that tells people what to do next."""
        database.prepare(self.say)
        password = None
        if not is_public():
            with database.alone():
                make_demo_number()
                password = make_admin()
        self.tell_what_next(password)
        call_command("worker")

    def tell_what_next(self, password: str | None) -> None:
        """Say where the dashboard is, how to log in, how to ring, and what Vonage has to know."""
        admin = first_admin()
        if password:
            login = f"admin, password {password} (shown this once)"
        elif admin:
            login = f"{admin.get_username()} (a new password: {MANAGE} changepassword {admin.get_username()})"
        else:
            login = f"nobody can yet: {MANAGE} createsuperuser"
        self.say(f"The dashboard:  {settings.BASE_URL}{reverse('calls')}")
        self.say(f"Log in as:      {login}")
        self.say("Ring a number:  docker compose run --rm demo")
        if is_public():
            doors = "  ".join(f"{settings.BASE_URL}/{name}" for name in ("answer", "event", "fallback"))
            self.say(f"For Vonage:     {doors}")

    def ring(self, arguments: list[str]) -> None:
        """Ring a number through the proxy, whose network this container shares, as soon as it answers."""
        until = time.monotonic() + PROXY_SECONDS
        while reason := probe.problem(settings.PORT):
            if time.monotonic() > until:
                raise CommandError(reason)
            time.sleep(1)
        base = f"http://127.0.0.1:{settings.PORT}"
        call_command("ring", "--answer-url", f"{base}/answer", "--event-url", f"{base}/event", *arguments)

    def be_vonage(self) -> None:
        """Serve the other containers and, where its port is published, this machine."""
        base = f"http://proxy:{settings.PORT}"
        every = ("--host", "0.0.0.0")  # noqa: S104 - of the container
        doors = ("--answer-url", f"{base}/answer", "--event-url", f"{base}/event")
        call_command("vonage", *every, "--url", f"http://vonage:{VONAGE_PORT}", *doors)

    def say(self, words: str) -> None:
        """Write a line at once: it is the container's log."""
        self.stdout.write(words)
        self.stdout.flush()


def is_public() -> bool:
    """Whether others than this machine reach the server: then nothing is made that its owner has to choose."""
    return urlsplit(settings.BASE_URL).hostname not in {"localhost", "127.0.0.1", "::1"}


def refuse_what_its_owner_has_to_choose() -> None:
    """Raise CommandError where something is missing. What an earlier try on this machine made is no choice."""
    given = env.Env(dict(os.environ))
    optional = {"VONAGE_SIGNATURE_SECRET"} if settings.WEBHOOK_SIGNATURES == "optional" else set()
    if missing := [name for name in MAKE if name not in optional and not given.text(name)]:
        raise CommandError(f"BASE_URL is public, so {' and '.join(missing)} must be set in .env.")
    if urlsplit(given.text("BASE_URL")).path:
        raise CommandError("BASE_URL must end with the name of the host, for the proxy serves all of it.")
