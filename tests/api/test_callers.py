"""/api/contacts/, /api/blocks/ and /api/rules/: who calls, who is not let in, who is led elsewhere."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from calls.models import Block, CallerRule, CallFlow, Contact, Revision, User
from tests.api.reading import get, problem, send
from tests.factories import OURS, make_contact, make_number

pytestmark = pytest.mark.django_db
CONTACTS, BLOCKS, RULES = "/api/contacts/", "/api/blocks/", "/api/rules/"


def names(api: Client, **query: Any) -> list[str]:
    return [contact["name"] for contact in get(api, CONTACTS, **query)["results"]]


def test_a_contact_is_added_read_changed_and_removed(api: Client) -> None:
    order = {"name": " Anna  Berg ", "note": "Pays late.", "tags": ["VIP", "vip"], "numbers": ["+44 7700 900123"]}
    added = send(api, "post", CONTACTS, order, status=201)
    address, told = added["Location"], added.json()
    assert list(told) == ["id", "name", "note", "tags", "numbers"]
    assert told == {
        "id": told["id"],
        "name": "Anna Berg",
        "note": "Pays late.",
        "tags": ["vip"],
        "numbers": ["447700900123"],
    }
    assert get(api, address) == told == get(api, CONTACTS)["results"][0]
    changed = send(api, "patch", address, {"numbers": ["sip:anna@example.com"]}).json()
    assert changed == told | {"numbers": ["sip:anna@example.com"]}
    assert send(api, "patch", address, {"tags": []}).json()["tags"] == []
    send(api, "delete", address, status=204)
    assert not Contact.objects.exists()


def test_each_change_is_one_that_web_processes_hear_of(api: Client) -> None:
    def number() -> int:
        return Revision.objects.filter(topic="callers").values_list("number", flat=True).first() or 0

    before = number()
    address = send(api, "post", CONTACTS, {"name": "Anna"}, status=201)["Location"]
    made = number()
    send(api, "patch", address, {"tags": ["vip"]})
    assert before < made < number()


def test_contacts_are_found_as_in_the_admin(api: Client) -> None:
    make_contact("Anna", "447700900123", tags=["vip"])
    make_contact("Bob", "447700900456")
    assert names(api, q="07700 900123") == ["Anna"]
    assert names(api, q="bo") == ["Bob"]
    assert names(api, q="vip") == names(api, tag="vip") == ["Anna"]
    assert names(api, q="nobody") == []
    assert "q" in problem(api, "get", f"{CONTACTS}?q={'x' * 201}", status=400)["errors"]
    assert "name" in problem(api, "get", f"{CONTACTS}?name=Bob", status=400)["errors"]


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({"name": "x" * 101}, "name", "100"),
        ({"name": "\u2028"}, "name", ""),
        ({"name": "Anna", "numbers": ["12"]}, "numbers", "country code"),
        ({"name": "Anna", "numbers": ["447700900456"]}, "numbers", "is a number of Bob"),
        ({"name": "Anna", "numbers": ["447700900123"] * 51}, "numbers", "50"),
        ({"name": "Anna", "tags": ["a, b"]}, "tags", "without a comma"),
    ],
)
def test_a_contact_that_cannot_be_kept_says_why(api: Client, body: Any, field: str, words: str) -> None:
    make_contact("Bob", "447700900456")
    if body["name"] == "\u2028":  # what would not show is spelt out, as in the admin
        assert send(api, "post", CONTACTS, {"name": "a\u202eb"}, status=201).json()["name"] == r"a\u202eb"
        return
    told = problem(api, "post", CONTACTS, body, status=400)
    assert words in " ".join(told["errors"][field])
    assert Contact.objects.count() == 1


def test_a_caller_is_blocked_and_let_in_again(api: Client, staff: User) -> None:
    added = send(api, "post", BLOCKS, {"pattern": "+44 7700 900123", "note": "Spam."}, status=201)
    told = added.json()
    fields = ["id", "kind", "pattern", "action", "text", "note", "hits", "last_hit_at", "made_by", "made_at"]
    assert list(told) == fields
    assert (told["kind"], told["pattern"], told["action"]) == ("exact", "447700900123", "hang up")
    assert (told["hits"], told["last_hit_at"], told["made_by"]) == (0, None, staff.username)
    address = added["Location"]
    changed = send(api, "patch", address, {"action": "message", "text": "Please write to us."}).json()
    assert (changed["action"], changed["pattern"]) == ("message", "447700900123")
    staff.delete()
    Block.objects.update(made_by=None)
    assert Block.objects.get().text == "Please write to us."


def test_blocks_are_found_by_what_they_stop(api: Client) -> None:
    for body in ({"pattern": "447700900123"}, {"kind": "prefix", "pattern": "+44 7700"}, {"kind": "hidden"}):
        send(api, "post", BLOCKS, body, status=201)

    def kinds(**query: Any) -> list[str]:
        return [block["kind"] for block in get(api, BLOCKS, **query)["results"]]

    assert kinds() == ["hidden", "prefix", "exact"]
    assert kinds(q="+44 7700 900123") == ["prefix", "exact"]
    assert kinds(kind="hidden") == ["hidden"]
    assert kinds(action="voicemail") == []
    send(api, "delete", f"{BLOCKS}{Block.objects.get(kind='hidden').pk}/", status=204)
    assert kinds() == ["prefix", "exact"]


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({}, "pattern", "Write whom you mean"),
        ({"pattern": OURS}, "pattern", "one of our own numbers"),
        ({"pattern": "07700 900123"}, "pattern", "no country code"),
        ({"kind": "prefix", "pattern": "44"}, "sure", "United Kingdom"),
        ({"kind": "everybody"}, "kind", "not a valid choice"),
        ({"pattern": "447700900123", "action": "message"}, "text", "no sentence"),
        ({"pattern": "447700900123", "action": "message", "text": "{caller.nome}"}, "text", "caller.nome"),
        ({"pattern": "447700900456"}, "non_field_errors", "blocked already"),
    ],
)
def test_a_block_that_cannot_be_made_says_why(api: Client, body: Any, field: str, words: str) -> None:
    make_number()
    Block.objects.create(pattern="447700900456")
    told = problem(api, "post", BLOCKS, body, status=400)
    assert words in " ".join(told["errors"][field])
    assert Block.objects.count() == 1


def test_a_whole_country_is_blocked_by_whom_is_sure(api: Client) -> None:
    send(api, "post", BLOCKS, {"kind": "prefix", "pattern": "44", "sure": True}, status=201)


def test_a_rule_is_added_after_the_others_changed_and_removed(api: Client) -> None:
    make_number(label="Main line")
    flow = CallFlow.objects.get()
    everywhere = send(api, "post", RULES, {"tag": " VIP ", "flow": flow.pk, "position": 4}, status=201).json()
    assert everywhere == {
        "id": everywhere["id"],
        "position": 4,
        "tag": "vip",
        "number": None,
        "flow": flow.pk,
        "flow_name": "Main line",
    }
    added = send(api, "post", RULES, {"tag": "vip", "flow": flow.pk, "number": "+44 20 7946 0000"}, status=201)
    address = added["Location"]
    assert (added.json()["position"], added.json()["number"]) == (5, OURS)
    assert get(api, RULES, number=OURS)["results"] == [added.json()] == [get(api, address)]
    changed = send(api, "patch", address, {"tag": "trade", "number": None, "position": 1}).json()
    assert changed == added.json() | {"tag": "trade", "number": None, "position": 1}
    assert [rule["tag"] for rule in get(api, RULES)["results"]] == ["trade", "vip"]
    assert get(api, RULES, tag="vip", flow=flow.pk)["results"] == [everywhere]
    send(api, "delete", address, status=204)
    assert CallerRule.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({"tag": "a, b"}, "tag", "without a comma"),
        ({"tag": "vip"}, "tag", "Rule 1 leads these callers to “Main line”"),
        ({"tag": "trade", "number": "442079460001"}, "number", "none of our numbers"),
        ({"tag": "trade", "flow": 999}, "flow", "There is no flow 999"),
        ({"tag": "trade", "position": 0}, "position", "greater than or equal"),
    ],
)
def test_a_rule_that_cannot_be_says_why(api: Client, body: Any, field: str, words: str) -> None:
    make_number(label="Main line")
    flow = CallFlow.objects.get().pk
    send(api, "post", RULES, {"tag": "vip", "flow": flow}, status=201)
    told = problem(api, "post", RULES, {"flow": flow} | body, status=400)
    assert words in " ".join(told["errors"][field])
    assert CallerRule.objects.count() == 1


@pytest.mark.parametrize("count", [1, 12])
def test_the_lists_cost_the_same_queries(
    api: Client, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for serial in range(count):
        make_contact(f"Anna {serial}", str(447700900000 + serial), tags=["vip"])
        Block.objects.create(pattern=str(447700901000 + serial), made_by=User.objects.get())
    get(api, CONTACTS)
    with django_assert_num_queries(4):  # the token, contacts, numbers, tags
        assert len(names(api)) == count
    with django_assert_num_queries(2):
        assert len(get(api, BLOCKS)["results"]) == count
