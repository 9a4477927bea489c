# Everything a person types. All of it lives in .venv and works in a path with spaces.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
PYTHON ?= python3.11
MODEL ?= opinions
# Bytecode is made at the first import, of what is imported: that is a tenth of what is installed.
# Containers often forbid it; every process would then compile all it imports, for ever.
unexport PYTHONDONTWRITEBYTECODE
# What the second pass of the tests is held to: torch, oneDNN and Assay's own choices.
AVX2 := ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 ASSAY_INSTRUCTIONS=avx2
PIP := .venv/bin/python -m pip --quiet --quiet --no-input --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help run test lint up down ui bench lock clean

help:  ## show this
	@grep -hE '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | column -t -s "$$(printf '\t')"

.venv/ready: requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not here; name yours: make PYTHON=python3 $(MAKECMDGOALS)"; exit 2; }
	@echo "setting up .venv from requirements.lock (once, about three minutes) ..."
	@$(PYTHON) -m venv .venv
	@$(PIP) install --no-compile --progress-bar off -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch .venv/ready

run: .venv/ready  ## data to a proven ONNX model: make run [MODEL=opinions]
	@.venv/bin/python -m assay run $(MODEL)

test: .venv/ready  ## every test; then those that depend on the processor, held to AVX2
	@.venv/bin/python -m pytest -n 2
	@case "$$(uname -m)" in \
	  x86_64|amd64) echo "again, held to AVX2: the tests that depend on the processor"; \
	    $(AVX2) .venv/bin/python -m pytest -n 2 -p no:cacheprovider -m processor ;; \
	  *) echo "no second pass: $$(uname -m) has no AVX2 to be held to" ;; \
	esac

lint: .venv/ready  ## ruff, mypy, import contracts
	@.venv/bin/python -m ruff check .
	@.venv/bin/python -m ruff format --check .
	@.venv/bin/python -m mypy
	@.venv/bin/lint-imports

up: .venv/ready  ## Prefect, a worker and MLflow in the background, deployed; again after a change
	@.venv/bin/python -m assay.services up

down: .venv/ready  ## end all that `make up` started
	@.venv/bin/python -m assay.services down

ui: .venv/ready  ## MLflow's pages alone
	@.venv/bin/python -m assay.services ui

bench: .venv/ready  ## measure, and write docs/benchmarks.md's tables
	@.venv/bin/python -m bench

lock:  ## resolve pyproject.toml anew (needs uv); CUDA libraries come with torch where it wants them
	uv pip compile --universal --quiet --no-header --no-annotate --extra dev pyproject.toml \
	  | grep -vE '^(nvidia-|cuda-|triton)' > requirements.lock

clean:  ## forget the virtual environment and caches; data and models stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache
