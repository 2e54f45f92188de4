"""The addresses that are entered at Vonage; `/webhooks/…` are the same, as Vonage's own samples name them.

A slash at the end is an easy slip there, and would cost calls: it is taken.
"""

from django.urls import re_path

from calls.webhooks import views

PREFIXES = ("", "webhooks/")
DOORS = {
    "answer": views.answer_webhook,
    "event": views.event_webhook,
    "fallback": views.fallback_webhook,
}

urlpatterns = [re_path(rf"^{door}/?$", view, name=f"{door}-webhook") for door, view in DOORS.items()]
