"""Addresses below /api/."""

from django.urls import path, register_converter
from django.urls.converters import IntConverter, PathConverter

from calls.api.acting import Acting
from calls.api.callers import BlockDetail, BlockList, ContactDetail, ContactList, RuleDetail, RuleList
from calls.api.docs import docs, swagger
from calls.api.flows import Draft, FlowDetail, FlowList, Lint
from calls.api.hours import HoursDetail, HoursList, HoursOverride
from calls.api.numbers import NumberDetail, NumberList
from calls.api.problems import no_such_address, without_slash
from calls.api.schema import Schema
from calls.api.sounds import SoundFileDetail, SoundList
from calls.api.stats import Stats
from calls.api.versions import BringBack, PublicationList, Publish, VersionDetail, VersionList
from calls.api.views import (
    CallDetail,
    CallList,
    EventDetail,
    EventList,
    LegDetail,
    LegList,
    RecordingList,
    SoundDetail,
)
from calls.api.voicemail import VoicemailDetail, VoicemailList


class IdConverter(IntConverter):
    """An id, or a number of ours: what is longer stands in no column, and some lookups in SQLite would raise."""

    regex = "[0-9]{1,18}"


class AnythingConverter(PathConverter):
    """All that may follow, line breaks as well."""

    regex = "(?s:.+)"


register_converter(IdConverter, "id")
register_converter(AnythingConverter, "anything")

urlpatterns = [
    path("calls/", CallList.as_view(), name="api-calls"),
    path("calls/<id:pk>/", CallDetail.as_view(), name="api-call"),
    path("calls/<id:pk>/act/", Acting.as_view(), name="api-call-act"),
    path("legs/", LegList.as_view(), name="api-legs"),
    path("legs/<slug:uuid>/", LegDetail.as_view(), name="api-leg"),
    path("events/", EventList.as_view(), name="api-events"),
    path("events/<id:pk>/", EventDetail.as_view(), name="api-event"),
    path("recordings/", RecordingList.as_view(), name="api-recordings"),
    path("recordings/<id:pk>/", SoundDetail.as_view(), name="api-recording"),
    path("voicemail/", VoicemailList.as_view(), name="api-voicemail"),
    path("voicemail/<id:pk>/", VoicemailDetail.as_view(), name="api-message"),
    path("stats/", Stats.as_view(), name="api-stats"),
    path("numbers/", NumberList.as_view(), name="api-numbers"),
    path("numbers/<id:msisdn>/", NumberDetail.as_view(), name="api-number"),
    path("flows/", FlowList.as_view(), name="api-flows"),
    path("flows/<id:pk>/", FlowDetail.as_view(), name="api-flow"),
    path("flows/<id:pk>/draft/", Draft.as_view(), name="api-draft"),
    path("flows/<id:pk>/lint/", Lint.as_view(), name="api-lint"),
    path("flows/<id:pk>/publish/", Publish.as_view(), name="api-publish"),
    path("flows/<id:pk>/publications/", PublicationList.as_view(), name="api-publications"),
    path("flows/<id:pk>/versions/", VersionList.as_view(), name="api-versions"),
    path("flows/<id:pk>/versions/<id:number>/", VersionDetail.as_view(), name="api-version"),
    path("flows/<id:pk>/versions/<id:number>/publish/", BringBack.as_view(), name="api-bring-back"),
    path("sounds/", SoundList.as_view(), name="api-sounds"),
    path("sounds/<id:pk>/", SoundFileDetail.as_view(), name="api-sound"),
    path("contacts/", ContactList.as_view(), name="api-contacts"),
    path("contacts/<id:pk>/", ContactDetail.as_view(), name="api-contact"),
    path("blocks/", BlockList.as_view(), name="api-blocks"),
    path("blocks/<id:pk>/", BlockDetail.as_view(), name="api-block"),
    path("rules/", RuleList.as_view(), name="api-rules"),
    path("rules/<id:pk>/", RuleDetail.as_view(), name="api-rule"),
    path("hours/", HoursList.as_view(), name="api-hours-list"),
    path("hours/<id:pk>/", HoursDetail.as_view(), name="api-hours"),
    path("hours/<id:pk>/override/", HoursOverride.as_view(), name="api-override"),
    path("docs/", docs, name="api-docs"),
    path("docs/swagger/", swagger, name="api-swagger"),
    path("schema/", Schema.as_view(), name="api-schema"),
    path("", no_such_address),
    path("<anything:rest>/", no_such_address),
    path("<anything:rest>", without_slash),
]
