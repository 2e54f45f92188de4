"""/api/numbers/: which flow the callers of our numbers get."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from calls.flows.routing import directory
from calls.models import CallFlow, PhoneNumber
from tests.api.reading import get, problem, send
from tests.conftest import Get
from tests.factories import OURS, make_number
from tests.flows.drafts import publish_flow

pytestmark = pytest.mark.django_db
NUMBERS = "/api/numbers/"
FIELDS = ["msisdn", "label", "flow", "flow_name", "live_version", "time_zone", "changed_at"]


def found(api: Client, **query: Any) -> list[str]:
    return [number["msisdn"] for number in get(api, NUMBERS, **query)["results"]]


def test_a_number_tells_what_its_callers_hear(api: Client) -> None:
    make_number(label="Main line")
    told = get(api, f"{NUMBERS}{OURS}/")
    assert list(told) == FIELDS
    flow = CallFlow.objects.get()
    assert (told["flow"], told["flow_name"], told["live_version"]) == (flow.pk, "Main line", 1)
    assert told == get(api, NUMBERS)["results"][0]


def test_a_number_is_found_by_a_part_in_any_spelling_by_its_label_and_its_flow(api: Client) -> None:
    make_number(label="Main line")
    make_number("442079460001", label="Sales 020", greeting="Hello.")
    assert found(api, q="+44 20 7946 0000") == [OURS]
    assert found(api, q="7946 0001") == ["442079460001"]
    assert found(api, q="020") == ["442079460001", OURS]  # 20 stands in both
    assert found(api, q="main") == [OURS]
    assert found(api, flow=PhoneNumber.objects.get(msisdn=OURS).flow_id) == [OURS]
    assert found(api, q="nobody") == []


def test_a_number_is_added_changed_and_removed(api: Client, get_answer: Get) -> None:
    make_number(greeting="Good day.")
    flow = CallFlow.objects.get()
    added = send(api, "post", NUMBERS, {"msisdn": "+44 (20) 7946-0077", "flow": flow.pk}, status=201)
    address = added["Location"]
    assert (address, added.json()["msisdn"]) == (f"{NUMBERS}442079460077/", "442079460077")
    directory.look()
    assert "Good day." in get_answer({"to": "442079460077", "from": "447700900123"}).content.decode()
    changed = send(api, "patch", address, {"label": "Desk", "time_zone": "Europe/Paris", "flow": None}).json()
    assert (changed["label"], changed["time_zone"], changed["flow"]) == ("Desk", "Europe/Paris", None)
    assert (changed["flow_name"], changed["live_version"]) == (None, None)
    send(api, "delete", address, status=204)
    assert found(api) == [OURS]
    assert CallFlow.objects.count() == 1


def test_a_number_takes_its_greeting_along_and_leaves_a_larger_flow_as_in_the_admin(api: Client) -> None:
    make_number(greeting="Good day.")
    publish_flow("Orders", ("greeting", {"text": "Hello."}, {}), ("hangup", {}, {}), number="442079460001")
    for msisdn in (OURS, "442079460001"):
        send(api, "delete", f"{NUMBERS}{msisdn}/", status=204)
    assert CallFlow.objects.get().name == "Orders"


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({}, "msisdn", "required"),
        ({"msisdn": "12"}, "msisdn", "7 to 15 digits"),
        ({"msisdn": OURS}, "msisdn", "here already"),
        ({"msisdn": "442079460077", "flow": 999}, "flow", "There is no flow 999"),
        ({"msisdn": "442079460077", "flow": 10**30}, "flow", "less than or equal"),
        ({"msisdn": "442079460077", "time_zone": "Europe/Nowhere"}, "time_zone", "no time zone"),
        ({"msisdn": "442079460077", "label": "x" * 61}, "label", "60"),
    ],
)
def test_a_number_that_cannot_be_added_says_why(api: Client, body: Any, field: str, words: str) -> None:
    make_number()
    told = problem(api, "post", NUMBERS, body, status=400)
    assert words in " ".join(told["errors"][field])
    assert PhoneNumber.objects.count() == 1


@pytest.mark.parametrize("msisdn", ["1", "9" * 30, "9" * 5000, "x"])
def test_a_number_that_is_not_ours_is_a_404(api: Client, msisdn: str) -> None:
    for verb in ("get", "patch", "delete"):
        problem(api, verb, f"{NUMBERS}{msisdn}/", {} if verb == "patch" else None, status=404)


@pytest.mark.parametrize("count", [1, 12])
def test_the_list_costs_the_same_queries(
    api: Client, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for serial in range(count):
        make_number(str(442079460000 + serial), greeting=f"Line {serial}.")
    get(api, NUMBERS)
    with django_assert_num_queries(2):
        assert len(found(api)) == count
