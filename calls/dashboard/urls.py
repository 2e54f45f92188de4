"""The pages people open."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from calls.dashboard import (
    acting,
    call,
    call_export,
    curl,
    export,
    home,
    placing,
    recordings,
    reports,
    views,
    voicemail,
)

urlpatterns = [
    path("", views.calls, name="calls"),
    path("home/", home.home, name="home"),
    path("home/hours/<int:pk>/", home.override, name="home-override"),
    path("calls.csv", export.calls_csv, name="calls-csv"),
    path("live/", views.live, name="calls-live"),
    path("calls/<int:pk>/", call.call, name="call"),
    path("calls/<int:pk>/live/", call.call_live, name="call-live"),
    path("calls/<int:pk>/act/", acting.act, name="call-act"),
    path("calls/<int:pk>/events.csv", call_export.call_csv, name="call-csv"),
    path("reports/", reports.reports, name="reports"),
    path("reports/<slug:name>.csv", reports.table, name="reports-table"),
    path("call", placing.place, name="place"),
    path("call/", placing.place),
    path("recordings/<int:pk>/", recordings.recording, name="recording"),
    path("voicemail/", voicemail.inbox, name="voicemail"),
    path("voicemail/live/", voicemail.inbox_live, name="voicemail-live"),
    path("voicemail/new/", voicemail.new_messages, name="voicemail-new"),
    path("voicemail/<int:pk>/", voicemail.message, name="message"),
    path("events/<int:pk>/raw/", call.event_raw, name="event-raw"),
    path("events/<int:pk>/curl/", curl.event_curl, name="event-curl"),
    path("events/", views.loose_events, name="loose-events"),
    path("login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
]
