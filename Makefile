# overt: every task has its command here. `make demo` and `make test` are all that a fresh machine needs.

SHELL := /bin/bash
.DEFAULT_GOAL := help
PREFIX ?= /usr/local

.PHONY: help demo test lint rust python go conformance graphite faults fuzz tsan loom soak audit install header bench clean \
	tools windows

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: tools ## the main job, visibly working: events and counts from Python, C, Go and cobra arrive at a collector
	@examples/demo.sh

test: tools ## all checks and tests, in all languages
	@tests/run.sh lint rust python go conformance graphite demo

lint rust python go conformance graphite: tools ## a part of `make test`
	@tests/run.sh $@

faults: ## breaks the core on purpose, fault by fault, and shows that the conformance contract notices each
	@tests/conformance/faults.py

fuzz: ## looks for bytes that break a property, for FUZZ_SECONDS (60) each; `make test` replays what was found so far
	@fuzz/run.sh

tsan: ## the threaded tests under ThreadSanitizer
	@tests/tsan.sh

loom: ## the hand-over to the worker, in every order of the threads' steps
	RUSTFLAGS="--cfg overt_loom" cargo test --quiet -p overt --lib --target-dir $${CARGO_TARGET_DIR:-target}/loom interleavings

soak: ## eight processes against a server that fails in every way, for SOAK_SECONDS (600); SOAK_SEED repeats a run's choices
	cargo run --quiet -p overt-soak -- --seconds $${SOAK_SECONDS:-600} $${SOAK_SEED:+--seed $$SOAK_SEED}

windows: ## the Go tests without cgo as Windows programs, if wine 10 or later is there
	@bindings/go/windows.sh

audit: ## licences, sources and known vulnerabilities of every crate; needs GitHub for the last
	@tests/audit.sh

install: ## the C library, header, pkg-config file and CMake config, to PREFIX
	@ffi/install.sh "$(PREFIX)"

header: ## writes include/overt.h anew
	cargo run --quiet -p overt-ffi --example header

bench: tools ## the numbers of docs/performance.md
	@benches/run.sh

clean: ## removes everything that was built
	cargo clean

tools:
	@tests/tools.sh
