"""The head of a webhook: the request line and the headers that tell something are kept, and nothing secret."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from calls.models import CallEvent, Refusal, RequestHead
from calls.records import spool, store
from calls.vonage.heads import HIDDEN, MOST_CHARACTERS, MOST_OF_A_LINE, readable
from calls.webhooks.delivery import Delivery
from calls.webhooks.heads import NAMES, VARIABLES, head_of
from tests.conftest import Get
from tests.vonage_client import VonageClient, sign
from tests.webhooks.test_flows import menu, pressed, question  # noqa: F401 -- a fixture
from tests.webhooks.test_signatures import REQUESTS, request

pytestmark = pytest.mark.django_db

AUTHORIZATIONS = {HIDDEN, f"Basic {HIDDEN}", f"Bearer {HIDDEN}", f"Digest {HIDDEN}"}
VONAGES = {"User-Agent": "Vonage/1.0", "Accept": "*/*", "X-Forwarded-For": "216.147.0.1", "Via": "1.1 Caddy"}


def in_environ(headers: dict[str, str]) -> dict[str, str]:
    return {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}


def heads() -> list[tuple[str, dict[str, str]]]:
    """Of each event, the oldest first."""
    rows = CallEvent.objects.order_by("pk").select_related("head")
    return [(row.head.line, dict(row.head.head.headers)) for row in rows if row.head]


def all_that_is_kept() -> str:
    return "\n".join(str(list(model._default_manager.values())) for model in apps.get_app_config("calls").get_models())


@pytest.mark.parametrize("name", REQUESTS)
def test_each_door_keeps_the_head_of_a_request(vonage: VonageClient, name: str) -> None:
    method, path, _ = REQUESTS[name]
    assert request(vonage, name, lambda body: sign(body)).status_code == 200
    found = heads()
    assert len(found) == CallEvent.objects.count()
    line, headers = found[0]
    assert line == f"{method} {path}{'?…' if method == 'GET' else ''} HTTP/1.1"
    assert headers["Authorization"] == f"Bearer {HIDDEN}"
    assert headers.get("Content-Type") == ("application/json" if method == "POST" else None)


def test_headers_are_kept_as_they_came_and_in_order(vonage: VonageClient) -> None:
    vonage.post("/event", {"a": 1}, HTTP_HOST="testserver", HTTP_X_REQUEST_ID="abc", **in_environ(VONAGES))
    ((_, headers),) = heads()
    assert list(headers.items()) == [
        ("Host", "testserver"),
        ("User-Agent", "Vonage/1.0"),
        ("Accept", "*/*"),
        ("Content-Type", "application/json"),
        ("Via", "1.1 Caddy"),
        ("X-Forwarded-For", "216.147.0.1"),
        ("Authorization", f"Bearer {HIDDEN}"),
    ]


def test_requests_that_are_alike_share_one_row(vonage: VonageClient) -> None:
    for number in range(5):
        vonage.post("/event", {"number": number})
        vonage.get("/event", {"another": str(number)})
    assert RequestHead.objects.count() == 2
    assert CallEvent.objects.filter(head__isnull=False).count() == 10


def test_what_signs_a_request_is_kept_nowhere(vonage: VonageClient) -> None:
    body = b'{"hello": "world"}'
    authorization = sign(body)
    vonage.post("/event", body, authorization=authorization)
    assert len(heads()) == 1
    kept = all_that_is_kept()
    assert "Bearer •••" in kept
    assert authorization.removeprefix("Bearer ") not in kept
    assert authorization.rpartition(".")[2] not in kept


def test_the_token_of_an_address_is_kept_by_no_head(menu: None, get_answer: Get, vonage: VonageClient) -> None:  # noqa: F811
    vonage.post(question(get_answer), pressed())
    lines = [line for line, _ in heads()]
    assert lines == ["GET /answer?… HTTP/1.1", f"POST /event/{HIDDEN} HTTP/1.1"]


@pytest.mark.parametrize(
    ("authorization", "shown"),
    [
        ("Bearer x.y.z", "Bearer •••"),
        ("bearer x.y.z", "Bearer •••"),
        ("Basic c2FtOnNlY3JldA==", "Basic •••"),
        ("hunter2secret", "•••"),
        ("hunter2 secret", "•••"),
        ("Bearer", "Bearer •••"),
        (" Bearer x", "•••"),
    ],
)
def test_of_an_authorization_the_scheme_alone_is_read(authorization: str, shown: str) -> None:
    environ = {"PATH_INFO": "/event", "HTTP_AUTHORIZATION": authorization}
    assert head_of(environ, Delivery.of(environ)).headers == (("Authorization", shown),)


JWT = "eyJhbGciOiJIUzI1NiJ9.eyJpYXQiOjE3OTU0NDI0MDB9.s-I_g9nature"


@pytest.mark.parametrize(
    ("name", "sent", "kept"),
    [
        ("User-Agent", JWT, "•••"),
        ("Via", f"1.1 tunnel ({JWT}), 1.1 Caddy", "1.1 tunnel (•••), 1.1 Caddy"),
        ("User-Agent", "Vonage/1.0 (token=abc123; v=2)", "Vonage/1.0 (token=•••; v=2)"),
        ("Via", "1.1 a?to=442079460000&sig=ab%20c&api_key=k", "1.1 a?to=442079460000&sig=•••&api_key=•••"),
        ("Via", "1.1 a?access_token%3Dxyz", "1.1 a?access_token%3D•••"),
        ("Forwarded", 'for=216.147.0.1:4711;secret="hush hush";proto=https', "for=216.147.0.1;secret=•••;proto=https"),
        ("X-Forwarded-Host", "a.example, sessionid=42, csrftoken=9", "a.example, sessionid=•••, csrftoken=•••"),
        ("User-Agent", "Bearer c2FtOnNlY3JldA==", "Bearer •••"),
        ("User-Agent", "x" * 195 + " token=" + "s" * 300, "x" * 195 + " tok…"),
        ("Accept", "text/html;q=0.9, */*;q=0.8", "text/html;q=0.9, */*;q=0.8"),
        ("Content-Type", "multipart/form-data; boundary=eyJ", "multipart/form-data; boundary=eyJ"),
        ("User-Agent", "a basic set, design=1 of a bearer of news", "a basic set, design=1 of a bearer of news"),
    ],
)
def test_a_secret_in_a_header_that_is_kept_is_hidden(name: str, sent: str, kept: str) -> None:
    environ = {"PATH_INFO": "/event", **in_environ({name: sent})}
    if name == "Content-Type":
        environ = {"PATH_INFO": "/event", "CONTENT_TYPE": sent}
    assert head_of(environ, Delivery.of(environ)).headers == ((name, kept),)


def test_what_may_be_secret_in_headers_is_kept_nowhere(vonage: VonageClient) -> None:
    """Neither in a head, nor in any other table; of headers that nobody expects nothing is kept at all."""
    secrets = {"HTTP_COOKIE": "sessionid=s3cr3t1", "HTTP_X_NEXMO_SIGNATURE": "s3cr3t2", "HTTP_X_API_KEY": "s3cr3t3"}
    secrets |= {"HTTP_USER_AGENT": f"Vonage/1.0 {JWT}", "HTTP_FORWARDED": "for=216.147.0.1;token=s3cr3t4"}
    vonage.post("/event", {"a": 1}, **secrets)
    vonage.get("/event?token=s3cr3t5&sig=s3cr3t6", {"a": "2"})
    kept = str(list(RequestHead.objects.values()))
    assert "Vonage/1.0 •••" in kept
    assert "s3cr3t" not in kept
    assert JWT not in all_that_is_kept()


@pytest.mark.parametrize(
    ("name", "sent", "kept"),
    [
        ("X-Forwarded-For", "216.147.0.1:49152", "216.147.0.1"),
        ("X-Forwarded-For", "216.147.0.1:49152, 10.0.0.7:80,10.0.0.8", "216.147.0.1, 10.0.0.7,10.0.0.8"),
        ("X-Forwarded-For", "[2001:db8::7]:49152", "[2001:db8::7]"),
        ("X-Forwarded-For", "2001:db8::7", "2001:db8::7"),
        ("X-Forwarded-For", "::ffff:216.147.0.1", "::ffff:216.147.0.1"),
        ("X-Forwarded-For", "216.147.0.1:49152x", "216.147.0.1:49152x"),
        ("X-Real-IP", "216.147.0.1:49152", "216.147.0.1"),
        (
            "Forwarded",
            'For="[2001:db8::7]:4711";proto=https;host=calls.example.com:8443, for=216.147.0.1:1;by="10.0.0.7:2"',
            'For="[2001:db8::7]";proto=https;host=calls.example.com:8443, for=216.147.0.1;by="10.0.0.7"',
        ),
        ("Forwarded", 'for="_gazonk:1"', 'for="_gazonk:1"'),
        ("Host", "127.0.0.1:3000", "127.0.0.1:3000"),
    ],
)
def test_ports_of_who_speaks_to_us_are_left_out(name: str, sent: str, kept: str) -> None:
    environ = {"PATH_INFO": "/event", **in_environ({name: sent})}
    assert head_of(environ, Delivery.of(environ)).headers == ((name, kept),)


def test_of_a_refused_request_nothing_is_kept(vonage: VonageClient) -> None:
    for authorization in (None, "Bearer x.y.z", sign(b"{}", secret="the secret of somebody else altogether")):
        assert vonage.post("/event", {}, authorization=authorization, **in_environ(VONAGES)).status_code == 401
    assert vonage.post("/event", b"no JSON").status_code == 400
    assert Refusal.objects.exists()
    assert not RequestHead.objects.exists()


def test_a_request_that_nobody_signed_has_a_head_where_it_is_taken(vonage: VonageClient, settings: Settings) -> None:
    settings.WEBHOOK_SIGNATURES = "optional"
    vonage.post("/event", {"a": 1}, authorization=None)
    ((_, headers),) = heads()
    assert "Authorization" not in headers


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("x" * 200, "x" * 200),
        ("x" * 201, "x" * 199 + "…"),
        ("Grüße".encode().decode("latin-1"), "Grüße"),
        ("\xff\xfe", "\ufffd\ufffd"),
        ("a\x00b\x1b[31m\tc", "a\ufffdb\ufffd[31m\ufffdc"),
        ("\u202e".encode().decode("latin-1"), "\ufffd"),
        ("<script>", "<script>"),
    ],
)
def test_odd_values_are_made_readable(vonage: VonageClient, sent: str, kept: str) -> None:
    assert vonage.post("/event", {"a": 1}, HTTP_USER_AGENT=sent).status_code == 200
    ((_, headers),) = heads()
    assert headers["User-Agent"] == kept


@given(st.dictionaries(st.sampled_from([*VARIABLES, "PATH_INFO", "SERVER_PROTOCOL", "HTTP_AUTHORIZATION"]), st.text()))
def test_whatever_an_environ_holds_a_head_is_read(environ: dict[str, str]) -> None:
    head = head_of(environ, Delivery.of(environ))
    assert str(head).replace("\n", "").isprintable()
    assert all(len(value) <= MOST_CHARACTERS for _, value in head.headers)
    assert {name for name, _ in head.headers} <= {*NAMES, "Authorization"}
    assert dict(head.headers).get("Authorization", HIDDEN) in AUTHORIZATIONS
    json.dumps(head.as_json()).encode()


@given(st.sampled_from(["/event/", "/answer/", "/webhooks/event/"]), st.text(), st.booleans())
def test_whatever_a_token_is_no_line_has_it(door: str, text: str, slash: bool) -> None:
    token = text.replace("/", "")
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": f"{door}{token}{'/' * slash}", "SERVER_PROTOCOL": "HTTP/1.1"}
    path = f"{door}{HIDDEN}" if token else environ["PATH_INFO"]
    assert head_of(environ, Delivery.of(environ)).line == readable(f"POST {path} HTTP/1.1", MOST_OF_A_LINE)


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The database is away for all that the store would write."""

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr(store, "write_batch", refuse)
        yield


def test_heads_come_through_the_spool(vonage: VonageClient, away: None) -> None:
    assert vonage.post("/event", {"a": 1}, **in_environ(VONAGES))["X-Stored"] == "spool"
    vonage.get("/answer", REQUESTS["answer by GET"][2])
    assert spool.drain_some() == 2
    assert {line for line, _ in heads()} == {"POST /event HTTP/1.1", "GET /answer?… HTTP/1.1"}
