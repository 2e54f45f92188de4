"""Chores of recordings: finding and fetching them, and taking files away that nobody names any more."""

import time
from datetime import timedelta

from django.core.files.storage import default_storage
from django.utils import timezone

from calls.control.recordings import fetch_one, look
from calls.models import Recording, RecordingState
from calls.models.recordings import FOLDER, delete_files

PORTION_SECONDS = 2.0  # of one turn; a fetch that has begun goes on for 30 s at most
MOST_NAMES = 500  # that are looked up at a time
LEFT_ALONE = timedelta(hours=1)  # a file may be older than its row by as long as a fetch takes


def fetch_some() -> bool:
    """Find new recordings, and fetch those that are due. Gives True when there may be more.

    Where the platform did not answer, no other is asked for until the next time.
    """
    until = time.monotonic() + PORTION_SECONDS
    more = look(PORTION_SECONDS / 2)
    for pk in Recording.objects.due().values_list("pk", flat=True)[:100]:
        recording = fetch_one(pk)
        if recording and recording.state == RecordingState.WAITING:
            return False
        if time.monotonic() > until:
            return True
    return more


def sweep() -> None:
    """Delete the files of recordings that are no more. They are left where something broke off, or was away."""
    if not Recording.objects.exists():  # a database that is yet to be restored says nothing of files
        return
    try:
        folders, _ = default_storage.listdir(FOLDER)
    except FileNotFoundError:
        return
    before = timezone.now() - LEFT_ALONE
    for folder in folders:
        names = [f"{FOLDER}/{folder}/{name}" for name in default_storage.listdir(f"{FOLDER}/{folder}")[1]]
        for at in range(0, len(names), MOST_NAMES):
            some = names[at : at + MOST_NAMES]
            known = set(Recording.objects.filter(file__in=some).values_list("file", flat=True))
            delete_files([n for n in some if n not in known and default_storage.get_modified_time(n) < before])
