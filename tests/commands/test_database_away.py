"""Commands while the database is away: a sentence and exit 1, never a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOWHERE = "postgres://nobody@127.0.0.1:1/nothing"


@pytest.mark.parametrize("words", [["migrate"], ["api_token", "sam"], ["refold"], ["number", "442079460000"]])
def test_a_command_says_that_the_database_is_away(words: list[str]) -> None:
    ended = subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": NOWHERE, "DJANGO_SETTINGS_MODULE": "callserver.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    (said,) = ended.stderr.strip().splitlines()
    assert said.startswith("The database does not answer: ")
    assert said.endswith("Start it, or correct DATABASE_URL.")
