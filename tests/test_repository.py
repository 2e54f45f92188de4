"""What must never stand in the repository, and what must always."""

import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[1]
NOT_OURS = {".git", ".venv", "var", "staticfiles", "__pycache__", "node_modules"}

# Where packages come from is decided by the machine (pip.conf, UV_INDEX_URL), never here: not even in this file.
REGISTRY = re.compile(r"pypi[.]org|python[h]osted|npm[j]s[.]|yarn[p]kg|js[d]elivr|un[p]kg")

SECRETS = {
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/=\s]{64}"),
    "a secret in hexadecimal": re.compile(r"(?i)(secret|passw(or)?d|token|key)\w*[\"']?\s*[:=]\s*[\"']?[0-9a-f]{32}"),
    "a signed token": re.compile(r"\beyJ[\w-]{20,}\.eyJ[\w-]{20,}\.[\w-]{40,}"),
}


def texts() -> Iterator[tuple[str, str]]:
    """Give name and content of each text file of the project, caches and what runs made left out."""
    for folder, below, names in os.walk(ROOT):
        below[:] = [name for name in below if name not in NOT_OURS and not name.endswith("_cache")]
        for name in names:
            path = Path(folder, name)
            content = path.read_bytes()
            if b"\0" not in content:
                yield str(path.relative_to(ROOT)), content.decode("utf-8", "replace")


def test_no_file_names_a_package_registry() -> None:
    assert [name for name, text in texts() if REGISTRY.search(text)] == []


def test_no_file_holds_a_secret() -> None:
    found = [(name, what) for name, text in texts() for what, shape in SECRETS.items() if shape.search(text)]
    assert found == []


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("a private key", "-----BEGIN PRIVATE " + "KEY-----\n" + "MIIEvQIBADANBgkq" * 5),
        ("a secret in hexadecimal", "VONAGE_SIGNATURE_SECRET=" + "0123456789abcdef" * 2),
        ("a secret in hexadecimal", '"apiKey": "' + "0123456789abcdef" * 2),
        ("a signed token", ".".join(["eyJhbGciOiJIUzI1NiIsInR5", "eyJpYXQiOjE1ODc0OTQ5NjIs", "x" * 43])),
    ],
)
def test_secrets_would_be_seen(what: str, text: str) -> None:
    assert SECRETS[what].search(text)


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt", "requirements-bench.txt"])
def test_everything_installed_is_pinned(file: str) -> None:
    lines = [line for line in (ROOT / file).read_text().splitlines() if not line.startswith("#")]
    assert [line for line in lines if not re.match(r"[\w.-]+==[\w.]+( ; .+)?$", line)] == []


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt", "requirements-bench.txt"])
def test_lock_is_that_of_pyproject(file: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = list(project["project"]["dependencies"])
    if group := {"requirements-dev.txt": "dev", "requirements-bench.txt": "bench"}.get(file):
        wanted += project["dependency-groups"][group]
    locked = {line.split(" ;")[0] for line in (ROOT / file).read_text().splitlines()}
    assert [pin for pin in wanted if re.sub(r"\[.*\]", "", pin) not in locked] == [], "run `make lock`"
