"""The oracle can fail: what is lost, doubled, invented or wrong is each found."""

from pathlib import Path

import pytest

from calls.models import Call, CallEvent, Leg
from tests.factories import keep
from tests.load.client import ClosedFeed
from tests.load.journal import Account, Journal, Reply, read_journals
from tests.load.oracle import judge, judge_events
from tests.load.traffic import Payload, event_calls, identity_of, names_of, payloads_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def payloads() -> list[Payload]:
    """Three calls, stored."""
    told = [payload for _ in range(3) for _, payload in payloads_of(names_of())]
    for payload in told:
        keep(payload)
    return told


@pytest.fixture
def account(payloads: list[Payload]) -> Account:
    """All of them were sent and acknowledged."""
    identities = {identity_of(payload) for payload in payloads}
    return Account(set(identities), set(identities))


def test_what_is_kept_as_it_was_sent_is_well(account: Account) -> None:
    verdict = judge(account)
    assert str(verdict) == "12 events stored exactly once, 3 calls true"


def test_a_lost_event_is_found(account: Account) -> None:
    row = CallEvent.objects.filter(status="answered")[0]
    lost = identity_of(row.payload)
    row.delete()
    verdict = judge(account)
    assert verdict.lost == [lost]
    assert "answered_at" in verdict.wrong[0]  # and its call is not what is left of its events


def test_an_event_that_was_sent_and_not_acknowledged_may_be_kept_or_not(account: Account) -> None:
    account.sent.add("0" * 32)
    account.acknowledged.pop()
    assert judge(account).faults == {}


def test_a_doubled_event_is_found(account: Account, payloads: list[Payload]) -> None:
    verdict = judge_events(account, [*payloads, payloads[0]])
    assert verdict.faults == {"doubled": [identity_of(payloads[0])]}


def test_an_invented_event_is_found(account: Account) -> None:
    invented = payloads_of(names_of())[0][1]
    keep(invented)
    assert judge(account).faults == {"invented": [identity_of(invented)]}


def test_an_event_that_was_changed_on_its_way_is_found(account: Account) -> None:
    row = CallEvent.objects.all()[0]
    row.payload["from"] = "447700900999"
    row.save()
    verdict = judge(account)
    assert (len(verdict.lost), len(verdict.invented)) == (1, 1)


@pytest.mark.parametrize("column", ["outcome", "duration_seconds", "from_number"])
def test_a_wrong_call_is_found(account: Account, column: str) -> None:
    call = Call.objects.all()[1]
    Call.objects.filter(pk=call.pk).update(**{column: 7_777})  # no call of this account has it
    verdict = judge(account)
    assert list(verdict.faults) == ["wrong"]
    assert verdict.wrong[0].startswith(f"{call.origin_uuid} ({column} is ")


def test_a_wrong_leg_is_found(account: Account) -> None:
    Leg.objects.filter(pk=Leg.objects.all()[0].pk).update(price_eur=None)
    assert "price_eur" in judge(account).faults["wrong"][0]


def test_a_leg_of_another_call_is_found(account: Account) -> None:
    first, second = Leg.objects.order_by("pk")[:2]
    CallEvent.objects.filter(leg=first, status="ringing").update(call=second.call)
    assert len(judge(account).wrong) == 1  # the call that now has events of two


def test_a_journal_says_afterwards_what_was_sent_and_acknowledged(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal") as journal:
        for identity in ("a", "b", "c", ""):
            journal.sent(identity)
        journal.answered(Reply("a", 0, 0.1, 200, ""))
        journal.answered(Reply("b", 0, 0.1, 503, ""))
        journal.answered(Reply("c", 0, 0.1, 0, "reset"))
        journal.answered(Reply("", 0, 0.1, 200, ""))
    assert read_journals(tmp_path / "journal") == Account({"a", "b", "c"}, {"a"})


def test_a_connection_sends_the_events_of_a_call_in_their_order() -> None:
    calls = list(event_calls(2, "a-signature-secret-of-the-tests-1"))
    feed = ClosedFeed(calls)
    taken = [feed.take(line, 0.0) for line in (0, 1, 0, 1, 0, 1, 0, 1)]
    sent = [delivery.request for found in taken if found for delivery in [found[1]]]
    assert sent == [delivery.request for pair in zip(*calls, strict=True) for delivery in pair]
    assert feed.take(0, 0.0) is None
