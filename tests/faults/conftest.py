"""One Postgres and one prepared database for all faults of a run."""

import os
from collections.abc import Iterator

import pytest
from django.db import connection

from tests.faults.cluster import find_binaries, own_cluster
from tests.faults.places import Places


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    folder = tmp_path_factory.mktemp("faults")
    if connection.vendor == "sqlite":
        yield Places(folder)
        return
    if not find_binaries() and os.environ.get("CI", "").lower() not in {"1", "true"}:
        pytest.skip("There is no initdb here (Debian: apt install postgresql).")
    with own_cluster() as cluster:
        yield Places(folder, cluster)
