"""The pages that describe the API to people: made out of the same description that programs read, on this server."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularSwaggerSplitView

from calls.api.idempotency import HEADER

MOST_ENUM = 8  # values that are listed
WHO = '-H "Authorization: Token $TOKEN"'


@dataclass(frozen=True)
class Field:
    """A parameter, or a field of a body: what it is called, what it takes, and what it means."""

    name: str
    kind: str
    required: bool = False
    help: str = ""


@dataclass(frozen=True)
class Operation:
    """One thing that programs may do."""

    key: str
    verb: str
    path: str
    summary: str
    about: str
    parameters: Sequence[Field]
    body: Sequence[Field]
    gives: Sequence[Field]
    statuses: str
    curl: str


@login_required
@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Show all operations, by what they are about."""
    return render(request, "api/docs.html", {"groups": groups()})


class Swagger(SpectacularSwaggerSplitView):
    """Swagger UI, out of a package on this server: requests can be sent from it, as the person who is logged in."""

    url_name = "api-schema"
    template_name = "api/swagger.html"


swagger = never_cache(login_required(Swagger.as_view()))  # its script holds this person's CSRF token


@cache
def groups() -> list[tuple[str, list[Operation]]]:
    """Give the operations by tag, in the order of the addresses. They are the same as long as the process runs."""
    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    found: dict[str, list[Operation]] = {}
    for path, verbs in schema["paths"].items():
        for verb, operation in verbs.items():
            found.setdefault(operation["tags"][0], []).append(_operation(schema, path, verb, operation))
    return list(found.items())


def _operation(schema: Mapping[str, Any], path: str, verb: str, operation: Mapping[str, Any]) -> Operation:
    content = operation.get("requestBody", {}).get("content", {})
    body = list(_fields(schema, content.get("application/json", {}).get("schema", {})))
    file = "" if "application/json" in content else next(iter(content), "")
    told = [one for one in operation.get("parameters", ()) if one["name"] not in {HEADER, "cursor", "page_size"}]
    asked = [one for one in told if one["in"] != "path" and not one.get("response")]
    fine: Mapping[str, Any] = next((one for status, one in operation["responses"].items() if status < "300"), {})
    media: Mapping[str, Any] = next(iter(fine.get("content", {}).values()), {})
    return Operation(
        key=operation["operationId"],
        verb=verb.upper(),
        path=path,
        summary=operation.get("summary", ""),
        about=operation.get("description", ""),
        parameters=[_field(schema, one["name"], one["schema"], one) for one in asked],
        body=body,
        gives=list(_fields(schema, media.get("schema", {}))),
        statuses=", ".join(sorted(operation["responses"])),
        curl=_curl(verb, path, body, file, [one["name"] for one in asked if one.get("required")]),
    )


def _resolved(schema: Mapping[str, Any], part: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow references, and the lists that spectacular wraps them into."""
    for word in ("allOf", "oneOf"):
        if word in part:
            return {**part, **_resolved(schema, part[word][0])}
    if ref := part.get("$ref"):
        found: Mapping[str, Any] = schema["components"]["schemas"][ref.rpartition("/")[2]]
        return found
    return part


def _fields(schema: Mapping[str, Any], part: Mapping[str, Any]) -> Iterator[Field]:
    """Give the fields of an object; of a page of a list, those of its rows."""
    whole = _resolved(schema, part)
    properties = whole.get("properties", {})
    if set(properties) == {"next", "previous", "results"}:
        yield from _fields(schema, properties["results"]["items"])
        return
    for name, one in properties.items():
        yield _field(schema, name, one, {**one, "required": name in whole.get("required", ())})


def _field(schema: Mapping[str, Any], name: str, part: Mapping[str, Any], told: Mapping[str, Any]) -> Field:
    whole = _resolved(schema, part)
    return Field(name, _kind(schema, whole), bool(told.get("required")), str(told.get("description", "")))


def _kind(schema: Mapping[str, Any], part: Mapping[str, Any]) -> str:
    """Say what a value is, in a word or two."""
    if values := part.get("enum"):
        shown = " | ".join(str(value) for value in values[:MOST_ENUM] if value is not None)
        return shown + (" …" if len(values) > MOST_ENUM else "")
    if part.get("type") == "array":
        return f"list of {_kind(schema, _resolved(schema, part.get('items', {})))}"
    words = {"string": "text", "integer": "number", "number": "number", "boolean": "true or false"}
    formats = {"date-time": "time", "date": "day"}
    if properties := list(part.get("properties", ())):
        return f"{{{', '.join(properties)}}}"
    return formats.get(str(part.get("format")), words.get(str(part.get("type")), "object"))


def _curl(verb: str, path: str, body: Sequence[Field], file: str, query: Sequence[str]) -> str:
    """Spell the request: with the fields that are needed, or a file of that media type; with what the query needs."""
    method = "" if verb == "get" or (verb == "post" and (body or file)) else f"-X {verb.upper()} "
    fields = ", ".join(f'"{one.name}": …' for one in body if one.required) if body else ""
    data = f"-H 'Content-Type: application/json' -d '{{{fields}}}' " if body else ""
    data = f"-H 'Content-Type: {file}' --data-binary @file " if file else data
    asked = "&".join(f"{name}=…" for name in query)
    address = f"{settings.BASE_URL}{path}"
    return f"curl {WHO} {method}{data}" + (f"'{address}?{asked}'" if asked else address)
