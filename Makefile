# make setup | demo | test | lint | bench are all that a newcomer needs; test-slow and ci are what CI adds.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# A file of tests stays in one process; each process starts servers of its own.
PARALLEL := -n auto --maxprocesses 4 --dist loadfile
PYTHON ?= $(shell for each in python3.13 python3.12 python3.11 python3; do command -v $$each >/dev/null && $$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$each && break; done)

.PHONY: help setup demo test test-slow lint bench audit browser clean

help:
	@echo "make setup      the virtual environment, from the hashed lock"
	echo "make demo       the whole path once, on real local servers; prints the table of promises and where the report lies"
	echo "make test       the tests"
	echo "make test-slow  the long ones"
	echo "make lint       ruff, mypy"
	echo "make browser    Debian's chromium, which some of the long tests look at the report with (needs root)"
	echo "make audit      known vulnerabilities of the locked packages"
	echo "make bench      the figures of docs/performance.md (python -m benchmarks)"
	echo "make clean      stop the local servers and delete .kept/ and .venv/"

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	@if [ -z "$(PYTHON)" ]; then echo "error: Kept needs Python 3.11 or newer; none is on PATH" >&2; echo "next:  install it (Debian: apt-get install python3 python3-venv), or name one: make PYTHON=/path/to/python3.11 setup" >&2; exit 1; fi
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "error: $(PYTHON) has no venv module" >&2; echo "next:  Debian: apt-get install python3-venv" >&2; exit 1; }
	if ! $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo "making $(VENV) with $(PYTHON)"; $(PYTHON) -m venv --clear $(VENV); fi
	echo "installing the locked packages (once; about a minute and 1 GB)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	touch $(READY)

demo: $(READY)
	@$(BIN)/kept demo $(ARGS)

test: $(READY)
	@$(BIN)/python -m pytest -m "not slow" $(PARALLEL) --cov --cov-report=term:skip-covered $(ARGS)

test-slow: $(READY)
	@$(BIN)/python -m pytest -m slow $(PARALLEL) $(ARGS)

lint: $(READY)
	@$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(READY)
	@$(BIN)/python -m benchmarks $(ARGS)

audit: $(READY)
	@said=$$($(BIN)/python -m pip_audit --strict --disable-pip --require-hashes -r requirements.lock --progress-spinner off 2>&1) && { echo "audit: no known vulnerabilities"; exit 0; }
	if grep -qi "found [0-9]* known vulnerabilit" <<<"$$said"; then echo "$$said" >&2; exit 1; fi
	echo "audit: NOT CHECKED: the vulnerability service could not be asked ($$(tail -n 1 <<<"$$said" | cut -d: -f1))"

browser:
	@command -v chromium >/dev/null && { echo "chromium is here: $$(command -v chromium)"; exit 0; }
	echo "installing Debian's package chromium, for the tests of the report in a real browser"
	if [ "$$(id -u)" != 0 ]; then echo "error: only root can install it" >&2; echo "next:  as root: apt-get install chromium" >&2; exit 1; fi
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null

clean:
	@if [ -x $(BIN)/kept ]; then $(BIN)/kept local down --wipe || true; fi
	rm -rf $(VENV) .kept
