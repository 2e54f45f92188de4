"""Who calls: contacts, and the block list."""

from http import HTTPStatus
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import GenericAPIView, ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from calls.api.filters import BlockFilter, ContactFilter
from calls.api.idempotency import idempotent, user_of
from calls.api.permissions import Needed
from calls.api.serializers import Moment
from calls.control.callers import save_block, save_contact
from calls.models import Block, BlockAction, BlockKind, Contact
from calls.models.callers import MOST_TEXT
from calls.models.people import Scope

PARTY = "With its country code, however it is written, or a SIP address."


class ContactSerializer(serializers.ModelSerializer[Contact]):
    """Somebody who calls, with their numbers as digits or SIP addresses, and tags."""

    tags = serializers.SerializerMethodField()
    numbers = serializers.SerializerMethodField()

    class Meta:
        model = Contact
        fields = ["id", "name", "note", "tags", "numbers"]
        read_only_fields = fields

    def get_tags(self, contact: Contact) -> list[str]:
        return [tag.name for tag in contact.tags.all()]

    def get_numbers(self, contact: Contact) -> list[str]:
        return [number.party for number in contact.numbers.all()]


class ContactOrderSerializer(serializers.Serializer[Any]):
    """A contact as it is to be. Lists that are given take the place of those there are."""

    name = serializers.CharField(max_length=100)
    note = serializers.CharField(max_length=2_000, allow_blank=True, required=False)
    tags = serializers.ListField(child=serializers.CharField(max_length=40), max_length=20, required=False)
    numbers = serializers.ListField(
        child=serializers.CharField(max_length=300), max_length=50, required=False, help_text=PARTY
    )

    def save_to(self, contact: Contact) -> int:
        """Keep them. Raises ValidationError."""
        given = dict(self.validated_data)
        parties, tags = given.pop("numbers", None), given.pop("tags", None)
        for name, value in given.items():
            setattr(contact, name, value)
        save_contact(contact, parties=parties, tags=tags)
        return contact.pk


class Contacts(GenericAPIView[Contact]):
    """What lists and single ones share."""

    queryset = Contact.objects.prefetch_related("numbers", "tags")
    serializer_class = ContactSerializer
    needs = {
        "GET": Needed(Scope.READ_CONTACTS, "calls.view_contact"),
        "POST": Needed(Scope.WRITE_CONTACTS, "calls.add_contact"),
        "PATCH": Needed(Scope.WRITE_CONTACTS, "calls.change_contact"),
        "DELETE": Needed(Scope.WRITE_CONTACTS, "calls.delete_contact"),
    }


@extend_schema_view(get=extend_schema(summary="List contacts, newest first", tags=["contacts"]))
class ContactList(Contacts, ListAPIView[Contact]):
    """The contacts, and to add one."""

    filterset_class = ContactFilter

    @extend_schema(
        request=ContactOrderSerializer, responses={201: ContactSerializer}, summary="Add a contact", tags=["contacts"]
    )
    @idempotent
    def post(self, request: Request) -> Response:
        order = ContactOrderSerializer(data=request.data)
        order.is_valid(raise_exception=True)
        return created(request, ContactSerializer, self.queryset, order.save_to(Contact()))


@extend_schema_view(get=extend_schema(summary="Read a contact", tags=["contacts"]))
class ContactDetail(Contacts, RetrieveAPIView[Contact]):
    """One contact."""

    @extend_schema(
        request=ContactOrderSerializer(partial=True),
        responses=ContactSerializer,
        summary="Change a contact",
        tags=["contacts"],
    )
    @idempotent
    def patch(self, request: Request, pk: int) -> Response:
        contact = self.get_object()
        order = ContactOrderSerializer(data=request.data, partial=True)
        order.is_valid(raise_exception=True)
        order.save_to(contact)
        return Response(ContactSerializer(self.get_object()).data)

    @extend_schema(responses={204: None}, summary="Remove a contact with their numbers", tags=["contacts"])
    @idempotent
    def delete(self, request: Request, pk: int) -> Response:
        self.get_object().delete()
        return Response(status=HTTPStatus.NO_CONTENT)


class BlockSerializer(serializers.ModelSerializer[Block]):
    """Whom we don't want on the line, what they get instead, and how often that was."""

    made_at = Moment()
    last_hit_at = Moment(allow_null=True)
    made_by = serializers.CharField(source="made_by.username", read_only=True, allow_null=True)

    class Meta:
        model = Block
        fields = ["id", "kind", "pattern", "action", "text", "note", "hits", "last_hit_at", "made_by", "made_at"]
        read_only_fields = fields

    def to_representation(self, instance: Block) -> dict[str, Any]:
        told = super().to_representation(instance)
        return told | {"made_by": instance.made_by.get_username() if instance.made_by else None}


class BlockOrderSerializer(serializers.Serializer[Any]):
    """Whom to stop."""

    kind = serializers.ChoiceField(BlockKind.choices, required=False, help_text="Without it: one number.")
    pattern = serializers.CharField(
        max_length=255,
        allow_blank=True,
        required=False,
        help_text=f"{PARTY} For “prefix” how numbers begin; for “hidden” nothing.",
    )
    action = serializers.ChoiceField(BlockAction.choices, required=False, help_text="Without it: “hang up”.")
    text = serializers.CharField(
        max_length=MOST_TEXT, allow_blank=True, required=False, help_text="What they hear with “message”."
    )
    note = serializers.CharField(max_length=200, allow_blank=True, required=False, help_text="Why, for people here.")
    sure = serializers.BooleanField(
        default=False, write_only=True, help_text="True for a beginning as short as that of a whole country."
    )

    def save_to(self, block: Block) -> int:
        """Keep it. Raises ValidationError."""
        given = dict(self.validated_data)
        sure = given.pop("sure", False)
        for name, value in given.items():
            setattr(block, name, value)
        save_block(block, sure=sure)
        return block.pk


class Blocks(GenericAPIView[Block]):
    """What lists and single ones share."""

    queryset = Block.objects.select_related("made_by")
    serializer_class = BlockSerializer
    needs = {
        "GET": Needed(Scope.READ_CONTACTS, "calls.view_block"),
        "POST": Needed(Scope.WRITE_CONTACTS, "calls.add_block"),
        "PATCH": Needed(Scope.WRITE_CONTACTS, "calls.change_block"),
        "DELETE": Needed(Scope.WRITE_CONTACTS, "calls.delete_block"),
    }


@extend_schema_view(get=extend_schema(summary="List who is blocked, newest first", tags=["blocks"]))
class BlockList(Blocks, ListAPIView[Block]):
    """The block list, and to add somebody."""

    filterset_class = BlockFilter

    @extend_schema(
        request=BlockOrderSerializer, responses={201: BlockSerializer}, summary="Block a caller", tags=["blocks"]
    )
    @idempotent
    def post(self, request: Request) -> Response:
        order = BlockOrderSerializer(data=request.data)
        order.is_valid(raise_exception=True)
        return created(request, BlockSerializer, self.queryset, order.save_to(Block(made_by=user_of(request))))


@extend_schema_view(get=extend_schema(summary="Read who is blocked", tags=["blocks"]))
class BlockDetail(Blocks, RetrieveAPIView[Block]):
    """One line of the block list."""

    @extend_schema(
        request=BlockOrderSerializer(partial=True), responses=BlockSerializer, summary="Change a block", tags=["blocks"]
    )
    @idempotent
    def patch(self, request: Request, pk: int) -> Response:
        block = self.get_object()
        order = BlockOrderSerializer(data=request.data, partial=True)
        order.is_valid(raise_exception=True)
        order.save_to(block)
        return Response(BlockSerializer(self.get_object()).data)

    @extend_schema(responses={204: None}, summary="Block them no longer", tags=["blocks"])
    @idempotent
    def delete(self, request: Request, pk: int) -> Response:
        self.get_object().delete()
        return Response(status=HTTPStatus.NO_CONTENT)


def created(request: Request, serializer: type[Any], rows: QuerySet[Any], pk: int) -> Response:
    """Answer with what was made, and where it is."""
    told = serializer(rows.get(pk=pk)).data
    return Response(told, HTTPStatus.CREATED, headers={"Location": f"{request.path}{pk}/"})
