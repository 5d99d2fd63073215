# GNK-Bot: "make" or "make help" tells what can be made here.
# Written for GNU make 3.81 (macOS) and newer, and for folders with spaces in their path.

# Another Python or more words for a command: make demo PYTHON=python3.13, make test ARGS="-k polls".
PYTHON =
ARGS =

venv := .venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help demo demo-reset test check dead-code bench kill-test format lock wheel clean

help:
	@echo 'GNK-Bot. The first command on a new machine sets up everything else in .venv.'
	@echo
	@echo '  make demo        start the demo town in your browser (Ctrl-C ends it)'
	@echo '  make demo-reset  start the demo town afresh; what was done there is gone'
	@echo '  make test        run all tests                    (ARGS="-k polls" for a part)'
	@echo '  make check       format, lint, types, import rules, dead code, then all tests'
	@echo '  make format      format the code and mend what the linter can mend'
	@echo '  make bench       measure speed beside its baselines'
	@echo '  make kill-test   kill the bot 1000 times and look for anything lost or doubled'
	@echo '  make lock        renew requirements*.txt from pyproject.toml (needs uv)'
	@echo '  make wheel       build the package in dist/'
	@echo '  make clean       remove .venv, caches and dist/; never data'

demo: .venv/.ok-run
	@$(venv) -m bot demo $(ARGS)

demo-reset: .venv/.ok-run
	@$(venv) -m bot demo --reset $(ARGS)

test: .venv/.ok-dev
	@$(venv) -m pytest -n 2 $(ARGS)

check: .venv/.ok-dev
	@$(venv) -m ruff format --check .
	@$(venv) -m ruff check .
	@$(venv) -m mypy
	@.venv/bin/lint-imports >.venv/imports.txt || { cat .venv/imports.txt; exit 1; }
	@$(MAKE) --no-print-directory dead-code
	@$(MAKE) --no-print-directory test

# Fields of records are read by name (SQL, YAML, JSON), which vulture cannot see: only what can be
# called or imported counts here. Its exit code: 0 nothing found, 3 something found.
dead-code: .venv/.ok-dev
	@$(venv) -m vulture >.venv/dead-code.txt; test $$? -eq 0 -o $$? -eq 3
	@! grep -E ': unused (class|function|import|property) ' .venv/dead-code.txt

bench: .venv/.ok-dev
	@$(venv) -m tests.benchmarks $(ARGS)

kill-test: .venv/.ok-dev
	@$(venv) -m pytest tests/kill -q -n 2 --kills 1000 $(ARGS)

format: .venv/.ok-dev
	@$(venv) -m ruff check --fix --exit-zero --quiet .
	@$(venv) -m ruff format .

# The locks name no registry, so that they work with a mirror too; they hold for Linux and macOS.
lock_with = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'
lock:
	@command -v uv >/dev/null || { echo 'make lock needs uv, for example by: pipx install uv' >&2; exit 1; }
	@$(lock_with) $(ARGS) pyproject.toml -o requirements.txt
	@$(lock_with) $(ARGS) --constraint requirements.txt --extra postgres --group dev \
		pyproject.toml -o requirements-dev.txt

wheel: .venv/.ok-dev
	@$(venv) -m pip wheel --quiet --no-deps --wheel-dir dist .
	@ls dist

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage .import_linter_cache dist
	find bot handlers storage tests -name __pycache__ -type d -prune -exec rm -rf {} +

# $(call install,FILE): into .venv, by uv where it is there (faster), else by pip.
install = if command -v uv >/dev/null 2>&1; \
	then uv pip install --quiet --python $(venv) --require-hashes -r $(1); \
	else $(venv) -m pip install -qq --disable-pip-version-check --require-hashes -r $(1); fi

.venv/.ok-run: requirements.txt .venv/.ok-python
	@echo 'Installing what the bot needs into .venv (once; a minute or less) ...'
	@$(call install,requirements.txt)
	@touch $@

.venv/.ok-dev: requirements-dev.txt .venv/.ok-python
	@echo 'Installing what the bot and its tests need into .venv (once; a minute or two) ...'
	@$(call install,requirements-dev.txt)
	@touch .venv/.ok-run $@

# The first Python that is new enough, of the usual names; uv must not download one.
.venv/.ok-python:
	@for python in $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11); do \
		"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		if command -v uv >/dev/null 2>&1; then \
			UV_PYTHON_DOWNLOADS=never uv venv --quiet --seed --clear \
				--python "$$(command -v "$$python")" .venv; \
		elif "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
			"$$python" -m venv --clear .venv; \
		else \
			echo "$$python lacks venv. On Debian and Ubuntu: sudo apt install python3-venv" >&2; exit 1; \
		fi && touch $@ && exit 0; \
		exit 1; \
	done; \
	echo 'Python 3.11 or newer is needed and was not found (or name it: make demo PYTHON=/path/to/python3).' >&2; \
	exit 1
