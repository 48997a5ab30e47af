# make demo · make test · make lint · make bench
SHELL := /bin/bash
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin

# pip compiles one module after the other, for two minutes; this takes every core, and leaves out the tests of
# libraries. What cannot be compiled is a template.
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --editable
COMPILE = $(BIN)/python -m compileall -qq -j 0 -x '/tests/' $(VENV)/lib || true

.PHONY: demo test lint bench clean

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "Chainwatch needs Python 3.11; set PYTHON=/path/to/python3.11"; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(BIN)/.installed: pyproject.toml | $(BIN)/python
	$(INSTALL) .
	$(COMPILE)
	@touch $@

$(BIN)/.installed-test: pyproject.toml | $(BIN)/python
	$(INSTALL) '.[test]'
	$(COMPILE)
	@touch $(BIN)/.installed $@

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
