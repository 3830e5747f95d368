# Two commands do everything: `make demo` and `make test`. Both install what they need into .venv first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help demo test every-test fast-test search lint bench bench-scale bench-identity bench-lookup docs pins clean

help: ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

$(VENV)/.runtime: requirements/runtime.txt pyproject.toml
	@echo "Setting up $(VENV) (once) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=python3.12, say")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install --require-hashes --no-deps -r requirements/runtime.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements/dev.txt
	@$(PIP) install --require-hashes --no-deps -r requirements/dev.txt
	@touch $@

# The tests start our own programs hundreds of times: Python keeps what it compiled, whatever the environment says.
every-test fast-test search: export PYTHONDONTWRITEBYTECODE :=

demo: $(VENV)/.runtime ## invent nine services and bring them into one warehouse (./demo-warehouse)
	@$(BIN)/rddm demo --fresh

test: $(VENV)/.dev ## lint, types, import contracts and every test
	@$(MAKE) --no-print-directory --jobs 2 lint every-test

every-test: $(VENV)/.dev
	@$(BIN)/python -m pytest -n 2 --dist worksteal

fast-test: $(VENV)/.dev ## only unit and property tests
	@$(BIN)/python -m pytest -n 2 tests/unit tests/property

search: $(VENV)/.dev ## the properties of whole warehouses, on new cases, for some twenty minutes
	@RDDM_TEST_THOROUGHNESS=40 $(BIN)/python -m pytest -n 2 --timeout 3600 tests/property/pipeline tests/integration/resolve/test_batch_equals_stream.py

lint: $(VENV)/.dev ## ruff, mypy --strict and the import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(VENV)/.dev ## one million records through all stages: time, rows per second, peak memory
	@$(BIN)/python benchmarks/stages.py --records 1000000

bench-scale: $(VENV)/.dev ## 1, 5, 20 and 51 million records from files to the shop window; needs some 120 GB of disk and hours
	@mkdir -p build
	@$(BIN)/python -m benchmarks.scale --markdown build/scale.md

bench-identity: $(VENV)/.dev ## our engine, Splink and goldenmatch on public and invented people: precision, recall, time
	@mkdir -p build
	@$(BIN)/python -m benchmarks.identity --markdown build/identity.md

bench-lookup: $(VENV)/.dev ## "do we know this person?" two thousand times: milliseconds, right and wrong answers, sizes
	@$(BIN)/python -m benchmarks.lookup --records 1000000

docs: $(VENV)/.dev ## write the generated reference pages (command line, configuration, tables)
	@$(BIN)/python docs/generate.py

pins: ## resolve the newest versions that pyproject.toml allows and write the pins files
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade --quiet --group build pyproject.toml -o requirements/runtime.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade --quiet --group build --group dev pyproject.toml -o requirements/dev.txt
	cd benchmarks/rivals && uv pip compile --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade --quiet --no-deps data.in -o data.txt
	cd benchmarks/rivals && uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade --quiet splink.in -o splink.txt
	cd benchmarks/rivals && uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade --quiet goldenmatch.in -o goldenmatch.txt

clean: ## take away what the demo made
	rm -rf demo-warehouse demo-services
