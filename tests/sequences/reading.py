"""Read the sequences: what Vonage sends in the course of a call, one JSON file for each.

A file is `{"title": …, "steps": […]}`. A step is a request, `{"at": 0.06, "door": "answer", "method": "GET",
"payload": {…}}`, with `at` in seconds from the first webhook and, for GET, the query's fields as the payload; or a
note on what else happens then. `"opening": true` marks requests that Vonage is known to send, but that
its documentation of this very call leaves out. `basis` says whence it is known: D documented, L seen in logs or
captured requests, I inferred. Payload times count from BEGIN.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

BEGIN = datetime(2026, 3, 2, 10, tzinfo=UTC)
NAMES = sorted(path.stem for path in Path(__file__).parent.glob("*.json"))


@dataclass(frozen=True)
class Step:
    """One request of Vonage's: when, at which door, and what it says."""

    at: datetime
    door: str
    method: str
    payload: dict[str, Any]
    opening: bool
    basis: str


@cache
def steps(name: str) -> tuple[Step, ...]:
    """Give the requests of a sequence, in the order in which they come."""
    told = json.loads((Path(__file__).parent / f"{name}.json").read_text(encoding="utf-8"))
    return tuple(
        Step(
            at=BEGIN + timedelta(seconds=step["at"]),
            door=step["door"],
            method=step["method"],
            payload=step["payload"],
            opening=step.get("opening", False),
            basis=step["basis"],
        )
        for step in told["steps"]
        if "door" in step
    )
