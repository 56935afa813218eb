# Every target sets up what it needs; nothing has to be installed by hand first.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.set-up
MATERIAL := tests/material/node_modules/.set-up
AGENTS := $(VENV)/.agents-set-up
DEMO_FLAGS ?=
PYTEST_FLAGS ?=
# Most tests wait for processes more than they compute: three at a time keep two cores busy.
SIDE_BY_SIDE ?= 3
SECONDS ?= 60
SEEDS ?= 2000

# Commands that only a system package can give, each with its Debian package.
LINUX_TOOLS := bwrap:bubblewrap chromium:chromium curl:curl cc:build-essential

.DEFAULT_GOAL := help
.PHONY: help setup demo up test all-tests check style imports-and-types unit fuzz fuzz-corpus simulate simulate-mutants mutants faults bench lock lock-agents clean distclean system-tools agents name-bubblewrap

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) ## make the virtual environment, from the locked requirements

demo: $(STAMP) name-bubblewrap ## watch two issues become merged pull requests
	@$(BIN)/rig demo $(DEMO_FLAGS)

up: $(STAMP) name-bubblewrap ## run the whole rig until Ctrl-C
	@$(BIN)/rig up

# mypy keeps one core busy and never two: the tests begin meanwhile.
test: $(STAMP) agents $(MATERIAL) system-tools style ## every check and every test
	@$(MAKE) --no-print-directory --jobs=2 imports-and-types all-tests

all-tests: $(STAMP)
	@rm -f .conformance.json
	$(BIN)/python -m pytest -n $(SIDE_BY_SIDE) --dist loadscope --no-loadscope-reorder $(PYTEST_FLAGS)

agents: $(AGENTS) ## install the command lines of Claude and Codex beside the rig

check: style imports-and-types ## style, import directions and types

style: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

imports-and-types: $(STAMP)
	$(BIN)/lint-imports
	$(BIN)/mypy

unit: $(STAMP) ## the quick tests only
	$(BIN)/python -m pytest tests/unit $(PYTEST_FLAGS)

fuzz: $(STAMP) ## fuzz both parsers that face strangers, SECONDS=60 each, going on from the last time
	@for name in config delivery; do \
	  $(BIN)/python tests/fuzz/fuzz.py $$name .fuzz -max_total_time=$(SECONDS) -max_len=4096 \
	    -timeout=90 -rss_limit_mb=1024 -print_final_stats=1 || exit 1; \
	done

fuzz-corpus: $(STAMP) ## keep for good the few inputs of `make fuzz` that reach what no seed reaches
	$(BIN)/python tests/fuzz/keep_corpus.py .fuzz

simulate: $(STAMP) ## simulate the rig, SEEDS=2000 of them; every goal has to be reached
	$(BIN)/python -m rigtasks.testing.simulation --seeds $(SEEDS)

simulate-mutants: $(STAMP) ## plant faults in the core and show that a seed finds each
	$(BIN)/python -m rigtasks.testing.simulation --mutants --seeds $(SEEDS)

mutants: $(STAMP) ## change lifecycle and gate in small ways and list what no unit test notices; hours, or SAMPLE=400
	$(BIN)/python tests/mutation $(if $(SAMPLE),--sample $(SAMPLE))

faults: LINUX_TOOLS += ip:iproute2
faults: $(STAMP) system-tools ## break a real rig in every way; prints a table, writes faults/results.json
	RIG_FAULTS=all $(BIN)/python -m pytest tests/faults $(PYTEST_FLAGS)

bench: $(STAMP) ## measure on this machine and write bench/results.json
	$(BIN)/python -m bench

lock: ## write requirements.lock again from pyproject.toml, keeping what is pinned (needs uv)
	uv pip compile pyproject.toml --all-extras --universal --generate-hashes --no-header \
	  --no-emit-index-url --no-emit-find-links --quiet --output-file requirements.lock

lock-agents: ## write the locks of agents/ again (needs uv and npm)
	uv pip compile agents/requirements.in --no-deps --universal --generate-hashes --no-header \
	  --no-annotate --no-emit-index-url --no-emit-find-links --quiet \
	  --output-file agents/requirements.lock
	npm install --prefix agents --package-lock-only --omit-lockfile-registry-resolved \
	  --ignore-scripts --no-audit --no-fund

clean: ## delete the local stack's data and all caches
	@if [ -x $(BIN)/rig ]; then $(BIN)/rig stack remove --yes; fi
	rm -rf .rig .fuzz .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

distclean: clean ## clean, and delete the virtual environment and the tests' material
	rm -rf $(VENV) tests/material/node_modules

$(STAMP): requirements.lock pyproject.toml
	@.ci/set-up $(VENV)
	@touch $@

$(MATERIAL): $(STAMP) .ci/material tests/material/package-lock.json tests/material/package.json
	@.ci/material $(abspath $(BIN)/python)
	@touch $@

$(AGENTS): $(STAMP) $(wildcard agents/*)
	@.ci/agents $(VENV)
	@touch $@

name-bubblewrap:
	@if [ "$$(uname)" = Linux ] && ! command -v bwrap >/dev/null; then \
	  echo "bubblewrap is not installed: agents run without isolation, which only sandbox repositories allow (Debian package: bubblewrap)." >&2; \
	fi

system-tools:
	@if [ "$$(uname)" = Linux ]; then .ci/system-tools $(LINUX_TOOLS); fi
