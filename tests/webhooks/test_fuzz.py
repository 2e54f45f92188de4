"""Generated webhooks, mutations of real ones: each is kept or refused for a reason, and every page still comes.

300 of them in an ordinary run; `make fuzz` sends 10,000.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from calls.models import Call, CallEvent, Leg
from tests import fuzz
from tests.records.plain_fold import contents
from tests.vonage_client import Response, VonageClient, sign

BODIES = int(os.environ.get("FUZZ_BODIES", "300"))
AT_A_TIME = 150  # into one empty database
Payload = dict[str, Any]


@pytest.mark.parametrize("seed", range(-(-BODIES // AT_A_TIME)))
def test_odd_webhooks_are_kept_or_refused_and_every_page_comes(
    vonage: VonageClient, login: Client, api: Client, seed: int
) -> None:
    times: Counter[str] = Counter()  # by content: what is equal is one delivery
    rows: dict[str, int] = {}
    for number, odd in enumerate(fuzz.requests(seed, AT_A_TIME)):
        what = f"{number} of {seed}: {odd}"[:5_000]
        before = newest()
        response = send(vonage, odd)
        told = odd.expected()
        assert response.status_code == status_of(odd, told), (what, response.content)
        if response.status_code == 413 or told is None:
            assert newest() == before, what
            continue
        if odd.door != "event":
            assert_kept(CallEvent.objects.get(pk__gt=before, door=odd.door), told, what)
        if not response.content:  # else it was answered, and is no delivery of an event
            if odd.door == "fallback":
                told = {name: value for name, value in told.items() if name not in ("reason", "original_request")}
            content = contents(told)
            times[content] += 1
            if times[content] == 1:
                row = CallEvent.objects.get(pk__gt=before, door="event")
                assert_kept(row, told, what)
                rows[content] = row.pk
    counted = dict(CallEvent.objects.filter(door="event").values_list("pk", "times_received"))
    assert counted == {rows[content]: count for content, count in times.items()}
    every_page_comes(login, api)


def newest() -> int:
    return CallEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def send(vonage: VonageClient, odd: fuzz.Odd) -> Response:
    headers = {"Authorization": sign(odd.body)}
    if odd.method == "GET":
        return vonage.http.get(f"/{odd.door}", headers=headers, QUERY_STRING=odd.query)
    return vonage.http.post(f"/{odd.door}", odd.body, content_type=odd.content_type, headers=headers)


def status_of(odd: fuzz.Odd, told: Payload | None) -> int:
    """An event that is none is refused; a caller who waits is answered all the same."""
    if len(odd.body) > fuzz.MOST_BYTES:
        return 413
    return 400 if told is None and odd.door == "event" else 200


def assert_kept(row: CallEvent, told: Payload, what: str) -> None:
    """The payload is whole, but for the reply that we add ourselves, and we could read it."""
    ours = {"reply"} if row.door != "event" else set()
    kept = {name: value for name, value in row.payload.items() if name not in ours}
    told = {name: value for name, value in told.items() if name not in ours}
    assert in_decimals(kept) == in_decimals(told), what
    assert row.error == "", what


def in_decimals(payload: Payload) -> Payload:
    """Spell numbers alike: Postgres gives a float such as 1e308 back as the whole number it is."""
    told: Payload = json.loads(json.dumps(payload), parse_float=Decimal, parse_int=Decimal)
    return told


def every_page_comes(login: Client, api: Client) -> None:
    """Open every page and list that shows what was kept."""
    for address in (reverse("calls"), reverse("loose-events")):
        all_pages(login, address)
    calls, events = list(Call.objects.all()), CallEvent.objects.values_list("pk", flat=True)
    for call in calls:
        all_pages(login, call.get_absolute_url())
        opens(login, reverse("call-live", args=[call.pk]))
        opens(api, reverse("api-call", args=[call.pk]))
        opens(login, reverse("admin:calls_call_change", args=[call.pk]))
    for pk in events:
        opens(login, reverse("event-raw", args=[pk]))
        opens(login, reverse("admin:calls_callevent_change", args=[pk]))
    for leg in Leg.objects.all():
        opens(login, reverse("admin:calls_leg_change", args=[leg.pk]))
    for table in ("call", "leg", "callevent", "refusal"):
        opens(login, reverse(f"admin:calls_{table}_changelist"))
        opens(login, reverse(f"admin:calls_{table}_changelist"), p=2)
    assert len(list(listed(api, "api-calls"))) == len(calls)
    assert len(list(listed(api, "api-events"))) == len(events)


def opens(browser: Client, address: str, **query: Any) -> Response:
    response: Response = browser.get(address, query)
    assert response.status_code == 200, address
    return response


def all_pages(browser: Client, address: str) -> None:
    """Follow the links to further pages of the same list."""
    seen, ahead = set(), {""}
    while ahead:
        query = ahead.pop()
        seen.add(query)
        page = opens(browser, address + query).content.decode()
        ahead |= set(re.findall(r'href="(\?(?:before|from)=\d+)', page)) - seen


def listed(api: Client, name: str) -> Iterator[Payload]:
    address = reverse(name)
    while address:
        told = opens(api, address).json()
        yield from told["results"]
        address = told["next"] or ""
