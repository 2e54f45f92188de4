"""What calls are found by: a row of each beside the call log, which no event waits for."""

from django.db import models

from calls.models.calls import Call


class CallSearch(models.Model):
    """The words of a call in lower case: numbers and names of its legs, digits pressed, what was said.

    Written by the worker some seconds after the events: see `records.search`. On Postgres any part of it is found
    through an index of trigrams; SQLite reads through the newest rows.
    """

    call = models.OneToOneField(Call, primary_key=True, on_delete=models.CASCADE, related_name="search")
    text = models.TextField()

    class Meta:
        verbose_name_plural = "call searches"

    def __str__(self) -> str:
        return f"Call {self.pk}: {self.text[:60]}"
