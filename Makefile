# Punctual. `make` alone prints what there is.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory --no-builtin-rules
.SUFFIXES:

# Set PYTHON to choose one: PYTHON=python3.13 make setup. What is there already stays otherwise.
VENV := $(or $(PYTHON),python3) deploy/venv.py
CHOSEN := $(if $(PYTHON),--this-python)
# Relative and through `python -m` throughout, so that a checkout may lie in any folder.
PY := .venv/bin/python
SUITES_APART := faults bench containers

.PHONY: help
help: ## print this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: run
run: setup ## start the whole product here: http://127.0.0.1:$PORT (8000); Ctrl-C stops it
	@exec $(PY) -m punctual_devstack

.PHONY: test
test: check ## every check and every test but chaos, bench and containers
	@$(PY) -m pytest -n 3 --dist worksteal $(SUITES_APART:%=--ignore tests/%)

.PHONY: chaos
chaos: setup-dev ## the fault suite, judged by a checker (SOAK=600: a random mix so long; SEED=1 repeats one)
	@$(PY) -m pytest $(if $(SEED),--seed $(SEED)) $(if $(SOAK),tests/faults/test_soak.py --soak $(SOAK),-n 2 --dist worksteal tests/faults)

.PHONY: bench
bench: setup-dev .venv-bench/made ## the benchmarks: prints a table, writes build/bench.json (ONLY=lateness,burst SIZE=small)
	@$(PY) -m tests.bench --only "$(ONLY)" --size "$(or $(SIZE),full)"

.PHONY: simulate
simulate: setup-dev ## weeks of made-up runs with planted anomalies: how many are found (SEEDS=1-5)
	@$(PY) -m tests.simulation.anomalies --seeds "$(or $(SEEDS),1-5)"

# Apart from .venv, as nothing of ours needs what a baseline needs.
.venv-bench/made: locks/bench.txt | setup-dev
	@$(PY) -m venv --clear .venv-bench
	@.venv-bench/bin/python -m pip install -q --require-hashes -r $<
	@touch $@

.PHONY: docs
docs: .venv-docs/made ## build the site of docs/ into build/site, offline
	@NO_MKDOCS_2_WARNING=1 .venv-docs/bin/python -m mkdocs build --quiet
	@echo build/site/index.html

.venv-docs/made: locks/docs.txt | setup-dev
	@$(PY) -m venv --clear .venv-docs
	@.venv-docs/bin/python -m pip install -q --require-hashes -r $<
	@touch $@

.PHONY: containers
containers: setup-dev ## the product in containers: built, scaled, killed, started again (needs Docker)
	@$(PY) -m pytest tests/containers

.PHONY: up
up: ## start the whole product in containers: http://127.0.0.1:$PORT (8000)
	@docker compose up --build --detach --wait
	@echo "ready http://127.0.0.1:$(or $(PORT),8000)"

.PHONY: down
down: ## stop the containers; what they kept stays in its volumes
	@docker compose down

.PHONY: doctor
doctor: setup ## say what is wrong with the product that runs here (JSON=1 for programs)
	@$(PY) -m punctual_devstack.doctor

.PHONY: backup
backup: setup ## write its database into a file, while it runs or not (TO=file)
	@$(PY) -m punctual_devstack.backup

.PHONY: restore
restore: setup ## make a backup its database, while it is stopped (FROM=file)
	@$(PY) -m punctual_devstack.restore

.PHONY: check
check: setup-dev ## format, lint, words, import rules, types
	@$(PY) -m ruff format --check --quiet .
	@$(PY) -m ruff check --quiet .
	@$(PY) deploy/words.py
	@said=$$($(PY) .venv/bin/lint-imports --no-logo) || { echo "$$said"; exit 1; }
	@$(PY) -m mypy --no-error-summary

.PHONY: format
format: setup-dev ## put the code into its usual shape
	@$(PY) -m ruff format --quiet .
	@$(PY) -m ruff check --quiet --fix .

.PHONY: schema
schema: setup-dev ## write shared/punctual/store/schema/schema.sql anew, after a change of the tables
	@$(PY) -m tests.support.schema_file

.PHONY: setup
setup: ## install what `make run` needs into .venv
	@$(VENV) run $(CHOSEN)

.PHONY: setup-dev
setup-dev: ## install what development needs into .venv
	@$(VENV) dev $(CHOSEN)

# One resolution, the widest, then every smaller lock cut out of it: versions are the same everywhere.
# What traces need is in the services' locks, and so in their images; it is imported when it is used.
COMPILE = .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command 'make lock' \
	$(foreach part,-api -client -coordinator -worker -devstack,--no-emit-package punctual-scheduler$(part)) \
	--no-emit-package punctual-scheduler \
	$(if $(KEEP),,--upgrade)

.PHONY: lock
lock: setup ## pin every dependency anew, hashes included (KEEP=1: only those that are new)
	@$(COMPILE) deploy/devstack/pyproject.toml --group build --group dev -o locks/dev.txt
	@$(COMPILE) -c locks/dev.txt --group build -o locks/build.txt
	@$(COMPILE) -c locks/dev.txt deploy/devstack/pyproject.toml --group build -o locks/run.txt
	@$(COMPILE) --group bench -o locks/bench.txt
	@$(COMPILE) --group docs -o locks/docs.txt
	@for service in api coordinator worker; do \
		$(COMPILE) -c locks/dev.txt services/$$service/pyproject.toml \
			shared/pyproject.toml --extra otel -o locks/$$service.txt || exit 1; done
