"""After the sample that receives an inbound call: greet the caller by their number."""

import os

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue

app = Flask(__name__)


@app.get("/webhooks/answer")
def answer_call() -> ResponseReturnValue:
    caller = " ".join(request.args["from"])
    return jsonify([{"action": "talk", "text": f"Good day. You are calling from {caller}."}])


@app.post("/webhooks/event")
def events() -> ResponseReturnValue:
    return "200"


if __name__ == "__main__":
    app.run(port=int(os.environ["PORT"]))
