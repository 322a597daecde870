# Two commands do it all on a fresh machine: make demo, make test.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export DEMO_RATE ?= 20


.DEFAULT_GOAL := help
.PHONY: help demo demo-failure test lint types layers unit selftest bench bench-rates bench-sandbox note experiments lab lab-status lab-down lab-test torture test-all screenshot clean

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.installed ## Shut down a node in the sandbox and see whether the application survives (PASS)
	@.ci/demo out-of-service

demo-failure: $(VENV)/.installed ## The same without anybody who frees the volume: see it fail (FAIL)
	@.ci/demo none

test: $(VENV)/.tests ## Linters, types, layer contracts and tests
	@$(MAKE) --no-print-directory lint types layers unit

lint: $(VENV)/.tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/chaoscinder lint experiments/*.json

types: $(VENV)/.tests
	$(BIN)/mypy

layers: $(VENV)/.tests
	$(BIN)/lint-imports

unit: $(VENV)/.tests
	.ci/in-memory .ci/twice $(BIN)/python -m pytest -n 2 --dist loadfile

selftest: $(VENV)/.installed ## Prove the sampler on this machine against outages of known length (90 s)
	$(BIN)/chaoscinder sampler selftest

bench: $(VENV)/.tests ## The sampler beside Chaos Toolkit's own and closed loops, as ratios (3 min)
	$(BIN)/python -m tests.bench.sampling

bench-rates: $(VENV)/.tests ## The node-shutdown story at rates 1, 20 and 100, with its error (2 min)
	$(BIN)/python -m tests.timelines.bench_rates

bench-sandbox: $(VENV)/.tests ## Start, speed and size of the sandbox, and where it stops being true
	$(BIN)/python -m tests.bench.sandbox

note: $(VENV)/.tests ## Walk "Testing Node Failure with Cinder" with kubectl and openstack, and judge its claims (6 min)
	$(BIN)/python -m tests.note --out note-transcript.txt

torture: $(VENV)/.mutation ## Kill at every step, fail every call, break guards, judgement and input (at most 45 min)
	$(BIN)/python -m tests.torture

test-all: ## The version-sensitive tests on every Python from 3.11 up that is found, with kubernetes 29 and 36
	.ci/test-all

experiments: $(VENV)/.tests ## Every experiment on every profile of the sandbox, and power loss, against their expected verdicts (12 min)
	.ci/in-memory $(BIN)/python -m pytest -n 2 --maxschedchunk 1 tests/experiments/matrix.py tests/experiments/power_loss.py

lab: $(VENV)/.tests ## A real OpenStack on 127.0.0.1, installed if missing (docs/lab.md)
	$(BIN)/python -m tests.lab.openstack up

lab-status: $(VENV)/.tests ## How the lab's services stand
	$(BIN)/python -m tests.lab.openstack status

lab-down: $(VENV)/.tests ## Stop the lab
	$(BIN)/python -m tests.lab.openstack down

lab-test: $(VENV)/.tests ## Bring the lab up, run its tests and the conformance suite on it, take it down (at most 20 min)
	OPENSTACK_LAB_TESTS=1 timeout --foreground -s INT 1200 $(BIN)/python -m tests.lab.openstack test

screenshot: $(VENV)/.installed ## Draw docs/page.png from the last run (needs chromium)
	.ci/screenshot

clean: ## Remove the virtual environment, caches and runs
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache chaoscinder-runs .demo-sandbox

$(VENV)/.installed: setup.py
	@.ci/need
	@echo "installing into $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.mutation: $(VENV)/.tests
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test,mutation]'
	@touch $@

$(VENV)/.tests: $(VENV)/.installed
	@echo "installing the test tools into $(VENV) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@
