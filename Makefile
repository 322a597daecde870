# Two commands do it all on a fresh machine: make demo, make test.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export DEMO_RATE ?= 20


.DEFAULT_GOAL := help
.PHONY: help demo demo-failure test lint types layers unit selftest bench bench-rates lab lab-status lab-down screenshot clean

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
	$(BIN)/python -m pytest -n 2 --dist loadfile

selftest: $(VENV)/.installed ## Prove the sampler on this machine against outages of known length (90 s)
	$(BIN)/chaoscinder sampler selftest

bench: $(VENV)/.tests ## The sampler beside Chaos Toolkit's own and closed loops, as ratios (3 min)
	$(BIN)/python -m tests.bench.sampling

bench-rates: $(VENV)/.tests ## The node-shutdown story at rates 1, 20 and 100, with its error (2 min)
	$(BIN)/python -m tests.timelines.bench_rates

lab: $(VENV)/.tests ## A real OpenStack on 127.0.0.1, installed if missing (docs/lab.md)
	$(BIN)/python -m tests.lab.openstack up

lab-status: $(VENV)/.tests ## How the lab's services stand
	$(BIN)/python -m tests.lab.openstack status

lab-down: $(VENV)/.tests ## Stop the lab
	$(BIN)/python -m tests.lab.openstack down

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

$(VENV)/.tests: $(VENV)/.installed
	@echo "installing the test tools into $(VENV) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@
