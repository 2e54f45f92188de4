"""The addresses that are entered at Vonage; `/webhooks/…` are the same, as Vonage's own samples name them."""

from django.urls import path

from calls.webhooks import views

urlpatterns = [
    path("answer", views.answer_webhook, name="answer-webhook"),
    path("event", views.event_webhook, name="event-webhook"),
    path("fallback", views.fallback_webhook, name="fallback-webhook"),
]
