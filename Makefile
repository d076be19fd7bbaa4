# Weir: one command for each thing that people do.

.DEFAULT_GOAL := help
SHELL := /bin/bash
CONSOLE := dashboards/web

.PHONY: help demo ui setup check test exam fuzz soak bench clean

help: ## Show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: ui ## Start a simulated site, the gateway and the console (Rust and Node are enough)
	cargo run --release --locked --package weir -- demo $(ARGS)

ui: ## Build the console
	cd $(CONSOLE) && npm ci --no-audit --no-fund --loglevel=error && npm run build

setup: ## Install what the tests need (Debian; as root or through sudo)
	tests/setup.sh

check: ui ## Formatting, lints, the house's own rules
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo run --quiet --locked --package weir-tidy
	cd $(CONSOLE) && npm run check

test: setup check ## Everything: unit, property, pack, console and end-to-end tests
	cd $(CONSOLE) && npm test
	cargo build --workspace --locked
	cargo test --workspace --locked --exclude weir-e2e
	cargo run --quiet --locked --package weir -- packs test
	cargo test --locked --package weir-e2e -- --nocapture

exam: ## 216 simulated site-weeks, scored against the truth; ARGS="--kind pool", "--seed 1007 --week"
	cargo run --quiet --release --locked --package weir-simulation -- $(ARGS)

fuzz: ## Fuzz every parser, 60 s each; FUZZ_SECONDS=3600 for longer, TARGETS="rtu mbap" for some
	tests/fuzz/run.sh $(or $(FUZZ_SECONDS),60) $(TARGETS)

soak: ## Half an hour of cut and restored links; SOAK_MINUTES=600 for longer
	cargo build --locked --package weir
	cargo test --locked --package weir-e2e -- --ignored --nocapture soak

bench: ## Measure: CPU per reading, rates, memory, delays; NAMES="W1H bridge" for some of it
	cargo build --release --locked --package weir
	WEIR_BIN=$(CURDIR)/target/release/weir cargo run --release --locked --package weir-bench --bin weir-bench -- $(NAMES)

gate: ## Count the instructions of a reading's way and hold them against tests/bench/gates.toml
	cargo build --quiet --release --locked --package weir-bench --bin weir-gate
	target/release/weir-gate $(ARGS)

clean: ## Remove everything that was built
	cargo clean
	rm -rf $(CONSOLE)/dist $(CONSOLE)/node_modules tests/.venv tests/artifacts
