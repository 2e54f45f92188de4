"""Sound files that flows play: listed, brought, renamed, and removed where nothing plays them."""

from http import HTTPStatus

from django.core.files.base import ContentFile
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from calls.api.bodies import SoundBody
from calls.api.filters import SoundFilter, refuse_unknown
from calls.api.idempotency import idempotent, user_of
from calls.api.permissions import rows_of
from calls.api.problems import Conflict
from calls.api.rows import Order, RowDetail
from calls.api.serializers import Moment, Person
from calls.models import Sound, User
from calls.models.people import Scope
from calls.models.sounds import Upload

MEDIA = ("audio/mpeg", "audio/wav")
NAME = OpenApiParameter("name", str, required=True, description="What it is called in the steps, up to 100 letters.")


class SoundSerializer(serializers.ModelSerializer[Sound]):
    """A sound file. Its bytes never change: another recording is another sound."""

    path = serializers.CharField(read_only=True, help_text="Where it is heard, by whoever knows that.")
    warnings = serializers.SerializerMethodField(help_text="What about it does not suit a telephone, and the cure.")
    made_by = Person()
    made_at = Moment()

    class Meta:
        model = Sound
        fields = [
            *["id", "name", "path", "content_type", "seconds", "size", "rate", "channels", "bits", "warnings"],
            *["made_by", "made_at"],
        ]
        read_only_fields = fields

    def get_warnings(self, sound: Sound) -> list[str]:
        return sound.warnings()


class SoundOrderSerializer(Order):
    """What may be changed of a sound file."""

    name = serializers.CharField(max_length=100)

    def save_to(self, row: Sound, by: User) -> None:
        for name, value in self.validated_data.items():
            setattr(row, name, value)
        row.save()


class Sounds(GenericAPIView[Sound]):
    """What lists and single ones share."""

    queryset = Sound.objects.select_related("made_by")
    serializer_class = SoundSerializer
    needs = rows_of("sound", Scope.READ_FLOWS, Scope.WRITE_FLOWS)


class SoundList(Sounds, ListAPIView[Sound]):
    """The sound files, and to bring one."""

    parser_classes = [SoundBody]
    filterset_class = SoundFilter
    summaries = {"GET": "List sound files, newest first"}

    @extend_schema(
        request=dict.fromkeys(MEDIA, OpenApiTypes.BINARY),
        responses={201: SoundSerializer},
        parameters=[NAME],
        filters=False,
        summary="Bring a sound file",
        description="The body is the file itself: MP3, or WAV of 16 bits; up to 10 MB. 409: this very sound is here.",
    )
    @idempotent
    def post(self, request: Request) -> Response:
        refuse_unknown(request, [NAME.name])
        order = SoundOrderSerializer(data={"name": request.query_params.get("name", "")})
        order.is_valid(raise_exception=True)
        upload = Upload.of(ContentFile(dict(request.data).get("file", b"")))
        sound, new = Sound.objects.keep(upload, name=order.validated_data["name"], by=user_of(request))
        if not new:
            raise Conflict(f"This very sound is here already, as “{sound}”, {sound.pk}. Use that one.")
        where = f"{request.path}{sound.pk}/"
        return Response(SoundSerializer(sound).data, HTTPStatus.CREATED, headers={"Location": where})


class SoundFileDetail(Sounds, RowDetail[Sound]):
    """One sound file. While a step or a version that callers hear plays it, it is not removed."""

    order_class = SoundOrderSerializer
    summaries = {"GET": "Read about a sound file", "PATCH": "Rename a sound file", "DELETE": "Remove a sound file"}
