# Everything a person does with this checkout. `make` alone lists it.
#
# Needs Python 3.11 or newer with venv, git, and for the Kubernetes control plane Go 1.26; no root, no package manager.
# Python packages go into .venv, Go builds into ${XDG_CACHE_HOME:-~/.cache}/goldenpath-microapps, data into .state.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
BIN := .venv/bin
# The virtual environment is as the lock file says, made by this Python, or it is made anew.
LOCK := $(shell { cat requirements.lock; $(PYTHON) -c 'import sys; print(sys.base_prefix, sys.version)'; } 2>/dev/null | cksum | tr -d ' ')
STAMP := .venv/.installed-$(LOCK)
# An older copy of the collection in a folder of the user's would win over the link to this checkout.
export APP ?=
# Parts that are built on demand only, by name: make parts PARTS=policy-controller
PARTS ?=
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.venv/collections
export PYTHONDONTWRITEBYTECODE := 1
# But the road keeps what it compiles of ours, or every run would compile it again (0.6 s).
PLAY := PYTHONDONTWRITEBYTECODE= $(BIN)/ansible-playbook
OURS := cd plugins && $(CURDIR)/$(BIN)/python -m module_utils.sandbox

##@ Use

.PHONY: harden
harden: app-given ready ## Walk one app down the whole road: make harden APP=where2eat (first time about 20 minutes, then seconds)
	@$(PLAY) playbooks/harden.yml -e app="$$APP"

.PHONY: audit
audit: app-given ready ## Ask the same questions and change nothing: make audit APP=where2eat (seconds)
	@$(PLAY) playbooks/harden.yml --check --diff -e app="$$APP"

.PHONY: app-given
app-given:
	@case "$$APP" in "" | *[!A-Za-z0-9._-]*) echo "Say which app by its name: make $(or $(MAKECMDGOALS),harden) APP=where2eat" >&2; exit 2;; esac

##@ Sandbox

.PHONY: sandbox-up
sandbox-up: ready ## Start the local parts, or repair what is down (5 seconds; the first time also builds, about 20 minutes)
	@$(PLAY) playbooks/sandbox.yml

.PHONY: sandbox-down
sandbox-down: venv ## End every process of the sandbox and nothing else; its data stays (3 seconds)
	@$(PLAY) playbooks/sandbox.yml -e sandbox_state=stopped

.PHONY: sandbox-wipe
sandbox-wipe: venv ## End the sandbox and remove the data of all its parts (3 seconds)
	@$(PLAY) playbooks/sandbox.yml -e sandbox_state=wiped

.PHONY: sandbox-env
sandbox-env: venv ## Print what ordinary clients need: eval "$$(make -s sandbox-env)"
	@$(OURS).exports

##@ Tests

.PHONY: test
test: ready ## Everything that must pass (about 70 minutes; the parts below, one after the other)
	@for part in lint unit integration e2e molecule sanity; do $(MAKE) test-$$part; done
	@echo "Everything passed."

.PHONY: test-lint
test-lint: venv ## Format, lint and types of Python, YAML and Ansible (1 minute)
	@echo "Lint: ruff, mypy, yamllint, ansible-lint (about 1 minute)"
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy --strict plugins/module_utils
	@$(BIN)/yamllint --strict .
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/ansible-lint --offline --profile production

.PHONY: test-unit
test-unit: venv ## Pure logic, and the rules of the house (2 minutes)
	@echo "Unit tests and the rules of the house (about 2 minutes)"
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest -q -n 2 tests/unit tests/sanity

.PHONY: test-integration
test-integration: ready ## Against the sandbox's real parts (40 minutes)
	@echo "Integration tests, on two sandboxes of their own (about 40 minutes; the first time half an hour more, for they build or fetch what only they run)"
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest -q -n 2 tests/integration

.PHONY: test-e2e
test-e2e: ready ## The whole road as a user walks it (15 minutes)
	@echo "The whole road, as a user walks it (about 15 minutes; the first time it fetches MariaDB and MySQL)"
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest -q tests/e2e

.PHONY: test-molecule
test-molecule: ready ## Each role's scenario: missing, converged, drifted, healed (5 minutes)
	@echo "Molecule scenarios (about 5 minutes)"
	@PATH="$(CURDIR)/$(BIN):$$PATH" tests/tools/molecule

.PHONY: test-sanity
test-sanity: venv ## ansible-test sanity on what is committed (2 minutes, the first time 5)
	@echo "ansible-test sanity on HEAD (about 2 minutes; the first time it makes its own environments)"
	@PATH="$(CURDIR)/$(BIN):$$PATH" tests/tools/sanity

.PHONY: benchmark
benchmark: ready ## Print times as ratios measured in one run (about 45 minutes)
	@for bench in tests/benchmark/bench_*.py; do PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python "$$bench"; done

##@ Work on it

.PHONY: ready
ready: ## The virtual environment and the built parts, made side by side
	@$(MAKE) -j2 venv parts

.PHONY: venv
venv: $(STAMP) ## The virtual environment from the lock file (1 minute, then nothing)
	@:

$(STAMP): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "Python 3.11 or newer is needed: install it, or name one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "Python's venv module is missing ($(PYTHON)). Install it (Debian, Ubuntu: python3-venv), then run the same command." >&2; exit 1; }
	@command -v git >/dev/null || { echo "git is missing. Install it, then run the same command." >&2; exit 1; }
	@echo "Installing Python packages into .venv (about 1 minute, once)" >&2
	@rm -rf .venv/.installed-*
	@version='import sys; print(sys.version)'; \
	  if [ "$$($(BIN)/python -c "$$version" 2>/dev/null)" != "$$($(PYTHON) -c "$$version")" ]; then $(PYTHON) -m venv --clear .venv >&2; fi
	@awk '/^uv==/{on=1} on{print} on&&!/\\$$/{exit}' requirements.lock > .venv/uv.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r .venv/uv.lock >&2
# The machine's own certificates: a proxy of a company signs with its own.
# pip is slower, but knows a mirror that is named in its own configuration only.
# Compiled once, here: nothing writes compiled files later, and every command would compile what it imports (3 s).
	@$(BIN)/uv pip sync --quiet --system-certs --compile-bytecode --require-hashes --python $(BIN)/python requirements.lock >&2 || \
	  { echo "uv could not fetch them; pip tries, with its own configuration (about 3 minutes)" >&2; \
	    $(BIN)/pip install --quiet --disable-pip-version-check --progress-bar off --require-hashes --no-deps -r requirements.lock >&2; }
	@mkdir -p .venv/collections
	@link=$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/ansible_collections/goldenpath; \
	  mkdir -p "$$link"; ln -sfn "$(CURDIR)" "$$link/microapps"
	@touch $@

.PHONY: parts
parts: ## The programs that are built from Go modules (about 20 minutes on two cores, once; without Go it says so)
	@cd plugins && $(PYTHON) -m module_utils.sandbox.build $(PARTS)

.PHONY: lock
lock: venv ## Pin every Python package anew (10 seconds)
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --custom-compile-command "make lock" requirements.in -o requirements.lock

.PHONY: generate
generate: venv ## Write what is generated: READMEs' tables, schemas, the list of controls (2 seconds)
	@$(BIN)/python tests/tools/generate.py

.PHONY: build
build: venv ## The collection as a file that ansible-galaxy installs (5 seconds)
	@$(BIN)/ansible-galaxy collection build --force

.PHONY: clean
clean: ## End the sandbox and remove all that is generated, cached builds excepted (5 seconds)
	@if [ -x $(BIN)/ansible-playbook ]; then $(PLAY) playbooks/sandbox.yml -e sandbox_state=wiped; fi
	@rm -rf .venv .state .cache .ansible .mypy_cache .ruff_cache .pytest_cache .hypothesis tests/output goldenpath-microapps-*.tar.gz

.PHONY: help
help: ## This list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z0-9-]+:.*## / {gsub(/\$$\$$/, "$$", $$2); printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
