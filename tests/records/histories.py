"""Call histories: whatever Vonage may tell of several calls, with what it forgets, repeats and mixes up.

`tell` makes one out of choices; `histories` lets hypothesis choose.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from hypothesis import strategies as st

from calls.vonage.events import Event, read_query
from tests.vonage_client import in_query

Payload = dict[str, Any]
Choose = Callable[[Sequence[Any]], Any]

BEGIN = datetime(2026, 3, 2, 10, tzinfo=UTC)
CALLS = ("CON-f972836a-550f-45fa-956c-12a2ab5b7d22", "CON-2", "0b7c2f5e-3a61-4c1d-8f0a-7d5e9b1a2c33")
ROOMS = ("CON-room", "CON-hall")
LEGS = ("8b4f0d3c1e5a4b7c9d2e6f8a0b1c2d3e", "63f61863-4a51-4f6b-86e1-46edebcf9356", "0A0000000123ABCD1")
PARTIES = (
    "447700900123",
    "442079460010",
    " 447700900000",
    "50789",
    "0",
    "Unknown",
    "anonymous",
    "Alice",
    "sip:alice@example.com",
    "wss://example.com/socket",
    "",
    None,
)
SPELLINGS: tuple[Callable[[datetime], str], ...] = (
    lambda at: at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z",
    lambda at: at.isoformat(),
    lambda at: at.strftime("%Y-%m-%d %H:%M:%S.%f"),
    lambda at: (at + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S.%f+0100"),
)
# The lives of a leg. Any of their events may be lost.
LIVES = (
    ("started", "ringing", "answered", "completed"),
    ("ringing", "started", "answered", "completed"),
    ("started", "ringing", "answered"),
    ("started", "answered", "human", "completed"),
    ("started", "answered", "machine", "machine beep_start", "completed"),
    ("started", "ringing", "busy", "completed"),
    ("started", "ringing", "completed", "unanswered"),
    ("started", "ringing", "timeout", "completed"),
    ("started", "cancelled", "completed"),
    ("completed", "failed", "started"),
    ("started", "rejected"),
    ("started", "ringing", "answered", "rejected"),
    ("started", "answered", "disconnected", "completed"),
    ("levitating", "answered", "gone", "completed"),
    ("levitating", "gone"),
    ("human", "machine"),
    ("completed",),
)
DETAILS = {"unanswered": "unavailable", "rejected": "declined", "failed": "cannot_route"}


@dataclass
class Telling:
    """A history while it is being told."""

    choose: Choose
    apart: str = ""  # makes names differ from those of other histories, but for the rooms
    ours_is_ahead: timedelta = timedelta()
    events: list[Event] = field(default_factory=list)

    def one_of(self, *choices: Any) -> Any:
        return self.choose(choices)

    def mostly(self) -> bool:
        return bool(self.one_of(True, True, True, True, False))

    @property
    def calls(self) -> list[str]:
        return [conversation + self.apart for conversation in CALLS]

    def tell(self, seconds: float, payload: Payload, *, door: str = "event", timed: bool = True) -> None:
        """Let it come: by our clock, which no two things share, a little after it happened."""
        at = BEGIN + timedelta(seconds=seconds)
        if timed:
            payload["timestamp"] = self.one_of(*SPELLINGS)(at)
        received_at = at + self.ours_is_ahead + timedelta(milliseconds=40 + len(self.events))
        self.events.append(Event(payload=payload, door=door, received_at=received_at))


Tale = Callable[[Telling], None]


def tell(choose: Choose, tale: Tale | None = None, *, apart: str = "") -> list[Event]:
    """Tell this tale or any, and what is said of conversations alone. `apart` keeps its names from another's."""
    telling = Telling(choose, apart, ours_is_ahead=timedelta(hours=choose([0, 0, 1, -1])))
    (tale or choose([ring, ring, meet]))(telling)
    for _ in range(telling.one_of(0, 0, 1, 2)):
        tell_without_leg(telling)
    return telling.events


def ring(telling: Telling) -> None:
    """One to three calls, each with up to three legs that may move."""
    number = 0
    for conversation in telling.calls[: telling.one_of(1, 1, 2, 3)]:
        at = telling.one_of(0, 0, 3)
        for position in range(telling.one_of(1, 1, 2, 3)):
            shape = LEGS[number] if number < len(LEGS) else f"leg-{number}"
            inbound = position == 0 and telling.mostly()
            live(telling, shape + telling.apart, conversation, at, telling.one_of(*LIVES), inbound=inbound)
            at += telling.one_of(0, 2, 30)  # at once, or in turn
            number += 1


def meet(telling: Telling) -> None:
    """Two or three callers come into one room, and it is recorded: under the call of the one who was first."""
    room = ROOMS[0] + telling.apart
    callers = list(zip(LEGS, telling.calls, strict=True))[: telling.one_of(2, 3)]
    for shape, conversation in callers:
        at = telling.one_of(0, 0, 1)
        live(telling, shape + telling.apart, conversation, at, LIVES[0], inbound=True, into=room)
    telling.tell(40, {"recording_url": "https://api.nexmo.com/v1/files/r", "conversation_uuid": room})


@st.composite
def histories(draw: st.DrawFn, tale: Tale) -> list[Event]:
    """Let hypothesis tell one."""
    return tell(lambda choices: draw(st.sampled_from(choices)), tale)


def live(
    telling: Telling, uuid: str, conversation: str, at: float, life: Sequence[str], *, inbound: bool, into: str = ""
) -> None:
    """Tell the life of a leg, which begins in the conversation; it goes into a room in the end, or anywhere."""
    same: Payload = {"uuid": uuid, "direction": "inbound" if inbound else "outbound", "headers": {}}
    same |= {"from": telling.one_of(*PARTIES), "to": telling.one_of(*PARTIES)}
    moves_after = len(life) - 2 if into else telling.one_of(None, None, None, 0, 1, 2)
    for number, word in enumerate(life):
        if telling.mostly():  # else it was lost
            payload = in_status(telling, word, same, at) | {"conversation_uuid": conversation}
            telling.tell(at, payload, timed=telling.mostly())
        if number == moves_after:
            to = into or telling.one_of(*ROOMS, *telling.calls)
            if telling.mostly():  # else Vonage fails to tell
                names = {"conversation_uuid_from": conversation, "conversation_uuid_to": to}
                telling.tell(at + telling.one_of(0, 0.5), {"uuid": uuid, "type": "transfer"} | names)
            conversation = to
        at += telling.one_of(0, 0.25, 1, 7)
    beside: Sequence[str] = ("keys", "answer", "answer", "fallback", "earlier", "nameless", "nothing")
    if into:
        beside = ("answer", "nothing")
    tell_beside(telling, telling.one_of(*beside), same, conversation, at)


def in_status(telling: Telling, word: str, same: Payload, at: float) -> Payload:
    """Give the fields of a status event, but for those that say where and when."""
    status, _, sub_state = word.partition(" ")
    payload = same | {"status": status}
    if sub_state:
        payload["sub_state"] = sub_state
    if status in ("human", "machine"):
        payload = {name: value for name, value in payload.items() if name not in ("direction", "headers")}
        payload["call_uuid"] = payload.pop("uuid")
    if status == "answered":
        payload |= {"start_time": None, "rate": None, "network": None}
    if status in DETAILS:
        payload |= {"detail": telling.one_of(DETAILS[status], "solar_flare"), "sip_code": telling.one_of(480, "603")}
    if status == "completed":
        payload |= summary(telling, at)
    return payload


def summary(telling: Telling, at: float) -> Payload:
    """Give the summary that `completed` brings; in part, at times, and with another `from` than before."""
    begun = BEGIN + timedelta(seconds=int(at) - 5)
    told: Payload = telling.one_of(
        {},
        {"duration": "0", "rate": "0.00", "price": "0", "start_time": None, "network": None, "sip_code": 487},
        {
            "start_time": begun.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "end_time": (begun + timedelta(seconds=6)).isoformat(),
            "duration": telling.one_of("6", 6),
            "rate": "0.00450000",
            "price": telling.one_of("0.00052500", "0.1", 0.25),
            "network": telling.one_of("GB-MOBILE", "23410"),
            "disconnected_by": telling.one_of("user", "platform"),
            "sip_code": 200,
        },
        {"from": "Unknown", "duration": "abc", "price": "-1", "rate": "NaN", "start_time": "soon"},
    )
    return told


def tell_beside(telling: Telling, beside: str, same: Payload, conversation: str, at: float) -> None:
    """Tell what else may happen on a leg: keys, what we answered, an event from before all others, one with no name."""
    names = {"uuid": same["uuid"], "conversation_uuid": conversation}
    if beside == "keys":
        dtmf = telling.one_of({"digits": "42", "timed_out": False}, {"digits": None, "timed_out": True}, "1234")
        telling.tell(at, names | {"dtmf": dtmf})
    elif beside in ("answer", "fallback"):
        asked = names | telling.one_of({"from": same["from"]}, {"from_user": "Alice"}) | {"to": "442079460010"}
        telling.tell(at, asked | {"reply": {"ncco": [], "milliseconds": at}}, door=beside, timed=False)
    elif beside == "earlier":
        elsewhere = telling.one_of(*telling.calls, *ROOMS)
        telling.tell(at - 60, same | {"status": "started", "conversation_uuid": elsewhere})
    elif beside == "nameless":
        telling.tell(at, same | {"status": "ringing"})


def tell_without_leg(telling: Telling) -> None:
    """Tell something of a conversation alone; or of nothing at all."""
    about = {"conversation_uuid": telling.one_of(*telling.calls, *ROOMS, "CON-nobody", None)}
    at = telling.one_of(0, 4, 90)
    told: Payload = telling.one_of(
        {"recording_url": "https://api.nexmo.com/v1/files/b", "size": 12222, "start_time": "2026-03-02T10:00:05Z"},
        {"reason": "Syntax error in NCCO. Invalid value type or action."},
        {"payload": {"ticket": "A-17"}},
        {"type": "record", "status": "transcribed", "transcription_url": "https://api.nexmo.com/v1/files/t"},
        {"type": "rtc:hangup", "body": {"a": [1, None]}},
    )
    about["recording_uuid"] = f"{len(telling.events)}{telling.apart}"
    telling.tell(at, told | about, timed="transcription_url" not in told)


@st.composite
def deliveries(draw: st.DrawFn, history: Sequence[Event]) -> list[list[Event]]:
    """Bring a history in any order or leg by leg, some of it again, by POST or by GET, one by one or in batches."""
    again = []
    if told := [event for event in history if event.door == "event"]:
        for event in draw(st.lists(st.sampled_from(told), max_size=6)):
            again.append(draw(st.sampled_from([event, by_get(event)])))
    coming = draw(st.permutations([*history, *again]))
    if draw(st.booleans()):
        legs = list(dict.fromkeys(event.leg_uuid for event in coming))
        coming = sorted(coming, key=lambda event: legs.index(event.leg_uuid))
    batches = []
    while coming:
        size = draw(st.sampled_from([1, 1, 2, 3, 100]))
        batches.append(coming[:size])
        coming = coming[size:]
    return batches


def by_get(event: Event) -> Event:
    """The same delivery by GET: everything is text, and nothing is null."""
    payload, _ = read_query(urlencode(in_query(event.payload)))
    return Event(payload=payload, door=event.door, received_at=event.received_at)
