"""After the sample that records a message: beep, record until hash, thank."""

import os

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue

app = Flask(__name__)
RECORDINGS: list[str] = []


@app.get("/webhooks/answer")
def answer_call() -> ResponseReturnValue:
    return jsonify(
        [
            {"action": "talk", "text": "The harbour office is closed. Speak after the beep, and end with hash."},
            {
                "action": "record",
                "endOnKey": "#",
                "beepStart": True,
                "eventUrl": [request.url_root + "webhooks/recordings"],
            },
            {"action": "talk", "text": "We have your message."},
        ]
    )


@app.post("/webhooks/recordings")
def recordings() -> ResponseReturnValue:
    RECORDINGS.append(request.get_json()["recording_url"])
    return "webhook received", 200


@app.post("/webhooks/event")
def events() -> ResponseReturnValue:
    return "webhook received", 200


if __name__ == "__main__":
    app.run(port=int(os.environ["PORT"]))
