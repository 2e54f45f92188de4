"""What this machine brings for the tests: a Postgres, a browser, and an end to what they start."""

import os
import shutil
from urllib.parse import urlsplit

import psycopg2

POSTGRES_URL = os.environ.get("TEST_POSTGRES_URL") or "postgres://postgres@127.0.0.1:5432/postgres"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def find_browser() -> str | None:
    """Give the path of a chromium, or None."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def ending_with_us(signal: str = "TERM") -> list[str]:
    """What stands before a command: the kernel sends it the signal when we end, however that comes. Linux alone can."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", signal] if setpriv else []


def postgres_version(url: str) -> str:
    """Ask the server at `url` for its version, such as "15.14".

    Raises psycopg2.Error when it does not answer within 3 s, or not to us.
    """
    connection = psycopg2.connect(url, connect_timeout=3)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            return str(cursor.fetchone()[0]).split()[0]
    finally:
        connection.close()


def address(url: str) -> str:
    """Give host and port alone: the URL may hold a password."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or 5432}"
