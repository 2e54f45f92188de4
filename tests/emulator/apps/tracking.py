"""After the sample that tracks an NCCO: `notify` says how far the caller has come, and the reply goes on from there."""

import os

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue

app = Flask(__name__)


@app.get("/webhooks/answer")
def answer_call() -> ResponseReturnValue:
    url = f"{request.url_root}webhooks/notification"
    return jsonify(
        [
            {"action": "talk", "text": "This is the line of the lighthouse."},
            {"action": "notify", "payload": {"came": "past the welcome"}, "eventUrl": [url]},
            {"action": "talk", "text": "Nobody hears this, for the notification is answered."},
        ]
    )


@app.post("/webhooks/notification")
def notification() -> ResponseReturnValue:
    return jsonify([{"action": "talk", "text": "The keeper knows that you called."}])


@app.post("/webhooks/event")
def events() -> ResponseReturnValue:
    return "200"


if __name__ == "__main__":
    app.run(port=int(os.environ["PORT"]))
