"""Asking an application what to do next: the answer URL, events whose reply counts, and the fallback URL."""

import json
from typing import TYPE_CHECKING

from calls.emulator import events
from calls.emulator.replies import BadReply, is_array, is_meant_as_ncco, read_ncco
from calls.emulator.webhooks import Undelivered, Webhook
from calls.vonage.ncco import Ncco

if TYPE_CHECKING:
    from calls.emulator.application import Target
    from calls.emulator.legs import Leg
    from calls.emulator.platform import Platform

SYNTAX_ERROR = "Syntax error in NCCO. Invalid value type or action."


class Asker:
    """Sends questions and reads the replies."""

    def __init__(self, platform: "Platform") -> None:
        self.platform = platform

    async def ask(self, leg: "Leg", webhook: Webhook) -> Ncco | None:
        """Give the NCCO. None: an event was answered with nothing, or nobody has an NCCO for the call."""
        try:
            return await self._reply(leg, webhook)
        except Undelivered as failure:
            reason = str(failure)
        ours = webhook.application
        if leg.is_over or not ours.fallback_url:
            return None
        leg.note("note", f"fallback: {reason}", reason=reason)
        original = {"url": webhook.url, "type": webhook.kind}
        fields = webhook.fields | {"reason": reason, "original_request": original}
        try:
            return await self._reply(
                leg, Webhook(ours, "fallback", ours.fallback_url, ours.fallback_method, fields, is_question=True)
            )
        except Undelivered:
            return None

    async def _reply(self, leg: "Leg", webhook: Webhook) -> Ncco | None:
        """Give the NCCO of the reply; None where an event was answered with none. Raises Undelivered."""
        reply = await self.platform.sender.deliver(webhook)
        about_event = "event" in {webhook.kind, webhook.fields.get("original_request", {}).get("type")}
        if about_event and not is_meant_as_ncco(reply):
            return None
        try:
            ncco = read_ncco(reply)
        except BadReply as bad:
            for reason in bad.reasons:
                self.platform.sender.find(webhook, reason)
            if about_event and not is_array(reply):
                return None  # inferred: only an array is taken for an NCCO there
            if not leg.is_over:
                self.refuse(leg)
            raise Undelivered(SYNTAX_ERROR) from bad
        leg.note("note", f"NCCO: {_short(ncco)}", detail=True, ncco=ncco, url=webhook.url)
        return ncco

    def refuse(self, leg: "Leg", reason: str = SYNTAX_ERROR) -> None:
        """Tell the application that its NCCO is refused, or something else went wrong with the call."""
        leg.note("note", f"Error: {reason}", reason=reason)
        fields = events.failed(leg.conversation.uuid, reason, self.platform.clock.now())
        leg.tell(fields, leg.call_events)


def _short(ncco: Ncco) -> str:
    """Name the actions in order."""
    return ", ".join(str(action["action"]) for action in ncco) or json.dumps(ncco)


async def ask_what_to_do(leg: "Leg", target: "Target | None" = None) -> Ncco | None:
    """Ask the answer URL, or another one, and the fallback URL where that fails. None: neither has an NCCO."""
    ours = leg.application
    url, method = (target.url, target.method) if target else (ours.answer_url, ours.answer_method)
    leg.note("note", f"to: {leg.dialled.shown} from: {leg.from_.shown}")
    return await leg.platform.ask(leg, Webhook(ours, "answer", url, method, events.answer(leg), is_question=True))
