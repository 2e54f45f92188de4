"""`manage.py run`: everything on this machine, from nothing to the first call, in one command."""

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connections
from django.urls import reverse

from calls.management.first_steps import DEMO_NUMBER, first_admin, make_admin, make_demo_number
from callserver.env import BASE_DIR, LOCAL_ENV
from callserver.local import local_account, make_missing_secrets, port_problem
from callserver.supervise import Log, Supervisor, answers, write

MANAGE = (sys.executable, str(BASE_DIR / "manage.py"))
SERVER = (sys.executable, "-m", "gunicorn", "-c", "callserver/gunicorn.conf.py", "callserver.wsgi")


class Command(BaseCommand):
    help = "Make what is missing, start the server on PORT, let the local Vonage ring the demo number, stay up."
    requires_system_checks = []  # they ask for the secrets that are made here

    def handle(self, **options: Any) -> None:
        """Supervise until somebody asks to stop, or the server ends."""
        os.chdir(BASE_DIR)
        if problem := port_problem(settings.PORT):
            sys.exit(problem)
        try:
            self.make_what_is_missing()
            os.environ |= local_account(settings.PORT + 1, BASE_DIR / "var" / "vonage" / "private.pem")
        except OSError as error:
            sys.exit(f"{error.filename} cannot be written: {error.strerror}.")
        except DatabaseError as error:
            sys.exit(f"The database cannot be used: {error}")
        with Supervisor() as supervisor:
            self.serve(supervisor)
            if not supervisor.stopping:
                sys.exit("The server ended by itself; its words stand above.")

    def make_what_is_missing(self) -> None:
        """Secrets, tables and the demo number. What is there stays as it is."""
        if made := make_missing_secrets():
            say(f"Made {' and '.join(made)} in {LOCAL_ENV.relative_to(BASE_DIR)}")
        call_command("migrate", verbosity=0)
        if make_demo_number():
            say(f"Made the number {DEMO_NUMBER}")
        connections.close_all()

    def serve(self, supervisor: Supervisor) -> None:
        """Start the server, ring it once, and show its log until it ends.

        Its log lines of that first call wait until the trace is through, which says the same.
        """
        say(f"Starting the server on port {settings.PORT} ...")
        server = supervisor.start(*SERVER, keep_log=True)
        log = Log(server)
        if answers(settings.PORT, server):
            supervisor.start(*MANAGE, "worker", "--verbosity", "0")
            self.start_vonage(supervisor)
            self.ring(supervisor, log)
        elif server.poll() is None:
            log.release()
            sys.exit(f"The server does not answer on port {settings.PORT}.")
        log.release()
        supervisor.wait_for(server)
        log.join(timeout=5)

    def start_vonage(self, supervisor: Supervisor) -> None:
        """Start the local Vonage on the next port, where programs can ring and place calls. We can do without it."""
        self.vonage_url = ""
        port = settings.PORT + 1
        if port_problem(port):
            say(f"Port {port} is taken, so the local Vonage takes no calls from programs.")
            return
        supervisor.start(*MANAGE, "vonage", "--port", str(port), "--verbosity", "0", *doors())
        self.vonage_url = f"http://127.0.0.1:{port}"

    def ring(self, supervisor: Supervisor, log: Log) -> None:
        """Let the local Vonage ring the demo number, then say what a person can do next."""
        say(f"The local Vonage rings {DEMO_NUMBER}:\n")
        failed = supervisor.wait_for(supervisor.start(*MANAGE, "ring", "--to", DEMO_NUMBER, *doors()))
        if failed and not supervisor.stopping:
            say("That call went wrong. The server's own words may tell why:")
        log.release()
        if failed is not None and not supervisor.stopping:
            self.tell_what_next()

    def tell_what_next(self) -> None:
        """Say where the dashboard is, how to log in, how to ring again."""
        port = f"PORT={settings.PORT} " if "PORT" in os.environ else ""
        say(f"\nThe dashboard:  {settings.BASE_URL}{reverse('calls')}")
        say(f"Log in as:      {self.how_to_log_in()}")
        if self.vonage_url:
            say(f"Local Vonage:   {self.vonage_url} (docs/local-vonage.md)")
            say(f"Its phones:     {self.vonage_url}/phone")
        say(f"Ring again:     {port}make ring  (in another terminal; Ctrl-C here ends the server)\n")

    def how_to_log_in(self) -> str:
        """Give the name of the first administrator, and the password when it is made now: it is shown once."""
        if password := make_admin():
            words = f"admin, password {password} (shown this once)"
        else:
            name = first_admin()
            words = f"{name} (a new password: .venv/bin/python manage.py changepassword {name})"
        connections.close_all()
        return words


def doors() -> tuple[str, ...]:
    """By this machine's own address: a tunnel that BASE_URL may name need not be open yet."""
    here = f"http://127.0.0.1:{settings.PORT}"
    return "--answer-url", f"{here}/answer", "--event-url", f"{here}/event"


def say(words: str) -> None:
    """Write a line at once: other programs write to the same terminal."""
    write(f"{words}\n".encode())
