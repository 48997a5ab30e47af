# make demo · make test · make lint · make bench
SHELL := /bin/bash
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin

# Modules are compiled once, when they are first imported, and not in each of the many processes of the tests.
unexport PYTHONDONTWRITEBYTECODE

# uv installs the same in an eighth of the time that pip computes; where it cannot (behind an index that only pip
# is told of, say), pip does it. uv reads no settings of pip's, so it is told of folders with wheels.
WHEELS = $(or $(PIP_FIND_LINKS),$(shell $(BIN)/python -m pip config get global.find-links 2>/dev/null))
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check
UV = $(BIN)/uv pip install --quiet --python $(BIN)/python $(addprefix --find-links ,$(WHEELS))
export UV_HTTP_TIMEOUT ?= 120

.PHONY: demo test lint bench clean

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "Chainwatch needs Python 3.11; set PYTHON=/path/to/python3.11"; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(BIN)/.installed: pyproject.toml | $(BIN)/python
	$(PIP) uv && $(UV) --compile-bytecode --editable . || $(PIP) --editable .
	@touch $@

$(BIN)/.installed-test: pyproject.toml | $(BIN)/python
	$(PIP) uv && $(UV) --editable '.[test]' || $(PIP) --no-compile --editable '.[test]'
	@touch $(BIN)/.installed $@

demo: $(BIN)/.installed  ## install, make two weeks of sample traffic with incidents, open the dashboard on one
	$(BIN)/chainwatch demo

# By file, the slowest files would come last, as they have few tests; a worker that is done takes tests of another.
# Each worker has a core: with more, threads of the mathematical libraries compute while they wait for each other.
test: $(BIN)/.installed-test lint  ## everything that CI runs
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal

lint: $(BIN)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --num-workers auto
	$(BIN)/lint-imports

bench: $(BIN)/.installed-test  ## every benchmark, the quick form
	set -e; for b in benchmarks/[a-z]*.py; do $(BIN)/python $$b --quick; done

clean:
	rm -rf $(VENV) build *.egg-info
