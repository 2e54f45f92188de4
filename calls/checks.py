"""System checks: what `manage.py check` tells the owner, each with its cure."""

import shutil
import sys
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

SHORT_SECRET = 32


def missing_secrets() -> list[str]:
    """Name the secrets without which nobody may be served in production."""
    needed: dict[str, object] = {"SECRET_KEY": settings.SECRET_KEY_GIVEN}
    if settings.WEBHOOK_SIGNATURES == "required":
        needed["VONAGE_SIGNATURE_SECRET"] = settings.VONAGE_SIGNATURE_SECRET
    return [name for name, value in needed.items() if not value]


def refuse_to_serve_without_secrets() -> None:
    """End a starting web process that would serve without its secrets. `migrate` and image builds go on."""
    missing = missing_secrets()
    if missing and not settings.DEBUG:
        sys.stderr.write(
            f"Not started: {' and '.join(missing)} must be set in the environment (or as {missing[0]}_FILE). "
            "`make run` makes both for a try on this machine.\n"
        )
        sys.exit(4)  # gunicorn's own code for an application that cannot be loaded: it does not try again


@register()
def secrets_are_set(**_: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = [
        Warning(f"{name} is not set.", hint=f"Set {name} in the environment.", id="calls.W001")
        for name in missing_secrets()
    ]
    if any(len(secret) < SHORT_SECRET for secret in settings.VONAGE_SIGNATURE_SECRET):
        found.append(
            Warning(
                f"VONAGE_SIGNATURE_SECRET is shorter than {SHORT_SECRET} characters.",
                hint="Ask Vonage for a longer one in the dashboard's settings; both may be valid meanwhile.",
                id="calls.W002",
            )
        )
    if settings.WEBHOOK_SIGNATURES == "optional":
        found.append(
            Warning(
                "WEBHOOK_SIGNATURES=optional: anybody who finds the address can send us events.",
                hint="Switch signed webhooks on for the application at Vonage, then remove the setting.",
                id="calls.W003",
            )
        )
    if settings.VOICEMAIL_EMAIL and not settings.EMAIL_HOST:
        found.append(
            Warning(
                "VOICEMAIL_EMAIL names who is told of new messages, but there is no mail server.",
                hint="Set EMAIL_URL, such as smtp+tls://user:password@mail.example.com:587.",
                id="calls.W004",
            )
        )
    return found


@register()
def spool_can_be_written(**_: Any) -> list[CheckMessage]:
    from calls.records import spool  # gunicorn's configuration imports this module before there are models

    folder = spool.folder("new")
    there = next(path for path in (folder, *folder.parents) if path.exists())
    reason = spool.refusal()
    if reason and not shutil.disk_usage(there).total:  # /proc, /sys: "full" would send people to tidy up
        reason = f"{there} is no disk, so nothing can be kept there"
    if not reason:
        return []
    return [
        Error(
            f"SPOOL_DIR cannot be used: {reason}.",
            hint="Without it events are lost whenever the database is away. Name a folder on a disk with room, "
            "and give it to the server's user.",
            id="calls.E002",
        )
    ]


@register(deploy=True)
def base_url_is_https(**_: Any) -> list[CheckMessage]:
    if settings.HTTPS:
        return []
    return [Error("BASE_URL is not https.", hint="Set BASE_URL to the public https address.", id="calls.E001")]
