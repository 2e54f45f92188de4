"""What `manage.py run` makes on a machine where nobody has given it."""

import socket
import stat
from pathlib import Path

import pytest

from callserver import env
from callserver.local import make_missing_secrets, port_problem

pytestmark = pytest.mark.once


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty machine: no file, nothing in the environment."""
    path = tmp_path / "var" / "local.env"
    monkeypatch.setattr(env, "LOCAL_ENV", path)
    for name in ("SECRET_KEY", "VONAGE_SIGNATURE_SECRET"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    return path


def test_secrets_are_made_once_for_the_owner_alone(file: Path) -> None:
    assert make_missing_secrets() == ["SECRET_KEY", "VONAGE_SIGNATURE_SECRET"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    made = file.read_bytes()
    assert len(env.Env().text("VONAGE_SIGNATURE_SECRET")) >= 32
    assert make_missing_secrets() == []
    assert file.read_bytes() == made


def test_what_stands_in_the_file_stays(file: Path) -> None:
    file.parent.mkdir()
    file.write_text("# mine\nSECRET_KEY=chosen")  # no line end
    assert make_missing_secrets() == ["VONAGE_SIGNATURE_SECRET"]
    assert file.read_text().startswith("# mine\nSECRET_KEY=chosen\nVONAGE_SIGNATURE_SECRET=")
    assert env.Env().text("SECRET_KEY") == "chosen"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_environment_wins_over_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_missing_secrets()
    secret = file.parent / "secret"
    secret.write_text("from a file\n")
    monkeypatch.setenv("SECRET_KEY", "from the environment")
    monkeypatch.setenv("VONAGE_SIGNATURE_SECRET_FILE", str(secret))
    assert env.Env().text("SECRET_KEY") == "from the environment"
    assert env.Env().text("VONAGE_SIGNATURE_SECRET") == "from a file"


def test_empty_environment_gives_nothing(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "")
    assert make_missing_secrets() == ["SECRET_KEY", "VONAGE_SIGNATURE_SECRET"]
    assert env.Env().text("SECRET_KEY")


def test_secrets_that_are_given_are_not_made(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "given")
    monkeypatch.setenv("VONAGE_SIGNATURE_SECRET", "given too")
    assert make_missing_secrets() == []
    assert not file.exists()


def test_free_port_is_no_problem_and_stays_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert port_problem(port) == (
            f"Port {port} is taken by another program. End it, or choose another: PORT={port + 1} make run"
        )
    assert port_problem(port) is None
    assert port_problem(port) is None
