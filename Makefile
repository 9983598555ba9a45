# Every target is one line to a real command. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help setup run test check bench soak lock sbom bundle translations

export PORT ?= 8000

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/make \1\t\2/' | expand -t 20

setup: ## make .venv with the pinned packages and tools
	@scripts/setup --tools

run: ## migrate, load the plans, start web and worker on 127.0.0.1:$PORT (8000)
	@scripts/setup && exec .venv/bin/python scripts/run

test: ## run every test on SQLite and PostgreSQL, in a real browser too (ARGS="-k name" for some)
	@scripts/test $(ARGS)

check: ## linter, format, types, direction of the imports, known holes in packages
	@scripts/check

bench: ## measure, and write the figures with the machine to benchmarks/README.md
	@scripts/setup --tools && exec .venv/bin/python -m benchmarks $(ARGS)

soak: ## the tests in their long form: all on both engines, more deaths, every process started from nothing
	@PLEDGES_SOAK=1 scripts/test -m "not fault" $(ARGS) && PLEDGES_SOAK=1 scripts/test -m fault -n 0 $(ARGS)

lock: ## pin every package with hashes (ARGS=--upgrade for newer versions)
	@scripts/lock $(ARGS)

sbom: ## write the list of all pinned parts with their hashes (CycloneDX) to build/
	@scripts/sbom $(ARGS)

bundle: ## pack this version for servers without Internet: one file in build/ with all packages and an installer
	@scripts/bundle $(ARGS)

translations: ## collect the texts and bring the English catalogue up to date
	@scripts/translations
