# What people and the CI do here, by name. A fresh machine needs Python 3.11 or newer and make.
PYTHON ?= python3
TEMPLATES = find calls templates -name '*.html' -exec
LOCK = .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --no-annotate --custom-compile-command "make lock" pyproject.toml
export PYTHON
unexport PYTHONDONTWRITEBYTECODE # images of Python set it: each process would compile all of ours anew, a third of its start

.DEFAULT_GOAL := help
.PHONY: help run ring test fuzz faults bench screenshots lint format coverage lock image

help:  ## Say what there is to make
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' Makefile

run: .venv/runs  ## Start everything on this machine, ring the demo number, stay up (PORT=3000)
	@exec .venv/bin/python manage.py run

ring: .venv/runs  ## Let the local Vonage ring the running server (ARGS="--from 447700900456")
	@.venv/bin/python manage.py ring $(ARGS)

test: .venv/develops  ## Run all tests, on SQLite and on Postgres (ARGS="-k greeting")
	@.venv/bin/python -m tests $(ARGS)

fuzz: .venv/develops  ## Send 10,000 webhooks and 12,000 requests to the API that no one meant to send, on both databases
	@FUZZ_BODIES=10000 API_EXAMPLES=200 HYPOTHESIS_PROFILE=long .venv/bin/python -m tests tests/webhooks/test_fuzz.py tests/api/test_conformance.py -o faulthandler_timeout=3600 $(ARGS)

faults: .venv/develops  ## Do to the server what the world does, say whether its promises hold (ARGS="--only frozen")
	@.venv/bin/python -m tests.faults $(ARGS)

bench: .venv/benches  ## Compare the speed with an afternoon's Django and FastAPI (ARGS="--only events")
	@.venv/bin/python -m tests.benchmarks $(ARGS)

screenshots: .venv/develops  ## Take all pictures of docs/screenshots anew; then look at them (ARGS="-k pages")
	@.venv/bin/python -m pytest -q -o faulthandler_timeout=0 tests/browser/screenshots.py $(ARGS)

lint: .venv/develops  ## Check style, types, templates, rooms, migrations and container files
	@.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy
	@$(TEMPLATES) .venv/bin/djade --check {} + && .venv/bin/lint-imports --no-logo
	@.venv/bin/python manage.py makemigrations --check --dry-run --settings tests.settings
	@.venv/bin/check-jsonschema --quiet --builtin-schema vendor.compose-spec docker-compose.yml && .venv/bin/hadolint Dockerfile

format: .venv/develops  ## Put code and templates into shape
	@.venv/bin/ruff check --fix --quiet . ; .venv/bin/ruff format .
	@$(TEMPLATES) .venv/bin/djade {} +

coverage: .venv/develops  ## Say which lines and branches no test reaches, on SQLite
	@.venv/bin/python -m pytest --cov --cov-report=term $(ARGS)

lock: .venv/develops  ## Write the requirements files anew from pyproject.toml
	@$(LOCK) --output-file requirements.txt
	@$(LOCK) --group dev --output-file requirements-dev.txt
	@$(LOCK) --group bench --constraint requirements-dev.txt --output-file requirements-bench.txt

image:  ## Build the image that docker compose runs
	@docker build --tag callserver .

.venv/runs: requirements.txt
	@.ci/venv requirements.txt && touch $@

.venv/develops: requirements-dev.txt
	@.ci/venv requirements-dev.txt && touch $@

.venv/benches: requirements-bench.txt .venv/develops
	@.ci/venv requirements-bench.txt && touch $@
