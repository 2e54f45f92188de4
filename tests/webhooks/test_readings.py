"""What the columns say of times, amounts and words that are spelled oddly, or are none."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
import time_machine

from calls.models import Call, CallEvent, Leg
from tests.conftest import Post
from tests.webhooks.bad_bodies import COMPLETED, STARTED
from tests.webhooks.conftest import Render


@pytest.mark.parametrize(
    ("told", "moment"),
    [
        ("2020-01-01T12:00:00.000Z", "2020-01-01T12:00:00+00:00"),
        ("2020-01-01T12:00:00.812Z", "2020-01-01T12:00:00.812000+00:00"),
        ("2020-01-01T12:00:00Z", "2020-01-01T12:00:00+00:00"),
        ("2020-01-01T12:00:00", "2020-01-01T12:00:00+00:00"),
        ("2020-01-01 12:00:00", "2020-01-01T12:00:00+00:00"),
        ("2020-01-01T12:00:00+0000", "2020-01-01T12:00:00+00:00"),
        ("2020-01-01T12:00:00+00:00", "2020-01-01T12:00:00+00:00"),
        ("2020-01-01T12:00:00+01:00", "2020-01-01T11:00:00+00:00"),
        ("2020-01-01T12:00:00.123456Z", "2020-01-01T12:00:00.123456+00:00"),
        ("2020-01-01T12:00:00.123456789Z", "2020-01-01T12:00:00.123456+00:00"),
        (" 2020-01-01T12:00:00.000Z ", "2020-01-01T12:00:00+00:00"),
    ],
)
def test_every_spelling_of_a_time_is_read(post_event: Post, told: str, moment: str) -> None:
    post_event(STARTED | {"timestamp": told})
    assert CallEvent.objects.get().occurred_at == datetime.fromisoformat(moment)
    assert Leg.objects.get().started_at == datetime.fromisoformat(moment)


@pytest.mark.parametrize(
    "told",
    [
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59-14:00",
        "99999-01-01T00:00:00Z",
        "2020-13-01T00:00:00Z",
        "2020-02-30T00:00:00Z",
        "2020-01-01T25:00:00Z",
        "2020-01-01T00:00:00+99:99",
        "yesterday",
        "12:00",
        "1577880000",
        1577880000,
        1577880000.5,
        1577880000000,
        10**3_999,
        -1,
        True,
        None,
        "",
        [],
        ["2020-01-01T12:00:00.000Z"],
        {},
        "9" * 100_000,
    ],
    ids=lambda told: str(told)[:40],
)
def test_where_no_time_can_be_read_our_clock_counts(post_event: Post, told: object) -> None:
    ours = datetime(2026, 3, 2, 11, tzinfo=UTC)
    with time_machine.travel(ours, tick=False):
        assert post_event(STARTED | {"timestamp": told}).status_code == 200
    assert CallEvent.objects.get().occurred_at == ours
    assert Leg.objects.get().started_at == ours


@pytest.mark.parametrize(
    ("told", "euros"),
    [
        ("0.00060000", "0.0006"),
        ("0", "0"),
        (" 1.5 ", "1.5"),
        (0.0006, "0.0006"),
        (2, "2"),
        ("1E-3", "0.001"),
        ("0.123456789", "0.12345679"),
        ("999999.99999999", "999999.99999999"),
        ("1000000", None),
        ("-0.01", None),
        ("1e99999999999999999999", None),
        (10**3_999, None),
        ("9" * 100_000, None),
        ("1e999", None),
        ("1e999999999", None),
        ("1e-999999999", "0"),
        ("NaN", None),
        ("sNaN", None),
        ("Infinity", None),
        ("abc", None),
        ("", None),
        (True, None),
        (None, None),
        (["1"], None),
        ({"amount": "1"}, None),
    ],
    ids=lambda told: str(told)[:20],
)
def test_price_and_rate_are_read_or_unknown(post_event: Post, told: object, euros: str | None) -> None:
    assert post_event(COMPLETED | {"price": told, "rate": told}).status_code == 200
    leg, expected = Leg.objects.get(), None if euros is None else Decimal(euros)
    assert (leg.price_eur, leg.rate_eur) == (expected, expected)
    assert Call.objects.get().price_eur == expected


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("7", 7),
        (7, 7),
        ("0", 0),
        (7.0, 7),
        ("86400", 86_400),
        ("2147483647", 2_147_483_647),
        ("2147483648", None),
        ("-1", None),
        (-1, None),
        ("1e999999999", None),
        ("NaN", None),
        ("abc", None),
        ("9" * 100_000, None),
        (False, None),
        ([7], None),
    ],
    ids=lambda told: str(told)[:20],
)
def test_duration_is_read_or_unknown(post_event: Post, told: object, seconds: int | None) -> None:
    assert post_event(COMPLETED | {"duration": told}).status_code == 200
    assert Leg.objects.get().duration_seconds == seconds
    assert Call.objects.get().duration_seconds == seconds


def test_prices_whose_sum_is_beyond_the_column_lose_nothing(post_event: Post, render: Render) -> None:
    for number in range(12):
        assert post_event(COMPLETED | {"uuid": str(number), "price": "999999.99999999"}).status_code == 200
    assert set(Leg.objects.values_list("price_eur", flat=True)) == {Decimal("999999.99999999")}
    assert Call.objects.get().price_eur is None
    render()


def test_unknown_status_is_kept_and_outranks_nothing(post_event: Post, render: Render) -> None:
    post_event(STARTED | {"status": "levitating", "timestamp": "2026-03-02T10:00:01.000Z"})
    assert Leg.objects.get().status == "levitating"
    post_event(STARTED)
    post_event(STARTED | {"status": "x" * 100_000, "timestamp": "2026-03-02T10:00:02.000Z"})
    leg = Leg.objects.get()
    assert (leg.status, leg.ended_at) == ("started", None)
    assert [event.kind for event in CallEvent.objects.all()] == ["status"] * 3
    render()
