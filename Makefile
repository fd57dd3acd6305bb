# One command each. `make` lists them. PORT=8080 make demo serves elsewhere.
PORT ?= 8000
PYTHON ?= python3
BIN := .venv/bin
# Tests run two at a time: JOBS=4 for more.
JOBS ?= 2
PYTEST := $(BIN)/python -m pytest -q -n $(JOBS) --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help demo test test-postgresql check lint types imports soak docs translations migration lock wheel clean

help: ## Show what there is to make
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

# The environment: one stamp for running, one for developing. Made again when pyproject.toml or the lock changes.
.venv/.run: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || \
	  { echo "python3-venv is missing: apt install python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e .
	@touch $@

.venv/.dev: .venv/.run
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev,postgres,browser]'
	@touch $@

demo: .venv/.run ## Load the demo site and serve it on http://127.0.0.1:8000 (PORT=)
	@exec $(BIN)/sportello demo --port $(PORT)

test: .venv/.dev ## Run the tests on SQLite, but for the slowest (make check: all)
	$(PYTEST) -m "not slow and not long"

test-postgresql: .venv/.dev ## Run the suite on PostgreSQL (a server of its own is started)
	SPORTELLO_TEST_DATABASE=postgresql $(PYTEST) -m "not browser and not slow"

check: .venv/.dev lint types imports ## Everything that CI checks
	$(PYTEST)
	SPORTELLO_TEST_DATABASE=postgresql $(PYTEST) -m "not browser and not slow"

lint: .venv/.dev ## Lint, and check the formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check -q .

types: .venv/.dev ## Check types
	$(BIN)/mypy

imports: .venv/.dev ## Check that imports point down
	$(BIN)/lint-imports

soak: .venv/.dev ## The damage tests with their full counts
	$(BIN)/python -m pytest -q -m soak

migration: .venv/.dev ## Write the first migrations anew from the models
	$(BIN)/python migrations/generate.py

docs: .venv/.dev ## Write the reference tables of README and operations manual
	$(BIN)/python -m sportello.portal.reference

translations: .venv/.dev ## Bring the catalogues up to what is said (then translate what is new)
	$(BIN)/pybabel -q extract -F translations/babel.cfg -k lazy_gettext -k N_ --no-location --sort-output --width 110 \
	  --project Sportello --version 0.1.0 --copyright-holder "the Sportello authors" \
	  -o translations/messages.pot sportello kb editorial search_index templates
	for language in en it; do $(BIN)/pybabel -q update -N --width 110 --ignore-obsolete -l $$language \
	  -i translations/messages.pot -o translations/$$language/LC_MESSAGES/messages.po; done

lock: .venv/.dev ## Write the versions of everything installed to constraints.txt
	$(BIN)/python -m pip freeze --exclude-editable --disable-pip-version-check | grep -E '^[A-Za-z0-9._-]+==' > constraints.txt

wheel: .venv/.dev ## Build the wheel into dist/
	$(BIN)/python -m build --wheel

clean: ## Remove the environment, caches and builds (not var/, which holds the data)
	rm -rf .venv dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
