# Every way to build, run and check the project; people and .ci/run call the same targets.

VENV := .venv
BIN := $(VENV)/bin

# The first of these that the locked requirements have wheels for makes the virtual environment.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null \
	&& echo $$python && break; done)

PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
# `make lock UPGRADE=--upgrade` renews the pins; without it those already there stay.
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links \
	--custom-compile-command "make lock" $(UPGRADE)

CARGO_TEST := cargo test --locked --workspace

CORE_SOURCES := $(shell find rust -name '*.rs' -o -name Cargo.toml) Cargo.toml Cargo.lock pyproject.toml

export PYO3_PYTHON := $(CURDIR)/$(BIN)/python

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow lint format bench beside-r reference lock clean

help: ## Show this help
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

demo: $(VENV)/.core ## Build, then analyse the bundled simulated multi-site survey
	$(BIN)/compassion-psy demo

test: $(VENV)/.core ## Run the Rust and Python tests
	$(CARGO_TEST)
	$(BIN)/python -m pytest

test-slow: $(VENV)/.core ## Run the long tests only (coverage of intervals, laws of weights)
	$(CARGO_TEST) -- --ignored
	$(BIN)/python -m pytest -m slow

lint: $(VENV)/.core ## Check format, lints, types, stubs and the direction of imports
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest compassion_psy._core
	$(BIN)/lint-imports

format: $(VENV)/.requirements ## Format the code and apply the safe fixes
	cargo fmt --all
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(VENV)/.core ## Compare speed with the other ways to get the same numbers
	$(BIN)/python -m benchmarks

beside-r: $(VENV)/.core ## Write the page of our numbers beside R's (needs ../shared)
	$(BIN)/python -m benchmarks.beside_r

reference: ## Compute the reference values of the tests again (needs R)
	for script in tests/reference/generate*.R; do Rscript $$script || exit 1; done

lock: $(VENV)/.requirements ## Resolve requirements/*.in into hashed, universal locks
	$(LOCK) requirements/build.in --output-file requirements/build.txt
	$(LOCK) requirements/dev.in --constraint requirements/build.txt --output-file requirements/dev.txt

clean: ## Remove everything that can be made again
	cargo clean
	rm -rf $(VENV) compassion-psy-demo dist
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	rm -f python/compassion_psy/_core.*.so python/compassion_psy/_core.so

# A stamp is newer than all it was made from. Both live in the environment, so they go when it goes.
$(VENV)/.requirements: requirements/build.txt requirements/dev.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 to 3.14 is needed; name one: make PYTHON=..."; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(PIP_INSTALL) -r requirements/build.txt
	$(PIP_INSTALL) --no-build-isolation -r requirements/dev.txt
	@touch $@

$(VENV)/.core: $(VENV)/.requirements $(CORE_SOURCES)
	@command -v cargo >/dev/null || { echo "Rust is needed: see https://rustup.rs"; exit 1; }
	env -u CONDA_PREFIX VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/maturin develop --release --locked
	@touch $@
