# Two commands for a newcomer: `make run` and `make test`. Both set up everything they need.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PORT ?= 8000
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
# What serving needs is a fraction of what testing does.
RUN_STAMP := $(VENV)/.installed-to-run
# A uv on the path is used as it is; otherwise plain pip does the same, more slowly.
UV := $(shell command -v uv 2>/dev/null)
# The first Python that is new enough; .python-version names the preferred one.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.14 python3; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null \
	&& { echo $$p; break; }; done)
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help run test check format setup clean reset lock browser manage screenshots bench

help: ## Say what can be done here
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: $(RUN_STAMP) .env ## Set up everything, load Sialkot, serve on PORT (8000)
	@$(PY) manage.py serve --port $(PORT)

test: setup browser check ## Run every check and every test, browser tests included
	@$(PY) -m pytest -n auto --maxprocesses 4 --dist loadscope --no-loadscope-reorder

check: setup ## Lint, format, types, missing migrations, import rules, templates
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/djlint --quiet --check --lint templates
	$(VENV)/bin/lint-imports --no-logo
	$(PY) manage.py makemigrations --check --dry-run
	$(VENV)/bin/mypy

format: setup ## Put code and templates into the house format
	$(VENV)/bin/ruff check --fix --quiet . ; $(VENV)/bin/ruff format . ; $(VENV)/bin/djlint --quiet --reformat templates

manage: $(RUN_STAMP) .env ## Any Django command: make manage ARGS="load_cases path/to/cases --dry-run"
	@$(PY) manage.py $(ARGS)

setup: $(STAMP) .env

# $(call install,FILE): install what a lock file names, and nothing else.
define install
	@if [ -z "$(PYTHON)" ]; then echo "Python 3.12 or newer is needed, and none was found (looked for python3.13, python3.12, python3.14, python3). Name one: make PYTHON=/path/to/python"; exit 1; fi
	@echo "Setting up: installing what is needed into $(VENV), once (about half a minute)"
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@{ if [ -n "$(UV)" ]; then VIRTUAL_ENV=$(VENV) $(UV) pip sync --quiet --require-hashes $(1); \
	else $(PY) -m ensurepip --upgrade && $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1); fi; \
	} >$(VENV)/install.log 2>&1 || { cat $(VENV)/install.log; exit 1; }
endef

$(STAMP): requirements-dev.lock
	$(call install,$<)
	@touch $(STAMP) $(RUN_STAMP)

$(RUN_STAMP): requirements-local.lock
	$(call install,$<)
	@rm -f $(STAMP)
	@touch $(RUN_STAMP)

.env:
	@printf '%s\n' '# Settings of this copy, explained in docs/settings.md.' 'CASEBOOK_MODE=local' > .env

browser: setup
	@$(PY) tests/browser/find_browser.py --install >/dev/null

screenshots: setup browser ## Take the pictures of docs/images/ anew
	@$(PY) -m tests.browser.screenshots

bench: setup ## Measure beside a bare view and Datasette, into benchmarks/RESULTS.md (SIZES="10000 100000")
	@$(PY) -m benchmarks $(if $(SIZES),--sizes $(SIZES))

lock: ## Lock the dependencies anew (needs uv)
	uv pip compile --quiet --universal --generate-hashes --python-version 3.12 --no-header --no-annotate pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --generate-hashes --python-version 3.12 --no-header --no-annotate --group local pyproject.toml -o requirements-local.lock
	uv pip compile --quiet --universal --generate-hashes --python-version 3.12 --no-header --no-annotate --group dev pyproject.toml -o requirements-dev.lock

clean: ## Remove what can be rebuilt; never data
	rm -rf $(VENV) .build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache test-results
	find . -name __pycache__ -type d -not -path './data/*' -exec rm -rf {} +

reset: $(RUN_STAMP) .env ## Remove all data, after asking and after a backup
	@$(PY) manage.py reset_data
