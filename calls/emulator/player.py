"""Running an NCCO, action by action, for a caller who listens and presses no key."""

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from calls.emulator.calls import Call
from calls.emulator.speech import seconds_to_say
from calls.vonage.ncco import Ncco

MOST_NCCOS = 1_000  # in one call; an application that always answers with another would keep it for hours

Action = dict[str, Any]
NOTHING_PRESSED = {"digits": "", "timed_out": True}
NO_SPEECH_ASKED = {"error": "Speech was not enabled"}


class Player:
    """Plays the actions of a call. An action gives the NCCO that replaces the rest, or None."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self._plays: dict[str, Callable[[Action], Awaitable[Ncco | None]]] = {
            "talk": self._talk,
            "wait": self._wait,
            "input": self._input,
            "notify": self._notify,
        }

    async def run(self, ncco: Ncco) -> None:
        """Play until nothing is left. Raises HungUp."""
        left = deque(ncco)
        given = 1
        while left and given <= MOST_NCCOS:
            action = left.popleft()
            play = self._plays.get(action["action"], self._leave_out)
            replacement = await play(action)
            if replacement is not None:
                left = deque(replacement)
                given += 1
        if left:
            self.call.sender.note(f"The call was given {MOST_NCCOS:,} NCCOs, so it was ended: let it end.")

    async def _talk(self, action: Action) -> None:
        """Read the text. With `bargeIn` a key would cut it off; as none comes, it is read to its end.

        Inferred: an `input` that follows counts its timeout from there.
        """
        text = action["text"]
        seconds = seconds_to_say(text)
        self.call.trace.detail(f"talk ({seconds:.1f} s): {text}")
        loop = action.get("loop", 1)
        await self.call.line.wait(seconds * loop if loop else float("inf"))  # 0 is for ever

    async def _wait(self, action: Action) -> None:
        seconds = min(max(float(action.get("timeout", 10)), 0.1), 7200.0)
        self.call.trace.detail(f"wait ({seconds:g} s)")
        await self.call.line.wait(seconds)

    async def _input(self, action: Action) -> Ncco | None:
        """Wait for a key or a word, neither of which comes, and ask what to do then.

        Where both are awaited, the silence is told as that of speech (inferred).
        """
        if action.get("mode") == "asynchronous":  # it tells each key, and there is none
            return None
        speech = "speech" in action.get("type", ["dtmf"])
        if speech:
            await self.call.line.wait(float(action.get("speech", {}).get("startTimeout", 10)))
        else:
            await self.call.line.wait(float(action.get("dtmf", {}).get("timeOut", 3)))
        self.call.trace.line("input: nothing said" if speech else "input: no key pressed")
        event = self.call.leg.input(
            self.call.clock.now(),
            dtmf={"digits": None, "timed_out": False} if speech else NOTHING_PRESSED,
            speech={"timeout_reason": "start_timeout", "results": []} if speech else NO_SPEECH_ASKED,
        )
        return await self._ask(action, event)

    async def _notify(self, action: Action) -> Ncco | None:
        self.call.trace.line("notify")
        return await self._ask(action, self.call.leg.notify(self.call.clock.now(), action["payload"]))

    async def _ask(self, action: Action, event: Action) -> Ncco | None:
        url = next(iter(action.get("eventUrl", [])), "")
        return await self.call.ask_about(event, url, action.get("eventMethod"))

    async def _leave_out(self, action: Action) -> None:
        self.call.trace.line(f"not played: {action['action']}; the call goes on")
