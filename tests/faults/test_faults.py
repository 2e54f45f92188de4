"""The quick faults: whatever happens, what was acknowledged is kept, once, and every call is true.

Time is asserted as Vonage's patience only, for a machine may be busy; `make faults` measures it, at full length.
"""

import pytest
from django.db import connection

from tests.faults.places import Database, Places
from tests.faults.scenarios import FAULTS
from tests.faults.stage import staged

DATABASE: Database = "SQLite" if connection.vendor == "sqlite" else "Postgres"
QUICK: dict[Database, dict[str, float]] = {  # with the seconds that an outage lasts
    # In "poisoned" Postgres is stopped as it is in "stopped".
    "Postgres": {"killed": 2, "replaced": 0, "ended": 0, "frozen": 5, "poisoned": 5, "ten-at-once": 5},
    "SQLite": {"sixteen-writers": 3, "ten-at-once": 5},
}


@pytest.mark.parametrize(("name", "seconds"), QUICK[DATABASE].items())
def test_what_was_acknowledged_is_kept(places: Places, name: str, seconds: float) -> None:
    fault = FAULTS[name]
    with staged(places, DATABASE, seconds=seconds, calm_seconds=1) as stage:
        fault.act(stage)
        stage.judge()
    assert stage.figures.broken(fault.limits.generous()) == []
