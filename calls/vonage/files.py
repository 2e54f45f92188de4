"""Fetching a file from the platform: from one place, at an address that was checked, within a time and a size.

The connection goes to the very address that was looked up and found public: a name that stands for another one a moment
later changes nothing. Proxies of the environment are not asked. A redirect is followed where it stays within the rules.
"""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urljoin

from calls.vonage.recordings import NotAllowed, Place, addresses_for, place_of, sound_of

SECONDS = 30.0  # in all, redirects among them
CONNECT_SECONDS = 5.0
MOST_BYTES = 50_000_000
MOST_REDIRECTS = 3
PIECE = 64 * 1024
BEGINNING = 12  # bytes that tell what a sound is
REDIRECTS = {301, 302, 303, 307, 308}


class NotYet(Exception):
    """It was not to be had this time. The text is a sentence; `status` is that of the reply, 0 where there was none."""

    def __init__(self, reason: str, status: int = 0) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True)
class File:
    """What was fetched. `content_type` is one of `recordings.SOUNDS`."""

    content: bytes
    content_type: str


def resolve(host: str, port: int) -> list[str]:
    """Look the name up: all its addresses. Raises OSError."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def fetch(url: str, token: Callable[[], str], *, local: str = "", seconds: float = SECONDS) -> File:
    """Fetch the sound at `url`. The token is made only for a place that may be asked.

    Raises NotAllowed where it will never be fetched, and NotYet where a later try may help.
    """
    until = time.monotonic() + seconds
    for _ in range(MOST_REDIRECTS + 1):
        place = place_of(url, local=local)
        to = _ask(place, token, until)
        if isinstance(to, File):
            return to
        url = urljoin(url, to)
    raise NotAllowed(f"{place} leads on and on.")


def _ask(place: Place, token: Callable[[], str], until: float) -> File | str:
    """Ask once. Gives the file, or where it is said to be."""
    try:
        addresses = addresses_for(place, _look_up(place, until))
        headers = _headers(token())
        with _connection(place, addresses, until) as connection:
            connection.request("GET", place.path, headers=headers)
            reply = connection.getresponse()
            if reply.status in REDIRECTS and (to := reply.headers.get("Location")):
                return to
            return _file(place, reply, until)
    except NotAllowed:
        raise
    except TimeoutError as error:
        raise NotYet(f"{place} did not answer in time.") from error
    except ssl.SSLCertVerificationError as error:
        raise NotYet(f"The certificate of {place} is not trusted.") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        late = time.monotonic() >= until
        raise NotYet(f"{place} {'took too long' if late else 'cannot be reached, or broke off'}.") from error


def _look_up(place: Place, until: float) -> list[str]:
    """Look the name up beside this thread, since the system's own patience cannot be set. Raises OSError."""
    answer = Future[list[str]]()

    def look() -> None:
        try:
            answer.set_result(resolve(place.host, place.port))
        except Exception as error:
            answer.set_exception(error)

    threading.Thread(target=look, daemon=True).start()
    return answer.result(max(until - time.monotonic(), 0))


def _headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Accept": "audio/*", "Accept-Encoding": "identity"}


def _file(place: Place, reply: http.client.HTTPResponse, until: float) -> File:
    """Read the reply, no more of it than is wanted."""
    if reply.status != HTTPStatus.OK:
        raise NotYet(REASONS.get(reply.status, f"{place} answered with status {reply.status}."), reply.status)
    if reply.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise NotAllowed("What came is packed in a way that was not asked for.")
    length = reply.headers.get("Content-Length", "")
    if length.isdecimal() and int(length) > MOST_BYTES:
        raise NotAllowed(TOO_LARGE)
    content_type, content = reply.headers.get("Content-Type", ""), bytearray()
    while piece := reply.read1(PIECE):
        content += piece
        if len(content) - len(piece) < BEGINNING <= len(content):
            sound_of(content_type, bytes(content[:BEGINNING]))  # of what is no sound no more is read
        if len(content) > MOST_BYTES:
            raise NotAllowed(TOO_LARGE)
    if time.monotonic() >= until:
        raise NotYet(f"{place} took too long.")
    if not content:
        raise NotYet(f"{place} sent nothing.")
    if length.isdecimal() and len(content) != int(length):
        raise NotYet(f"{place} broke off in the middle.")
    return File(bytes(content), sound_of(content_type, bytes(content[:BEGINNING])))


TOO_LARGE = f"The recording is larger than {MOST_BYTES // 1_000_000} MB."
REASONS = {
    401: "Vonage does not take our token: the recording may be another application’s, or VONAGE_PRIVATE_KEY be wrong.",
    403: "Vonage does not let us have the recording.",
    404: "Vonage has no such recording, not yet or not any more.",
    429: "Vonage asks us to wait.",
}


def _connect(place: Place, addresses: Sequence[str], until: float) -> socket.socket:
    """Try one after the other. Raises OSError: that of the last one."""
    failed: OSError = TimeoutError()
    for address in addresses:
        left = until - time.monotonic()
        if left <= 0:
            break
        try:
            return socket.create_connection((address, place.port), min(CONNECT_SECONDS, left))
        except OSError as error:
            failed = error
    raise failed


@contextmanager
def _connection(place: Place, addresses: Sequence[str], until: float) -> Iterator[http.client.HTTPConnection]:
    """Connect to the first of these that takes it. Whatever the other side does, the connection ends at `until`."""
    line = _connect(place, addresses, until)
    secure = None
    if place.scheme == "https":
        line = secure = ssl.create_default_context().wrap_socket(
            line, server_hostname=place.host, do_handshake_on_connect=False
        )
    watch = threading.Timer(max(until - time.monotonic(), 0), _cut, [line])
    watch.daemon = True
    watch.start()
    connection = http.client.HTTPConnection(place.host, place.port)
    connection.sock = line
    try:
        line.settimeout(max(until - time.monotonic(), 0.01))
        if secure:
            secure.do_handshake()
        yield connection
    finally:
        watch.cancel()
        connection.close()
        line.close()


def _cut(connection: socket.socket) -> None:
    """End what a slow sender keeps up for ever: whoever reads finds the end."""
    try:
        socket.socket.shutdown(connection, socket.SHUT_RDWR)  # below TLS, which would wait for its turn
    except OSError:
        return
