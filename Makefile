# Two commands for a newcomer: `make demo` and `make test`. Both set up what they need.
SUITS := 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c $(SUITS) 2>/dev/null && echo $$python && break; done)
VENV := .venv
BIN := $(VENV)/bin
LOCK := .ci/constraints.txt
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c $(LOCK)

.PHONY: demo test test-quick lint types imports check chaos fuzz pictures schemas lock clean

demo: $(VENV)/.demo
	$(BIN)/dsbuild demo demo

# Test files run side by side, a process for each core; the slow ones begin first.
PYTEST := $(BIN)/python -m pytest --numprocesses logical --dist loadfile --no-loadscope-reorder

test: $(VENV)/.dev
	$(PYTEST) --cov --cov-report=term

# What an editor's loop needs: no processes that are killed, no training, no browser, no fuzzing.
test-quick: $(VENV)/.dev
	$(PYTEST) -m "not slow" --hypothesis-profile=quick

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

imports: $(VENV)/.dev
	$(BIN)/lint-imports

check: lint types imports

# The long forms of two tests: a hundred kills of a run, thousands of hostile inputs.
chaos: $(VENV)/.dev
	DSBUILD_CHAOS_KILLS=100 $(BIN)/python -m pytest tests/chaos

fuzz: $(VENV)/.dev
	DSBUILD_FUZZ_INPUTS=2000 $(BIN)/python -m pytest tests/fuzz

# The pictures in README.md and docs/, by the commands that stand beside them.
pictures: demo
	$(BIN)/dsbuild sheet -d demo/dataset -o docs/images/overview.jpg
	$(BIN)/dsbuild sheet -d demo/dataset real/collins-1.mp4 -o docs/images/sheet.jpg
	$(BIN)/python docs/review_screenshots.py demo/dataset docs/images

# The JSON Schemas, from the records: those in the package, and the same for people to read.
schemas: $(VENV)/.dev
	$(BIN)/python -c 'from pathlib import Path; from deepfake_dataset.commands.schemas import *;\
	 write_schemas(Path("deepfake_dataset/schemas"), Path("manifests"))'

# Today's versions of everything, for CI and for the two commands above.
lock: $(VENV)/.dev
	$(BIN)/python -m pip freeze --exclude-editable > $(LOCK)

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11 to 3.13 found" >&2; \
		echo "hint: install one, or name it: make PYTHON=/path/to/python3 …" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(BIN)/python pyproject.toml $(LOCK)
	$(INSTALL) -e '.[demo]'
	touch $@

$(VENV)/.dev: $(BIN)/python pyproject.toml $(LOCK)
	$(INSTALL) -e '.[dev]'
	touch $@ $(VENV)/.demo

clean:
	rm -rf $(VENV) demo .pytest_cache .mypy_cache .ruff_cache .coverage*
