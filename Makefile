# Two commands do everything on a fresh machine: `make run` and `make test`.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c

# A Python to use; without it, one is found.
PYTHON ?=
BOOTSTRAP := $(or $(PYTHON),python3)
PYTHON_RANGE := $(shell sed -n 's/^requires-python = "\(.*\)"/\1/p' pyproject.toml)
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
UV_VENV ?= .uv
UV := $(UV_VENV)/bin/uv
CHOSEN := $(VENV)/.python
NOTEBOOKS := $(VENV)/.installed-notebooks
BROWSER_INSTALLED := $(VENV)/.installed-browser
POSTGRES_INSTALLED := $(VENV)/.installed-postgres
MUTANTS_INSTALLED := $(VENV)/.installed-mutants
AUDIT_INSTALLED := $(VENV)/.installed-audit
OLDEST_DUCKDB := $(VENV)/oldest-duckdb
PORT ?= 3000

# No tool of the set calls home.
export DO_NOT_TRACK := 1
export GX_ANALYTICS_ENABLED := false
export DAGSTER_DISABLE_TELEMETRY := 1

.PHONY: help run test lint lint-python lint-types lint-imports lint-sql lint-dbt lint-script lint-container unit integration pipeline test-browser test-postgres test-desktop mutants bench ui notebooks dictionary lock libraries audit install clean test-slow

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22

# uv, in an environment of its own, made with whatever python3 is there (or PYTHON). It then finds a
# Python that the project takes, on this machine, or fetches one, and says which.
$(UV): requirements-uv.lock
	@$(BOOTSTRAP) -m venv --clear $(UV_VENV) \
		|| { echo "$(BOOTSTRAP) cannot make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv."; exit 1; }
	@$(UV_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock \
		|| { echo "$$($(UV_VENV)/bin/python -V) could not install uv, which needs Python 3.8 or later and a package index. To begin with another: make $(or $(MAKECMDGOALS),run) PYTHON=python3.12"; exit 1; }
	@touch $@

$(CHOSEN): $(UV) pyproject.toml
	@$(UV) venv --clear --no-project --python '$(or $(PYTHON),$(PYTHON_RANGE))' $(VENV) \
		|| { echo "The project needs Python $(PYTHON_RANGE)$(if $(PYTHON),; PYTHON is $(PYTHON)). None was found here, or none could be fetched: install one, or name it, such as: make $(or $(MAKECMDGOALS),run) PYTHON=python3.12"; exit 1; }
	@$(UV) pip install --quiet --offline --dry-run --no-deps --python $(BIN)/python --editable . \
		|| { echo "Python $(PYTHON_RANGE) is needed, and $(PYTHON) is $$($(BIN)/python -V). Leave PYTHON out, or try: make $(or $(MAKECMDGOALS),run) PYTHON=python3.12"; rm -rf $(VENV); exit 1; }
	@touch $@

$(INSTALLED): $(CHOSEN) requirements.lock requirements-dev.lock
	@echo "Installing into $(VENV)"
	@$(UV) pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r requirements.lock -r requirements-dev.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

# The oldest client that is promised to read a release; the tests read one with it.
$(OLDEST_DUCKDB): $(INSTALLED) requirements-oldest.lock
	@$(UV) pip install --quiet --python $(BIN)/python --target $@ --require-hashes -r requirements-oldest.lock
	@touch $@

$(BROWSER_INSTALLED): $(INSTALLED) requirements-browser.lock
	@$(UV) pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r requirements-browser.lock
	@touch $@

$(POSTGRES_INSTALLED): $(INSTALLED) requirements-postgres.lock
	@$(UV) pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r requirements-postgres.lock
	@touch $@

$(MUTANTS_INSTALLED): $(INSTALLED) requirements-mutants.lock
	@$(UV) pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r requirements-mutants.lock
	@touch $@

install: $(INSTALLED) ## Install into .venv from the hashed lock

run: $(INSTALLED) ## Build the embedded sample and publish a release
	@$(BIN)/lbn refresh

test: lint unit integration pipeline ## Lint, types, dbt parse and all tests but browser and bench

lint: lint-python lint-types lint-imports lint-sql lint-dbt lint-script lint-container ## Every check of the code that runs none of it

lint-python: $(INSTALLED) ## ruff: style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

lint-types: $(INSTALLED) ## mypy, strict
	$(BIN)/mypy

lint-imports: $(INSTALLED) ## Imports run one way, as pyproject.toml says
	$(BIN)/lint-imports --no-cache

lint-sql: $(INSTALLED) ## sqlfluff
	$(BIN)/sqlfluff lint --disable-progress-bar --processes 2 dbt_project

lint-dbt: $(INSTALLED) ## dbt parses the project without a warning
	$(BIN)/dbt --quiet parse --warn-error --no-partial-parse --project-dir dbt_project --profiles-dir dbt_project --target-path target

# The parts of an edition's page are one script, so they are linted as one; the first page has its own.
lint-script: $(INSTALLED) ## oxlint: the explorer's scripts
	@$(BIN)/python -c 'from orchestration.publish.explorer.page import script; print(script())' > $(VENV)/explorer.js
	$(BIN)/oxlint --no-ignore --config .oxlintrc.json --deny-warnings $(VENV)/explorer.js orchestration/publish/explorer/script/index.js

lint-container: $(INSTALLED) ## hadolint: the file that an image is built by
	$(BIN)/hadolint deploy/Containerfile

unit: $(INSTALLED) ## Unit tests (seconds)
	$(BIN)/pytest -n 2 tests/unit

integration: $(INSTALLED) ## Parts together: vault, readers, guards, models
	$(BIN)/pytest -n 2 --dist loadgroup tests/integration

pipeline: $(INSTALLED) $(OLDEST_DUCKDB) ## Whole refreshes as a subprocess, sample and real
	$(BIN)/pytest -n 2 --dist loadgroup tests/pipeline

test-slow: $(INSTALLED) ## What takes long: hundreds of spoilt files, thousands of changed bytes
	$(BIN)/pytest -n 2 --dist loadgroup tests/slow

# The system's Chromium: playwright's own download is another network.
test-browser: $(BROWSER_INSTALLED) ## The explorer in headless Chromium (installs it with apt-get when it is missing)
	@command -v chromium chromium-browser google-chrome >/dev/null || { \
		command -v apt-get >/dev/null || { echo "No Chromium on the PATH, and no apt-get to install it: install Chromium or Chrome, then run this again."; exit 1; }; \
		root=""; [ "$$(id -u)" = 0 ] || root=sudo; \
		[ -z "$$root" ] || command -v sudo >/dev/null || { echo "No Chromium on the PATH: as root, run apt-get install chromium, then run this again."; exit 1; }; \
		echo "Installing Chromium"; \
		$$root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$root apt-get install -y -qq --no-install-recommends chromium >/dev/null; }
	$(BIN)/pytest -n 2 --dist loadgroup tests/browser

test-postgres: $(POSTGRES_INSTALLED) ## Dagster's instance in PostgreSQL (installs a server with apt-get when there is none)
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || { \
		command -v apt-get >/dev/null || { echo "No PostgreSQL server, and no apt-get to install it: install one, then run this again."; exit 1; }; \
		root=""; [ "$$(id -u)" = 0 ] || root=sudo; \
		echo "Installing PostgreSQL"; \
		$$root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$root apt-get install -y -qq --no-install-recommends postgresql >/dev/null; }
	$(BIN)/pytest tests/postgres

test-desktop: $(INSTALLED) ## The exports in the GDAL and LibreOffice of Debian (installs them with apt-get when they are missing)
	@command -v ogrinfo >/dev/null && command -v soffice >/dev/null && command -v pdftotext >/dev/null || { \
		command -v apt-get >/dev/null || { echo "No ogrinfo, soffice or pdftotext, and no apt-get to install them: install GDAL, LibreOffice Calc and Poppler, then run this again."; exit 1; }; \
		root=""; [ "$$(id -u)" = 0 ] || root=sudo; \
		echo "Installing GDAL, LibreOffice Calc and Poppler"; \
		$$root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$root apt-get install -y -qq --no-install-recommends gdal-bin libreoffice-calc poppler-utils >/dev/null; }
	$(BIN)/pytest tests/desktop

# Hours, and it goes on where it was ended. MUTANTS="--draw 20 --seed 2 --minutes 60"
mutants: $(MUTANTS_INSTALLED) ## Put small faults into the code, to see whether the tests notice
	$(BIN)/python -m tests.mutants.run $(MUTANTS)

$(AUDIT_INSTALLED): $(INSTALLED) requirements-audit.lock
	@$(UV) pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r requirements-audit.lock
	@touch $@

# Needs the network; not part of the tests, which must not fail for what somebody finds tomorrow.
audit: $(AUDIT_INSTALLED) ## Ask what is known against the libraries of every lock
	@$(BIN)/python -m tests.tools.audit

bench: $(INSTALLED) ## Measure a refresh by what has changed, and its floor (needs the real files; BEFORE=another checkout)
	$(BIN)/python -m tests.bench.bench

ui: $(INSTALLED) ## The Dagster UI on http://127.0.0.1:3000, with every profile (PORT=...)
	@$(BIN)/lbn ui --port $(PORT)

notebooks: $(NOTEBOOKS) ## The notebooks in JupyterLab, on this machine only (LBN_PROFILE=england for the real lists)
	@$(BIN)/jupyter lab --ip 127.0.0.1 --LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate notebooks

$(NOTEBOOKS): $(INSTALLED) requirements-notebooks.lock
	@$(UV) pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r requirements-notebooks.lock
	@touch $@

dictionary: $(INSTALLED) ## Make docs/data-dictionary.md, docs/sources.md, docs/limits-of-use.md and the README's tables anew from what they tell of
	@$(BIN)/python -m orchestration.publish.documentation.dictionary
	@$(BIN)/python -m tests.tools.readme
	@$(BIN)/python -m tests.tools.sources
	@$(BIN)/python -m tests.tools.limits

# What runs is locked first and apart, since the id of a release hangs on it; the others agree with it.
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate

lock: $(INSTALLED) ## Make the locks anew from pyproject.toml
	$(COMPILE) -o requirements.lock pyproject.toml
	$(COMPILE) --constraints requirements.lock --group dev -o requirements-dev.lock
	for group in notebooks browser postgres mutants audit; do \
		$(COMPILE) --constraints requirements.lock --constraints requirements-dev.lock --group $$group -o requirements-$$group.lock; \
	done
	echo 'duckdb==1.1.3' | $(COMPILE) -o requirements-oldest.lock -
	echo 'uv==0.13.9' | $(COMPILE) -o requirements-uv.lock -
	@$(MAKE) libraries

libraries: $(INSTALLED) ## Make the list of licences and the bill of materials anew from the lock
	@$(BIN)/python -m tests.tools.libraries

clean: ## Remove the virtual environment and every build (releases too)
	rm -rf $(VENV) $(UV_VENV) data dbt_project/target
