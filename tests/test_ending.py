"""`make test` that is told to end: it ends what it started."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEST = """
import time
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture
def server():
    (HERE / "begun").touch()
    yield
    (HERE / "ended").touch()


def test_that_takes_long(server):
    time.sleep(60)
"""


@pytest.mark.sqlite
def test_a_run_that_is_terminated_ends_its_servers_first(tmp_path: Path) -> None:
    (tmp_path / "test_long.py").write_text(TEST)
    nowhere = {"TEST_POSTGRES_URL": "postgres://nobody@127.0.0.1:1/nothing", "CI": ""}
    run = subprocess.Popen(
        [sys.executable, "-m", "tests", "-c", str(ROOT / "pyproject.toml"), str(tmp_path / "test_long.py")],
        cwd=ROOT,
        env=os.environ | nowhere,
        stdout=subprocess.DEVNULL,
    )
    try:
        while not (tmp_path / "begun").exists():
            assert run.poll() is None
            time.sleep(0.05)
        run.send_signal(signal.SIGTERM)
        assert run.wait(timeout=30) == 128 + signal.SIGTERM
        assert (tmp_path / "ended").exists()
    finally:
        run.kill()
