"""Three processes of sixteen threads place calls at once: a limit of two is two."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from django.db import connection

from calls.models import PhoneNumber, Placement, User
from tests.control.conftest import LocalVonage
from tests.emulator.keys import key_pair

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]
PROCESSES, LIMIT = 3, 2


def test_limit_holds_for_all_processes_together(vonage: LocalVonage, number: PhoneNumber) -> None:
    User.objects.create_user("anna")
    name = str(connection.settings_dict["NAME"])
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings", "PRIVATE_KEY": key_pair("first")[0]}
    command = [sys.executable, "-m", "tests.control.placing", name, vonage.base, str(LIMIT)]
    placers = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]
    seen: Counter[str] = Counter()
    try:
        for placer in placers:
            assert placer.stdout
            assert placer.stdout.readline() == "ready\n"
        for placer in placers:
            assert placer.stdin
            placer.stdin.write("go\n")
            placer.stdin.flush()
        for placer in placers:
            said, _ = placer.communicate(timeout=60)
            seen += Counter(json.loads(said))
    finally:
        for placer in placers:
            placer.kill()
            placer.wait()
    assert seen == {"placed": LIMIT, "429": PROCESSES * 16 - LIMIT}
    assert len(vonage.placed) == LIMIT
    assert Placement.objects.count() == LIMIT
