# make demo · make test · make lint · make bench
SHELL := /bin/bash
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint bench clean

$(BIN)/.installed: pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Chainwatch needs Python 3.11; set PYTHON=/path/to/python3.11"; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(BIN)/.installed-test: $(BIN)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

demo: $(BIN)/.installed  ## install, make two weeks of sample traffic with incidents, open the dashboard on one
	$(BIN)/chainwatch demo

# By file, the slowest files would come last, as they have few tests; a worker that is done takes tests of another.
test: $(BIN)/.installed-test lint  ## everything that CI runs
	$(BIN)/python -m pytest -n auto --dist worksteal

lint: $(BIN)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(BIN)/.installed-test  ## every benchmark, the quick form
	set -e; for b in benchmarks/[a-z]*.py; do $(BIN)/python $$b --quick; done

clean:
	rm -rf $(VENV) build *.egg-info
