"""A call: what the platform tells the application about it, and what it asks."""

from contextlib import suppress

from calls.emulator.application import Application, Method
from calls.emulator.clock import Clock
from calls.emulator.legs import Fields, Leg, Side
from calls.emulator.line import Line
from calls.emulator.replies import BadReply, read_ncco
from calls.emulator.trace import Trace
from calls.emulator.webhooks import Undelivered, Webhook, WebhookSender
from calls.vonage.ncco import Ncco

SYNTAX_ERROR = "Syntax error in NCCO. Invalid value type or action."


class Call:
    """One leg on a line, and the application that decides about it."""

    def __init__(self, leg: Leg, line: Line, sender: WebhookSender, trace: Trace) -> None:
        self.leg = leg
        self.line = line
        self.sender = sender
        self.trace = trace

    @property
    def application(self) -> Application:
        return self.sender.application

    @property
    def clock(self) -> Clock:
        return self.line.clock

    def started(self) -> None:
        self._tell_status(self.leg.status("started", self.clock.start))

    def ringing(self) -> None:
        """Tell that it rings: made at the same moment as `started`, and seen with the same timestamp."""
        self._tell_status(self.leg.status("ringing", self.clock.start))

    def answered(self) -> None:
        self._tell_status(self.leg.answered(self.clock.now()))

    def ended(self, by: Side) -> None:
        """Tell the end; of a call that was never answered first that it was cancelled (inferred for inbound)."""
        self.line.over = True
        now = self.clock.now()
        if self.leg.answered_at is None:
            self._tell_status(self.leg.status("cancelled", now))
        self._tell_status(self.leg.completed(now, by=by))

    async def ask_what_to_do(self) -> Ncco | None:
        """Ask the answer URL, and the fallback URL where that fails. None: neither has an NCCO."""
        ours = self.application
        self.trace.line(f"to: {self.leg.to} from: {self.leg.from_}")
        fields = self.leg.identity()
        return await self.line.until(self._ask(Webhook("answer", ours.answer_url, ours.answer_method, fields, True)))

    async def ask_about(self, event: Fields, url: str = "", method: Method | None = None) -> Ncco | None:
        """Send an event whose reply may replace the flow. None: the flow goes on as it was."""
        ours = self.application
        webhook = Webhook("event", url or ours.event_url, method or ("POST" if url else ours.event_method), event, True)
        return await self.line.until(self._ask(webhook))

    def _tell_status(self, event: Fields) -> None:
        self.trace.line(f"Call status: {event['status']}")
        self._tell(event)

    def _tell(self, event: Fields) -> None:
        """Send an ordinary event; nobody waits for the reply."""
        webhook = Webhook("event", self.application.event_url, self.application.event_method, event)
        self.clock.run(self._deliver(webhook))

    async def _deliver(self, webhook: Webhook) -> None:
        with suppress(Undelivered):  # noted as a finding; the platform goes on
            await self.sender.deliver(webhook)

    async def _ask(self, webhook: Webhook) -> Ncco | None:
        try:
            return await self._reply(webhook)
        except Undelivered as failure:
            reason = str(failure)
        ours = self.application
        if self.line.over or not ours.fallback_url:
            return None
        self.trace.line(f"fallback: {reason}")
        original = {"url": webhook.url, "type": webhook.kind}
        fields = webhook.fields | {"reason": reason, "original_request": original}
        try:
            return await self._reply(Webhook("fallback", ours.fallback_url, ours.fallback_method, fields, True))
        except Undelivered:
            return None

    async def _reply(self, webhook: Webhook) -> Ncco | None:
        """Give the NCCO of the reply; None where an event was answered with nothing. Raises Undelivered."""
        reply = await self.sender.deliver(webhook)
        about_event = "event" in {webhook.kind, webhook.fields.get("original_request", {}).get("type")}
        if about_event and not reply.body:
            return None
        try:
            return read_ncco(reply)
        except BadReply as bad:
            for reason in bad.reasons:
                self.sender.find(webhook, reason)
            if about_event and not bad.is_array:
                return None  # inferred: only an array is taken for an NCCO there
            if not self.line.over:
                self.trace.line(f"Error: {SYNTAX_ERROR}")
                self._tell(self.leg.error(self.clock.now(), SYNTAX_ERROR))
            raise Undelivered(SYNTAX_ERROR) from bad
