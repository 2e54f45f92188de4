"""After the sample of speech recognition: listen to the caller's leg, and repeat the best guess.

Like the sample it takes for granted that something was understood.
"""

import os

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue

app = Flask(__name__)


@app.get("/webhooks/answer")
def answer_call() -> ResponseReturnValue:
    ears = {"uuid": [request.args["uuid"]], "endOnSilence": 1, "language": "en-US"}
    url = f"{request.url_root}webhooks/asr"
    return jsonify(
        [
            {"action": "talk", "text": "What would you like to order?"},
            {"action": "input", "type": ["speech"], "eventUrl": [url], "speech": ears},
        ]
    )


@app.post("/webhooks/asr")
def words() -> ResponseReturnValue:
    body = request.get_json()
    if "speech" not in body:
        return jsonify([{"action": "talk", "text": "We did not get that."}])
    return jsonify([{"action": "talk", "text": f"You ordered {body['speech']['results'][0]['text']}."}])


@app.post("/webhooks/event")
def events() -> ResponseReturnValue:
    return "200"


if __name__ == "__main__":
    app.run(port=int(os.environ["PORT"]))
