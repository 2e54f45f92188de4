"""The list of calls as tests read it."""

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.test import Client

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SAID = {"speech": {"results": [{"text": "Leave the parcel, please", "confidence": "0.9"}]}}


def caller(number: str | None) -> dict[str, Any]:
    return {"from": number}


def page(browser: Client, **query: Any) -> str:
    response = browser.get(f"/?{urlencode(query, doseq=True)}")
    assert response.status_code == 200
    return response.content.decode()


def found(browser: Client, **query: Any) -> list[int]:
    """The calls of the list."""
    return [int(pk) for pk in re.findall(r'id="call-(\d+)"', page(browser, **query))]


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def chips(html: str) -> dict[str, str]:
    """The quick filters with their counts, "" where none stands there."""
    return dict(re.findall(r'id="chip-(\w+)".*?(?:<b>([^<]*)</b>)?</a>', html, re.DOTALL))
