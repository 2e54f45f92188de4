"""What the reports are made of: a row of each call that was counted, and sums of these by quarter, hour and day.

Both follow the call log at a distance: see `records.counting`. Nothing is written here while events come in.

Where many values are kept, each is a letter and the column a text of them: see `records.spread`.
"""

from django.db import models

MSISDN_LENGTH = 15
ALL = "*"  # the number of the sums over all numbers


class Ending(models.IntegerChoices):
    """What came of a call, as the pages say it: finer than `Outcome`, which knows nothing of legs."""

    PICKED_UP = 1, "Picked up"
    MESSAGE = 2, "Left a message"
    NOTICE = 3, "Heard a notice"
    UNANSWERED = 4, "Nobody picked up"
    BUSY = 5, "Busy"
    GAVE_UP = 6, "Gave up"
    DECLINED = 7, "Declined"
    CANCELLED = 8, "Cancelled"
    FAILED = 9, "Failed"
    BLOCKED = 10, "Blocked"
    END_UNKNOWN = 11, "End unknown"
    IN_PROGRESS = 12, "In progress"


class Counted(models.Model):
    """What was counted of one call when it was looked at last.

    It knows where the call stands in the sums, also after it began at another time or is gone, and what its answers
    said before their payloads were emptied.
    """

    # Its key. No reference: it is by this row that a deleted call is taken out of the sums.
    call = models.BigIntegerField(primary_key=True)
    quarter = models.IntegerField()  # in which it began: seconds since 1970 ÷ 900
    outbound = models.BooleanField()
    number = models.CharField(max_length=MSISDN_LENGTH, blank=True)  # ours; "" for what is no number
    version = models.BigIntegerField()  # key of the FlowVersion that answered first; 0 for none
    ending = models.SmallIntegerField(choices=Ending)
    waited = models.CharField(max_length=1, blank=True)  # seconds until a person picked up, as a letter
    talked = models.CharField(max_length=1, blank=True)  # the class of the time from there to the end, as a letter
    talked_seconds = models.IntegerField(default=0)
    latencies = models.TextField(blank=True)  # of the answers we gave: tenths of a millisecond, as letters
    late_answers = models.IntegerField(default=0)
    latest_answer = models.IntegerField(default=0)  # how long the slowest took, in tenths of a millisecond
    price = models.BigIntegerField(default=0)  # EUR × 10^8

    class Meta:
        verbose_name_plural = "counted"
        indexes = [
            models.Index(fields=["quarter"], name="counted_by_quarter"),
            models.Index(fields=["version"], name="counted_by_version"),
        ]

    def __str__(self) -> str:
        return f"call {self.call}"


class Tally(models.Model):
    """The sums over the calls that began in a quarter of an hour, those to us and those we placed apart.

    There is a row for each number and version, and one over all of them. Every zone's days and hours begin with
    a quarter, so that these make up the days of any. Each hour and each day of UTC has such rows as well: whatever is
    asked for is made up of these, and of quarters at its ends. See `records.quarters.parts`.
    """

    quarter = models.IntegerField()  # with which it begins
    span = models.SmallIntegerField(default=1)  # quarters: 1, 4 or 96
    outbound = models.BooleanField()
    number = models.CharField(max_length=MSISDN_LENGTH, blank=True)  # ALL in the rows over all
    version = models.BigIntegerField(default=0)
    calls = models.IntegerField()
    # By their ending
    picked_up = models.IntegerField()
    message = models.IntegerField()
    notice = models.IntegerField()
    unanswered = models.IntegerField()
    busy = models.IntegerField()
    gave_up = models.IntegerField()
    declined = models.IntegerField()
    cancelled = models.IntegerField()
    failed = models.IntegerField()
    blocked = models.IntegerField()
    end_unknown = models.IntegerField()
    in_progress = models.IntegerField()
    # Their values and sums, as in `Counted`; in the rows of a day, with counts
    waits = models.TextField(blank=True)
    talks = models.TextField(blank=True)
    talk_seconds = models.BigIntegerField()
    answers = models.TextField(blank=True)
    slow_answers = models.IntegerField()
    slowest = models.IntegerField()
    cost = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "tallies"
        constraints = [
            models.UniqueConstraint(fields=["number", "span", "quarter", "version", "outbound"], name="tally_once"),
        ]
        indexes = [
            # Holds all that the cost of each number is made of: a year of it is read without the rows.
            models.Index(
                fields=["span", "quarter", "number", "outbound", "version", "calls", "cost"], name="tally_of_money"
            )
        ]

    def __str__(self) -> str:
        return f"{self.number} in {self.span} quarters from {self.quarter} on"


class Recount(models.Model):
    """A call that is to be counted anew although nothing was told of it: it lost a leg, was read again, is gone."""

    call = models.BigIntegerField()

    def __str__(self) -> str:
        return f"call {self.call}"
