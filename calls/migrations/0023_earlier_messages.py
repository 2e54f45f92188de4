"""Put the messages that were kept before there was an inbox into it.

Those of the last two weeks are new, older ones archived. No mail tells of them.
"""

from datetime import timedelta
from typing import Any

from django.db import migrations
from django.utils import timezone

AT_ONCE = 2_000
STILL_NEW = timedelta(days=14)
STEP_NAME = 60


def make_messages(apps: Any, _: Any) -> None:
    """A recording is a message where its event names a voicemail step; of an emptied one, where its call says so."""
    voicemail = apps.get_model("calls", "Voicemail")
    versions = set(apps.get_model("calls", "FlowVersion").objects.values_list("pk", flat=True))
    recordings = apps.get_model("calls", "Recording").objects.filter(event__kind="record", voicemail=None)
    rows = recordings.order_by("pk").values_list("pk", "event__occurred_at", "event__call__outcome", "event__payload")
    now, after = timezone.now(), 0
    while some := list(rows.filter(pk__gt=after)[:AT_ONCE]):
        after = some[-1][0]
        made = []
        for pk, occurred_at, outcome, payload in some:
            reply = payload.get("reply") if isinstance(payload, dict) else None
            path = reply.get("path") if isinstance(reply, dict) else None
            last = path[-1] if isinstance(path, list) and path else None
            step = last if isinstance(last, dict) else {}
            if step.get("kind") != "voicemail" and (payload or outcome != "voicemail"):
                continue
            name, version = step.get("name"), reply.get("version") if isinstance(reply, dict) else None
            is_new = now - occurred_at < STILL_NEW
            made.append(
                voicemail(
                    recording_id=pk,
                    version_id=version if isinstance(version, int) and version in versions else None,
                    step=name[:STEP_NAME] if isinstance(name, str) else "",
                    blocked=step.get("step") == "block",
                    state="new" if is_new else "archived",
                    archived_at=None if is_new else now,
                )
            )
        voicemail.objects.bulk_create(made, ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [
        ("calls", "0022_smaller_log"),
    ]

    operations = [migrations.RunPython(make_messages, migrations.RunPython.noop, elidable=True)]
