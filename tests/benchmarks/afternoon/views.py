"""One view: the row of the call, and the row of the event."""

from typing import Any

from django.db import transaction
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tests.benchmarks.afternoon.models import Call, CallEvent
from tests.benchmarks.afternoon.settings import VONAGE_SIGNATURE_SECRET
from tests.benchmarks.signature import is_signed


class SignedByVonage(BasePermission):
    def has_permission(self, request: Request, view: APIView) -> bool:
        authorization = request.headers.get("Authorization", "")
        return is_signed(authorization, request._request.body, VONAGE_SIGNATURE_SECRET)


class EventView(APIView):
    authentication_classes = []
    permission_classes = [SignedByVonage]

    @transaction.atomic
    def post(self, request: Request) -> Response:
        payload: Any = request.data
        told = {"status": payload["status"]}
        told |= {name: payload[name] for name in ("duration", "price") if payload.get(name) is not None}
        call, _ = Call.objects.update_or_create(
            uuid=payload["uuid"],
            defaults={
                "conversation_uuid": payload["conversation_uuid"],
                "direction": payload["direction"],
                "from_number": payload["from"],
                "to_number": payload["to"],
                **told,
            },
        )
        CallEvent.objects.update_or_create(
            call=call, status=payload["status"], timestamp=payload["timestamp"], defaults={"payload": payload}
        )
        return Response()
