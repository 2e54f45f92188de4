"""Contacts, rules and blocked callers in the admin."""

import threading
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from calls.flows.callers import Callers, load_all
from calls.models import Block, CallerRule, CallFlow, Contact, Tag, User
from tests.admin.forms import errors_of, member_of_staff, messages_of, submit
from tests.factories import CALLER, OURS, PERSON, make_contact, make_number

CONTACTS, RULES, BLOCKS = (f"/admin/calls/{name}/" for name in ("contact", "callerrule", "block"))
HANG_UP = {"kind": "exact", "pattern": "+44 7700 900123", "action": "hang up"}


def listed(browser: Client, address: str, words: str = "", **more: str) -> list[str]:
    response = browser.get(address, {"q": words, **more})
    assert response.status_code == 200
    return [str(row) for row in response.context["cl"].result_list]


# Contacts


def test_a_contact_is_kept_with_numbers_and_tags_as_they_are_typed(login: Client) -> None:
    fields = {"name": " Anna  Kowalska ", "parties": "+44 7700 900123\r\n\r\n0044 (0)20 7946 0999\r\nAnna@Example.com"}
    submit(login, f"{CONTACTS}add/", {**fields, "tag_words": "VIP, bikes ,, vip", "note": "Rides a lot."})
    anna = Contact.objects.get()
    assert anna.name == "Anna Kowalska"
    assert [number.party for number in anna.numbers.all()] == [CALLER, "442079460999", "sip:anna@example.com"]
    assert [tag.name for tag in anna.tags.all()] == ["bikes", "vip"]
    page = login.get(f"{CONTACTS}{anna.pk}/change/").content.decode()
    assert "+44 7700 900123\n+44 20 7946 0999\nsip:anna@example.com" in page
    assert 'value="bikes, vip"' in page


def test_what_is_taken_out_of_the_form_is_gone(login: Client) -> None:
    anna = make_contact("Anna", CALLER, PERSON, tags=["vip"])
    submit(login, f"{CONTACTS}{anna.pk}/change/", {"name": "Anna", "parties": "447700900456", "tag_words": ""})
    known = Callers(load_all())
    assert known.find(CALLER).name == ""
    assert (known.find(PERSON).name, known.find(PERSON).tags) == ("Anna", ())


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("address", "fields", "reason"),
    [
        (CONTACTS, {"parties": "+44 7700 900123"}, "is a number of First. Take it from there first."),
        (BLOCKS, HANG_UP, "That is blocked already."),
    ],
)
def test_of_two_who_give_one_number_at_once_the_second_is_told(
    login: Client, address: str, fields: Any, reason: str
) -> None:
    """The second sends the form while the first has saved, and not yet committed."""
    if not connection.features.has_select_for_update_skip_locked:
        pytest.skip("SQLite has one writer at a time")
    said = []

    def second() -> None:
        said.append(submit(login, f"{address}add/", {"name": "Second", **fields}).content.decode())
        connection.close()

    with transaction.atomic():
        if address == CONTACTS:
            make_contact("First", CALLER)
        else:
            Block.objects.create(kind="exact", pattern=CALLER, action="hang up")
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(1)
        assert thread.is_alive()  # it waits for the first
    thread.join(20)
    assert reason in said[0]


@pytest.mark.parametrize(
    ("fields", "where", "reason"),
    [
        ({"name": " "}, "name", "required"),
        ({"name": "x" * 101}, "name", "at most 100 characters"),
        ({"parties": "07700 900123"}, "parties", "“07700 900123” is neither a number with its country code"),
        ({"parties": "Tom"}, "parties", "“Tom” is neither a number"),
        ({"parties": f"{CALLER}\nTom\nEve"}, "parties", "“Eve” is neither"),
        ({"parties": "+44 7700 900456"}, "parties", "+44 7700 900456 is a number of Tom. Take it from there first."),
        ({"parties": "\n".join(str(447700900000 + n) for n in range(51))}, "parties", "up to 50 numbers"),
        ({"parties": "9" * 5000}, "parties", "is neither a number"),
        ({"tag_words": "x" * 41}, "tag_words", "is longer than 40 letters"),
        ({"note": "x" * 2001}, "note", "at most 2000 characters"),
    ],
)
def test_a_contact_that_makes_no_sense_is_refused(login: Client, fields: Any, where: str, reason: str) -> None:
    make_contact("Tom", PERSON)
    response = submit(login, f"{CONTACTS}add/", {"name": "Anna", "parties": "", "tag_words": "", "note": ""} | fields)
    assert reason in " ".join(errors_of(response)[where])
    assert Contact.objects.get().name == "Tom"


@pytest.mark.parametrize(
    "words", ["kowal", "anna kow", "+44 7700 900123", "07700 900", "0044 (0)7700", "900123", "vip", "rides", "sip:anna"]
)
def test_a_contact_is_found_in_any_spelling(login: Client, words: str) -> None:
    anna = make_contact("Anna Kowalska", CALLER, "sip:anna@example.com", tags=["vip", "vips of old"])
    Contact.objects.filter(pk=anna.pk).update(note="Rides a lot")
    make_contact("Tom", "442079460999")
    assert listed(login, CONTACTS, words) == ["Anna Kowalska"]


def test_contacts_are_filtered_by_tag(login: Client) -> None:
    make_contact("Anna", tags=["vip", "bikes"])
    make_contact("Tom", tags=["bikes"])
    assert listed(login, CONTACTS, tag="vip") == ["Anna"]
    assert listed(login, CONTACTS, tag="bikes") == ["Anna", "Tom"]
    assert listed(login, CONTACTS, tag="nobody’s") == []


@pytest.mark.parametrize("contacts", [1, 20])
def test_the_list_costs_the_same_queries_however_long_it_is(
    login: Client, contacts: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for serial in range(contacts):
        make_contact(f"Contact {serial}", str(447700900000 + serial), tags=["vip"])
    with django_assert_num_queries(7):  # session, user, tags to filter by, count, contacts, numbers, tags
        assert login.get(CONTACTS).status_code == 200


# Rules


def test_a_rule_leads_callers_with_a_tag_to_a_flow(login: Client) -> None:
    number = make_number(OURS, label="Main line")
    make_contact("Anna", CALLER, tags=["vip"])
    fields = {"tag_word": " VIP", "called": "+44 20 7946 0000", "flow": number.flow_id, "position": 1}
    submit(login, f"{RULES}add/", fields)
    known = Callers(load_all())
    assert known.flow_for(known.find(CALLER), OURS) == number.flow_id
    assert known.flow_for(known.find(CALLER), "442079460001") is None
    assert messages_of(login)[1:] == []
    page = login.get(f"{RULES}{CallerRule.objects.get().pk}/change/").content.decode()
    assert 'value="+44 20 7946 0000"' in page
    assert '<option value="vip">' in page


def test_a_rule_that_does_nothing_yet_says_why(login: Client) -> None:
    flow = CallFlow.objects.create(name="VIPs")
    submit(login, f"{RULES}add/", {"tag_word": "vip", "called": "", "flow": flow.pk, "position": 1})
    told = messages_of(login)
    assert "“VIPs” is not published. Until it is, these callers hear what everybody hears." in told
    assert "No contact has the tag “vip” yet." in told


@pytest.mark.parametrize(
    ("fields", "where", "reason"),
    [
        ({"tag_word": ""}, "tag_word", "required"),
        ({"tag_word": "a, b"}, "tag_word", "A rule is about one tag"),
        ({"tag_word": "VIP"}, "tag_word", "Rule 7 leads these callers to “VIPs”."),
        ({"called": "442079460001"}, "called", "“442079460001” is none of our numbers."),
        ({"called": "x" * 9999}, "called", "is none of our numbers."),
        ({"flow": "999999"}, "flow", "not one of the available choices"),
        ({"position": "0x"}, "position", "whole number"),
        ({"position": "99999"}, "position", "less than or equal to 9999"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(login: Client, fields: Any, where: str, reason: str) -> None:
    flow = CallFlow.objects.create(name="VIPs")
    CallerRule.objects.create(tag=Tag.objects.named(["vip"])[0], flow=flow, position=7)
    response = submit(login, f"{RULES}add/", {"tag_word": "new", "called": "", "flow": flow.pk, "position": 8} | fields)
    assert reason in " ".join(errors_of(response)[where])
    assert CallerRule.objects.count() == 1


def test_rules_are_put_in_order_in_the_list(login: Client) -> None:
    flow = CallFlow.objects.create(name="VIPs")
    rules = [
        CallerRule.objects.create(tag=tag, flow=flow, position=place)
        for place, tag in enumerate(Tag.objects.named(["vip", "bikes"]), start=1)
    ]
    assert listed(login, RULES) == ["vip → VIPs", "bikes → VIPs"]
    fields: dict[str, Any] = {"form-TOTAL_FORMS": 2, "form-INITIAL_FORMS": 2, "_save": "Save"}
    for row, rule in enumerate(rules):
        fields |= {f"form-{row}-id": rule.pk, f"form-{row}-position": 9 - row}
    submit(login, RULES, fields)
    assert listed(login, RULES) == ["bikes → VIPs", "vip → VIPs"]


def test_a_new_rule_is_the_last(login: Client) -> None:
    rule = CallerRule(tag=Tag.objects.named(["vip"])[0], flow=CallFlow.objects.create(name="VIPs"), position=4)
    rule.save()
    assert login.get(f"{RULES}add/").context["adminform"].form.initial["position"] == 5


# Blocked callers


def test_the_block_list_costs_the_same_queries_however_long_it_is(
    login: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    Block.objects.create(kind="exact", pattern=CALLER, action="hang up")
    with django_assert_num_queries(99, exact=False) as few:  # type: ignore[call-arg]
        assert login.get(BLOCKS).status_code == 200
    for number in range(12):
        Block.objects.create(kind="exact", pattern=f"4477009010{number:02}", action="hang up")
    with django_assert_num_queries(len(few.captured_queries)):
        login.get(BLOCKS)


def test_a_block_stands_with_who_made_it_and_how_often_it_stopped_somebody(login: Client, staff: User) -> None:
    submit(login, f"{BLOCKS}add/", {**HANG_UP, "text": "", "note": "Robot."})
    block = Block.objects.get()
    assert (block.pattern, block.made_by) == (CALLER, staff)
    Block.objects.count_hit(block.pk)
    page = login.get(BLOCKS).content.decode()
    assert "+44 7700 900123" in page
    assert '<td class="field-hits">1</td>' in page
    assert "Robot." in page


def test_a_beginning_is_typed_as_people_write_it(login: Client) -> None:
    make_contact("Anna", CALLER)
    submit(login, f"{BLOCKS}add/", {**HANG_UP, "kind": "prefix", "pattern": "+44 (0)7700…"})
    assert Block.objects.get().pattern == "447700"
    assert "This stops contacts of yours: Anna." in messages_of(login)
    address = f"{BLOCKS}{Block.objects.get().pk}/change/"
    assert 'value="+447700"' in login.get(address).content.decode()
    submit(login, address, {**HANG_UP, "kind": "prefix", "pattern": "+447700", "note": "Robots"})
    assert (Block.objects.get().pattern, Block.objects.get().note) == ("447700", "Robots")


@pytest.mark.parametrize(("typed", "named"), [("4", ""), ("+44", " (United Kingdom)"), ("+353", " (Ireland)")])
def test_a_whole_country_is_blocked_only_when_that_is_meant(login: Client, typed: str, named: str) -> None:
    fields = {**HANG_UP, "kind": "prefix", "pattern": typed}
    response = submit(login, f"{BLOCKS}add/", fields)
    digits = typed.removeprefix("+")
    assert errors_of(response)["sure"] == [
        f"Every number that begins with +{digits}{named} would be blocked. Is that meant?"
    ]
    assert 'type="checkbox" name="sure"' in response.content.decode()
    assert submit(login, f"{BLOCKS}add/", {**fields, "sure": "on"}).status_code == 302
    assert Block.objects.get().pattern == digits


def test_hidden_callers_are_blocked_without_a_number(login: Client) -> None:
    submit(login, f"{BLOCKS}add/", {**HANG_UP, "kind": "hidden", "pattern": "", "action": "voicemail"})
    assert (Block.objects.get().pattern, Block.objects.get().action) == ("", "voicemail")
    assert "Hidden callers" in login.get(BLOCKS).content.decode()


@pytest.mark.parametrize(
    ("fields", "where", "reason"),
    [
        ({"pattern": "+44 20 7946 0000"}, "pattern", "is one of our own numbers"),
        ({"pattern": ""}, "pattern", "Write whom you mean"),
        ({"pattern": "07700 900123"}, "pattern", "“07700 900123” has no country code"),
        ({"kind": "prefix", "pattern": " "}, "pattern", "every caller would be blocked"),
        ({"kind": "prefix", "pattern": "abc"}, "pattern", "not how a number with its country code begins"),
        ({"kind": "other"}, "kind", "not one of the available choices"),
        ({"action": "message", "text": " "}, "text", "There is no sentence to say"),
        ({"action": "message", "text": "Go, {caller.nam}"}, "text", "did you mean {caller.name}?"),
        ({"action": "message", "text": "<speak>Go"}, "text", "does not close it"),
        ({"action": "message", "text": "x" * 1501}, "text", "at most 1500 characters"),
        ({"pattern": "+44 7700 900999"}, "__all__", "That is blocked already."),
    ],
)
def test_a_block_that_makes_no_sense_is_refused(login: Client, fields: Any, where: str, reason: str) -> None:
    make_number(OURS, label="Main line")
    Block.objects.create(pattern="447700900999")
    response = submit(login, f"{BLOCKS}add/", {**HANG_UP, "text": "", **fields})
    assert reason in " ".join(errors_of(response)[where])
    assert Block.objects.count() == 1


def test_a_number_without_its_country_is_told_once(login: Client) -> None:
    response = submit(login, f"{BLOCKS}add/", {**HANG_UP, "text": "", "pattern": "07700 900123"})
    assert len(errors_of(response)["pattern"]) == 1


@pytest.mark.parametrize("words", ["+44 7700 900123", "07700 900123", "447700", "robot"])
def test_a_block_is_found_by_what_it_stops(login: Client, words: str) -> None:
    Block.objects.create(kind="prefix", pattern="447700", note="Robots")
    Block.objects.create(pattern="33123456789")
    expected = [] if words == "07700 900123" else ["+447700…"]
    assert listed(login, BLOCKS, words) == expected


@pytest.mark.parametrize("address", [CONTACTS, RULES, BLOCKS])
def test_who_may_only_look_is_shown_no_field(address: str, login: Client) -> None:
    make_contact("Anna", CALLER, tags=["vip"])
    CallerRule.objects.create(tag=Tag.objects.get(), flow=CallFlow.objects.create(name="VIPs"))
    Block.objects.create(pattern=PERSON, action="message", text="Go.")
    model = address.split("/")[3]
    browser = member_of_staff(f"view_{model}")
    page = browser.get(address)
    assert page.status_code == 200
    pk = page.context["cl"].result_list[0].pk
    response = browser.get(f"{address}{pk}/change/")
    assert response.status_code == 200
    assert 'type="text"' not in response.content.decode()
    assert browser.get(f"{address}add/").status_code == 403
