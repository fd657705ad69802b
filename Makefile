# Everything the project can do, by name. Each target does its own set-up; two commands from a clean
# clone are enough.
.DEFAULT_GOAL := help
.PHONY: help setup engine yaml demo emulator test sweep sdks plugin bench sbom audit lock

PYTHON ?= python3
VENV := .venv/bin
export PATH := $(CURDIR)/.engine/bin:$(PATH)

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## create .venv with everything the project needs
	@PYTHON=$(PYTHON) scripts/setup

engine: ## a real Pulumi CLI in .engine/bin, unless PATH has one
	@$(PYTHON) -m engine

yaml: ## the same with the host of YAML programs, which is built where none is installed
	@$(PYTHON) -m engine yaml

demo: setup engine ## the demo: a live room, a video file and a bucket, from start to end, offline
	@$(VENV)/python -m examples.demo

emulator: setup ## the emulator with its live page; ^C ends it, its data stays in .emulator
	@$(VENV)/videosnap emulator --env-file .emulator/env --data-dir .emulator/data

test: setup yaml ## lint, types, docs and every test, with a sample of each long matrix
	@scripts/test

sweep: setup yaml ## the same with every matrix and random walk in full, counted in docs/reliability.md
	@scripts/test --sweep --timeout 3600 --results=docs/reliability.json
	@scripts/docs

sdks: setup ## the Python, TypeScript and Go packages in dist/sdks, compiled; needs Go and Node
	@scripts/sdks

plugin: setup ## the plugin as an archive for `pulumi plugin install`, in dist
	@$(VENV)/python sdks/plugin.py

bench: setup engine ## measure speed and memory, as ratios in one run
	@$(VENV)/python -m bench

sbom: setup ## what is installed, as CycloneDX in dist/sbom.json
	@mkdir -p dist
	@$(VENV)/uv tool run --quiet --from cyclonedx-bom==7.5.0 cyclonedx-py environment \
	    --pyproject pyproject.toml --output-reproducible --output-file dist/sbom.json .venv
	@echo "sbom: dist/sbom.json"

audit: setup ## known vulnerabilities of the locked packages; needs the advisories of PyPI or OSV
	@scripts/audit

lock: setup ## renew requirements.lock from pyproject.toml (hashes, no addresses)
	@scripts/lock
