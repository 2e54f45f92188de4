"""Addresses below /api/."""

from django.urls import path

from calls.api.acting import Acting
from calls.api.problems import NoSuchAddress
from calls.api.schema import Schema
from calls.api.views import CallDetail, CallList, EventList, SoundDetail

urlpatterns = [
    path("calls/", CallList.as_view(), name="api-calls"),
    path("calls/<int:pk>/", CallDetail.as_view(), name="api-call"),
    path("calls/<int:pk>/act/", Acting.as_view(), name="api-call-act"),
    path("recordings/<int:pk>/", SoundDetail.as_view(), name="api-recording"),
    path("events/", EventList.as_view(), name="api-events"),
    path("schema/", Schema.as_view(), name="api-schema"),
    path("", NoSuchAddress.as_view()),
    # Only with a slash at the end: /api/calls must still be led to /api/calls/.
    path("<path:rest>/", NoSuchAddress.as_view()),
]
