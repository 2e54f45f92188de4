"""What a server on somebody's own machine needs and nobody has given it: two secrets, and a free port."""

import errno
import os
import secrets
import socket
from collections.abc import Callable

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
        text = "# Made by `manage.py run` for this machine. The real environment wins over this file.\n" + text
    elif not path.read_bytes().endswith(b"\n"):
        text = "\n" + text
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(text)
    return made


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
