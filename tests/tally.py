"""A pytest plugin that counts the browser tests that ran, for the last lines of `make test`.

The number is written into the file that BROWSER_TALLY names.
"""

import os
from pathlib import Path

import pytest


class Tally:
    """Count the browser tests that came to their end; a skipped one drove no browser."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.browser_tests = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Look at the call itself, not at set-up and tear-down."""
        if report.when == "call" and "browser" in report.keywords and not report.skipped:
            self.browser_tests += 1

    def pytest_sessionfinish(self) -> None:
        """Write the number down."""
        self.path.write_text(str(self.browser_tests))


def pytest_configure(config: pytest.Config) -> None:
    """Count only where somebody asks."""
    if path := os.environ.get("BROWSER_TALLY"):
        config.pluginmanager.register(Tally(Path(path)))
