"""After the samples that record a message and get a recording: each message is fetched as soon as it is told of.

VONAGE_API_HOST, VONAGE_APPLICATION_ID and VONAGE_PRIVATE_KEY (a file) say where, who and with which key; KEPT is the
folder for the messages.
"""

import os
from pathlib import Path

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
    url = f"{request.url_root}webhooks/recordings"
    return jsonify(
        [
            {"action": "talk", "text": "Leave us a word."},
            {"action": "record", "endOnSilence": 3, "beepStart": True, "format": "wav", "eventUrl": [url]},
        ]
    )


@app.post("/webhooks/recordings")
def recordings() -> ResponseReturnValue:
    data = request.get_json()
    kept = Path(os.environ["KEPT"]) / f"{data['recording_uuid']}.wav"
    client.voice.download_recording(data["recording_url"], str(kept))
    return "200"


@app.post("/webhooks/event")
def events() -> ResponseReturnValue:
    return "200"


if __name__ == "__main__":
    app.run(port=int(os.environ["PORT"]))
