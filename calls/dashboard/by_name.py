"""What templates read very often: they look for `row["state"]` first, and what refuses that costs an exception."""

from typing import Any


class ByName:
    """Gives its attributes as a dictionary does."""

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)
