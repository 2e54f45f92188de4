"""What a server needs and nobody has given it: secrets, and a free port."""

import errno
import os
import secrets
import socket
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from callserver import env

# 32 bytes are the least that HS256, with which Vonage signs, asks for.
MAKE: dict[str, Callable[[], str]] = {
    "SECRET_KEY": lambda: secrets.token_urlsafe(50),
    "VONAGE_SIGNATURE_SECRET": lambda: secrets.token_hex(32),
}


def make_missing_secrets() -> list[str]:
    """Add to `env.LOCAL_ENV` (mode 600) each secret that neither it nor the environment gives; return their names.

    What stands there is never changed. Raises OSError where the file cannot be written.
    """
    path = env.LOCAL_ENV
    given = env.Env()
    made = [name for name in MAKE if not given.text(name)]
    if not made:
        return []
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{name}={MAKE[name]()}\n" for name in made)
    if not path.exists():
        text = "# Made for this machine, since nobody gave them. The real environment wins over this file.\n" + text
    elif not path.read_bytes().endswith(b"\n"):
        text = "\n" + text
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(text)
    return made


# The application of a try on this machine. Vonage's own are random, so it is nobody's.
LOCAL_APPLICATION_ID = "00000000-0000-4000-8000-000000000000"
OF_AN_ACCOUNT = ("VONAGE_APPLICATION_ID", "VONAGE_PRIVATE_KEY", "VONAGE_API_URL")


def local_account(port: int, key: Path) -> dict[str, str]:
    """Give the settings with which a server places calls through the local Vonage on this port.

    Nothing where the owner gave any of an account's: then calls are real. The key is made once. Raises OSError.
    """
    given = env.Env()
    if any(given.text(name) for name in OF_AN_ACCOUNT):
        return {}
    if not key.exists():
        _make_key(key)
    lent = {"VONAGE_APPLICATION_ID": LOCAL_APPLICATION_ID, "VONAGE_PRIVATE_KEY_FILE": str(key)}
    lent["VONAGE_API_URL"] = f"http://127.0.0.1:{port}"
    # Who is called there are the people of the local Vonage, and they cost nothing.
    return lent if given.text("OUTBOUND_COUNTRIES") else lent | {"OUTBOUND_COUNTRIES": "GB"}


def _make_key(path: Path) -> None:
    secret = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = secret.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    _replace(path, pem.decode())


def make_password(database_url: str, folder: Path) -> bool:
    """Make a database's password in the file `password` of `folder` unless it is there; say whether it was made.

    The file `url` beside it is `database_url` with that password.
    """
    file = folder / "password"
    made = not file.exists()
    if made:
        _replace(file, secrets.token_hex(24))
    parts = urlsplit(database_url)
    netloc = f"{parts.username}:{file.read_text(encoding='utf-8')}@{parts.netloc.rpartition('@')[2]}"
    _replace(folder / "url", parts._replace(netloc=netloc).geturl())
    return made


def _replace(file: Path, secret: str) -> None:
    """Write the file in one step; nobody but its owner may read it."""
    draft = file.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text(secret, encoding="utf-8")
    draft.replace(file)


def port_problem(port: int) -> str | None:
    """Say in a sentence why nobody can listen on `port`; None when somebody can."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as gunicorn does
        try:
            probe.bind(("0.0.0.0", port))  # noqa: S104 - the addresses that the server listens on
            probe.listen()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return f"Port {port} is taken by another program. End it, or choose another: PORT={port + 1} make run"
            return f"Port {port} cannot be used ({error.strerror}). Choose another: PORT=3000 make run"
    return None
