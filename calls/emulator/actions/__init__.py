"""The actions of an NCCO. Each takes the flow and the action, and gives the NCCO that replaces the rest, or None."""

from calls.emulator.actions import connect, hearing, prompts, record, rooms, small
from calls.emulator.flow import Play

PLAYS: dict[str, Play] = {
    "talk": prompts.talk,
    "stream": prompts.stream,
    "input": hearing.listen,
    "notify": small.notify,
    "wait": small.wait,
    "record": record.record,
    "connect": connect.connect,
    "conversation": rooms.conversation,
    "transfer": rooms.transfer,
}
