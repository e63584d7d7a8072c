# Every target does its own set-up: Python 3.11+, make and a network to PyPI are all it takes.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
CDP := $(BIN)/cdp
.DEFAULT_GOAL := help
# The virtual environment is ours: without bytecode in it, every process of Airflow compiles a thousand modules again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help
help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  \033[36m%-14s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.8'

# The lock is installed whole and by hash; the project itself cannot be hashed, so it is a second command.
$(VENV)/.installed: requirements.txt pyproject.toml | $(UV)
	@echo "Installing the locked requirements ..."
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(UV) pip install --quiet --require-hashes -r requirements.txt
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(UV) pip install --quiet --no-deps -e .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	@echo "Installing what the tests need ..."
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(UV) pip install --quiet --require-hashes -r requirements-dev.txt
	@touch $@

.PHONY: install
install: $(VENV)/.installed ## Create .venv from the locked requirements

.PHONY: install-dev
install-dev: $(VENV)/.installed-dev

.PHONY: demo
demo: $(VENV)/.installed ## Carry audiences in and events out on embedded servers; ZONE=s3|azure_blob|sftp|local
	@$(CDP) sandbox demo $(if $(ZONE),--zone $(ZONE))

.PHONY: up
up: $(VENV)/.installed ## Keep Airflow's UI and all servers running; ZONE as for demo, WORKERS=2 for Celery workers
	@$(CDP) sandbox up --airflow $(if $(ZONE),--zone $(ZONE)) $(if $(WORKERS),--workers $(WORKERS))

.PHONY: down
down: $(VENV)/.installed ## Stop what `make up` started
	@$(CDP) sandbox down

.PHONY: test
test: $(VENV)/.installed-dev ## Run the tests against real servers
	@$(BIN)/python -m pytest -n 3 --dist loadscope --no-loadscope-reorder $(PYTEST_ARGS)

.PHONY: check
check: $(VENV)/.installed-dev ## Lint, types, layers, SQL, and that generated files are current
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/bandit --quiet --configfile pyproject.toml --recursive --severity-level medium plugins dags docs/generators
	@$(BIN)/lint-imports
	@$(BIN)/sqlfluff lint --disable-progress-bar include/sql
	@$(CDP) feeds schema --check
	@$(BIN)/python docs/generators/dag_catalogue.py --check
	@$(MAKE) --no-print-directory check-deploy

.PHONY: audit
audit: $(VENV)/.installed-dev ## Ask an advisory source about the locks; says so where none answers
	@$(BIN)/python -m tests.security.audit $(AUDIT_ARGS)

.PHONY: check-deploy
check-deploy: $(VENV)/.installed-dev ## Lint Dockerfile, docker-compose.yaml and workflows; a part of check
	@$(BIN)/hadolint Dockerfile
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.compose-spec docker-compose.yaml
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yaml
	@$(BIN)/zizmor --offline --quiet --no-progress --persona pedantic .github/workflows
	@if command -v actionlint > /dev/null; then actionlint; else echo "Skipped: actionlint, which is not installed (no wheel brings it)"; fi

.PHONY: docs
docs: $(VENV)/.installed-dev ## Write the Dag catalogue, and build the documentation into build/site
	@$(BIN)/python docs/generators/dag_catalogue.py
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "Open build/site/index.html"

# For Python 3.11 and all newer ones: some need a package more, and without its hash nothing would be installed.
.PHONY: lock
lock: | $(UV) ## Compile requirements*.in into hashed locks (keeps existing pins; UPGRADE=1 renews them)
	@$(UV) pip compile -q $(if $(UPGRADE),--upgrade) requirements.in -o requirements.txt --python-version 3.11 --universal --generate-hashes
	@$(UV) pip compile -q $(if $(UPGRADE),--upgrade) requirements-dev.in -o requirements-dev.txt --python-version 3.11 --universal --generate-hashes
	@$(UV) pip compile -q $(if $(UPGRADE),--upgrade) requirements-bench.in -o requirements-bench.txt --python-version 3.11 --universal --generate-hashes

.PHONY: clean
clean: ## Remove the virtual environment and everything built
	@rm -rf $(VENV) .venv-bench build *.egg-info plugins/*.egg-info

.venv-bench/.installed: requirements-bench.txt | $(UV)
	@echo "Installing what the benchmark compares with ..."
	@$(PYTHON) -m venv .venv-bench
	@VIRTUAL_ENV=$(CURDIR)/.venv-bench $(UV) pip sync --quiet --require-hashes requirements-bench.txt
	@touch $@

.PHONY: bench-import
bench-import: $(VENV)/.installed .venv-bench/.installed ## Measure the import against its floor, pandas, dlt and sling
	@$(BIN)/python -m tests.benchmarks.bench_import $(BENCH_ARGS)

.PHONY: bench-export
bench-export: $(VENV)/.installed ## Measure the export against its floor, two partitions and pandas
	@$(BIN)/python -m tests.benchmarks.bench_export $(BENCH_ARGS)

.PHONY: bench-zones
bench-zones: $(VENV)/.installed ## Measure each landing zone against the storage's own client
	@$(BIN)/python -m tests.benchmarks.bench_zones $(BENCH_ARGS)

.PHONY: chaos
chaos: $(VENV)/.installed-dev ## Kill and disturb tasks hundreds of times; nothing may be lost, doubled or stuck
	@$(BIN)/python -m tests.chaos.run $(CHAOS_ARGS)

.PHONY: bench-cluster
bench-cluster: $(VENV)/.installed-dev ## Measure two Celery workers against one, and the way of a small file
	@$(BIN)/python -m tests.benchmarks.bench_cluster $(BENCH_ARGS)

.PHONY: bench-page
bench-page: $(VENV)/.installed-dev ## Measure how fast the Sync runs page answers over 100,000 runs
	@$(BIN)/python -m tests.benchmarks.bench_page $(BENCH_ARGS)

.PHONY: soak
soak: $(VENV)/.installed-dev ## Carry 500 file sets of 50 feeds and look for leaks; crowded folders; parsing of 200 feeds
	@$(BIN)/python -m tests.soak.run $(SOAK_ARGS)

.PHONY: corpus
corpus: $(VENV)/.installed-dev ## Put 400 odd files through the import; each has to end as outcomes.csv says
	@$(BIN)/python -m tests.corpus.run $(CORPUS_ARGS)

.PHONY: fuzz
fuzz: $(VENV)/.installed-dev ## Look for input that breaks a promise, 100 times longer than `make test`; FUZZ_ARGS="--seconds 600"
	@$(BIN)/python -m tests.fuzz.run $(FUZZ_ARGS)
