"""NCCOs that Vonage runs: as sent in the call sequences of its documentation, and with every option there is."""

from typing import Any

EVENT = ["https://calls.example.com/event"]
MENU = {"action": "input", "type": ["dtmf"], "dtmf": {"maxDigits": 1, "timeOut": 5}, "eventUrl": EVENT}
RING = {"action": "connect", "from": "442079460010", "endpoint": [{"type": "phone", "number": "447700900456"}]}

# The NCCO of the 2018 tutorial, which still works
TUTORIAL = [
    {"action": "talk", "voiceName": "Russell", "text": "Hello world! This message is from my first Nexmo web app."}
]

SENT: dict[str, list[dict[str, Any]]] = {
    "nothing": [],
    "a greeting": [{"action": "talk", "text": "Thanks for calling.", "language": "en-AU", "style": 3}],
    "a sentence": [{"action": "talk", "text": "We are having trouble. Ring again later."}],
    "a menu": [{"action": "talk", "text": "Press 1 for sales or 2 for support.", "bargeIn": True}, MENU],
    "voicemail": [
        {"action": "talk", "text": "Leave a message after the tone, then press hash."},
        {
            "action": "record",
            "format": "mp3",
            "endOnKey": "#",
            "endOnSilence": 5,
            "timeOut": 120,
            "beepStart": True,
            "eventUrl": EVENT,
        },
        {"action": "talk", "text": "Thank you. Goodbye."},
    ],
    "a forward": [{"action": "talk", "text": "Putting you through."}, RING | {"timeout": 20, "eventUrl": EVENT}],
    "one after the other": [RING | {"eventType": "synchronous"}, RING],
}

TRANSCRIPTION = {"language": "en-GB", "eventUrl": EVENT, "eventMethod": "POST", "sentimentAnalysis": True}

# Every option that the reference lists, with a value that it allows
WHOLE: dict[str, dict[str, Any]] = {
    "talk": {
        "action": "talk",
        "text": "<speak>Hello <break time='500ms'/> there</speak>",
        "bargeIn": False,
        "loop": 2,
        "level": -0.4,
        "language": "en-GB",
        "style": 0,
        "premium": True,
    },
    "stream": {"action": "stream", "streamUrl": ["https://calls.example.com/a.mp3"], "level": 1, "loop": 3},
    "input": {
        "action": "input",
        "type": ["dtmf", "speech"],
        "dtmf": {"timeOut": 10, "maxDigits": 20, "submitOnHash": True},
        "speech": {
            "uuid": ["aaaaaaaa-bbbb-cccc-dddd-0123456789ab"],
            "endOnSilence": 0.4,
            "startTimeout": 10,
            "maxDuration": 60,
            "language": "en-GB",
            "context": ["sales", "support"],
            "sensitivity": 90,
            "saveAudio": True,
            "provider": "google",
            "providerOptions": {"model": "telephony"},
        },
        "mode": "synchronous",
        "eventUrl": EVENT,
        "eventMethod": "GET",
    },
    "record": {
        "action": "record",
        "format": "wav",
        "split": "conversation",
        "channels": 2,
        "endOnSilence": 3,
        "endOnKey": "*",
        "timeOut": 7200,
        "beepStart": True,
        "transcription": TRANSCRIPTION,
        "eventUrl": EVENT,
        "eventMethod": "POST",
    },
    "connect": {
        "action": "connect",
        "endpoint": [
            {
                "type": "phone",
                "number": "447700900456",
                "dtmfAnswer": "1p2*#",
                "onAnswer": {"url": "https://calls.example.com/whisper", "ringbackTone": "https://example.com/t.mp3"},
                "shaken": "eyJhbGciOi",
            }
        ],
        "from": "442079460010",
        "randomFromNumber": False,
        "eventType": "synchronous",
        "timeout": 60,
        "limit": 7200,
        "machineDetection": "hangup",
        "advancedMachineDetection": {"behavior": "continue", "mode": "detect_beep", "beep_timeout": 45},
        "eventUrl": EVENT,
        "eventMethod": "POST",
        "ringbackTone": "http://example.com/tone.wav",
    },
    "conversation": {
        "action": "conversation",
        "name": "meeting",
        "musicOnHoldUrl": ["https://example.com/hold.mp3"],
        "startOnEnter": False,
        "endOnExit": True,
        "record": True,
        "canSpeak": [],
        "canHear": ["aaaaaaaa-bbbb-cccc-dddd-0123456789ab"],
        "mute": False,
        "transcription": {},
        "eventUrl": EVENT,
        "eventMethod": "POST",
    },
    "notify": {"action": "notify", "payload": {"order": [1, 2.5, None]}, "eventUrl": EVENT, "eventMethod": "POST"},
    "wait": {"action": "wait", "timeout": 0.5},
    "transfer": {
        "action": "transfer",
        "conversationId": "CON-f972836a-550f-45fa-956c-12a2ab5b7d22",
        "canHear": [],
        "canSpeak": ["aaaaaaaa-bbbb-cccc-dddd-0123456789ab"],
        "mute": False,
    },
}

ENDPOINTS: dict[str, dict[str, Any]] = {
    "phone": {"type": "phone", "number": "447700900456"},
    "app": {"type": "app", "user": "anna"},
    "websocket": {
        "type": "websocket",
        "uri": "wss://calls.example.com/socket",
        "content-type": "audio/l16;rate=16000",
        "headers": {"order": 12, "customer": {"id": "x"}},
        "authorization": {"type": "custom", "value": "Bearer abc"},
    },
    "sip": {
        "type": "sip",
        "uri": "sip:anna@example.com;transport=tls;media=srtp",
        "headers": {"customer": "12"},
        "standardHeaders": {"User-to-User": "342342ef34;encoding=hex"},
    },
    "sip by user": {"type": "sip", "user": "anna", "domain": "example.com"},
    "vbc": {"type": "vbc", "extension": "1234"},
}


def connect(endpoint: Any, **options: Any) -> list[dict[str, Any]]:
    """A connect to one endpoint, showing a number."""
    return [{"action": "connect", "from": "442079460010", "endpoint": [endpoint], **options}]
