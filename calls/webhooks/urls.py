"""The addresses that are entered at Vonage; `/webhooks/…` are the same, as Vonage's own samples name them.

A slash at the end is an easy slip there, and would cost calls: it is taken.
"""

from django.urls import re_path

from calls.webhooks import views

urlpatterns = [
    re_path(r"^answer/?$", views.answer_webhook, name="answer-webhook"),
    re_path(r"^event/?$", views.event_webhook, name="event-webhook"),
    re_path(r"^fallback/?$", views.fallback_webhook, name="fallback-webhook"),
]
