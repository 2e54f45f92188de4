"""After the sample that connects an inbound call to somebody: one action, and the statuses of both legs."""

import os

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue

app = Flask(__name__)
VONAGE_NUMBER, YOUR_SECOND_NUMBER = "442079460000", "447700900456"
STATUSES: dict[str, list[str]] = {}


@app.route("/webhooks/answer")
def answer_call() -> ResponseReturnValue:
    return jsonify(
        [
            {
                "action": "connect",
                "from": VONAGE_NUMBER,
                "endpoint": [{"type": "phone", "number": YOUR_SECOND_NUMBER}],
            }
        ]
    )


@app.post("/webhooks/event")
def events() -> ResponseReturnValue:
    data = request.get_json()
    STATUSES.setdefault(data["uuid"], []).append(data["status"])
    return "200"


@app.get("/statuses")
def statuses() -> ResponseReturnValue:
    """For the test: what was told of each leg."""
    return jsonify(STATUSES)


if __name__ == "__main__":
    app.run(port=int(os.environ["PORT"]))
