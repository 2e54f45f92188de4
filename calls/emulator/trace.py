"""What a person sees of a call while it goes on."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Trace:
    """Writes lines in the manner of the 2018 tutorial; `detailed` adds what the caller hears."""

    write: Callable[[str], None]
    detailed: bool = False

    def line(self, text: str) -> None:
        self.write(text)

    def detail(self, text: str) -> None:
        if self.detailed:
            self.write(text)
