"""After the sample of speech recognition: listen to the caller's leg, and repeat the best guess."""

import os

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue

app = Flask(__name__)


@app.get("/webhooks/answer")
def answer_call() -> ResponseReturnValue:
    ears = {"uuid": [request.args["uuid"]], "language": "en-US"}
    return jsonify(
        [
            {"action": "talk", "text": "Please, tell me something"},
            {
                "action": "input",
                "type": ["speech"],
                "eventUrl": [f"{request.url_root}webhooks/asr"],
                "speech": ears,
            },
        ]
    )


@app.post("/webhooks/asr")
def words() -> ResponseReturnValue:
    speech = request.get_json()["speech"]
    if not speech.get("results"):
        return jsonify([{"action": "talk", "text": "Sorry, you said nothing"}])
    return jsonify([{"action": "talk", "text": f"Hello, you said: {speech['results'][0]['text']}"}])


@app.post("/webhooks/event")
def events() -> ResponseReturnValue:
    return "200"


if __name__ == "__main__":
    app.run(port=int(os.environ["PORT"]))
