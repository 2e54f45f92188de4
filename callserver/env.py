"""Read settings from the environment: typed, with a sentence for each value that cannot be used.

Each setting NAME may be given as NAME, as NAME_FILE (a file that holds the value: Docker secrets), or in
`var/local.env`, which `manage.py run` writes. The real environment wins over that file.
"""

import contextlib
import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
LOCAL_ENV = BASE_DIR / "var" / "local.env"

TRUE_WORDS = {"1", "true", "yes", "on"}
FALSE_WORDS = {"0", "false", "no", "off", ""}
MAIL_PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}


def read_env_file(path: Path) -> dict[str, str]:
    """Read NAME=value lines; blank lines and # comments are passed over, outer quotes are taken off."""
    if not path.is_file():
        return {}
    values = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and not name.startswith("#"):
            value = value.strip()
            if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
                value = value[1:-1]
            values[name.strip()] = value
    return values


def with_local(environment: dict[str, str]) -> dict[str, str]:
    """Add what LOCAL_ENV gives and `environment` does not, neither as NAME nor as NAME_FILE."""
    local = read_env_file(LOCAL_ENV).items()
    return environment | {
        name: value for name, value in local if not environment.get(name) and not environment.get(f"{name}_FILE")
    }


class Env:
    """The settings as they were given. Every reader raises ImproperlyConfigured with name, reason and cure."""

    def __init__(self, given: dict[str, str] | None = None) -> None:
        self.given = with_local(dict(os.environ)) if given is None else given

    def text(self, name: str, default: str = "") -> str:
        """Give the value without outer blanks; NAME wins over NAME_FILE."""
        value = self.given.get(name, "").strip()
        path = self.given.get(f"{name}_FILE", "").strip()
        if value or not path:
            return value or default
        try:
            return Path(path).read_text(encoding="utf-8").strip() or default
        except (OSError, UnicodeDecodeError) as error:
            raise ImproperlyConfigured(f"{name}_FILE: {path} cannot be read ({error}).") from error

    def boolean(self, name: str, *, default: bool = False) -> bool:
        value = self.text(name, str(default)).lower()
        if value in TRUE_WORDS | FALSE_WORDS:
            return value in TRUE_WORDS
        raise ImproperlyConfigured(f"{name}={value!r} is neither true nor false. Write 1 or 0.")

    def integer(self, name: str, default: int, *, least: int, most: int) -> int:
        value = self.text(name, str(default))
        if value.isascii() and value.isdigit() and least <= int(value) <= most:
            return int(value)
        raise ImproperlyConfigured(f"{name}={value!r} is not a whole number from {least} to {most}.")

    def words(self, name: str) -> list[str]:
        """Give a comma-separated list."""
        return [word.strip() for word in self.text(name).split(",") if word.strip()]

    def one_of(self, name: str, choices: tuple[str, ...], default: str) -> str:
        value = self.text(name, default)
        if value in choices:
            return value
        raise ImproperlyConfigured(f"{name}={value!r} is unknown. It is one of: {', '.join(choices)}.")

    def url(self, name: str, default: str = "") -> str:
        """Give an http(s) URL without its last slash."""
        value = self.text(name, default).rstrip("/")
        try:
            parts = urlsplit(value)
            good = not value or (parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0)
        except ValueError:
            good = False
        if good and not any(character.isspace() for character in value):
            return value
        raise ImproperlyConfigured(f"{name}={value!r} is not a URL such as https://calls.example.com.")

    def origin(self, name: str, default: str = "") -> str:
        """Give an http(s) URL that names a host and no more."""
        value = self.url(name, default)
        parts = urlsplit(value)
        if parts.path or parts.query or parts.fragment:
            raise ImproperlyConfigured(
                f"{name}={value!r} goes on after the host, but the server answers at the root of a host alone. "
                f"Set it to {parts.scheme}://{parts.netloc}, and give the server a host name of its own."
            )
        return value

    def path(self, name: str, default: Path) -> Path:
        value = self.text(name)
        return (BASE_DIR / value) if value else default

    def addresses(self, name: str) -> list[str]:
        """Give a comma-separated list of mail addresses."""
        found = self.words(name)
        for one in found:
            before, at, host = one.rpartition("@")
            if not (before and at and host) or not one.isprintable() or " " in one:
                raise ImproperlyConfigured(f"{name}: {one!r} is no mail address such as anna@example.com.")
        return found

    def mail(self, name: str) -> dict[str, Any]:
        """Turn `smtp://`, `smtp+tls://` (STARTTLS) or `smtps://user:password@host:port` into what Django calls it."""
        url = self.text(name)
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise ImproperlyConfigured(f"{name} is not a URL: {error}.") from error
        if url and (parts.scheme not in MAIL_PORTS or not parts.hostname):
            raise ImproperlyConfigured(
                f"{name} is none of smtp://host:25, smtp+tls://user:password@host:587 and smtps://user:password@host:465."
            )
        return {
            "HOST": parts.hostname or "",
            "PORT": port or MAIL_PORTS.get(parts.scheme, 25),
            "HOST_USER": unquote(parts.username or ""),
            "HOST_PASSWORD": unquote(parts.password or ""),
            "USE_TLS": parts.scheme == "smtp+tls",
            "USE_SSL": parts.scheme == "smtps",
        }

    def database(self, name: str, default: Path) -> dict[str, Any]:
        """Turn `postgres://`, `postgresql://` or `sqlite:////path` into Django's dictionary."""
        url = self.text(name)
        if not url:
            with contextlib.suppress(OSError):  # a folder that cannot be made is told by the database itself
                default.parent.mkdir(parents=True, exist_ok=True)
            return sqlite(default)
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise ImproperlyConfigured(f"{name} is not a URL: {error}.") from error
        if parts.scheme == "sqlite" and not parts.netloc and len(parts.path) > 1:
            return sqlite(BASE_DIR / unquote(parts.path[1:]))
        if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
            raise ImproperlyConfigured(
                f"{name} is none of postgres://user:password@host:5432/name, postgresql://… and sqlite:////path."
            )
        return postgres(
            NAME=unquote(parts.path[1:]),
            USER=unquote(parts.username or ""),
            PASSWORD=unquote(parts.password or ""),
            HOST=unquote(parts.hostname or ""),
            PORT=str(port or ""),
            options=dict(parse_qsl(parts.query)),
        )


def sqlite(path: Path) -> dict[str, Any]:
    """SQLite for several writers: IMMEDIATE, or most of them fail with "database is locked".

    FULL, since what a power cut takes cannot be fetched from Vonage again; measured no slower than NORMAL.
    """
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA journal_size_limit=67108864;",
        },
    }


def postgres(*, options: dict[str, str], **connection: str) -> dict[str, Any]:
    """Postgres that refuses to wait for ever: a caller or a webhook stands behind each query."""
    patience = 0 if sys.argv[1:2] == ["migrate"] else 30_000  # a migration takes its time
    limits = f"-c statement_timeout={patience} -c lock_timeout=10000 -c idle_in_transaction_session_timeout=30000"
    # Each of our statements is short, and compiling one takes longer than a thousand of it.
    limits += " -c jit=off"
    # A year of reports is sorted in memory, not in files.
    limits += " -c work_mem=16MB"
    return {
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 2, "application_name": "callserver", "options": limits, **options},
        **connection,
    }
