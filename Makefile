# Everything runs from the checkout, in a virtual environment of its own.
# `make` alone lists the targets. PY=python3.13 picks another interpreter.

PY ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
RUN_STAMP := $(VENV)/.stamp-run
DEV_STAMP := $(VENV)/.stamp-dev
MIN_PYTHON := 3.11
SEEDS ?= 100
KILLS ?= 200
HISTORIES ?= 10000
FIRST_SEED ?= 1
MINUTES ?= 10
WORST ?= 1.10
PIP_FLAGS := --quiet --quiet --disable-pip-version-check --require-hashes --only-binary=:all: --no-deps

.DEFAULT_GOAL := help
.PHONY: help setup demo test interop lint bench bench-vs prove-seeds prove-kill prove-kill9 prove-drills prove-load prove-awaits prove-venue prove-fuzz prove-floor prove-rules prove-guards prove-orders prove-race prove-rush prove-custody prove-weathers prove-agents lock clean python-is-new-enough

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

python-is-new-enough:
	@command -v $(PY) >/dev/null 2>&1 || { echo "touchline: $(PY) not found; install Python >= $(MIN_PYTHON) or name one: make PY=/path/to/python3" >&2; exit 2; }
	@$(PY) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else "touchline: need Python >= $(MIN_PYTHON), found %d.%d.%d (name another with PY=...)" % v[:3])'
	@$(PY) -c 'import venv, ensurepip' 2>/dev/null || { echo "touchline: $(PY) has no venv module; on Debian: apt-get install python3-venv" >&2; exit 2; }

$(RUN_STAMP): requirements.lock | python-is-new-enough
	@test -x $(BIN)/python || $(PY) -m venv $(VENV)
	@$(BIN)/python -m pip install $(PIP_FLAGS) -r requirements.lock
	@touch $@

$(DEV_STAMP): requirements-dev.lock $(RUN_STAMP)
	@$(BIN)/python -m pip install $(PIP_FLAGS) -r requirements-dev.lock
	@touch $@

setup: $(RUN_STAMP) ## make the virtual environment (the other targets do it by themselves)

demo: $(RUN_STAMP) ## trade one real match day in the simulated world
	@$(BIN)/python supervisor.py --profile sim

# Bytecode is kept, whatever the shell says: else each of some hundred processes compiles every file
# anew. It is made once, before four workers would each make it.
test: export PYTHONDONTWRITEBYTECODE :=
test: $(DEV_STAMP) ## run the tests
	@$(BIN)/python -m pytest -q --collect-only >$(VENV)/collected.txt || { tail -n 40 $(VENV)/collected.txt; exit 1; }
	@$(BIN)/python -m pytest -q -n 4 --dist worksteal

interop: $(DEV_STAMP) ## our feed servers against the official clients, which it installs where they can be had
	@$(BIN)/python tests/interop/install.py
	@$(BIN)/python -m pytest -q -rs tests/interop

lint: $(DEV_STAMP) ## format, style, types, import contracts, cancellation rules
	@$(BIN)/python -m ruff format --check .
	@$(BIN)/python -m ruff check .
	@$(BIN)/python -m mypy
	@$(BIN)/lint-imports --no-cache
	@find supervisor.py actors -name '*.py' -print0 | xargs -0 -n 40 -P 2 $(BIN)/python -m flake8_async --enable ASYNC101,ASYNC102,ASYNC103,ASYNC104,ASYNC113,ASYNC118,ASYNC119,ASYNC120,ASYNC300

bench: $(RUN_STAMP) ## frame sent to order read, quiet and loaded, beside C, bare trio, Node, httpx; the other rows
	@$(BIN)/python bench/run.py

bench-vs: $(RUN_STAMP) ## this tree against a commit, goal for goal: make bench-vs REV=...
	@test -n "$(REV)" || { echo "touchline: which commit? make bench-vs REV=..." >&2; exit 2; }
	@$(BIN)/python bench/versus.py --rev "$(REV)" --worst $(WORST)

prove-seeds: $(RUN_STAMP) ## many seeds of the whole system: every difference 0, every journal sound
	@$(BIN)/python -m actors seeds --seeds $(SEEDS) --hours 0.1 --first-seed $(FIRST_SEED) --proof docs/proofs.jsonl

prove-kill: $(DEV_STAMP) ## kill -9 at 200 random moments of trading and restart: nothing lost, nothing traded twice
	@$(BIN)/python tests/system/kill_driver.py --until $(KILLS) --kills 4 --first-seed $(FIRST_SEED) --proof docs/proofs.jsonl

prove-kill9: prove-kill

prove-drills: $(DEV_STAMP) ## the real process through each guard, stop, signal, spoilt disk, and a leak that must show no key
	@$(BIN)/python tests/system/drill_driver.py --proof docs/proofs.jsonl

prove-load: $(RUN_STAMP) ## ten minutes of busy books and talking feeds: nothing lost, nothing piled up
	@$(BIN)/python bench/load.py --minutes $(MINUTES) --proof docs/proofs.jsonl

prove-awaits: $(DEV_STAMP) ## kill each core actor at each of its awaits: nothing lost, nothing traded twice
	@$(BIN)/python tests/system/await_driver.py --all --proof docs/proofs.jsonl

prove-venue: $(DEV_STAMP) ## ten thousand random histories at the venue: all money adds up, no book is crossed
	@$(BIN)/python tests/sim/venue/history_driver.py --histories $(HISTORIES) --first-seed $(FIRST_SEED) --proof docs/proofs.jsonl

prove-floor: $(DEV_STAMP) ## ten thousand collapsing books while a goal falls: nothing is sold below the floor
	@$(BIN)/python tests/trader/floor_driver.py --proof docs/proofs.jsonl

prove-agents: $(DEV_STAMP) ## thousands of goals: the races' figures beside the original's, with intervals
	@$(BIN)/python tests/sim/calibration_driver.py --proof docs/proofs.jsonl

prove-weathers: $(DEV_STAMP) ## a day for each thing that the venue may do to a client: no order and no cent is lost
	@$(BIN)/python tests/system/weather_driver.py --proof docs/proofs.jsonl

prove-fuzz: $(DEV_STAMP) ## chance for every core and dialect: none crashes, none holds the loop for 5 ms
	@$(BIN)/python tests/feeds/fuzz_driver.py --proof docs/proofs.jsonl

prove-rules: $(DEV_STAMP) ## get each rule of money wrong in either copy: a test notices every one
	@$(BIN)/python tests/system/rule_driver.py --proof docs/proofs.jsonl

prove-guards: $(DEV_STAMP) ## get each rule of gate, budgets, losses, reviews and pace wrong: a test notices every one
	@$(BIN)/python tests/system/rule_driver.py --part guards --proof docs/proofs.jsonl

prove-orders: $(DEV_STAMP) ## get each rule between a won race and a sold position wrong: a test notices every one
	@$(BIN)/python tests/system/rule_driver.py --part orders --proof docs/proofs.jsonl

prove-race: $(DEV_STAMP) ## get each rule of the race wrong: a test notices every one
	@$(BIN)/python tests/system/rule_driver.py --part race --proof docs/proofs.jsonl

prove-custody: $(DEV_STAMP) ## end the trader in every way with a position: custody leaves what the profile says
	@$(BIN)/python tests/system/custody_driver.py --proof docs/proofs.jsonl

prove-rush: $(RUN_STAMP) ## a minute of a thousand orders and two thousand deltas a second: no gap of the venue's own
	@$(BIN)/python bench/rush.py --proof docs/proofs.jsonl

lock: ## resolve the locked dependencies anew (needs uv)
	@command -v uv >/dev/null 2>&1 || { echo "touchline: make lock needs uv (pip install uv)" >&2; exit 2; }
	@uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --python-version $(MIN_PYTHON) --custom-compile-command 'make lock' --upgrade \
	  -o requirements.lock pyproject.toml
	@uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --python-version $(MIN_PYTHON) --custom-compile-command 'make lock' --upgrade \
	  --extra dev -c requirements.lock -o requirements-dev.lock pyproject.toml

clean: ## remove the virtual environment and the caches
	@rm -rf $(VENV) bench/build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
