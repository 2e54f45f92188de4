"""After the sample that makes an outbound call with an NCCO, by the official SDK: POST /call?to=… places it.

VONAGE_API_HOST, VONAGE_APPLICATION_ID and VONAGE_PRIVATE_KEY (a file) say where, who and with which key.
"""

import os

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue
from vonage import Auth, HttpClientOptions, Vonage
from vonage_voice.models import CreateCallRequest, Phone, Talk, ToPhone

app = Flask(__name__)
VONAGE_NUMBER = "442079460000"
client = Vonage(
    Auth(application_id=os.environ["VONAGE_APPLICATION_ID"], private_key=os.environ["VONAGE_PRIVATE_KEY"]),
    HttpClientOptions(api_host=os.environ["VONAGE_API_HOST"], timeout=5, pool_maxsize=1, max_retries=0),
)
STATUSES: dict[str, list[str]] = {}


@app.post("/call")
def call() -> ResponseReturnValue:
    made = client.voice.create_call(
        CreateCallRequest(
            to=[ToPhone(number=request.args["to"])],
            from_=Phone(number=VONAGE_NUMBER),
            ncco=[Talk(text="Your boat is ready.")],
        )
    )
    return jsonify(made.model_dump())


@app.post("/webhooks/event")
def events() -> ResponseReturnValue:
    data = request.get_json()
    STATUSES.setdefault(data["uuid"], []).append(data["status"])
    return "200"


@app.get("/statuses")
def statuses() -> ResponseReturnValue:
    """For the test: what was told of each call."""
    return jsonify(STATUSES)


if __name__ == "__main__":
    app.run(port=int(os.environ["PORT"]))
