"""After the sample that tracks an NCCO: `notify` says how far the caller has come, and the reply goes on from there."""

import os

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue

app = Flask(__name__)


@app.get("/webhooks/answer")
def answer_call() -> ResponseReturnValue:
    return jsonify(
        [
            {"action": "talk", "text": "Thanks for calling the notification line"},
            {
                "action": "notify",
                "payload": {"foo": "bar"},
                "eventUrl": [request.url_root + "webhooks/notification"],
            },
            {"action": "talk", "text": "You will never hear me as the notification URL will return an NCCO"},
        ]
    )


@app.post("/webhooks/notification")
def notification() -> ResponseReturnValue:
    words = f"Your notification has been received, {request.get_json()['payload']['foo']}"
    return jsonify([{"action": "talk", "text": words}])


@app.post("/webhooks/event")
def events() -> ResponseReturnValue:
    return "200"


if __name__ == "__main__":
    app.run(port=int(os.environ["PORT"]))
