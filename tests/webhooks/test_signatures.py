"""Only what Vonage signed is taken, at each door and in every mode."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from pytest_django import Settings

from calls.models import Call, CallEvent, Conversation, Leg, Refusal
from tests.vonage_client import Response, VonageClient, sign, token
from tests.webhooks.bad_bodies import STARTED

PARTIES = {"to": "442079460010", "from": "447700900123", "uuid": "8b4f0d3c", "conversation_uuid": "CON-f972836a"}
FAILED_ANSWER = PARTIES | {
    "reason": "Connection closed.",
    "original_request": {"url": "https://calls.example.com/answer", "type": "answer"},
}
FAILED_EVENT = STARTED | {
    "reason": "Connection closed.",
    "original_request": {"url": "https://calls.example.com/event", "type": "event"},
}
REQUESTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "event by POST": ("POST", "/event", STARTED),
    "event by GET": ("GET", "/event", STARTED),
    "event under webhooks": ("POST", "/webhooks/event", STARTED),
    "answer by GET": ("GET", "/answer", PARTIES),
    "answer by POST": ("POST", "/answer", PARTIES),
    "answer under webhooks": ("GET", "/webhooks/answer", PARTIES),
    "fallback for an answer by GET": ("GET", "/fallback", FAILED_ANSWER),
    "fallback for an answer by POST": ("POST", "/fallback", FAILED_ANSWER),
    "fallback for an event": ("POST", "/fallback", FAILED_EVENT),
    "fallback under webhooks": ("POST", "/webhooks/fallback", FAILED_EVENT),
}
WITH_BODY = [name for name, (method, _, _) in REQUESTS.items() if method == "POST"]
WITHOUT_BODY = [name for name, (method, _, _) in REQUESTS.items() if method == "GET"]
OTHER_SECRET = "the secret of somebody else altogether"
SECOND_SECRET = "a-signature-secret-of-the-tests-2"

Make = Callable[[bytes], str]  # an Authorization header for a body


def request(vonage: VonageClient, name: str, make: Make | None) -> Response:
    """Send one of REQUESTS with the header that `make` makes for its body; None sends none."""
    method, path, payload = REQUESTS[name]
    if method == "GET":
        return vonage.get(path, payload, authorization=make and make(b""))
    body = json.dumps(payload).encode()
    return vonage.post(path, body, authorization=make and make(body))


def assert_nothing_kept() -> None:
    for model in (CallEvent, Call, Leg, Conversation):
        assert not model._default_manager.exists(), model


def unsigned_token(body: bytes) -> str:
    """Say `alg: none`, as in the best known attack on JWT."""
    claims = {"iat": int(time.time()), "payload_hash": hashlib.sha256(body).hexdigest()}
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in ({"alg": "none"}, claims)]
    return "Bearer " + b".".join([*parts, b""]).decode()


def with_claims_of_another(body: bytes) -> str:
    """Take a good signature, and put other claims before it."""
    header, _, signature = sign(b"").split(".")
    claims = {"iat": int(time.time()), "payload_hash": hashlib.sha256(body).hexdigest(), "by": "us"}
    return ".".join([header, base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode(), signature])


def now(seconds: float = 0) -> int:
    return int(time.time() + seconds)


BAD: dict[str, Make | None] = {
    "none": None,
    "empty": lambda body: "",
    "blank": lambda body: "  ",
    "scheme alone": lambda body: "Bearer",
    "scheme and a blank": lambda body: "Bearer ",
    "token alone": lambda body: sign(body).removeprefix("Bearer "),
    "other scheme": lambda body: sign(body).replace("Bearer", "Basic"),
    "two tokens": lambda body: sign(body) + ", " + sign(body),
    "garbage": lambda body: "Bearer garbage",
    "dots": lambda body: "Bearer ..",
    "four parts": lambda body: sign(body) + ".x",
    "not ASCII": lambda body: "Bearer \u00ff\u00fe",
    "long": lambda body: "Bearer " + "x" * 7_000,
    "cut": lambda body: sign(body)[:-4],
    "other secret": lambda body: sign(body, secret=OTHER_SECRET),
    "HS512": lambda body: sign(body, algorithm="HS512"),
    "HS384": lambda body: sign(body, algorithm="HS384"),
    "alg none": unsigned_token,
    "other claims": with_claims_of_another,
    "old": lambda body: sign(body, iat=now(-302)),
    "of last year": lambda body: sign(body, iat=now(-365 * 86_400)),
    "from the future": lambda body: sign(body, iat=now(63)),
    "of next year": lambda body: sign(body, iat=now(365 * 86_400)),
    "no iat": lambda body: sign(body, iat=None),
    "iat is text": lambda body: sign(body, iat="now"),
    "iat is true": lambda body: sign(body, iat=True),
    "iat is a list": lambda body: sign(body, iat=[now()]),
    "iat is infinite": lambda body: sign(body, iat=float("inf")),
    "iat is no number": lambda body: sign(body, iat=float("nan")),
    "iat is huge": lambda body: sign(body, iat=10**400),
    "iat is negative": lambda body: sign(body, iat=-1),
    "expired": lambda body: sign(body, exp=now(-120)),
    "exp is a list": lambda body: sign(body, exp=[1]),
    "not yet": lambda body: sign(body, nbf=now(120)),
    "claims are a list": lambda body: "Bearer " + token(b"[]"),
    "claims are no JSON": lambda body: "Bearer " + token(b"\xff"),
    "claims are deep": lambda body: "Bearer " + token(b"[" * 2_000),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_signed_request_is_taken(vonage: VonageClient, name: str) -> None:
    assert request(vonage, name, sign).status_code == 200
    assert CallEvent.objects.exists()
    assert all(CallEvent.objects.values_list("signed", flat=True))
    assert not Refusal.objects.exists()


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("name", REQUESTS)
def test_bad_signature_gets_401_and_nothing_is_kept(vonage: VonageClient, name: str, bad: str) -> None:
    response = request(vonage, name, BAD[bad])
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert_nothing_kept()
    refusal = Refusal.objects.get()
    assert refusal.http_status == 401
    assert refusal.reason


@pytest.mark.parametrize("name", WITH_BODY)
def test_body_needs_its_hash(vonage: VonageClient, name: str) -> None:
    for wrong in (None, "", "0" * 64, hashlib.sha256(b"{}").hexdigest(), 5, ["a"], True, "\u00e9", "x" * 7_000):
        told = request(vonage, name, partial(sign, payload_hash=wrong))
        assert told.status_code == 401, wrong
    assert_nothing_kept()


@pytest.mark.parametrize("name", WITH_BODY)
def test_one_changed_byte_is_seen(vonage: VonageClient, name: str) -> None:
    _, path, payload = REQUESTS[name]
    body = json.dumps(payload).encode()
    for changed in (body.replace(b"447700900123", b"447700900124"), body + b" ", body[:-1] + b',"a":1}'):
        assert vonage.post(path, changed, authorization=sign(body)).status_code == 401, changed
    assert_nothing_kept()


def test_hash_is_that_of_the_raw_bytes(vonage: VonageClient) -> None:
    """Blanks, order and escapes count: what is hashed is not what was parsed."""
    body = b'{ "status":"started",\r\n "uuid":"\\u0061\xc3\xa9" }'
    assert vonage.post("/event", body, authorization=sign(body)).status_code == 200
    assert CallEvent.objects.get().payload == {"status": "started", "uuid": "a\u00e9"}


def test_hash_in_capitals_is_not_vonages(vonage: VonageClient) -> None:
    body = json.dumps(STARTED).encode()
    capitals = hashlib.sha256(body).hexdigest().upper()
    assert vonage.post("/event", body, authorization=sign(body, payload_hash=capitals)).status_code == 401


@pytest.mark.parametrize("told", [None, "", "0" * 64, 5, ["a"], "\u00e9"])
@pytest.mark.parametrize("name", WITHOUT_BODY)
def test_differing_hash_of_a_get_is_only_noted(
    vonage: VonageClient, name: str, told: object, caplog: pytest.LogCaptureFixture
) -> None:
    response = request(vonage, name, partial(sign, payload_hash=told))
    assert response.status_code == 200
    assert CallEvent.objects.exists()
    assert ("payload_hash does not fit the query" in caplog.text) == (told is not None)


def test_fitting_hash_of_a_get_is_not_noted(vonage: VonageClient, caplog: pytest.LogCaptureFixture) -> None:
    assert vonage.get("/answer", {"to": "442079460000", "from": "Zoë", "uuid": "x"}).status_code == 200
    assert "payload_hash" not in caplog.text


@pytest.mark.parametrize("name", REQUESTS)
def test_clocks_may_differ_a_little(vonage: VonageClient, name: str) -> None:
    for seconds in (-295, -60, 55):
        response = request(vonage, name, partial(sign, iat=now(seconds)))
        assert response.status_code == 200, seconds


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
def test_scheme_is_taken_in_any_case(vonage: VonageClient, scheme: str) -> None:
    response = request(vonage, "event by POST", lambda body: sign(body).replace("Bearer", scheme))
    assert response.status_code == 200


def test_claims_of_vonages_own_are_no_hindrance(vonage: VonageClient) -> None:
    claims: dict[str, Any] = {
        "aud": "calls.example.com",
        "sub": "x",
        "exp": now(60),
        "nbf": now(),
        "iat": now() + 0.5,
        "iss": "Nexmo",
    }
    assert request(vonage, "event by POST", partial(sign, **claims)).status_code == 200


@pytest.mark.parametrize(
    ("setting", "claim"), [("VONAGE_APPLICATION_ID", "application_id"), ("VONAGE_API_KEY", "api_key")]
)
@pytest.mark.parametrize("name", REQUESTS)
def test_who_we_are_is_compared_where_both_say_it(
    vonage: VonageClient, settings: Settings, name: str, setting: str, claim: str
) -> None:
    def told(value: object) -> int:
        claims: dict[str, Any] = {claim: value}
        response = request(vonage, name, partial(sign, **claims))
        return int(response.status_code)

    setattr(settings, setting, "aaaaaaaa-bbbb-cccc-dddd-0123456789ab")
    assert told("aaaaaaaa-bbbb-cccc-dddd-000000000000") == 401
    assert told(["aaaaaaaa-bbbb-cccc-dddd-0123456789ab"]) == 401
    assert_nothing_kept()
    assert told("aaaaaaaa-bbbb-cccc-dddd-0123456789ab") == 200
    assert told(None) == 200
    setattr(settings, setting, "")
    assert told("aaaaaaaa-bbbb-cccc-dddd-000000000000") == 200


@pytest.mark.parametrize("name", REQUESTS)
def test_two_secrets_are_valid_during_rotation(vonage: VonageClient, settings: Settings, name: str) -> None:
    first = settings.VONAGE_SIGNATURE_SECRET[0]
    settings.VONAGE_SIGNATURE_SECRET = [SECOND_SECRET, first]
    for valid in (first, SECOND_SECRET):
        assert request(vonage, name, partial(sign, secret=valid)).status_code == 200
    assert request(vonage, name, partial(sign, secret=OTHER_SECRET)).status_code == 401
    settings.VONAGE_SIGNATURE_SECRET = [SECOND_SECRET]
    assert request(vonage, name, partial(sign, secret=first)).status_code == 401


@pytest.mark.parametrize("name", REQUESTS)
def test_without_a_secret_nothing_is_taken(vonage: VonageClient, settings: Settings, name: str) -> None:
    settings.VONAGE_SIGNATURE_SECRET = []
    for make in (
        None,
        lambda body: sign(body, secret=OTHER_SECRET),
        lambda body: sign(body, secret="x"),
        unsigned_token,
    ):
        assert request(vonage, name, make).status_code == 401
    assert_nothing_kept()


@pytest.mark.filterwarnings("ignore:The HMAC key is")  # PyJWT's own; a system check tells the owner
def test_short_secret_works(vonage: VonageClient, settings: Settings) -> None:
    settings.VONAGE_SIGNATURE_SECRET = ["short"]
    assert request(vonage, "event by POST", sign).status_code == 200


@pytest.mark.parametrize("name", REQUESTS)
def test_optional_takes_what_nobody_signed_and_marks_it(vonage: VonageClient, settings: Settings, name: str) -> None:
    settings.WEBHOOK_SIGNATURES = "optional"
    assert request(vonage, name, None).status_code == 200
    assert CallEvent.objects.exists()
    assert not any(CallEvent.objects.values_list("signed", flat=True))


@pytest.mark.parametrize("bad", [bad for bad in BAD if bad not in {"none", "empty", "blank"}])
@pytest.mark.parametrize("name", ["event by POST", "answer by GET", "fallback for an event"])
def test_optional_still_refuses_a_wrong_signature(
    vonage: VonageClient, settings: Settings, name: str, bad: str
) -> None:
    settings.WEBHOOK_SIGNATURES = "optional"
    assert request(vonage, name, BAD[bad]).status_code == 401
    assert_nothing_kept()


def test_optional_marks_only_what_is_unsigned(vonage: VonageClient, settings: Settings) -> None:
    settings.WEBHOOK_SIGNATURES = "optional"
    request(vonage, "event by POST", sign)
    assert CallEvent.objects.get().signed


def test_replay_within_the_age_changes_nothing(vonage: VonageClient) -> None:
    body = json.dumps(STARTED).encode()
    header = sign(body)
    for _ in range(3):
        assert vonage.post("/event", body, authorization=header).status_code == 200
    assert CallEvent.objects.get().times_received == 3


def test_signature_of_an_event_opens_no_other_body_elsewhere(vonage: VonageClient) -> None:
    header = sign(json.dumps(STARTED).encode())
    assert vonage.post("/answer", PARTIES, authorization=header).status_code == 401
    assert vonage.post("/fallback", FAILED_EVENT, authorization=header).status_code == 401
    assert_nothing_kept()


def test_claims_that_are_nested_without_end_are_refused(vonage: VonageClient, settings: Settings) -> None:
    claims = f'{{"iat": {int(time.time())}, "jti": {"[" * 3_500}{"]" * 3_500}}}'.encode()
    parts = [base64.urlsafe_b64encode(part).rstrip(b"=") for part in (b'{"alg":"HS256","typ":"JWT"}', claims)]
    secret = settings.VONAGE_SIGNATURE_SECRET[0].encode()
    signature = hmac.new(secret, b".".join(parts), "sha256").digest()
    token = b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()
    assert vonage.post("/event", STARTED, authorization=f"Bearer {token}").status_code == 401


def test_refused_request_keeps_no_token(vonage: VonageClient) -> None:
    header = sign(b"{}", secret=OTHER_SECRET)
    vonage.post("/event", STARTED, authorization=header)
    refusal = Refusal.objects.get()
    kept = " ".join(str(value) for value in vars(refusal).values())
    assert header.removeprefix("Bearer ")[:20] not in kept


def test_no_csrf_token_is_asked_for(vonage: VonageClient) -> None:
    """Vonage has none; the signature is what shows who sent it."""
    assert vonage.http.handler.enforce_csrf_checks
    assert request(vonage, "event by POST", sign).status_code == 200
