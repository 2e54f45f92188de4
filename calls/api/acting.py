"""POST /api/calls/ places a call; POST /api/calls/<id>/act/ does something to one that goes on."""

from http import HTTPStatus
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from calls.api.idempotency import idempotent_outside, key_of, user_of
from calls.api.permissions import PLACE_CALLS
from calls.control import acting
from calls.control.placing import OPTIONS, Wanted, as_json, place_call, plan, status_of
from calls.models import Call

DOES = ("hangup", "mute", "unmute", "talk", "transfer")


class DetectionSerializer(serializers.Serializer[Any]):
    """How the platform finds out whether a person answers, or a machine."""

    behavior = serializers.ChoiceField(["continue", "hangup"], required=False)
    mode = serializers.ChoiceField(["default", "detect", "detect_beep"], required=False)
    beep_timeout = serializers.IntegerField(min_value=45, max_value=120, required=False, help_text="Seconds.")

    def to_internal_value(self, data: Any) -> Any:
        """What is not known is refused, for else it would not be passed on."""
        if isinstance(data, dict) and (others := data.keys() - self.fields.keys()):
            raise serializers.ValidationError({str(name): ["There is no such option."] for name in others})
        return super().to_internal_value(data)


class OrderSerializer(serializers.Serializer[Any]):
    """What is asked for. The last four are the platform's, by its names."""

    to = serializers.CharField(help_text="E.164, as people write it.")
    text = serializers.CharField(required=False, help_text="Read to them; without it they hear what callers do.")
    voice = serializers.CharField(required=False, help_text="Who reads the text: “en-AU 3”.")
    flow = serializers.CharField(required=False, help_text="The name of a published flow, in place of the text.")
    dry_run = serializers.BooleanField(required=False, help_text="Check only.")
    machine_detection = serializers.ChoiceField(["continue", "hangup"], required=False)
    advanced_machine_detection = DetectionSerializer(required=False)
    ringing_timer = serializers.IntegerField(min_value=1, max_value=120, required=False)
    length_timer = serializers.IntegerField(min_value=1, max_value=86_400, required=False)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """In Python `from` is a keyword, so it is added here."""
        asked = serializers.CharField(required=False, help_text="A number of ours; else the default one.")
        fields = super().get_fields()
        return {"to": fields.pop("to"), "from": asked, **fields}

    def wanted(self) -> Wanted:
        given = self.validated_data
        return Wanted(
            to=given["to"],
            from_=given.get("from", ""),
            text=given.get("text", ""),
            voice=given.get("voice", ""),
            flow=given.get("flow", ""),
            length_seconds=given.get("length_timer"),
            options={name: given[name] for name in OPTIONS if name in given},
        )


class PlacedSerializer(serializers.Serializer[Any]):
    """What came of it: 201 accepted; 202 sent, and not known whether it rings."""

    id = serializers.IntegerField(allow_null=True, help_text="The call's; null until the log knows it.")
    uuid = serializers.CharField(allow_null=True, help_text="The leg's.")
    to = serializers.CharField()
    problem = serializers.CharField(required=False)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {"from": serializers.CharField(), **super().get_fields()}


class TriedSerializer(serializers.Serializer[Any]):
    """What a dry run comes to: 200, and nothing was placed."""

    dry_run = serializers.BooleanField()
    to = serializers.CharField()
    heard = serializers.CharField(help_text="What they would hear.")
    country = serializers.CharField()

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {"from": serializers.CharField(), **super().get_fields()}


class ActSerializer(serializers.Serializer[Any]):
    """What is done to a call: `talk` needs a text, `transfer` a flow."""

    does = serializers.ChoiceField(DOES)
    text = serializers.CharField(required=False)
    flow = serializers.CharField(required=False)


class Placing(APIView):
    """The POST of /api/calls/. Keys that come twice it leaves to place_call, which has a memory of its own."""

    problems = {"POST": (429, 502)}

    @extend_schema(
        request=OrderSerializer,
        responses={200: TriedSerializer, 201: PlacedSerializer, 202: PlacedSerializer},
        summary="Place a call",
        tags=["calls"],
    )
    def post(self, request: Request) -> Response:
        """Place a call."""
        order = OrderSerializer(data=request.data)
        order.is_valid(raise_exception=True)
        if order.validated_data.get("dry_run"):
            return Response(plan(order.wanted()).as_json())
        placement = place_call(order.wanted(), user=user_of(request), key=key_of(request))
        return Response(as_json(placement), status=status_of(placement))


class Acting(APIView):
    """Acts on a call that goes on."""

    needs = PLACE_CALLS
    problems = {"POST": (429, 502)}

    @extend_schema(request=ActSerializer, responses={204: None}, summary="Act on a call that goes on", tags=["calls"])
    @idempotent_outside
    def post(self, request: Request, pk: int) -> Response:
        """Hang up, mute, unmute, talk into it, transfer it to a flow. 409: the call is over."""
        call = get_object_or_404(Call, pk=pk)
        asked = ActSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given, by = asked.validated_data, user_of(request)
        match given["does"]:
            case "hangup":
                acting.hang_up(call, by=by)
            case "talk":
                acting.speak(call, given.get("text", ""), by=by)
            case "transfer":
                acting.transfer(call, given.get("flow", ""), by=by)
            case word:
                acting.mute(call, by=by, on=word == "mute")
        return Response(status=HTTPStatus.NO_CONTENT)
