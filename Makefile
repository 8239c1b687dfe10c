# Every target is listed by `make help`, which prints the comment behind its name.
.DEFAULT_GOAL := help
SHELL := /bin/bash

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.synced

.PHONY: help up test check format bench load

help: ## print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: $(READY) ## start everything on this machine and ingest the demo library; Ctrl-C stops it
	@exec $(BIN)/segue up $(ARGS)

test: $(READY) ## run every test; what needs an apt package says so and skips
	@$(BIN)/pytest --numprocesses 2 --dist loadgroup --no-loadscope-reorder $(ARGS)

check: $(READY) ## format, lint, types, imports, printed schema, pages that have to agree with the code
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/segue schema --check
	@$(BIN)/pytest --quiet tests/house/test_decisions.py tests/house/test_dependencies.py \
		tests/house/test_settings_page.py

format: $(READY) ## rewrite the sources in the house format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(READY) ## measure side by side with what one would pick instead; prints ratios, writes bench.json
	@$(BIN)/python -m loadtests.bench $(ARGS)

load: $(READY) ## one minute of listeners against a running `make up`
	@$(BIN)/locust -f loadtests/locustfile.py --headless --only-summary --users 10 --spawn-rate 2 --run-time 60s \
		--host $${SEGUE_GRAPH_URL:-http://127.0.0.1:$${SEGUE_GRAPH_PORT:-8000}} $(ARGS)

# The environment: made when it is missing, brought up to date when the lock changes.
$(READY): uv.lock pyproject.toml
	@test -x $(BIN)/uv || { python3 -m venv $(VENV) && $(BIN)/pip install --quiet uv; }
	@$(BIN)/uv sync --quiet --frozen
	@touch $@
