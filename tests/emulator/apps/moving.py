"""After the sample that transfers a call to an NCCO at a URL, by the official SDK, once the caller is on the line.

VONAGE_API_HOST, VONAGE_APPLICATION_ID and VONAGE_PRIVATE_KEY (a file) say where, who and with which key.
"""

import os

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue
from vonage import Auth, HttpClientOptions, Vonage

app = Flask(__name__)
client = Vonage(
    Auth(application_id=os.environ["VONAGE_APPLICATION_ID"], private_key=os.environ["VONAGE_PRIVATE_KEY"]),
    HttpClientOptions(api_host=os.environ["VONAGE_API_HOST"], timeout=5, pool_maxsize=1, max_retries=0),
)


@app.get("/webhooks/answer")
def answer_call() -> ResponseReturnValue:
    return jsonify([{"action": "talk", "text": "Hold the line.", "loop": 0}])


@app.get("/text-to-speech.json")
def elsewhere() -> ResponseReturnValue:
    return jsonify([{"action": "talk", "text": "Here is the other NCCO."}])


@app.post("/webhooks/event")
def events() -> ResponseReturnValue:
    data = request.get_json()
    if data.get("status") == "answered":
        client.voice.transfer_call_answer_url(data["uuid"], f"{request.url_root}text-to-speech.json")
    return "200"


if __name__ == "__main__":
    app.run(port=int(os.environ["PORT"]))
