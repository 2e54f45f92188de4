"""What was live becomes publications, and programs of before the steps had kinds of their own become NCCO steps."""

from typing import Any

from django.db import migrations


def publish(apps: Any, editor: Any) -> None:
    FlowVersion = apps.get_model("calls", "FlowVersion")
    Publication = apps.get_model("calls", "Publication")
    for version in FlowVersion.objects.select_related("flow").order_by("pk").iterator():
        if version.program.get("schema") == 1:
            version.program = renewed(version)
            version.save(update_fields=["program"])
        Publication.objects.create(
            flow_id=version.flow_id,
            version_id=version.pk,
            from_at=version.published_at,
            note=version.note,
            by_id=version.author_id,
            made_at=version.published_at,
        )
    if Publication.objects.exists():
        apps.get_model("calls", "Revision").objects.update_or_create(topic="flows", defaults={"number": 1})


def renewed(version: Any) -> dict[str, Any]:
    steps = version.program.get("steps", [])
    ids = [str(step["id"]) for step in steps]
    targets = [*({"step": one} for one in ids[1:]), {"end": True}]
    return {
        "schema": 2,
        "flow": version.flow_id,
        "name": version.flow.name,
        "voice": {"language": "en-AU", "style": 3, "premium": False},
        "start": ids[0] if ids else None,
        "steps": {
            one: {
                "kind": "ncco",
                "place": place,
                "name": "",
                "settings": {"actions": step["actions"]},
                "next": target,
                "on": {},
                "words": {},
            }
            for place, (one, step, target) in enumerate(zip(ids, steps, targets, strict=False), 1)
        },
    }


class Migration(migrations.Migration):
    dependencies = [("calls", "0011_flows")]
    operations = [migrations.RunPython(publish, migrations.RunPython.noop)]
