# The only list of commands. `make` prints it.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Files of tests side by side; one file stays on one process, because its fixtures are dear.
SIDE_BY_SIDE := -n 2 --dist loadfile
# sqlfluff compiles through dbt, which opens the warehouse: not the one in use.
LINT_HOME := $(CURDIR)/$(VENV)/lint-home
# Dagster wants an absolute path.
export DAGSTER_HOME ?= $(abspath $(or $(GENAI_FINOPS_HOME),.finops))/dagster
export DBT_SEND_ANONYMOUS_USAGE_STATS := false

.PHONY: help
help: ## Print this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

# uv where it is there, else pip. constraints.txt pins names, versions and hashes, and no index.
$(STAMP): pyproject.toml constraints.txt scripts/install
	@PYTHON="$(PYTHON)" VENV="$(VENV)" bash scripts/install
	@touch $@

.PHONY: install
install: $(STAMP) ## Install everything into .venv

.PHONY: demo
demo: $(STAMP) ## Run the whole platform over simulated providers and print the totals beside the truth
	@$(BIN)/genai-finops demo

.PHONY: dev
dev: $(STAMP) ## Dagster UI and daemon on port 3000
	@mkdir -p "$$DAGSTER_HOME"
	@$(BIN)/genai-finops dagster-home
	@$(BIN)/dagster dev -w workspace.yaml -p 3000

SIMULATOR_PORT ?= 8765
.PHONY: dev-simulated
dev-simulated: $(STAMP) ## The same over the simulated providers of the demo
	@$(BIN)/genai-finops simulate serve --port $(SIMULATOR_PORT) & trap "kill $$!" EXIT; \
	eval "$$($(BIN)/genai-finops simulate environment --port $(SIMULATOR_PORT))"; \
	$(MAKE) dev

.PHONY: docs
docs: $(STAMP) ## Tables, columns and lineage as one HTML file; prints its path
	@$(BIN)/genai-finops dbt-docs

.PHONY: test
test: $(STAMP) ## Run all tests, the fast tiers first
	@$(BIN)/pytest tests/unit tests/property tests/contract -m "not slow" -q $(SIDE_BY_SIDE)
	@$(BIN)/pytest tests/dbt tests/integration tests/golden tests/e2e -m "not slow" -q $(SIDE_BY_SIDE)
	@$(BIN)/pytest tests -m slow -q $(SIDE_BY_SIDE)

.PHONY: test-fast
test-fast: $(STAMP) ## Run the tests that need seconds
	@$(BIN)/pytest tests/unit tests/property tests/contract -m "not slow" -q $(SIDE_BY_SIDE)

.PHONY: check
check: lint typecheck imports schemas-check rating-sql-check dbt-check ## Lint, types, import rules, schemas, SQL of rating, dbt for both targets

MODEL_FOLDERS := $(notdir $(patsubst %/,%,$(wildcard dbt_project/models/*/)))
# Half of the models at a time, each with a dbt target of its own: sqlfluff uses one core, and needs minutes for all.
define SQLFLUFF_LINT
mkdir -p $(LINT_HOME)/$(firstword $(1)) && \
printf '[sqlfluff:templater:dbt]\ntarget_path = %s/target\n' $(LINT_HOME)/$(firstword $(1)) > $(LINT_HOME)/$(firstword $(1))/sqlfluff.cfg && \
GENAI_FINOPS_HOME=$(LINT_HOME)/$(firstword $(1)) $(BIN)/sqlfluff lint --config $(LINT_HOME)/$(firstword $(1))/sqlfluff.cfg $(addprefix dbt_project/models/,$(1))
endef

.PHONY: lint
lint: $(STAMP)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(call SQLFLUFF_LINT,flows) & flows=$$!; $(call SQLFLUFF_LINT,$(filter-out flows,$(MODEL_FOLDERS))) && wait $$flows

.PHONY: format
format: $(STAMP) ## Format Python and SQL
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@mkdir -p $(LINT_HOME) && GENAI_FINOPS_HOME=$(LINT_HOME) $(BIN)/sqlfluff fix dbt_project/models

.PHONY: typecheck
typecheck: $(STAMP)
	@$(BIN)/mypy

.PHONY: imports
imports: $(STAMP)
	@$(BIN)/lint-imports

.PHONY: schemas
schemas: $(STAMP) ## Render the schemas: dbt contracts and sources, engine types, provider configuration
	@$(BIN)/python -m genai_finops.schemas.render --write
	@$(BIN)/python -m genai_finops.providers.config_schema --write configs/providers/schema.json

.PHONY: rating-sql
rating-sql: $(STAMP) ## Render the SQL of rating from the dbt project into the package
	@$(BIN)/python -m genai_finops.transform.render_rating --write

.PHONY: rating-sql-check
rating-sql-check: $(STAMP)
	@$(BIN)/python -m genai_finops.transform.render_rating --check

.PHONY: golden-costs
golden-costs: $(STAMP) ## Rate the golden cases in GENAI_FINOPS_TEST_DATA and write docs/golden-costs.md
	@$(BIN)/python scripts/golden_costs.py --write

.PHONY: schemas-check
schemas-check: $(STAMP)
	@$(BIN)/python -m genai_finops.schemas.render --check
	@$(BIN)/python -m genai_finops.providers.config_schema --check configs/providers/schema.json

.PHONY: dbt-check
dbt-check: $(STAMP)
	@$(BIN)/pytest tests/dbt/test_compiles_for_bigquery.py -q

.PHONY: constraints
constraints: ## Resolve the dependencies anew into constraints.txt (needs uv)
	@bash scripts/constraints

.PHONY: bench
bench: $(STAMP) ## Measure rating and the FOCUS build on 10 million rows
	@$(BIN)/python benchmarks/rating_and_focus.py

.PHONY: clean
clean: ## Remove what was built, but not the stores in .finops
	@rm -rf $(VENV) .venvs dbt_project/target* dbt_project/logs .mypy_cache .ruff_cache .pytest_cache
