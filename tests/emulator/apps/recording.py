"""After the sample that records a call: say so, record from there on, and put the caller through.

Without an end condition the recording goes on beside the call, and its webhook comes when all is over.
"""

import os

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue

app = Flask(__name__)
VONAGE_NUMBER, RECIPIENT_NUMBER = "442079460000", "447700900456"


@app.get("/webhooks/answer")
def answer_call() -> ResponseReturnValue:
    base = request.url_root
    return jsonify(
        [
            {"action": "talk", "text": "We put you through, and keep what is said."},
            {"action": "record", "eventUrl": [f"{base}webhooks/recordings"]},
            {
                "action": "connect",
                "eventUrl": [f"{base}webhooks/event"],
                "from": VONAGE_NUMBER,
                "endpoint": [{"type": "phone", "number": RECIPIENT_NUMBER}],
            },
        ]
    )


@app.post("/webhooks/recordings")
def recordings() -> ResponseReturnValue:
    assert request.get_json()["recording_url"]
    return "webhook received"


@app.post("/webhooks/event")
def events() -> ResponseReturnValue:
    return "200"


if __name__ == "__main__":
    app.run(port=int(os.environ["PORT"]))
