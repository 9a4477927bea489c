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
# Each lock is a whole tree: nothing is installed that it doesn't name with the hash of its file.
HASHED := --require-hashes --no-deps --no-compile --progress-bar off
AUDIT := .venv/audit/bin

.DEFAULT_GOAL := help
.PHONY: help run test lint up down ui bench lock audit mutants clean

help:  ## show this
	@grep -hE '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | column -t -s "$$(printf '\t')"

.venv/ready: requirements.lock $(wildcard requirements-c*.lock) pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not here; name yours: make PYTHON=python3 $(MAKECMDGOALS)"; exit 2; }
	@echo "setting up .venv from requirements.lock, each file by its hash (once, about three minutes) ..."
	@$(PYTHON) -m venv .venv
	@# Source archives are built with this setuptools: pip would fetch one by no hash.
	@sed -n '/^setuptools==/,/[^\\]$$/p' requirements.lock > .venv/setuptools.lock
	@$(PIP) install $(HASHED) -r .venv/setuptools.lock
	@# torch without CUDA, where pip finds it (beside the index, or by PIP_EXTRA_INDEX_URL).
	@if $(PIP) install --dry-run --no-deps "$$(sed -n 's/^\(torch==[^ ]*\).*/\1/p' requirements-cpu.lock)" 2> .venv/torch.log; \
	  then echo "torch: the build without CUDA"; $(PIP) install $(HASHED) -r requirements-cpu.lock; \
	  else echo "torch: the package index's build; on Linux, CUDA comes with it"; $(PIP) install $(HASHED) -r requirements-cuda.lock; \
	fi
	@$(PIP) install $(HASHED) --no-build-isolation -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@$(PIP) check || { .venv/bin/python -m pip check; exit 1; }
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

lock: .venv/audit/ready  ## resolve pyproject.toml, keeping versions: make lock [UPGRADE=--upgrade]
	@PATH="$(CURDIR)/$(AUDIT):$$PATH" $(AUDIT)/python -m tools.lock $(UPGRADE)

audit: .venv/audit/ready  ## known faults of what is locked (pip-audit), and sbom.cdx.json (CycloneDX)
	@$(AUDIT)/python -m tools.audit

mutants: .venv/ready .venv/mutmut/ready  ## change code that decides, see the tests notice: make mutants [FILES="split page"]
	@OMP_NUM_THREADS=1 PYTHONPATH="$(CURDIR)/.venv/mutmut" nice -n 19 .venv/bin/python -m tools.mutants $(FILES)

.venv/mutmut/ready: requirements-mutants.lock
	@rm -rf .venv/mutmut
	@$(PIP) install $(HASHED) --target .venv/mutmut -r requirements-mutants.lock
	@touch .venv/mutmut/ready

.venv/audit/ready: requirements-audit.lock
	@$(PYTHON) -m venv .venv/audit
	@$(AUDIT)/python -m pip --quiet --quiet --no-input install $(HASHED) -r requirements-audit.lock
	@touch .venv/audit/ready

clean:  ## forget the virtual environment and caches; data and models stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache
