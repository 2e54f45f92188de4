"""After the sample that connects a caller with two people, one after the other."""

import os

from flask import Flask, jsonify
from flask.typing import ResponseReturnValue

app = Flask(__name__)
VONAGE_NUMBER, FIRST, SECOND = "442079460000", "447700900456", "447700900789"


@app.get("/webhooks/answer")
def answer_call() -> ResponseReturnValue:
    return jsonify([connect(FIRST), connect(SECOND)])


def connect(number: str) -> dict[str, object]:
    return {"action": "connect", "from": VONAGE_NUMBER, "endpoint": [{"type": "phone", "number": number}]}


@app.post("/webhooks/event")
def events() -> ResponseReturnValue:
    return "200"


if __name__ == "__main__":
    app.run(port=int(os.environ["PORT"]))
