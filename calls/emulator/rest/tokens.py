"""Who sends a request: the JSON Web Token of an application, or the key and secret of an account."""

import base64
import binascii
import time
from typing import Any

import jwt

from calls.emulator.application import Application

LEAST_SECONDS, MOST_SECONDS = 30, 24 * 3600  # that `exp` may lie after `iat`
DEFAULT_SECONDS = 15 * 60  # for which a token without `exp` is good
LEEWAY_SECONDS = 30  # by which clocks may differ; inferred


class Unauthorized(Exception):
    """The reason is for the owner of the application: it stands in the reply and in the trace."""


def application_of(authorization: str, applications: list[Application]) -> Application:
    """Give the application that a bearer token is of. Raises Unauthorized.

    A token may come again until it expires (inferred): people make one by hand and use it for some requests.
    """
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized("The request has no bearer token.")
    application = _claimed(token.strip(), applications)
    _check_times(_claims(token.strip(), application))
    return application


def _claimed(token: str, applications: list[Application]) -> Application:
    """Give the application that a token says it is of, before its signature is checked."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise Unauthorized(f"The token cannot be read: {error}") from None
    name = str(claims.get("application_id", ""))
    application = next((one for one in applications if name and one.application_id == name), None)
    if application is None:
        raise Unauthorized("The token's application_id names no application.")
    if not application.public_key:
        raise Unauthorized("The application has no public key, so nobody can sign for it.")
    return application


def _claims(token: str, application: Application) -> dict[str, Any]:
    """Give the claims, the signature and the times of which are good."""
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            application.public_key,
            algorithms=["RS256"],
            leeway=LEEWAY_SECONDS,
            options={"require": ["iat", "jti"], "verify_aud": False},
        )
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise Unauthorized(f"The token is not valid: {error}") from None
    return claims


def _check_times(claims: dict[str, Any]) -> None:
    issued, expires = claims["iat"], claims.get("exp")
    if not (isinstance(claims["jti"], str) and claims["jti"]):
        raise Unauthorized("The token's jti has to be a text of its own.")
    if not isinstance(issued, int | float) or not isinstance(expires, int | float | None):
        raise Unauthorized("The token's iat and exp have to be numbers of seconds.")
    if expires is None and time.time() > issued + DEFAULT_SECONDS + LEEWAY_SECONDS:
        raise Unauthorized("The token has no exp and is older than 15 minutes.")
    if expires is not None and not LEAST_SECONDS <= expires - issued <= MOST_SECONDS:
        raise Unauthorized("The token's exp has to lie 30 seconds to 24 hours after its iat.")


def account_of(authorization: str, applications: list[Application]) -> list[Application]:
    """Give the applications of the account whose key and secret came by Basic authentication. Raises Unauthorized."""
    scheme, _, encoded = authorization.partition(" ")
    try:
        key, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        key = secret = ""
    owned = [one for one in applications if one.api_key == key and one.api_secret == secret]
    if scheme.lower() != "basic" or not (key and secret and owned):
        raise Unauthorized("Give the account's API key and secret by Basic authentication.")
    return owned
