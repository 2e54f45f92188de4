"""The Voice API, through the official SDK on a short lead.

Its defaults wait for ever and place up to ten calls where a connection drops once: so five seconds, one attempt, a
client for each use (it shares its headers between threads). It is imported late, since that takes over half a second.
NCCOs go as they are, below the SDK's models, which drop options that they do not know.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from calls.vonage.account import Account

if TYPE_CHECKING:
    from vonage import Vonage

SECONDS = 5  # for the connection, and for each part of the reply
UUID = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)  # it stands in the path, unescaped

Fate = Literal["refused", "unknown"]


class VonageError(Exception):
    """What Vonage said no to, or did not say. The text is a sentence with cause and cure.

    `fate` is "refused" where nothing was done, and "unknown" where it may have been: a POST that was sent and not
    answered. `status` is that of the reply, 0 where there was none.
    """

    def __init__(self, reason: str, *, fate: Fate, status: int = 0) -> None:
        super().__init__(reason)
        self.fate = fate
        self.status = status


def place(account: Account, order: dict[str, Any]) -> dict[str, Any]:
    """POST /v1/calls. Gives {"uuid", "status", "direction", "conversation_uuid"}. Raises VonageError."""
    return _send(account, "post", "/v1/calls", order) or {}


def change(account: Account, uuid: str, body: dict[str, Any], *, part: str = "") -> dict[str, Any]:
    """PUT /v1/calls/{uuid}, or a part of it: "talk", "stream", "dtmf". Raises VonageError."""
    return _send(account, "put", _path(uuid, part), body) or {}


def stop(account: Account, uuid: str, part: str) -> dict[str, Any]:
    """DELETE /v1/calls/{uuid}/talk, or /stream. Raises VonageError."""
    return _send(account, "delete", _path(uuid, part), None) or {}


def read(account: Account, uuid: str) -> dict[str, Any]:
    """GET /v1/calls/{uuid}: a leg as Vonage knows it. Raises VonageError."""
    return _send(account, "get", _path(uuid, ""), None) or {}


def token(account: Account) -> str:
    """Make a JSON Web Token of the application, for what is fetched without the SDK. Raises VonageError."""
    return str(_client(account).http_client.auth.generate_application_jwt().decode())


def _path(uuid: str, part: str) -> str:
    if not UUID.fullmatch(uuid):
        raise VonageError(f"“{uuid[:64]}” is no id of a leg.", fate="refused")
    return f"/v1/calls/{uuid}/{part}" if part else f"/v1/calls/{uuid}"


def _send(account: Account, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any] | None:
    from pydantic import ValidationError  # late: see above
    from vonage_http_client.errors import HttpRequestError
    from vonage_utils.errors import VonageError as SdkError

    http = _client(account).http_client
    try:
        reply: dict[str, Any] | None = getattr(http, method)(http.api_host, path, body)
    except HttpRequestError as error:
        raise _refused(error.response) from error
    except requests.exceptions.ConnectTimeout as error:
        raise VonageError(f"No connection to {_host(account)} within {SECONDS} s.", fate="refused") from error
    except requests.exceptions.Timeout as error:
        raise VonageError(f"{_host(account)} did not answer within {SECONDS} s.", fate="unknown") from error
    except requests.exceptions.SSLError as error:
        raise VonageError(f"The certificate of {_host(account)} is not trusted.", fate="refused") from error
    except requests.exceptions.ConnectionError as error:
        fate: Fate = "refused" if _never_sent(error) else "unknown"
        raise VonageError(f"The connection to {_host(account)} failed or broke off.", fate=fate) from error
    except (SdkError, requests.RequestException, ValidationError, TypeError, ValueError) as error:
        raise VonageError(f"{_host(account)} answered something that is no answer: {error}", fate="unknown") from error
    return reply


def _client(account: Account) -> Vonage:
    from jwt.exceptions import InvalidKeyError  # late: see above
    from vonage import Auth, HttpClientOptions, Vonage
    from vonage_utils.errors import VonageError as SdkError

    if account.problem:
        raise VonageError(account.problem, fate="refused")
    parts = urlsplit(account.api_url)
    options = HttpClientOptions(api_host=parts.netloc, timeout=SECONDS, pool_maxsize=1, max_retries=0)
    try:
        client = Vonage(Auth(application_id=account.application_id, private_key=account.private_key), options)
        client.http_client.auth.create_jwt_auth_string()
    except (SdkError, InvalidKeyError, ValueError) as error:
        raise VonageError(f"VONAGE_PRIVATE_KEY cannot be used: {error}", fate="refused") from error
    if parts.scheme == "http":
        client.http_client._session.mount(f"https://{parts.netloc}", PlainHttp())
    return client


class PlainHttp(HTTPAdapter):
    """Lets the SDK, which knows https alone, reach a local Vonage without it. One attempt, as everywhere."""

    def __init__(self) -> None:
        super().__init__(max_retries=0, pool_maxsize=1)

    def send(self, request: requests.PreparedRequest, *given: Any, **options: Any) -> requests.Response:
        request.url = (request.url or "").replace("https://", "http://", 1)
        return super().send(request, *given, **options)


CURES = {
    401: "Vonage does not know this application's key. Check VONAGE_APPLICATION_ID, VONAGE_PRIVATE_KEY and the clock.",
    403: "Vonage does not allow this: the account may lack credit, or the number may be another's.",
    404: "Vonage does not know this call: it is over, or in another region.",
    429: "Vonage takes three new calls a second. Nothing was queued: try again in a second.",
}


def _refused(response: requests.Response) -> VonageError:
    """Say what a status means. A 5xx leaves open whether anything was done."""
    status = response.status_code
    if status >= 500:
        return VonageError(f"Vonage has trouble (status {status}). Try again later.", fate="unknown", status=status)
    words = CURES.get(status) or f"Vonage refused it (status {status}): {_detail(response)}"
    return VonageError(words, fate="refused", status=status)


def _detail(response: requests.Response) -> str:
    """Find the platform's own words in an error."""
    try:
        told = response.json()
    except ValueError:
        return "without a reason."
    if not isinstance(told, dict):
        return "without a reason."
    invalid = told.get("invalid_parameters")
    if isinstance(invalid, list) and invalid and isinstance(invalid[0], dict):
        return f"{invalid[0].get('name', '')}: {invalid[0].get('reason', '')}"
    return str(told.get("detail") or told.get("title") or told.get("error_title") or "without a reason.")[:200]


def _host(account: Account) -> str:
    return urlsplit(account.api_url).netloc


def _never_sent(error: requests.exceptions.ConnectionError) -> bool:
    """Whether no connection was made at all, so that nothing can have been done."""
    return "NewConnectionError" in str(error) or "Name or service not known" in str(error)
