"""After the sample that records a conversation: a room whose sound is kept, told when the last one left it."""

import os

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue

app = Flask(__name__)


@app.get("/webhooks/answer")
def answer_call() -> ResponseReturnValue:
    room = {
        "action": "conversation",
        "name": "the-wardroom",
        "record": True,
        "eventMethod": "POST",
        "eventUrl": [f"{request.url_root}webhooks/recordings"],
    }
    return jsonify([{"action": "talk", "text": "This meeting is recorded."}, room])


@app.post("/webhooks/recordings")
def recordings() -> ResponseReturnValue:
    assert request.get_json()["recording_url"]
    return "200"


@app.post("/webhooks/event")
def events() -> ResponseReturnValue:
    return "200"


if __name__ == "__main__":
    app.run(port=int(os.environ["PORT"]))
