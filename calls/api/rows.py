"""Lists that programs add to, and rows that they change and remove: numbers, contacts, blocks, rules, hours."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, TypeVar

from django.db.models import Model
from rest_framework import serializers
from rest_framework.generics import GenericAPIView, ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from calls.api.idempotency import idempotent, user_of
from calls.models import User

Row = TypeVar("Row", bound=Model)


class Order(serializers.Serializer[Any]):
    """A row as it is to be. With PATCH, what is left out stays as it is."""

    def save_to(self, row: Any, by: User) -> None:
        """Keep what was given in a row, which may be new. Raises ValidationError."""
        raise NotImplementedError


class WholeRow(serializers.Serializer[Any]):
    """A row of a list that is given whole. With PATCH, too, which would let it lack what it needs."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            needed = [name for name, field in self.fields.items() if field.required and name not in data]
            if wrong := {name: [self.fields[name].error_messages["required"]] for name in needed}:
                raise serializers.ValidationError(wrong)
        return super().to_internal_value(data)


class RowList(ListAPIView[Row]):
    """Rows, newest first, and a POST that adds one. `summaries` are the operations' names, by method."""

    order_class: type[Order]
    summaries: dict[str, str]

    @idempotent
    def post(self, request: Request) -> Response:
        queryset = self.get_queryset()
        row = queryset.model()
        save(self, row, request)
        told = self.get_serializer(queryset.get(pk=row.pk)).data
        where = f"{request.path}{getattr(row, self.lookup_field)}/"
        return Response(told, HTTPStatus.CREATED, headers={"Location": where})


class RowChange(RetrieveAPIView[Row]):
    """One row, with a PATCH."""

    order_class: type[Order]
    summaries: dict[str, str]

    @idempotent
    def patch(self, request: Request, **_: Any) -> Response:
        save(self, self.get_object(), request)
        return Response(self.get_serializer(self.get_object()).data)


class RowDetail(RowChange[Row]):
    """One row, with a PATCH and a DELETE."""

    @idempotent
    def delete(self, request: Request, **_: Any) -> Response:
        self.remove(self.get_object())
        return Response(status=HTTPStatus.NO_CONTENT)

    def remove(self, row: Row) -> None:
        """Delete it. Raises ProtectedError for one that is in use."""
        row.delete()


def save(view: GenericAPIView[Any], row: Model, request: Request) -> None:
    """Read what was sent, and keep it in the row."""
    order = view.order_class(data=request.data, partial=row.pk is not None)  # type: ignore[attr-defined]
    order.is_valid(raise_exception=True)
    order.save_to(row, user_of(request))
