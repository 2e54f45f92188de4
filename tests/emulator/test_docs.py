"""docs/local-vonage.md says what there is, and what it shows can be used."""

import re
from argparse import ArgumentParser
from pathlib import Path

import pytest
import yaml

from calls.emulator import expectations, faults, scenario
from calls.emulator.applications import KNOWN as APPLICATION
from calls.emulator.people import ANSWERS
from calls.management.commands import ring, vonage

pytestmark = pytest.mark.once
PAGE = (Path(__file__).parents[2] / "docs" / "local-vonage.md").read_text(encoding="utf-8")
EXAMPLES = [yaml.safe_load(found) for found in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]
LEFT_TO_HELP = {
    "--help", "--answer-method", "--event-method", "--fallback-method", "--fallback-url", "--quiet", "--api-key",
    "--application-id", "--port",
}  # fmt: skip


@pytest.mark.parametrize("command", [ring.Command, vonage.Command])
def test_every_option_is_there(command: type) -> None:
    parser = ArgumentParser()
    command().add_arguments(parser)
    options = {name for action in parser._actions for name in action.option_strings if name.startswith("--")}
    assert [name for name in sorted(options - LEFT_TO_HELP) if name not in PAGE] == []


@pytest.mark.parametrize(
    "words", [expectations.KINDS, faults.KNOWN, scenario.KNOWN, scenario.CALLEE, APPLICATION, ANSWERS]
)
def test_every_key_is_there(words: tuple[str, ...]) -> None:
    assert [word for word in words if not re.search(rf"\b{word}\b", PAGE)] == []


def test_examples_can_be_read() -> None:
    scenarios = [one for one in EXAMPLES if "applications" not in one]
    assert [scenario.read(one, "example").name for one in scenarios] == ["Sales, by key"]
    (applications,) = (one for one in EXAMPLES if "applications" in one)
    assert set(applications["applications"][0]) <= set(APPLICATION)
