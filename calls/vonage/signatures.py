"""Signed webhooks: who sent a request, and whether its body came as it was sent.

Vonage signs each webhook with a JWT in `Authorization: Bearer …`: HS256 over the account's signature
secret, with `iat`, `jti`, `iss` and, for a body, `payload_hash` (SHA-256, lower-case hex, of its raw bytes).
Source: https://developer.vonage.com/en/getting-started/concepts/webhooks#decoding-signed-webhooks
"""

import base64
import hashlib
import hmac
import json
import time
import uuid
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jwt
import orjson

from calls.vonage.queries import pairs_of

PLAIN_HEADER = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("=")
PLAIN_CLAIMS = {"iat", "jti", "iss", "payload_hash", "api_key", "application_id"}  # none that PyJWT would weigh
MAX_AGE_SECONDS = 300  # Vonage names no limit; five minutes is the common reading of "old"
LEEWAY_SECONDS = 60  # how far its clock may run ahead of ours

# A signature secret is what the Vonage dashboard gives, and may be shorter than PyJWT likes. A system
# check tells the owner once; a warning on every webhook would tell nobody.
warnings.filterwarnings("ignore", category=jwt.InsecureKeyLengthWarning)


class SignatureRefused(Exception):
    """The request is signed, but not by Vonage, not lately, or not over this body."""


class SignatureMissing(SignatureRefused):
    """The request carries no signature at all."""


@dataclass(frozen=True)
class Claims:
    """What a good signature said. `hash_differs` is only a note: see `verify`."""

    issued_at: int
    application_id: str
    api_key: str
    hash_differs: bool


def sign(
    secret: str,
    body: bytes = b"",
    *,
    api_key: str = "",
    application_id: str = "",
    issued_at: int | None = None,
) -> str:
    """Make the JWT with which Vonage would sign a webhook that has this body. Times in UTC seconds."""
    claims: dict[str, Any] = {
        "iat": int(time.time()) if issued_at is None else issued_at,
        "jti": str(uuid.uuid4()),
        "iss": "Vonage",
    }
    if body:
        claims["payload_hash"] = hashlib.sha256(body).hexdigest()
    if api_key:
        claims["api_key"] = api_key
    if application_id:
        claims["application_id"] = application_id
    return jwt.encode(claims, secret, algorithm="HS256")


def verify(
    authorization: str | None,
    body: bytes,
    *,
    query: str = "",
    secrets: Sequence[str],
    application_id: str = "",
    api_key: str = "",
    now: float | None = None,
) -> Claims:
    """Say who signed, or raise SignatureMissing or SignatureRefused with the reason.

    A request with a body needs a `payload_hash` equal to that of its raw bytes. Of a GET request Vonage hashes a JSON
    text of its `query`, the spelling of which is not documented in full: a differing hash is only noted in the claims.
    `application_id` and `api_key` are compared when both we and the token name one.
    """
    claims = _decode(_token(authorization), secrets)
    _check_age(claims, time.time() if now is None else now)
    for name, ours in (("application_id", application_id), ("api_key", api_key)):
        theirs = claims.get(name)
        if ours and theirs and theirs != ours:
            raise SignatureRefused(f"{name} is not ours")
    told = claims.get("payload_hash")
    fits = isinstance(told, str) and _is_hash_of(body or query_as_json(query), told)
    if body and not fits:
        raise SignatureRefused("payload_hash is missing" if told is None else "payload_hash does not fit the body")
    return Claims(
        issued_at=int(claims["iat"]),
        application_id=str(claims.get("application_id") or ""),
        api_key=str(claims.get("api_key") or ""),
        hash_differs=told is not None and not fits,
    )


def _is_hash_of(content: bytes, told: str) -> bool:
    return hmac.compare_digest(told.encode(errors="replace"), hashlib.sha256(content).hexdigest().encode())


def query_as_json(query: str) -> bytes:
    """The parameters in order as a JSON object without blanks: what Vonage hashes of a GET request."""
    fields = dict(pairs_of(query))
    try:
        return orjson.dumps(fields)
    except TypeError:  # it takes no lone surrogates
        pass
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def _token(authorization: str | None) -> str:
    """Take the token out of the header; the scheme may be written in any case."""
    scheme, _, token = (authorization or "").strip().partition(" ")
    if not scheme:
        raise SignatureMissing("no Authorization header")
    if scheme.lower() != "bearer" or not token.strip():
        raise SignatureRefused("the Authorization header is not a Bearer token")
    return token.strip()


def _decode(token: str, secrets: Sequence[str]) -> dict[str, Any]:
    """Try each valid secret: during rotation there are two."""
    if secrets and (plain := _decode_plain(token, secrets[0])):
        return plain
    reason: Exception = SignatureRefused("no signature secret is set here")
    for secret in secrets:
        try:
            # Age is checked by hand: PyJWT takes an `iat` of any age, and has one leeway for all claims.
            claims: dict[str, Any] = jwt.decode(
                token,
                secret,
                algorithms=["HS256"],
                options={"require": ["iat"], "verify_iat": False, "verify_aud": False, "verify_iss": False},
                leeway=LEEWAY_SECONDS,
            )
        except jwt.InvalidSignatureError as error:
            reason = error
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
            raise SignatureRefused(f"the token cannot be read: {error}") from error
        else:
            return claims
    if isinstance(reason, SignatureRefused):
        raise reason
    raise SignatureRefused("the signature was not made with our secret") from reason


def _decode_plain(token: str, secret: str) -> dict[str, Any] | None:
    """Read a token of the one form that Vonage sends, in a tenth of the time that PyJWT takes for all forms there are.

    None is for everything else, good or bad: PyJWT decides on it.
    """
    signed, _, signature = token.rpartition(".")
    header, _, content = signed.partition(".")
    if header != PLAIN_HEADER or not secret:
        return None
    made = _keyed(secret).copy()
    made.update(signed.encode("ascii", "replace"))
    try:
        if not hmac.compare_digest(made.digest(), _from_base64(signature)):
            return None
        claims = orjson.loads(_from_base64(content))
    except ValueError:
        return None
    if not isinstance(claims, dict) or not claims.keys() <= PLAIN_CLAIMS or claims.get("iat") is None:
        return None
    return claims if isinstance(claims.get("jti", ""), str) else None


@lru_cache(maxsize=8)
def _keyed(secret: str) -> "hmac.HMAC":
    return hmac.new(secret.encode(), digestmod="sha256")


def _from_base64(text: str) -> bytes:
    """Decode what bears no padding. Raises ValueError for anything that is not in the alphabet."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _check_age(claims: dict[str, Any], now: float) -> None:
    issued_at = claims.get("iat")
    if isinstance(issued_at, bool) or not isinstance(issued_at, int | float) or not abs(issued_at) < 1e12:
        raise SignatureRefused("iat is not a time")
    age = now - issued_at
    if age > MAX_AGE_SECONDS:
        raise SignatureRefused(f"signed {age:.0f} s ago: too old, or one of the clocks is wrong")
    if age < -LEEWAY_SECONDS:
        raise SignatureRefused(f"signed {-age:.0f} s ahead of our clock: one of the clocks is wrong")
