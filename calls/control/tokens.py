"""The token in the address that the platform tells events of our own calls to: `/event/<token>`.

The platform's signature does not cover the address, so the token is signed by us. It names the request that the call
came of: by it an event finds that request before the platform has answered, and where it never did.
"""

from datetime import timedelta

from django.core import signing

SALT = "event of a placed call"
VALID = timedelta(hours=48)


def make(placement: int) -> str:
    return signing.dumps(placement, salt=SALT, compress=False)


def read(token: str) -> int | None:
    """Give the number of the request; None for a token that is not ours or too old."""
    try:
        found = signing.loads(token, salt=SALT, max_age=VALID)
    except signing.BadSignature:
        return None
    return found if isinstance(found, int) else None
