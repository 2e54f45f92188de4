"""After the sample of a conference call: everyone who calls meets in one room."""

import os

from flask import Flask, jsonify
from flask.typing import ResponseReturnValue

app = Flask(__name__)
ROOM = "the-mess"


@app.get("/webhooks/answer")
def answer_call() -> ResponseReturnValue:
    welcome = {"action": "talk", "text": "You are coming into the meeting of the crew."}
    return jsonify([welcome, {"action": "conversation", "name": ROOM}])


@app.post("/webhooks/event")
def events() -> ResponseReturnValue:
    return "200"


if __name__ == "__main__":
    app.run(port=int(os.environ["PORT"]))
