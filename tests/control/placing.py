"""A process that places calls from sixteen threads at once, when it is told to: `python -m tests.control.placing URL`.

It reads the database's name from the first argument, waits for a line, and prints how many were placed and refused.
"""

import json
import os
import sys
import threading
from collections import Counter

THREADS = 16


def main(database: str, api_url: str, per_minute: int) -> None:
    import django  # late: the settings read the environment

    django.setup()
    from django.conf import settings
    from django.db import connections

    from calls.control.placing import Wanted, place_call
    from calls.control.refusals import Refused
    from calls.models import User
    from tests.control.conftest import THEIRS, point_to

    settings.DATABASES["default"]["NAME"] = connections["default"].settings_dict["NAME"] = database
    settings.OUTBOUND_PER_USER = settings.OUTBOUND_PER_MINUTE = per_minute
    point_to(settings, api_url)
    settings.VONAGE_PRIVATE_KEY = os.environ["PRIVATE_KEY"]
    user = User.objects.get(username="anna")
    connections.close_all()
    seen: Counter[str] = Counter()

    def place() -> None:
        try:
            place_call(Wanted(to=THEIRS), user=user)
            seen["placed"] += 1
        except Refused as refused:
            seen[str(refused.status)] += 1
        finally:
            connections.close_all()

    print("ready", flush=True)
    sys.stdin.readline()
    threads = [threading.Thread(target=place) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps(seen), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
