"""Ringing through a local Vonage that runs elsewhere, by its `/lab`."""

import json
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp

from calls.emulator.scenario import Scenario

MOST_BYTES_A_LINE = 4 * 1024 * 1024  # an NCCO stands in one line


class NotThrough(Exception):
    """A sentence that says why the local Vonage did not ring."""


async def told_by(
    base: str, scenario: Scenario, *, speed: float | None = None, certificate: Path | None = None
) -> AsyncIterator[dict[str, Any]]:
    """Let the local Vonage at this URL play a scenario, and give what it tells; the last is the outcome.

    Its clock runs at `speed` from then on; None leaves it as it is. `certificate` is that of a Vonage that serves https
    with one of its own making. Raises NotThrough.
    """
    lab = f"{base.rstrip('/')}/lab"
    url = f"{lab}/calls?watch=1"
    trust = _trusting(certificate) if certificate else True
    limits = aiohttp.ClientTimeout(total=None, connect=5)
    is_over = False
    try:
        async with aiohttp.ClientSession(timeout=limits, read_bufsize=MOST_BYTES_A_LINE) as session:
            if speed:
                async with session.put(f"{lab}/clock", json={"speed": speed}, ssl=trust) as reply:
                    await _be_good(reply)
            async with session.post(url, json=scenario.as_json(), ssl=trust) as reply:
                await _be_good(reply)
                async for line in reply.content:
                    told = json.loads(line)
                    is_over = told.get("kind") == "outcome"
                    yield told
    except aiohttp.ClientSSLError as error:
        raise NotThrough(f"{url} is not trusted ({error}). Name the certificate that it says: --trust FILE.") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        why = str(error) or type(error).__name__
        raise NotThrough(f"{url} cannot be asked ({why}). Is `manage.py vonage` running there?") from None
    if not is_over:
        raise NotThrough(f"{url} broke off before the call was over. Look at what it says there.")


async def _be_good(reply: aiohttp.ClientResponse) -> None:
    if reply.status != 200:
        raise NotThrough(f"{reply.url} answered {reply.status}: {(await reply.text())[:300]}")


def _trusting(certificate: Path) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=str(certificate))
    except OSError as error:
        raise NotThrough(f"{certificate} is no certificate that can be used: {error.strerror or error}.") from None
