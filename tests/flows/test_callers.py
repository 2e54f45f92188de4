"""Who calls: told from memory, whatever Vonage sends as `from`."""

import json
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from calls.flows.callers import Caller, Callers, count_hit, load_all, preview
from calls.flows.numbers import delete_numbers
from calls.models import Block, CallerRule, CallFlow, Contact, ContactNumber, PhoneNumber, Revision, Tag
from calls.models.numbers import PhoneNumberQuerySet
from calls.records.names import names_of
from calls.vonage import numbers
from tests.factories import CALLER, OURS, make_contact, make_number


def loaded() -> Callers:
    """Give what a host has in memory, after a journey through its file."""
    return Callers(json.loads(json.dumps(load_all())))


def make_block(pattern: str = "", kind: str = "exact", action: str = "hang up", **fields: Any) -> Block:
    block = Block(kind=kind, pattern=pattern, action=action, **fields)
    block.full_clean()
    block.save()
    return block


def changes() -> int:
    return dict(Revision.objects.values_list("topic", "number")).get("callers", 0)


@pytest.mark.parametrize(
    "from_", [CALLER, f"+{CALLER}", f" {CALLER}", "+44 7700 900123", "0044 7700-900123", "+44 (0)7700 900123"]
)
@pytest.mark.django_db
def test_a_contact_is_known_by_any_spelling_of_a_number(from_: str) -> None:
    anna = make_contact("Anna Kowalska", CALLER, "sip:anna@example.com", tags=["VIP", "bikes"])
    assert loaded().find(from_) == Caller(CALLER, "Anna Kowalska", ("bikes", "vip"), anna.pk)


@pytest.mark.parametrize(
    "from_",
    [
        "sip:anna@example.com",
        "anna@example.com",
        '"Anna" <sip:Anna@Example.com:5060;transport=tls>',
        "SIPS:anna@example.com",
    ],
)
@pytest.mark.django_db
def test_a_contact_is_known_by_a_sip_address(from_: str) -> None:
    make_contact("Anna", "sip:anna@example.com")
    assert loaded().find(from_).name == "Anna"


@pytest.mark.parametrize(
    ("from_", "hidden"),
    [
        (None, True),
        ("", True),
        ("Unknown", True),
        ("anonymous", True),
        ("sip:anonymous@anonymous.invalid", True),
        ("Anna Kowalska", False),
        ("sip:", False),
        ("sip:@", False),
        ("sip:anna@", False),
        ("<@>", False),
        ("+", False),
        ("1" * 5000, False),
        ("@" * 5000, False),
        ("\x00\ud800", False),
        ("٤٤٧٧٠٠٩٠٠١٢٣", False),
        ("②②②②②②②②", False),
    ],
)
@pytest.mark.django_db
def test_whoever_cannot_be_told_is_a_stranger(from_: str | None, hidden: bool) -> None:
    make_contact("Anna", CALLER)
    make_block("447", kind="prefix")
    known = loaded()
    assert (known.find(from_).name, known.find(from_).hidden) == ("", hidden)
    assert known.block_for(known.find(from_)) is None


@given(st.one_of(st.text(max_size=60), st.text(alphabet="sip:@<>;0123456789+ ()?\x00", max_size=40)))
def test_nothing_that_vonage_sends_raises(from_: str) -> None:
    known = Callers({"blocks": [{"id": 1, "kind": "prefix", "pattern": "44", "action": "hang up", "text": ""}]})
    caller = known.find(from_)
    known.block_for(caller)
    assert numbers.identity(caller.number) == caller.number
    assert known.flow_for(caller, OURS) is None


@pytest.mark.django_db
def test_their_own_number_goes_before_the_longest_beginning() -> None:
    exact, short = make_block("+44 7700 900123"), make_block("+44", kind="prefix")
    long, hidden = make_block("+44 7700 9", kind="prefix", action="voicemail"), make_block(kind="hidden")
    known = loaded()
    found = {
        from_: (known.block_for(known.find(from_)) or {}).get("id")
        for from_ in (
            CALLER,
            "447700900999",
            "447711000000",
            "33123456789",
            "",
            "Unknown",
            "sip:44@example.com",
            "Anna",
        )
    }
    ids = [exact.pk, long.pk, short.pk, None, hidden.pk, hidden.pk, None, None]
    assert list(found.values()) == ids
    assert known.block_for(known.find("447700900999")) == {
        "id": long.pk,
        "kind": "prefix",
        "pattern": "4477009",
        "action": "voicemail",
        "text": "",
    }


@pytest.mark.django_db
def test_the_first_rule_that_fits_leads_to_its_flow() -> None:
    number, other = make_number(OURS, label="Main line"), make_number("442079460001", greeting="Other.")
    vip, bikes = Tag.objects.named(["vip", "bikes"])
    flows = [CallFlow.objects.create(name=name) for name in ("Bikes", "VIPs here", "VIPs")]
    CallerRule.objects.create(position=3, tag=vip, flow=flows[2])
    CallerRule.objects.create(position=2, tag=vip, flow=flows[1], number=number)
    CallerRule.objects.create(position=1, tag=bikes, flow=flows[0], number=other)
    make_contact("Anna", CALLER, tags=["vip", "bikes"])
    make_contact("Tom", "447700900456", tags=["vip"])
    make_contact("Eve", "447700900789")
    known = loaded()
    led = {
        (name, ours): known.flow_for(known.find(name), ours)
        for name in (CALLER, "447700900456", "447700900789", "")
        for ours in (OURS, "442079460001")
    }
    bikes_flow, here, everywhere = (flow.pk for flow in flows)
    assert list(led.values()) == [here, bikes_flow, here, everywhere, None, None, None, None]


@pytest.mark.django_db
def test_a_flow_that_a_rule_leads_to_outlives_its_numbers() -> None:
    flow = make_number(OURS).flow
    assert flow
    CallerRule.objects.create(tag=Tag.objects.named(["vip"])[0], flow=flow)
    delete_numbers(PhoneNumberQuerySet(PhoneNumber).all())
    assert CallFlow.objects.get() == flow


@pytest.mark.parametrize("contacts", [1, 30])
@pytest.mark.django_db
def test_all_is_loaded_with_five_queries(contacts: int, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for serial in range(contacts):
        make_contact(f"Contact {serial}", str(447700900000 + serial), tags=[f"tag {serial % 3}"])
    with django_assert_num_queries(5):
        known = Callers(load_all())
    assert len(known) == contacts
    assert known.find("447700900000").tags == ("tag 0",)


@pytest.mark.django_db
def test_every_change_counts() -> None:
    seen = [changes()]

    def changed() -> bool:
        seen.append(changes())
        return seen[-1] > seen[-2]

    anna = make_contact("Anna", CALLER)
    assert changed()
    anna.set_tags(["vip"])
    assert changed()
    anna.name = "Anna Kowalska"
    anna.save()
    assert changed()
    anna.numbers.get().delete()
    assert changed()
    block = make_block("447700900456")
    assert changed()
    number = make_number(OURS)
    seen.append(changes())
    CallerRule.objects.create(tag=Tag.objects.get(), flow=CallFlow.objects.create(name="VIPs"), number=number)
    assert changed()
    count_hit(block.pk)
    assert not changed()
    Block.objects.all().delete()
    assert changed()
    delete_numbers(PhoneNumberQuerySet(PhoneNumber).all())
    assert changed(), "a rule went with its number"
    assert not CallerRule.objects.exists()
    Contact.objects.filter(pk=anna.pk).delete()
    assert changed()


@pytest.mark.django_db
def test_a_change_that_is_taken_back_does_not_count() -> None:
    make_contact("Anna", CALLER)
    before = changes()
    with pytest.raises(IntegrityError), transaction.atomic():
        ContactNumber.objects.create(contact=Contact.objects.create(name="Tom"), party=CALLER)
    assert changes() == before


@pytest.mark.django_db
def test_hits_are_counted() -> None:
    block = make_block(CALLER)
    for _ in range(2):
        count_hit(block.pk)
    count_hit(block.pk + 1)  # deleted meanwhile
    block.refresh_from_db()
    assert block.hits == 2
    assert block.last_hit_at is not None


@pytest.mark.parametrize(
    ("fields", "where", "reason"),
    [
        ({"pattern": OURS}, "pattern", "+44 20 7946 0000 is one of our own numbers (Main line)"),
        ({"pattern": ""}, "pattern", "Write whom you mean"),
        ({"pattern": "Anna"}, "pattern", "“Anna” is neither a number"),
        ({"pattern": "12"}, "pattern", "“12” is neither a number"),
        ({"pattern": "1" * 200}, "pattern", "neither a number"),
        ({"pattern": "", "kind": "prefix"}, "pattern", "every caller would be blocked"),
        ({"pattern": "+", "kind": "prefix"}, "pattern", "every caller would be blocked"),
        ({"pattern": "07700", "kind": "prefix"}, "pattern", "not how a number with its country code begins"),
        ({"pattern": "sip:a", "kind": "prefix"}, "pattern", "not how a number with its country code begins"),
        ({"pattern": CALLER, "action": "message", "text": "  "}, "text", "There is no sentence to say"),
        ({"pattern": CALLER, "kind": "nobody"}, "kind", "not a valid choice"),
        ({"pattern": CALLER, "action": "sing"}, "action", "not a valid choice"),
        ({"pattern": "+44 7700 900999"}, "__all__", "That is blocked already."),
        ({"kind": "hidden", "pattern": "ignored"}, "__all__", "That is blocked already."),
    ],
)
@pytest.mark.django_db
def test_what_would_block_nobody_or_ourselves_is_refused(fields: dict[str, str], where: str, reason: str) -> None:
    make_number(OURS, label="Main line")
    make_block("447700900999")
    make_block(kind="hidden")
    with pytest.raises(ValidationError) as refused:
        make_block(**fields)
    assert reason in " ".join(refused.value.message_dict[where])


@pytest.mark.django_db
def test_names_are_given_by_the_texts_asked_for(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    make_contact("Anna", CALLER, "sip:anna@example.com")
    asked = [f" +{CALLER}", "anna@example.com", OURS, "", "Anna", "x" * 5000]
    with django_assert_num_queries(1):
        names = names_of(asked)
    assert names == {f" +{CALLER}": "Anna", "anna@example.com": "Anna"}
    assert names_of(["", "Unknown"]) == {}


@pytest.mark.django_db
def test_a_text_is_previewed_as_a_contact_hears_it() -> None:
    anna = make_contact("Anna", CALLER)
    text = "Hello {caller.name}, this is {number.label}; we close at {hours.closes}."
    assert preview(text, anna) == "Hello Anna, this is Main line; we close at 17:30."
    assert preview(text) == "Hello, this is Main line; we close at 17:30."
    assert preview(text, anna, hours_closes="5", number_label="Shop") == "Hello Anna, this is Shop; we close at 5."


@pytest.mark.once
def test_a_hundred_thousand_contacts_cost_a_call_nothing() -> None:
    """Look-ups are by hash: as many steps for many as for few. Counted, since time on a busy machine proves nothing."""
    many = 100_000
    data = {
        "contacts": [[pk, f"Contact {pk}", ["vip"] if pk % 9 == 0 else []] for pk in range(many)],
        "numbers": [[str(447700000000 + pk), pk] for pk in range(many)],
        "blocks": [{"id": pk, "kind": "prefix", "pattern": str(4410000 + pk)} for pk in range(many)],
    }
    known = Callers(data)
    assert known.find("447700000009") == Caller("447700000009", "Contact 9", ("vip",), 9)
    assert (known.block_for(known.find("441000500000")) or {})["id"] == 5
    assert len(known._lengths) == 1
