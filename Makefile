# The short names of what one does here. Everything behind them is CMake, Ninja and scripts/.
BUILD := build/release
PYTHON := build/deps/venv/bin/python
JOBS ?= $(shell nproc)
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1
# Without these, whatever includes a precompiled header is never found in the cache.
export CCACHE_SLOPPINESS := pch_defines,time_macros

.DEFAULT_GOAL := help
.PHONY: help bootstrap build run demo package test test-asan crash chaos bench fuzz docs format lint clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

bootstrap: ## Fetch what a build needs (instant when nothing is missing)
	@scripts/bootstrap

build: bootstrap ## Build the program, its tests and its benchmarks
	@cmake --preset release >$(BUILD).log 2>&1 || { cat $(BUILD).log; exit 1; }
	@ninja -C $(BUILD) -j $(JOBS)

$(BUILD)/gigapi: bootstrap
	@cmake --preset release >$(BUILD).log 2>&1 || { cat $(BUILD).log; exit 1; }
	@ninja -C $(BUILD) -j $(JOBS) gigapi

run: $(BUILD)/gigapi ## Build the server and start it on the defaults: port 7971, data in ./data
	@exec $(BUILD)/gigapi serve

demo: $(BUILD)/gigapi ## A million rows and four queries on a temporary root
	@exec $(BUILD)/gigapi demo

package: $(BUILD)/gigapi ## Make a Debian package of the server: build/release/gigapi_*.deb
	@cd $(BUILD) && cpack -G DEB >package.log 2>&1 || { cat package.log; exit 1; }
	@ls $(BUILD)/gigapi_*.deb

test: build ## Build and pass every test
	@timeout 600 scripts/bootstrap-minio || echo "make: without MinIO, the tests of S3 are skipped"
	@timeout 600 scripts/bootstrap-emulators || echo "make: without emulators, tests of GCS and Azure are skipped"
	@status=0; \
	ctest --test-dir $(BUILD) --output-on-failure -j $(JOBS) || status=1; \
	$(PYTHON) -m pytest -q test || status=1; \
	exit $$status

test-asan: bootstrap ## The unit tests under the address and undefined behaviour sanitizers
	@cmake --preset asan >build/asan.log 2>&1 || { cat build/asan.log; exit 1; }
	@ninja -C build/asan -j $(JOBS) unit_tests
	ctest --test-dir build/asan --output-on-failure -j $(JOBS)

crash: build ## Kill the server with SIGKILL many times while clients write; compare every acknowledged row
	$(PYTHON) test/crash/crash_driver.py --kills 500

chaos: build ## Break clusters at random, without end, and count every row; CHAOS="--seed 7 --rounds 1 --topology redis" repeats
	@timeout 600 scripts/bootstrap-minio
	$(PYTHON) test/chaos/chaos_driver.py $(CHAOS)

bench: build ## Measure ingest and queries; docs/benchmarks.md says how to read it
	$(PYTHON) bench/run.py

fuzz: bootstrap ## Fuzz the parsers and the HTTP layer, 60 s each, with the kept corpus
	test/fuzz/run.sh

docs: $(BUILD)/gigapi ## Write the tables of all settings into docs/settings.md
	scripts/update-docs $(BUILD)/gigapi

format: ## Format all C++ sources
	@git ls-files '*.cc' '*.h' | xargs clang-format -i

lint: bootstrap ## Check all C++ sources with clang-tidy
	@cmake --preset lint >build/lint.log 2>&1 || { cat build/lint.log; exit 1; }
	@ninja -C build/lint generated_sources
	@git ls-files 'src/*.cc' | xargs -P $(JOBS) -n 4 clang-tidy --quiet -p build/lint

clean: ## Remove all builds; keeps the fetched libraries
	rm -rf build
