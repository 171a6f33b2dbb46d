# `make` alone lists the targets.
.DEFAULT_GOAL := help
SHELL := bash
PYTHON ?= python3
BIN := .venv/bin
NETDEPLOY := $(BIN)/netdeploy
# Nothing may hang; a Mac has no `timeout`.
limit = $(if $(shell command -v timeout),timeout $(1))
# The tests wait for engines more than they compute: more workers than processors.
WORKERS ?= 6
PYTEST := $(BIN)/pytest --numprocesses $(WORKERS)

.PHONY: help
help: ## list these targets
	@echo "netdeploy: networks and containers stand on a Docker engine exactly as a file says"
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: .venv/installed ## see the exercise run: environment, engine if none answers, apply
	@tests/tools/engine.sh start
	$(NETDEPLOY) apply topologies/netflix.yaml --stand-ins auto
	@echo
	@echo "The exercise runs. Next:"
	@echo "  open http://localhost:3000 (or: curl localhost:3000)"
	@echo "  prove the network:   $(NETDEPLOY) verify topologies/netflix.yaml"
	@echo "  see what differs:    $(NETDEPLOY) diff topologies/netflix.yaml"
	@echo "  break it and mend it: docker network disconnect private-net-1 netflix-movie-catalog"
	@echo "                       $(NETDEPLOY) apply topologies/netflix.yaml"
	@echo "  take it down:        $(NETDEPLOY) teardown netflix --volumes"

.PHONY: test
test: lint ## lint, types, and the tests, those on a real engine with a part of each matrix
	$(PYTEST)

.PHONY: test-all
test-all: lint ## all tests, with all of each matrix, on two generations of engines (root on Debian or Ubuntu)
	$(PYTEST) --whole --generations stable,testing

.PHONY: test-unit
test-unit: .venv/installed ## the tests that need neither an engine nor a browser
	$(PYTEST) tests/unit

.PHONY: bench
bench: .venv/installed ## how long things take, on a real engine
	@tests/tools/engine.sh start
	$(BIN)/python tests/benchmarks/verify.py

.PHONY: lint
lint: .venv/installed ## ruff and mypy --strict
	$(call limit,300) $(BIN)/ruff format --check --quiet .
	$(call limit,300) $(BIN)/ruff check --quiet .
	$(call limit,600) $(BIN)/mypy

.PHONY: format
format: .venv/installed ## let ruff put the code in order
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: schema
schema: .venv/installed ## make schemas/*.json from the models
	for kind in topology plan saved-plan verify inspect status; do $(NETDEPLOY) schema $$kind > schemas/$$kind.schema.json; done

.PHONY: docs
docs: .venv/installed ## make docs/attributes.md from the table of attributes, and the exercise's picture
	$(BIN)/python -c 'from netdeploy.attributes.reference import markdown; print(markdown(), end="")' > docs/attributes.md
	$(NETDEPLOY) graph topologies/netflix.yaml -o docs/netflix.svg

.PHONY: engine
engine: ## start a Docker engine if none answers (root on Debian or Ubuntu)
	@tests/tools/engine.sh start

.PHONY: engine-stop
engine-stop: ## stop the engines that these targets started
	@tests/tools/engine.sh stop
	@tests/tools/test-engines.sh stop

.PHONY: clean
clean: ## remove the environment and caches
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "netdeploy needs Python 3.11 or later; found: $$($(PYTHON) --version 2>&1). Name another: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "This Python can't make environments. On Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "making the environment in .venv (once; a minute on a slow line)"
	@$(PYTHON) -m venv .venv
	@$(call limit,900) $(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@
