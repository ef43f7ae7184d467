# Everything a checkout needs. Only Python >= 3.11 with its venv module, and make, have to be there.
#
#   make run        the whole program on this machine        PORT=8000 HOST=127.0.0.1 DEMO=1
#   make test       lint, types, the suite on SQLite and on PostgreSQL with Valkey, the browser tests,
#                   and the served program against its own OpenAPI document
#   make test-fast  lint, types and the suite on SQLite
#   make soak       the long things, at full count
#   make bench      the measurements of benchmarks/
#   make install    .venv with every pinned dependency (run and test do it by themselves)
#   make lock       requirements/*.txt anew, after a change of the dependencies in pyproject.toml

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.PHONY: install run test test-fast test-sqlite test-postgresql test-browser test-served soak bench lint \
        types lock requirements clean

VENV := .venv
BIN := $(VENV)/bin
PEERS := .venv-peers
STAMP := $(VENV)/.installed
# Three on two cores: some tests wait for the processes they start.
WORKERS ?= 3
UV := uv==0.13.8

# The first interpreter that is new enough; PYTHON=… names another.
PYTHON ?= $(shell for name in python3 python3.11 python3.12 python3.13 python3.14; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$name"; break; }; \
	done)

install: $(STAMP)

# The virtual environment follows the locks: made once, brought in line when they change.
$(STAMP): pyproject.toml requirements/dev.txt requirements/run.txt
	@test -n "$(PYTHON)" || { echo "DeskOps needs Python 3.11 or newer; none was found on the PATH."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "Python's venv module is missing; on Debian: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(VENV) holds a Python older than 3.11; remove the folder and try again."; exit 1; }
	@echo "Installing the pinned dependencies into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes \
		-r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index \
		-e .
	@touch $(STAMP)

run: install
	@exec $(BIN)/deskops up

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install
	$(BIN)/mypy

# What the tests need from the system: PostgreSQL, Chromium, Java for the markup checker.
requirements: install
	@$(BIN)/python -m tests.services.requirements

test-sqlite: requirements
	$(BIN)/pytest -n $(WORKERS)

test-postgresql: requirements
	DESKOPS_TEST_DATABASE=postgresql $(BIN)/pytest -n $(WORKERS)

test-browser: requirements
	$(BIN)/pytest tests/browser

# The running program against its own OpenAPI document.
test-served: requirements
	$(BIN)/pytest tests/served

test-fast: lint types test-sqlite

test: requirements lint types
	$(MAKE) --no-print-directory test-sqlite
	$(MAKE) --no-print-directory test-postgresql
	$(MAKE) --no-print-directory test-browser
	$(MAKE) --no-print-directory test-served

soak: requirements
	DESKOPS_TEST_EXAMPLES=200 $(BIN)/pytest tests/served tests/soak --timeout=0

bench: install $(PEERS)/.installed
	$(BIN)/python -m benchmarks

# What DeskOps is measured against, apart from what it runs on.
$(PEERS)/.installed: requirements/peers.txt
	@test -x $(PEERS)/bin/python || $(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes \
		-r requirements/peers.txt
	@touch $@

# Needs a network; the files name no registry, so that any index serves the install.
lock:
	$(PYTHON) -m venv build/uv
	build/uv/bin/python -m pip install --quiet --disable-pip-version-check $(UV)
	build/uv/bin/uv pip compile pyproject.toml --extra postgres --extra sentry --universal --python-version 3.11 \
		--only-binary :all: --generate-hashes --quiet --custom-compile-command "make lock" \
		--output-file requirements/run.txt
	build/uv/bin/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 \
		--only-binary :all: --generate-hashes --quiet --custom-compile-command "make lock" \
		--constraints requirements/run.txt --output-file requirements/dev.txt
	build/uv/bin/uv pip compile --group peers --universal --python-version 3.11 \
		--only-binary :all: --generate-hashes --quiet --custom-compile-command "make lock" \
		--output-file requirements/peers.txt

clean:
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
