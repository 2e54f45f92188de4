"""Sending webhooks as the platform does: signed, with its timeouts, repeated once where it repeats."""

import itertools
import json
import time
from dataclasses import dataclass
from random import Random
from types import TracebackType
from typing import Any, Literal, Self

import aiohttp
from yarl import URL

from calls.emulator.application import Application, Method
from calls.emulator.clock import Clock
from calls.emulator.events import Fields
from calls.emulator.faults import NONE
from calls.emulator.replies import JSON_TYPE, Reply, is_array
from calls.emulator.trace import Kind, Trace
from calls.vonage import signatures

SLOW_SECONDS = 1.0  # ours, not the platform's: the caller hears silence meanwhile
MOST_SHOWN = 64 * 1024  # of a reply, in the trace
MOST_BYTES = 1024 * 1024  # of a reply; inferred, the platform names no limit
REPEATED = {429, 503, 504}
DELIVERED = range(200, 206)  # Vonage's general rule; an answer needs 200

UNAUTHORIZED = 401
UNSIGNED, WRONGLY_SIGNED = "not signed", "signed with another secret"
MOST_FINDINGS = 1_000  # of a platform that runs for long
USER_AGENT = "local-vonage"


@dataclass(frozen=True)
class Webhook:
    """One request to the application. `is_question`: the reply may be an NCCO."""

    application: Application
    kind: Literal["answer", "event", "fallback"]
    url: str
    method: Method
    fields: Fields
    is_question: bool = False

    def __str__(self) -> str:
        """Name it in a finding; the query has numbers in it."""
        return f"{self.method} {self.url.partition('?')[0]}"

    @property
    def leg(self) -> str:
        """The leg that it is about; "": it names none."""
        return str(self.fields.get("uuid") or self.fields.get("call_uuid") or "")

    @property
    def conversation(self) -> str:
        return str(self.fields.get("conversation_uuid") or self.fields.get("conversation_uuid_to") or "")

    @property
    def read_seconds(self) -> float:
        """How long the application is given to reply."""
        ours = self.application
        return {"answer": ours.answer_seconds, "fallback": ours.fallback_seconds, "event": ours.event_seconds}[
            self.kind
        ]

    def request(self) -> tuple[URL, bytes]:
        """Give URL and body. In a GET a nested value is JSON text in one parameter, null is empty (inferred)."""
        if self.method == "POST":
            return URL(self.url), json.dumps(self.fields).encode()
        query = {
            name: value if isinstance(value, str) else "" if value is None else json.dumps(value, separators=(",", ":"))
            for name, value in self.fields.items()
        }
        return URL(self.url).extend_query(query), b""


class Undelivered(Exception):
    """No reply that counts. The text is the `reason` that the fallback URL is given (inferred but for one)."""

    def __init__(self, reason: str, *, again: bool = False) -> None:
        super().__init__(reason)
        self.again = again


class WebhookSender:
    """Sends webhooks. `findings` are the faults that the owners of applications should know of, a sentence each; the
    trace has each when it is met.
    """

    def __init__(self, clock: Clock, trace: Trace, chance: Random) -> None:
        self.clock = clock
        self.trace = trace
        self.chance = chance
        self.faults = NONE
        self.findings: list[str] = []
        self._numbers = itertools.count(1)

    async def __aenter__(self) -> Self:
        # A connection for each request: a server that closes idle ones would look like one that breaks off.
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(force_close=True, limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": USER_AGENT, "Content-Type": JSON_TYPE},  # the latter was seen on GET, too
        )
        # aiohttp would repeat a GET that breaks off. What is repeated is the platform's to decide; there is no
        # public switch, so this is how aiohttp's own test client does it.
        self._session._retry_connection = False
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    def find(self, webhook: Webhook, fault: str) -> None:
        """Note a fault of a webhook's reply."""
        self.note(f"{webhook}: {fault}", leg=webhook.leg, conversation=webhook.conversation)

    def note(self, finding: str, *, leg: str = "", conversation: str = "") -> None:
        """Note a fault: in the trace each time, among the findings once however often it is met."""
        self.trace.add("finding", finding, leg=leg, conversation=conversation)
        if finding not in self.findings and len(self.findings) < MOST_FINDINGS:
            self.findings.append(finding)

    async def deliver(self, webhook: Webhook) -> Reply:
        """Send, and once more where the platform repeats. Raises Undelivered."""
        try:
            return await self._attempt(webhook)
        except Undelivered as failure:
            if not failure.again:
                raise
        return await self._attempt(webhook)

    async def _attempt(self, webhook: Webhook) -> Reply:
        began = time.monotonic()
        signing = self._signing(webhook)
        number = next(self._numbers)  # says which reply belongs to which request
        asked: dict[str, Any] = {"number": number, "fields": webhook.fields, "question": webhook.is_question}
        self._show(webhook, "webhook", f"→ {webhook}", **asked, **({"fault": signing} if signing else {}))
        try:
            reply = await self._exchange(webhook, signing)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            fault, reason, again = in_words(error, webhook)
            self._show(webhook, "reply", f"← {reason}", number=number, problem=fault)
            raise self._failure(webhook, fault, reason, again=again) from error
        seconds = time.monotonic() - began
        shown = reply.body[:MOST_SHOWN].decode(errors="replace")
        words = f"← {reply.status} in {seconds * 1000:.0f} ms"
        came = {"number": number, "status": reply.status, "seconds": round(seconds, 4), "body": shown}
        self._show(webhook, "reply", words, **came)
        self._judge_signature(webhook, reply, signing)
        self._judge(webhook, reply, seconds)
        return reply

    def _signing(self, webhook: Webhook) -> str:
        """Say what is wrong with the signature of a request: nothing, unless the failure lab wants it."""
        faults = self.faults
        if webhook.application.secret and faults.unsigned and self.chance.random() < faults.unsigned:
            return UNSIGNED
        if webhook.application.secret and faults.wrong_signature and self.chance.random() < faults.wrong_signature:
            return WRONGLY_SIGNED
        return ""

    def _judge_signature(self, webhook: Webhook, reply: Reply, signing: str) -> None:
        """Who refuses what is wrongly signed, or of another time, does well. Raises Undelivered then."""
        if reply.status == UNAUTHORIZED and (signing or self.faults.clock_off):
            raise Undelivered(f"HTTP status {UNAUTHORIZED}.")
        if signing and reply.status in DELIVERED:
            self.find(webhook, f"it took a request that was {signing}. Refuse those with {UNAUTHORIZED}.")

    def _show(self, webhook: Webhook, kind: Kind, words: str, **data: Any) -> None:
        """Add what is sent, or what came back, to the trace."""
        named = {"door": webhook.kind, "url": webhook.url, "method": webhook.method, **data}
        self.trace.add(kind, words, leg=webhook.leg, conversation=webhook.conversation, detail=True, **named)

    async def _exchange(self, webhook: Webhook, signing: str) -> Reply:
        url, body = webhook.request()
        connect, read = webhook.application.connect_seconds, webhook.read_seconds
        # The limit on the whole is inferred: a reply that drips for ever must end some time.
        limits = aiohttp.ClientTimeout(total=connect + read, connect=connect, sock_read=read)
        async with self._session.request(
            webhook.method,
            url,
            data=body or None,
            headers=signature(
                webhook.application,
                body or signatures.query_as_json(url.raw_query_string),
                signing=signing,
                clock_off=self.faults.clock_off,
            ),
            timeout=limits,
            allow_redirects=False,  # inferred: no source says that they are followed
        ) as response:
            received = bytearray()
            async for chunk in response.content.iter_any():
                received += chunk
                if len(received) > MOST_BYTES:
                    break
            content_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            return Reply(response.status, content_type, bytes(received))

    def _judge(self, webhook: Webhook, reply: Reply, seconds: float) -> None:
        """Note what is wrong with a reply. Raises Undelivered where the platform would take it for none."""
        if seconds > SLOW_SECONDS:
            self.find(webhook, f"the reply took {seconds:.1f} s. Reply within {SLOW_SECONDS:g} s: do less before it.")
        if len(reply.body) > MOST_BYTES:
            fault = f"the reply is longer than {MOST_BYTES:,} bytes. Send a shorter one."
            raise self._failure(webhook, fault, "Reply too long.")
        # Of an event any status of success will do; of an answer 200 alone.
        if reply.status != 200 and not (webhook.kind == "event" and reply.status in DELIVERED):
            fault = f"status {reply.status} instead of 200. {_cure(webhook.application, reply.status)}"
            # Inferred, as the sequence of it has it: what is repeated is told as a connection that failed.
            again = reply.status in REPEATED
            reason = "Connection closed." if again else f"HTTP status {reply.status}."
            raise self._failure(webhook, fault, reason, again=again)
        ordinary = webhook.kind == "event" and not webhook.is_question
        if ordinary and is_array(reply):
            self.find(webhook, "the reply to an ordinary event has an NCCO. Reply with 200 and nothing in it.")

    def _failure(self, webhook: Webhook, fault: str, reason: str, *, again: bool = False) -> Undelivered:
        self.find(webhook, fault)
        return Undelivered(reason, again=again)


def signature(application: Application, body: bytes, *, signing: str = "", clock_off: float = 0) -> dict[str, str]:
    """Sign by the real time, whatever the platform's clock says: the receiver looks at the token's age."""
    ours = application
    if not (ours.secret and ours.signed_callbacks) or signing == UNSIGNED:
        return {}
    secret = ours.secret if not signing else f"no {ours.secret}"
    now = int(time.time() + clock_off)
    token = signatures.sign(secret, body, api_key=ours.api_key, application_id=ours.application_id, issued_at=now)
    return {"Authorization": f"Bearer {token}"}


def in_words(error: Exception, webhook: Webhook) -> tuple[str, str, bool]:
    """Say why no reply came: for the owner, for the fallback URL, and whether the platform tries again."""
    match error:
        case aiohttp.ClientSSLError():  # first: some of them are ValueErrors, too
            fault = f"the TLS certificate or handshake is bad ({error}). Install a certificate that the public trusts."
            return fault, "Bad certificate.", False
        case ValueError():
            return f"the URL cannot be used ({error}). Correct it.", "Bad URL.", False
        case aiohttp.ConnectionTimeoutError():
            seconds = webhook.application.connect_seconds
            fault = f"no connection within {seconds:g} s. Is the server running, and can it be reached?"
            return fault, "Connection timeout.", True
        case TimeoutError():
            fault = f"no whole reply within {webhook.read_seconds:g} s. Vonage waits no longer: reply sooner."
            return fault, "Socket timeout.", True
        case aiohttp.ClientConnectorError():
            return (
                f"no connection ({error.strerror or error}). Is the server running there?",
                "Connection refused.",
                True,
            )
        case _:
            why = str(error) or type(error).__name__
            fault = f"the connection broke off before the whole reply was there ({why}). Look into the server's log."
            return fault, "Connection closed.", True


def _cure(application: Application, status: int) -> str:
    if status == UNAUTHORIZED and not application.secret:
        return "The request was not signed: name the signature secret that the application knows."
    if status == UNAUTHORIZED:
        return "It does not trust the signature: both sides need the same signature secret, and clocks that agree."
    if 300 <= status < 400:
        return "Redirects are not followed: name the URL that answers itself."
    return "Vonage counts this as a failure: look into the server's log."
