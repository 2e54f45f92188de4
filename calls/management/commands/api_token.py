"""manage.py api_token: issue a token for a program."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from calls.models import ApiToken, User
from calls.models.people import Scope


class Command(BaseCommand):
    help = "Issue an API token. It is printed alone on stdout, once: only its hash is kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="the name of the user as whom the program comes")
        parser.add_argument("--label", default="", help="what the token is for, such as “wallboard”")
        parser.add_argument(
            "--scope",
            action="append",
            choices=Scope.values,
            default=[],
            help="let the token do only this (may be given again); without it, all that its user may do",
        )

    def handle(self, *, user: str, label: str, scope: list[str], **options: Any) -> None:
        person = User.objects.filter(username=user).first()
        if person is None:
            raise CommandError(f"There is no user “{user}”. `manage.py createsuperuser` makes one.")
        if not person.is_active:
            raise CommandError(f"“{user}” may not log in, so a token would open nothing.")
        try:
            ApiToken(user=person, label=label, digest="-").clean_fields()
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        token, plain = ApiToken.objects.issue(person, label=label, scopes=sorted(set(scope)))
        may = ", ".join(token.scopes) or f"all that {user} may do"
        self.stderr.write(f"This is the only time that {token} of {user} is shown. It may: {may}.", str)
        self.stdout.write(plain)
