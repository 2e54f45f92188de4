"""Strangers' voice applications, each in a process of its own, rung by the shell as their developers would."""

import asyncio
import json
import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import pytest
import yaml

from tests.emulator.keys import APPLICATION_ID, key_pair
from tests.emulator.test_lab import free_port, vonage

pytestmark = pytest.mark.once
HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SETTINGS = {"DJANGO_SETTINGS_MODULE": "tests.settings"}
SECONDS_TO_START = 20
# Which application each scenario rings. The one that moves calls needs the REST API: see below.
RUNG = {path.stem: path.stem.split("_")[0] for path in sorted((HERE / "scenarios").glob("*.yaml"))}
RUNG.pop("transferring")


@contextmanager
def application(name: str, **environment: str) -> Iterator[str]:
    """Start an application, wait until it listens, and end it."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, str(HERE / "apps" / f"{name}.py")],
        env=os.environ | {"PORT": str(port)} | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + SECONDS_TO_START
        while not listens(port):
            assert process.poll() is None, f"{name} ended by itself"
            assert time.monotonic() < until, f"{name} does not listen"
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def ring(base: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    urls = ("--answer-url", f"{base}/webhooks/answer", "--event-url", f"{base}/webhooks/event")
    return subprocess.run(
        [sys.executable, "manage.py", "ring", *urls, "--speed", "max", *arguments],
        cwd=ROOT,
        env=os.environ | SETTINGS,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("scenario", RUNG)
def test_application_is_rung(scenario: str) -> None:
    with application(RUNG[scenario]) as base:
        ended = ring(base, str(HERE / "scenarios" / f"{scenario}.yaml"))
    assert (ended.returncode, ended.stderr) == (0, "")


def test_expectation_that_does_not_hold_is_told() -> None:
    with application("keypad") as base:
        ended = ring(base, "--press", "5", "--expect", "You pressed 4")
    assert ended.returncode == 1
    assert "The caller did not hear “You pressed 4”, but:" in ended.stderr
    assert "“You pressed 5, goodbye”" in ended.stderr


def test_key_that_nobody_waits_for_is_told() -> None:
    with application("answering") as base:
        ended = ring(base, "--press", "1")
    assert ended.returncode == 1
    assert "The caller was to press 1, but the call never listened for it." in ended.stderr


def test_json_is_one_object_a_line() -> None:
    with application("keypad") as base:
        ended = ring(base, "--press", "7", "--json")
    told = [json.loads(line) for line in ended.stdout.splitlines()]
    assert told[-1] == {"kind": "outcome", "findings": [], "failures": []}
    assert [one["key"] for one in told if one["kind"] == "presses"] == ["7"]


def test_many_calls_end_in_a_table() -> None:
    with application("answering") as base:
        ended = ring(base, "--rate", "20", "--count", "10")
    assert ended.returncode == 0
    assert "10 calls, 0 of them bad" in ended.stdout
    assert "[##############################] 10 over, 0 going on, of 10" in ended.stderr


def test_application_moves_a_call_with_the_official_sdk(tmp_path: Path) -> None:
    private, public = key_pair("first")
    (tmp_path / "private.key").write_text(private)
    wanted = yaml.safe_load((HERE / "scenarios" / "transferring.yaml").read_text())
    port = free_port()
    theirs = {"application_id": APPLICATION_ID, "public_key": public, "name": "Transferring"}
    file = tmp_path / "applications.yaml"
    with vonage_over_tls(port, file, theirs, tmp_path) as (base, certificate):
        told = asyncio.run(ring_through(base, certificate, wanted))
    assert told[-1] == {"kind": "outcome", "findings": [], "failures": []}


@contextmanager
def vonage_over_tls(port: int, file: Path, theirs: dict[str, str], tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Start the local Vonage with TLS, and the application that reaches its REST API."""
    certificate = ROOT / "var" / "vonage" / "certificate.pem"
    environment = {
        "VONAGE_API_HOST": f"127.0.0.1:{port}",
        "VONAGE_APPLICATION_ID": APPLICATION_ID,
        "VONAGE_PRIVATE_KEY": str(tmp_path / "private.key"),
        "REQUESTS_CA_BUNDLE": str(certificate),
    }
    with application("transferring", **environment) as app:
        urls = {"answer_url": f"{app}/webhooks/answer", "event_url": f"{app}/webhooks/event"}
        file.write_text(yaml.safe_dump({"applications": [theirs | urls]}))
        with vonage("--port", str(port), "--tls", "--speed", "20", "--applications", str(file)) as (base, _):
            yield base, certificate


async def ring_through(base: str, certificate: Path, wanted: object) -> list[dict[str, object]]:
    trust = ssl.create_default_context(cafile=str(certificate))
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{base}/lab/calls?watch=1", json=wanted, ssl=trust) as got,
    ):
        return [json.loads(line) for line in (await got.text()).splitlines()]
