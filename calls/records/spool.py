"""The spool: where an event waits on this host's disk while the database does not take it.

One file an event, in the manner of Maildir: written under tmp/, made durable, moved to new/. A crash leaves a whole
file in new/ or nothing. Whoever drains holds a lock that its death releases, so that nothing has to be taken over from
the dead: any process of this host goes on where another ended. Whoever wrote a file takes it back where the database
has its event after all. A file that fails MOST_TRIES times for reasons of its own is moved to bad/, where staff see it.
"""

import base64
import errno
import fcntl
import itertools
import json
import logging
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError

from calls.records.batch import event_of, write_batch
from calls.vonage.events import Event
from calls.vonage.heads import Head

logger = logging.getLogger(__name__)

MOST_BYTES = 1_000_000_000
MOST_FILES = 200_000
ROOM_FOR_ONE = 1_000_000  # bytes free, below which the next event may find no place
MOST_TRIES = 5
PORTION = 100  # files of one transaction: new events wait for one portion at most
MEASURED_FOR = 1.0  # seconds; in between we count what we add ourselves
LEFT_OVER_SECONDS = 3_600.0  # a draft this old is a dead process's, and was never acknowledged

_count = itertools.count()


@dataclass
class Depth:
    """How much waits: files and bytes, and since when (seconds since 1970; None when nothing does)."""

    files: int = 0
    bytes: int = 0
    oldest: float | None = None
    bad: int = 0

    @property
    def full(self) -> bool:
        return self.files >= MOST_FILES or self.bytes >= MOST_BYTES


@dataclass
class _Measured:
    folder: Path
    at: float
    depth: Depth


_measured: _Measured | None = None


def folder(name: str) -> Path:
    return Path(settings.SPOOL_DIR) / name


def keep(event: Event) -> Path:
    """Write the event so that it outlives a power cut; give its file. Raises OSError where the disk refuses."""
    at_hand = depth()
    if at_hand.full:
        raise OSError(errno.EDQUOT, "the spool is full")
    content = json.dumps(_as_json(event)).encode()
    name = f"{time.time_ns():020}-{os.getpid()}-{next(_count)}-{secrets.token_hex(3)}.0"
    draft, path = folder("tmp") / name, folder("new") / name
    try:
        _write(draft, content)
        try:
            os.rename(draft, path)
        except FileNotFoundError:  # somebody tidied up
            make_folders()
            os.rename(draft, path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    _sync_folder(folder("new"))
    at_hand.files += 1
    at_hand.bytes += len(content)
    at_hand.oldest = at_hand.oldest or time.time()
    return path


def drop(path: Path) -> None:
    """Let go of a file whose event is in the database after all, whoever drains. Never raises: what stays is drained,
    and known there again.
    """
    with suppress(OSError):
        path.unlink()


def _write(draft: Path, content: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        file = os.open(draft, flags, 0o600)
    except FileNotFoundError:
        make_folders()
        file = os.open(draft, flags, 0o600)
    with os.fdopen(file, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())


def make_folders() -> None:
    """Make what is missing. Raises OSError where that is not allowed.

    The one where events are written comes last: who finds it finds the others, though two begin at the same moment.
    """
    for path in map(folder, ("bad", "new", "tmp")):
        if missing := [one for one in (path, *path.parents) if not one.is_dir()]:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        for one in missing:  # else a power cut could take it back, with what is in it
            _sync_folder(one.parent)


def refusal() -> str:
    """Why an event could not be kept here now; "" when it could. Makes nothing: one of root's would be no good."""
    for wanted in (folder("new"), folder("tmp")):
        there = next(path for path in (wanted, *wanted.parents) if path.exists())
        if not (there.is_dir() and os.access(there, os.W_OK | os.X_OK)):
            return f"{there} is not a folder that this user may write to"
        if shutil.disk_usage(there).free < ROOM_FOR_ONE:
            return f"the disk of {there} is full"
    return "it is full" if depth().full else ""


def _sync_folder(path: Path) -> None:
    entry = os.open(path, os.O_RDONLY)
    try:
        os.fsync(entry)
    finally:
        os.close(entry)


# Reading


def waiting() -> list[Path]:
    """The files that wait, oldest first."""
    return _files("new")


def set_aside() -> list[Path]:
    """The files that failed too often."""
    return _files("bad")


def is_empty() -> bool:
    try:
        with os.scandir(folder("new")) as entries:
            return next(entries, None) is None
    except OSError:
        return True


def _files(name: str) -> list[Path]:
    try:
        return sorted(folder(name).iterdir())
    except OSError:
        return []


def read(path: Path) -> Event:
    """Read a file. Raises ValueError, KeyError or TypeError when it is none of ours."""
    kept = json.loads(path.read_bytes())
    raw = base64.b64decode(kept["raw"]) if kept["raw"] else None
    received_at, digest = datetime.fromisoformat(kept["received_at"]), UUID(kept["digest"])
    more = {"raw": raw, "signed": bool(kept["signed"]), "head": Head.read(kept.get("head"))}  # earlier files have none
    return event_of(kept["payload"], kept["door"], received_at, digest, **more)


def _as_json(event: Event) -> dict[str, object]:
    """All of the event. The digest too: that of an act of ours could not be made a second time."""
    return {
        "door": event.door,
        "received_at": event.received_at.isoformat(),
        "signed": event.signed,
        "digest": event.digest.hex,
        "payload": event.payload,
        "raw": base64.b64encode(event.raw).decode() if event.raw else None,
        "head": event.head.as_json() if event.head else None,
    }


def written_at(path: Path) -> float:
    """When a file was written, in seconds since 1970: its name says it."""
    stamp = path.name.partition("-")[0]
    return int(stamp) / 1e9 if stamp.isascii() and stamp.isdigit() and len(stamp) == 20 else path.stat().st_mtime


def tries_of(path: Path) -> int:
    """How often it has failed for a reason of its own."""
    tries = path.name.rpartition(".")[2]
    return int(tries) if tries.isascii() and tries.isdigit() and len(tries) < 4 else 0


def _named(path: Path, tries: int) -> str:
    name, _, before = path.name.rpartition(".")
    return f"{name if name and before.isdigit() else path.name}.{tries}"


def depth() -> Depth:
    """How much waits, as it was within the last second."""
    global _measured
    now = time.monotonic()
    if _measured is None or _measured.folder != folder("new") or now - _measured.at > MEASURED_FOR:
        _measured = _Measured(folder("new"), now, measure())
    return _measured.depth


def measure() -> Depth:
    """Look at every file."""
    found = Depth(bad=len(set_aside()))
    for path in waiting():
        try:
            found.bytes += path.stat().st_size
            found.oldest = written_at(path) if found.oldest is None else found.oldest
        except OSError:  # drained meanwhile
            continue
        found.files += 1
    return found


# Draining


class Busy(Exception):
    """Another process of this host is draining."""


@contextmanager
def drainer() -> Iterator[None]:
    """Be the one process of this host that drains. Raises Busy."""
    make_folders()
    with open(folder("drain.lock"), "ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Busy from error
        yield


def drain_some() -> int:
    """Store one portion of what waits, the oldest first. Gives how many files are gone from the spool.

    Raises Busy, and what the database raises when it is away: then all stay where they are.
    """
    with drainer():
        return _drain(waiting()[:PORTION])


def _drain(files: list[Path]) -> int:
    events: list[tuple[Path, Event]] = []
    gone = 0
    for path in files:
        try:
            events.append((path, read(path)))
        except FileNotFoundError:
            continue
        except Exception as error:
            gone += _fail(path, error)
    try:
        write_batch([event for _, event in events], by_two_ways=True)
    except Exception as error:
        if is_away(error):
            raise
        return gone + sum(_drain_one(path, event) for path, event in events)
    for path, _ in events:
        path.unlink(missing_ok=True)
    return gone + len(events)


def _drain_one(path: Path, event: Event) -> int:
    try:
        write_batch([event], by_two_ways=True)
    except Exception as error:
        if is_away(error):
            raise
        return _fail(path, error)
    path.unlink(missing_ok=True)
    return 1


def _fail(path: Path, error: Exception) -> int:
    """Count a failure of this file's own; set it aside after MOST_TRIES. Gives 1 when it is gone from here."""
    tries = tries_of(path) + 1
    again = tries < MOST_TRIES
    try:
        path.rename(folder("new") / _named(path, tries) if again else folder("bad") / path.name)
    except FileNotFoundError:  # dropped: its event is in the database after all
        return 1
    if again:
        return 0
    logger.error("Set aside after %s tries, see `manage.py spool list`: %s (%s)", tries, path.name, error)
    return 1


def is_away(error: BaseException) -> bool:
    """Whether a failure is the database's, and not that of what it was to keep."""
    return isinstance(error, DatabaseError | InterfaceError) and not isinstance(error, DataError | IntegrityError)


def wait_for_none() -> int:
    """Say that nobody drains. Raises Busy where somebody does."""
    with drainer():
        return 0


def replay() -> int:
    """Let what was set aside have its tries again, as after a correction of ours. Gives how many files."""
    with drainer():
        files = set_aside()
        for path in files:
            path.rename(folder("new") / _named(path, 0))
        return len(files)


def sweep() -> None:
    """Drop drafts that dead processes left: nobody was told that they are kept."""
    for path in _files("tmp"):
        try:
            if time.time() - path.stat().st_mtime > LEFT_OVER_SECONDS:
                path.unlink(missing_ok=True)
        except OSError as error:
            logger.warning("%s cannot be dropped: %s", path, error)
