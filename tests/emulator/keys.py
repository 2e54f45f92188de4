"""Key pairs of applications, and tokens signed with them."""

import time
from functools import cache
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

APPLICATION_ID = "78d335fa-323d-0114-9c3d-d6f0d48968cf"


@cache
def key_pair(name: str) -> tuple[str, str]:
    """Give a private key and its public one as PEM. Another name has another pair."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def token(*, name: str = "first", algorithm: str = "RS256", **claims: Any) -> str:
    """Sign a token as the SDK does; a claim that is None is left out."""
    now = int(time.time())
    whole = {"application_id": APPLICATION_ID, "iat": now, "jti": str(uuid4()), "exp": now + 900} | claims
    given = {claim: value for claim, value in whole.items() if value is not None}
    return jwt.encode(given, key_pair(name)[0] if algorithm == "RS256" else name, algorithm=algorithm)
