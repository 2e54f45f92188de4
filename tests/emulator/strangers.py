"""Strangers' voice applications as processes, and the local Vonage that rings them as their developers would."""

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
from typing import Any

import aiohttp
import yaml

from tests.emulator.keys import APPLICATION_ID, key_pair
from tests.emulator.test_lab import vonage
from tests.machine import ending_with_us
from tests.ports import free_port

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SCENARIOS = HERE / "scenarios"
SETTINGS = {"DJANGO_SETTINGS_MODULE": "tests.settings"}
SECONDS_TO_START = 20
SECONDS_A_CALL = 30
SLOW = "the reply took"
CERTIFICATE = ROOT / "var" / "vonage" / "certificate.pem"

Told = list[dict[str, Any]]


@contextmanager
def application(name: str, **environment: str) -> Iterator[str]:
    """Start an application, wait until it listens, and end it."""
    port = free_port()
    process = subprocess.Popen(
        [*ending_with_us(), sys.executable, str(HERE / "apps" / f"{name}.py")],
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
    """Ring an application from the shell."""
    urls = ("--answer-url", f"{base}/webhooks/answer", "--event-url", f"{base}/webhooks/event")
    return shell(*urls, "--speed", "max", *arguments)


def shell(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Type `manage.py ring`."""
    return subprocess.run(
        [sys.executable, "manage.py", "ring", *arguments],
        cwd=ROOT,
        env=os.environ | SETTINGS,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@contextmanager
def with_rest_api(name: str, tmp_path: Path, **environment: str) -> Iterator[tuple[str, str]]:
    """Start the local Vonage with TLS, and an application that reaches its REST API with a key of its own. Gives where
    both are.
    """
    private, public = key_pair("first")
    (tmp_path / "private.key").write_text(private)
    port = free_port()
    known = {
        "VONAGE_API_HOST": f"127.0.0.1:{port}",
        "VONAGE_APPLICATION_ID": APPLICATION_ID,
        "VONAGE_PRIVATE_KEY": str(tmp_path / "private.key"),
        "REQUESTS_CA_BUNDLE": str(CERTIFICATE),
    }
    file = tmp_path / "applications.yaml"
    with application(name, **known, **environment) as app:
        urls = {"answer_url": f"{app}/webhooks/answer", "event_url": f"{app}/webhooks/event"}
        one = {"application_id": APPLICATION_ID, "public_key": public, "name": name, **urls}
        file.write_text(yaml.safe_dump({"applications": [one]}))
        with vonage("--port", str(port), "--tls", "--speed", "20", "--applications", str(file)) as (base, _):
            yield base, app


def wrong(outcome: dict[str, Any]) -> list[str]:
    """What went wrong in a call. That a reply was slow is the fault of a busy machine, not of the application."""
    assert outcome["kind"] == "outcome"
    findings = [finding for finding in outcome["findings"] if SLOW not in finding]
    return [*findings, *outcome["failures"]]


def scenario(name: str) -> Any:
    return yaml.safe_load((SCENARIOS / f"{name}.yaml").read_text())


def ring_through(base: str, *wanted: object) -> list[Told]:
    """Let callers ring at once through a local Vonage that runs. Gives what happened, for each."""

    async def run() -> list[Told]:
        trust = ssl.create_default_context(cafile=str(CERTIFICATE)) if base.startswith("https") else True
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS_A_CALL)) as session:

            async def one(call: object) -> Told:
                async with session.post(f"{base}/lab/calls?watch=1", json=call, ssl=trust) as got:
                    return [json.loads(line) for line in (await got.text()).splitlines()]

            return list(await asyncio.gather(*map(one, wanted)))

    return asyncio.run(run())
