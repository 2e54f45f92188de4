"""What happens while pages are open: a call that leaves a message, and another one that begins, told as by Vonage."""

import json
import socket
from datetime import UTC, datetime, timedelta
from http.client import HTTPResponse
from urllib.parse import urlsplit

from tests.benchmarks.contenders import SECRET, Place, Running
from tests.load.traffic import Payload, answer_request, event_request, names_of, payloads_of, written

TIMEOUT_SECONDS = 20
MAILBOX = "442079460500"  # none of the numbers that `seed_calls` has
FLOW = """
callflow: 1
name: Mailbox of the benchmark
steps:
- kind: voicemail
  settings: {prompt: Leave a message.}
"""


def make_mailbox(place: Place) -> None:
    """Give a number a flow whose callers leave a message."""
    file = place.folder / "mailbox.yaml"
    file.write_text(FLOW, encoding="utf-8")
    place.run("manage.py", "flow_import", str(file), "--number", MAILBOX, "--publish")


class Caller:
    """Somebody who rings that number of a server."""

    def __init__(self, server: Running) -> None:
        self.server = server
        self.names = names_of(MAILBOX)
        self.ringing, self.started, self.answered, self.completed = (one for _, one in payloads_of(self.names))

    def ring(self) -> None:
        self.tell(self.ringing)
        self.tell(self.started)

    def listen(self) -> None:
        """Be answered, and hear the prompt."""
        self.ncco = json.loads(self.send(answer_request(self.names, SECRET).request))
        self.tell(self.answered)

    def leave_message(self) -> None:
        """Speak, and hang up; the worker's look for recordings finds the message."""
        url = next(action["eventUrl"][0] for action in self.ncco if action["action"] == "record")
        ends = datetime.now(UTC)
        file = {"recording_url": "https://api.nexmo.com/v1/files/7d2f", "recording_uuid": "7d2f", "size": 120_000}
        times = {"start_time": written(ends - timedelta(seconds=20)), "end_time": written(ends)}
        names = {"conversation_uuid": self.names["conversation_uuid"], "timestamp": written(ends)}
        self.tell({**times, **file, **names}, urlsplit(url).path)
        self.tell(self.completed)
        self.server.place.run("manage.py", "recordings", "list", "--count", "1")

    def tell(self, payload: Payload, path: str = "/event") -> None:
        self.send(event_request(payload, 0, SECRET, path=path).request)

    def send(self, request: bytes) -> bytes:
        """Send a request that stands ready; give what came back."""
        with socket.create_connection(("127.0.0.1", self.server.port), TIMEOUT_SECONDS) as line:
            line.sendall(request)
            response = HTTPResponse(line)
            response.begin()
            body = response.read()
        assert response.status in {200, 204}, body
        return body
