"""A small disk of our own that can be filled: a tmpfs that only this process and its children see."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

UNSEEN = "FAULTS_UNSEEN"  # set in a process whose mounts no other sees


def can_mount() -> bool:
    return os.geteuid() == 0 and os.environ.get(UNSEEN) == "1"


def unseen(module: str, arguments: list[str]) -> None:
    """Begin the program anew where its mounts are its own, and end with it. Needs root; without it, returns."""
    unshare = shutil.which("unshare")
    if os.geteuid() == 0 and unshare and UNSEEN not in os.environ:
        command = [unshare, "--mount", "--propagation", "private", sys.executable, "-m", module, *arguments]
        os.execve(unshare, command, os.environ | {UNSEEN: "1"})  # noqa: S606


@dataclass(frozen=True)
class Disk:
    """A disk of a few megabytes."""

    folder: Path

    @property
    def ballast(self) -> Path:
        return self.folder / "ballast"

    def fill(self) -> None:
        """Leave nothing free, to the last byte that it gives."""
        with suppress(OSError), self.ballast.open("ab", buffering=0) as file:
            while True:
                file.write(bytes(1 << 16))
        with suppress(OSError), self.ballast.open("ab", buffering=0) as file:
            while True:
                file.write(bytes(1 << 9))

    def free(self) -> None:
        self.ballast.unlink(missing_ok=True)


@contextmanager
def small_disk(megabytes: int) -> Iterator[Disk]:
    folder = Path(tempfile.mkdtemp(prefix="disk-"))
    try:
        run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "tmpfs", str(folder))
        try:
            yield Disk(folder)
        finally:
            run("umount", "--lazy", str(folder))
    finally:
        folder.rmdir()


def run(program: str, *arguments: str) -> None:
    subprocess.run([shutil.which(program) or program, *arguments], check=True)
