"""How web processes hear of what was changed: a counter for each topic, looked at once a second."""

from django.db import connection, models


class Revision(models.Model):
    """How often something that answers depend on was changed. Counted in the same transaction as the change."""

    topic = models.CharField(max_length=16)  # "flows", "hours", "callers"
    number = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["topic"], name="revision_by_topic")]

    def __str__(self) -> str:
        return f"{self.topic} {self.number}"

    @classmethod
    def bump(cls, topic: str) -> None:
        """Count one more change. One statement, so that two at once are two."""
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO calls_revision (topic, number) VALUES (%s, 1) "
                "ON CONFLICT (topic) DO UPDATE SET number = calls_revision.number + 1",
                [topic],
            )
