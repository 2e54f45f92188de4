"""After the sample that handles user input with DTMF: ask for a key, and say which it was."""

import os

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue

app = Flask(__name__)


@app.route("/webhooks/answer", methods=["GET", "POST"])
def answer_call() -> ResponseReturnValue:
    url = request.host_url + "webhooks/dtmf"
    return jsonify(
        [
            {"action": "talk", "text": "Which berth is yours? Press its number."},
            {"action": "input", "type": ["dtmf"], "dtmf": {"maxDigits": 1}, "eventUrl": [url]},
        ]
    )


@app.post("/webhooks/dtmf")
def dtmf() -> ResponseReturnValue:
    data = request.get_json()
    return jsonify([{"action": "talk", "text": f"Berth {data['dtmf']['digits']}. Sleep well."}])


@app.post("/webhooks/event")
def events() -> ResponseReturnValue:
    return "200"


if __name__ == "__main__":
    app.run(port=int(os.environ["PORT"]))
