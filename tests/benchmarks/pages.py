"""Opens pages as a person does, in this process, and prints how long each took: a program of `part_pages`.

It reads names of pages, and answers each with a line of JSON: milliseconds of every time, and how many queries it
takes. An empty line asks for the names, and SWEEP for all lists that filters can make.
"""

import itertools
import json
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from statistics import median
from typing import Any
from urllib.parse import urlencode

PAGE_SIZE = 25
SWEEP = "all lists"
# The rarest number of all; and that of the first who spoke of a parcel.
RAREST = """
    SELECT party
    FROM (SELECT call_id, from_number AS party FROM calls_leg UNION SELECT call_id, to_number FROM calls_leg) AS parties
    GROUP BY party HAVING COUNT(*) > %s ORDER BY COUNT(*), party LIMIT 1
"""
SPEAKER = """
    SELECT calls.from_number
    FROM (SELECT from_number FROM calls_call GROUP BY from_number HAVING COUNT(*) > %s) AS calls
    JOIN calls_callsearch AS search ON split_part(search.text, E'\\n', 1) = calls.from_number
    WHERE position('parcel' IN search.text) > 0 ORDER BY search.call_id LIMIT 1
"""


def main(times: int) -> None:
    from django.db import connection
    from django.test import Client

    import callserver.wsgi  # noqa: F401 -- all that a process makes when it starts to serve
    from calls.models import User

    browser = Client(headers={"host": "127.0.0.1", "accept-encoding": "gzip"})
    browser.force_login(User.objects.get_or_create(username="bench")[0])
    addresses = dict(pages())
    queries: list[str] = []
    for name in map(str.rstrip, sys.stdin):
        if not name:
            print(json.dumps([*addresses]), flush=True)
            continue
        if name == SWEEP:
            print(json.dumps(sweep(browser)), flush=True)
            continue
        address = addresses[name]
        queries.clear()
        with connection.execute_wrapper(partial(note, queries)):
            answer = browser.get(address)
        spent = []
        for _ in range(times):
            begun = time.perf_counter()
            browser.get(address)
            spent.append((time.perf_counter() - begun) * 1000)
        told = {"status": answer.status_code, "queries": len(queries), "milliseconds": spent}
        print(json.dumps(told | {"bytes": len(answer.content)}), flush=True)


def sweep(browser: Any) -> dict[str, Any]:
    """Open a list for each combination of up to two filters, a search, days and hours. Each counts with the median of
    three times.
    """
    spent = {}
    for query in combinations():
        address, times = f"/?{urlencode(query, doseq=True)}", []
        for _ in range(3):
            begun = time.perf_counter()
            answer = browser.get(address)
            times.append((time.perf_counter() - begun) * 1000)
        spent[address] = median(times)
        assert answer.status_code == 200, address
    slowest = max(spent, key=lambda address: spent[address])
    return {"milliseconds": sorted(spent.values()), "slowest": slowest}


def combinations() -> Iterator[dict[str, Any]]:
    from calls.records.filters import SHOWN

    searches = ["", "7700", "parcel", asked(SPEAKER), asked(RAREST)[-6:]]
    year = datetime.now(UTC).year
    days: list[dict[str, str]] = [{}, {"days": "7"}, {"since": f"{year - 1}-12-01", "until": f"{year}-05-01"}]
    hours = [{}, *({"hours_from": one, "hours_to": other} for one, other in (("03:00", "03:00"), ("09:00", "10:00")))]
    shows = [(), *((name,) for name in SHOWN), *itertools.combinations(SHOWN, 2)]
    for show, q, some_days, some_hours in itertools.product(shows, searches, days, hours):
        others = {**({"q": q} if q else {}), **some_days, **some_hours}
        if len(show) < 2 or sum(map(bool, (q, some_days, some_hours))) < 2:
            yield {**({"show": show} if show else {}), **others}


def note(queries: list[str], execute: Callable[..., Any], sql: str, *more: Any) -> Any:
    queries.append(sql)
    return execute(sql, *more)


def pages() -> Iterator[tuple[str, str]]:
    """Give what is opened: each filter, each kind of search, some of them together."""
    from calls.dashboard.paging import place_of
    from calls.models import Call, CallEvent, Leg
    from calls.records.filters import SHOWN
    from calls.vonage import numbers

    calls = Call.objects.filter(started_at__isnull=False)
    oldest, newest = calls.earliest("started_at"), calls.latest("started_at")
    halfway = calls.filter(pk__gte=(oldest.pk + newest.pk) // 2).earliest("pk")
    leg, place = Leg.objects.filter(call=halfway).earliest("pk"), place_of(halfway)
    days = {"since": f"{oldest.started_at:%Y-%m-%d}", "until": f"{halfway.started_at:%Y-%m-%d}"}
    number = asked(RAREST)
    yield "list", "/"
    yield "list, half way back", f"/?before={place}"
    yield "list, newer than that", f"/?after={place}"
    for name in SHOWN:
        yield f"filter {name}", f"/?show={name}"
    queries: dict[str, dict[str, Any]] = {
        "filter last 7 days": {"days": 7},
        "filter first half": days,
        "filter 02:00 to 03:00": {"hours_from": "02:00", "hours_to": "03:00"},
        "filters missed, first half, 09:00 to 10:00": {
            **days, "show": "missed", "hours_from": "09:00", "hours_to": "10:00",
        },
        "filters failed and over 5 min": {"show": ["failed", "long"]},
        "search a number, whole": {"q": numbers.shown(number)},
        "search a number of everybody": {"q": "+44 (0)7700"},
        "search one of our numbers": {"q": "020 7946 0021"},
        "search its last digits": {"q": number[-6:]},
        "search words said": {"q": "parcel"},
        "search a key pressed": {"q": "7"},
        "search what nobody said": {"q": "xylophone"},
        "search the id of a leg": {"q": leg.uuid},
        "search a conversation": {"q": halfway.conversation_uuid},
        "search and filters": {"q": number[-6:], "show": "missed", "days": 30},
        "search of everybody and filters": {"q": "7700", "show": ["failed"], **days},
        "search who spoke of one": {"q": asked(SPEAKER)},
    }  # fmt: skip
    for name, query in queries.items():
        yield name, f"/?{urlencode(query, doseq=True)}"
    yield "call page", f"/calls/{halfway.pk}/"
    yield "home", "/home/"
    yield "inbox", "/voicemail/"
    yield "reports, 14 days", "/reports/"
    yield "reports, 365 days", "/reports/?period=365d"
    yield "reports, 365 days of a number", f"/reports/?period=365d&number={halfway.our_number}"
    yield "reports, 365 days, all months", "/reports/?period=365d&rows=all"
    yield "poll, nothing new", f"/live/?seen={CallEvent.objects.latest('pk').pk}"


def asked(sql: str) -> str:
    """Give the number that this names, of somebody whose calls fill a page: so that any log lists as many calls."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql, [PAGE_SIZE])
        return str(cursor.fetchone()[0])


if __name__ == "__main__":
    main(int(sys.argv[1]))
