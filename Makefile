# Two commands matter: `make run` (the whole service, with sample events) and `make test`.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
HOST ?= 127.0.0.1
PORT ?= 8000
BIN := .venv/bin
TESTS ?= tests

.PHONY: setup run test bench fault check
.DEFAULT_GOAL := run

setup: .venv/.ready .venv/bin/eventreg
	@$(BIN)/python tools/setup.py

.venv/.ready: requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing the locked packages (once)…"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

.venv/bin/eventreg: tools/eventreg.sh .venv/.ready
	@cp tools/eventreg.sh $@ && chmod 755 $@

run: setup
	@HOST=$(HOST) PORT=$(PORT) $(BIN)/python tools/run.py

check: setup
	@$(BIN)/ruff format --check eventreg app.py tests tools migrations benchmarks
	@$(BIN)/ruff check eventreg app.py tests tools migrations benchmarks
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports
	@$(BIN)/python tools/words.py check

test: check
	@$(BIN)/python tools/browser.py
	@$(BIN)/python tools/test.py $(TESTS)

bench: setup
	@$(BIN)/python -m benchmarks

fault: setup
	@$(BIN)/python tools/test.py --fault tests
