"""Settings: what is read, what is refused, and that the three places that list them say the same."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from callserver.env import Env

pytestmark = pytest.mark.sqlite

ROOT = Path(__file__).parent.parent


def read_by_settings() -> set[str]:
    source = (ROOT / "callserver" / "settings.py").read_text()
    return set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', source))


def test_the_settings_the_example_and_the_readme_list_the_same_names() -> None:
    example = set(re.findall(r"^(?:# )?([A-Z][A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    example.remove("COMPOSE_PROFILES")  # docker compose's own
    readme = set(re.findall(r"^\| `([A-Z][A-Z_]+)` \|", (ROOT / "README.md").read_text(), re.MULTILINE))
    assert {name.removesuffix("_FILE") for name in example} == read_by_settings() == readme


def run_settings(**given: str) -> subprocess.CompletedProcess[str]:
    """Read the real settings in a process of their own, with nothing but `given` in the environment."""
    base = {"PATH": os.environ["PATH"], "SECRET_KEY": "x" * 50, "DJANGO_SETTINGS_MODULE": "callserver.settings"}
    code = "from django.conf import settings as s; print(s.HTTPS, s.SESSION_COOKIE_SECURE, s.ALLOWED_HOSTS)"
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=base | given, capture_output=True, text=True, check=False
    )


def test_https_in_base_url_makes_cookies_secure_and_lets_its_host_in() -> None:
    words = run_settings(BASE_URL="https://calls.example.com/").stdout
    assert words.startswith("True True")
    assert "calls.example.com" in words


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("PORT", "70000", "whole number"),
        ("PORT", "three", "whole number"),
        ("DEBUG", "perhaps", "neither true nor false"),
        ("LOG_LEVEL", "LOUD", "one of"),
        ("WEBHOOK_SIGNATURES", "sometimes", "one of"),
        ("INGEST", "later", "one of"),
        ("BASE_URL", "calls.example.com", "not a URL"),
        ("BASE_URL", "https://exa mple.com", "not a URL"),
        ("BASE_URL", "https://example.com/calls", "goes on after the host"),
        ("BASE_URL", "https://example.com/calls", "Set it to https://example.com, and give"),
        ("BASE_URL", "http://host:99999999", "not a URL"),
        ("DATABASE_URL", "mysql://x/y", "none of"),
        ("DATABASE_URL", "postgres://host", "none of"),
        ("DATABASE_URL", "sqlite://relative", "none of"),
        ("DATABASE_URL", "postgres://host:port/name", "not a URL"),
        ("TIME_ZONE", "Mars/Olympus", "unknown"),
        ("TIME_ZONE", "../../etc/passwd", "unknown"),
        ("SECRET_KEY_FILE", "/does/not/exist", "cannot be read"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_with_name_and_reason(name: str, value: str, reason: str) -> None:
    given = {name: value} | ({"SECRET_KEY": ""} if name == "SECRET_KEY_FILE" else {})
    words = run_settings(**given).stderr.strip().splitlines()[-1]
    assert name in words
    assert reason in words


def test_a_value_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from the file\n")
    path = str(tmp_path / "secret")
    assert Env({"NAME_FILE": path}).text("NAME") == "from the file"
    assert Env({"NAME_FILE": path, "NAME": "given"}).text("NAME") == "given"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", {"NAME": Path("/default"), "ENGINE": "django.db.backends.sqlite3"}),
        ("sqlite:////data/calls.sqlite3", {"NAME": Path("/data/calls.sqlite3")}),
        ("postgres://me:p%40ss@db:5433/calls", {"NAME": "calls", "PASSWORD": "p@ss", "HOST": "db", "PORT": "5433"}),
        ("postgresql:///calls", {"NAME": "calls", "HOST": "", "USER": ""}),
        ("postgres://db/calls?sslmode=require", {"HOST": "db"}),
    ],
)
def test_a_database_url_is_read(url: str, expected: dict[str, Any]) -> None:
    read = Env({"DATABASE_URL": url}).database("DATABASE_URL", Path("/default"))
    assert {name: read[name] for name in expected} == expected
    assert ("sslmode" in read["OPTIONS"]) == ("sslmode" in url)


@pytest.mark.parametrize(("command", "milliseconds"), [("migrate", 0), ("worker", 30_000)])
def test_a_migration_on_postgres_takes_its_time(
    monkeypatch: pytest.MonkeyPatch, command: str, milliseconds: int
) -> None:
    monkeypatch.setattr(sys, "argv", ["manage.py", command])
    read = Env({"DATABASE_URL": "postgres://db/calls"}).database("DATABASE_URL", Path("/default"))
    assert f"statement_timeout={milliseconds} " in read["OPTIONS"]["options"]


@pytest.mark.parametrize(("word", "value"), [("1", True), ("TRUE", True), ("on", True), ("0", False), ("no", False)])
def test_a_truth_may_be_written_in_several_words(word: str, value: bool) -> None:
    assert Env({"NAME": word}).boolean("NAME") is value


@pytest.mark.parametrize(
    "read",
    [
        lambda env: env.integer("NAME", 1, least=1, most=9),
        lambda env: env.boolean("NAME"),
        lambda env: env.one_of("NAME", ("a", "b"), "a"),
        lambda env: env.url("NAME"),
        lambda env: env.database("NAME", Path("x")),
    ],
)
def test_every_reader_names_what_it_refuses(read: Callable[[Env], object]) -> None:
    with pytest.raises(ImproperlyConfigured, match="NAME"):
        read(Env({"NAME": "²"}))
