"""What the log says of a webhook: a line each, in the manner of the 2018 tutorial, strangers' numbers masked."""

import json

from calls.flows.routing import directory
from calls.vonage.events import Event, text_of


def line_of(event: Event) -> str:
    """Say an event in one line of the log, in the manner of the 2018 tutorial."""
    what = f"Call status: {event.status}" if event.status else f"Call {event.kind}"
    parties = [text_of(event.payload.get(name)) for name in ("from", "to")]
    between = " → ".join(shown(party) for party in parties) if any(parties) else ""
    return in_one_line("  ".join(part for part in (what, event.conversation_uuid, between) if part))


def whole_line_of(event: Event) -> str:
    """All of an event in one line, for when nothing else keeps it. Who called is masked as ever."""
    parties = {name: shown(text_of(event.payload[name])) for name in ("from", "to") if event.payload.get(name)}
    return json.dumps({**event.payload, **parties, "received_at": event.received_at.isoformat()})


def shown(party: str) -> str:
    """A number of ours in full, anybody else's masked."""
    if directory.owns(party):
        return party
    masked = f"{party[:4]}•••{party[-3:]}" if len(party) > 7 else "•••" if party else "not told"
    return in_one_line(masked)


def in_one_line(text: str) -> str:
    """Leave out nothing, but let nothing break the line: who sends an event must not write our log."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
