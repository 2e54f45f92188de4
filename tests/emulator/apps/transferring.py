"""After the sample that transfers a call with an inline NCCO, by the official SDK, once the caller is on the line.

VONAGE_API_HOST, VONAGE_APPLICATION_ID and VONAGE_PRIVATE_KEY (a file) say where, who and with which key.
"""

import os

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue
from vonage import Auth, HttpClientOptions, Vonage
from vonage_voice.models import Talk

app = Flask(__name__)
client = Vonage(
    Auth(application_id=os.environ["VONAGE_APPLICATION_ID"], private_key=os.environ["VONAGE_PRIVATE_KEY"]),
    HttpClientOptions(api_host=os.environ["VONAGE_API_HOST"], timeout=5, pool_maxsize=1, max_retries=0),
)


@app.get("/webhooks/answer")
def answer_call() -> ResponseReturnValue:
    return jsonify([{"action": "talk", "text": "You are on hold.", "loop": 0}])


@app.post("/webhooks/event")
def events() -> ResponseReturnValue:
    data = request.get_json()
    if data.get("status") == "answered":
        client.voice.transfer_call_ncco(data["uuid"], [Talk(text="You were moved to the night desk.")])
    return "200"


if __name__ == "__main__":
    app.run(port=int(os.environ["PORT"]))
