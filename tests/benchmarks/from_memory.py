"""How long an answer and the reply to a key take in the process itself, with so many numbers, each with a flow of its
own: `python -m tests.benchmarks.from_memory 10000` prints {"answer": µs, "reply": µs}. Needs no database.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

FIRST = 442079460000
ROUNDS, TIMES = 15, 200
MENU = {"prompt": "For sales press 1, for the workshop 2.", "tries": 2}


def program(flow: int) -> dict[str, Any]:
    """A menu whose keys lead to a greeting."""
    following: dict[str, Any] = {"step": "2"}
    menu = {"kind": "menu", "place": 1, "name": "Main", "settings": MENU, "next": following, "words": {}}
    greeting = {"kind": "greeting", "place": 2, "name": "", "settings": {"text": "One moment."}, "words": {}}
    steps = {"1": menu | {"on": {"1": following, "2": following}}, "2": greeting | {"next": {"end": True}, "on": {}}}
    return {"schema": 2, "flow": flow, "name": "Line", "voice": {}, "start": "1", "steps": steps}


def microseconds(work: Callable[[], object]) -> float:
    """The best of some rounds: what is worse is other work of the machine."""
    found = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        for _ in range(TIMES):
            work()
        found.append((time.perf_counter() - begun) / TIMES * 1e6)
    return min(found)


def main(count: int) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django  # late: settings first

    django.setup()
    from django.conf import settings

    from calls.flows import tokens
    from calls.flows.routing import Directory
    from calls.flows.run import Heard

    directory = Directory()
    with tempfile.TemporaryDirectory() as folder:
        settings.SPOOL_DIR = Path(folder)
        for flow in range(1, count + 1):
            directory.versions.put(str(flow), program(flow), 1)
            directory.flows.put(str(flow), [[0, None, flow]], 1)
            directory.numbers.put(str(FIRST + flow), {"flow": flow, "label": "", "time_zone": ""}, "1")
        ours = str(FIRST + count // 2)
        answered = directory.answer(ours, "447700900123")
        token = next(one["eventUrl"][0] for one in answered.ncco if one["action"] == "input").rpartition("/")[2]
        pressed = Heard("input", digits="2")

        def reply() -> None:
            place = tokens.read(token)
            served = directory.go_on(place, pressed) if place else None
            if served is None or served.problem:
                raise RuntimeError("the menu does not reply")

        told = {"answer": microseconds(lambda: directory.answer(ours, "447700900123")), "reply": microseconds(reply)}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(int(sys.argv[1]))
