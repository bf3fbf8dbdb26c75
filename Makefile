# The few things one does here. `make` alone lists them.
#
#   OSODATA_SCRATCH=DIR   builds in DIR instead of .build
#   ARGS=…                handed to `osodata run` by make run, to `swift test` by make test
#                         (make bench-crash: how many calls to kill at, 300; make bench: how many
#                         rows, 1000000, more than one size if you like)
#   RESULTS=FILE          where make bench writes, not a name in Benchmarks/Results

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

OSODATA_SCRATCH ?= .build
ARGS ?=

# One set of flags for every build: another set would rebuild everything.
FLAGS := --scratch-path $(OSODATA_SCRATCH) --explicit-target-dependency-import-check error
RELEASE := $(OSODATA_SCRATCH)/release/osodata
SWIFT_FILES := Sources Tests Package.swift

# A `swift build` with nothing to do takes seconds, so make decides by file dates. Folders are
# listed too: their dates tell of deleted and renamed files. The stamp names the folder that was
# built, since several clones may share a scratch path.
STAMP := $(OSODATA_SCRATCH)/release.stamp
INPUTS := Package.swift $(shell find Sources -not -name '*.md')

.PHONY: run build test lint format check golden bench bench-crash clean help bootstrap rebuild

run: build ## install what is missing, build, run this repository's warehouse, show what changed
	@$(RELEASE) run $(ARGS)

build: bootstrap $(STAMP) ## install what is missing, build the release program if sources are newer

ifneq ($(wildcard $(RELEASE)) $(file <$(STAMP)),$(RELEASE) $(CURDIR))
$(STAMP): rebuild
endif

$(STAMP): $(INPUTS) | bootstrap
	@echo "make: building osodata, release; the first time takes about 5 minutes on 2 cores"
	@start=$$SECONDS; swift build -c release --product osodata --static-swift-stdlib $(FLAGS); \
	echo "$(CURDIR)" >$(STAMP); echo "make: built $(RELEASE) in $$((SECONDS - start)) s"

bootstrap:
	@Scripts/bootstrap

test: bootstrap ## install what is missing, run every test (debug; ARGS="--filter RecordsTests" for some)
	@echo "make: building the tests, debug; the first time takes about 6 minutes on 2 cores"
	@start=$$SECONDS; swift build --build-tests $(FLAGS); \
	echo "make: built the tests in $$((SECONDS - start)) s; running them"
	@start=$$SECONDS; swift test --skip-build $(FLAGS) $(ARGS); \
	echo "make: tests passed in $$((SECONDS - start)) s"

lint: bootstrap ## check formatting and the file rules
	@echo "make: checking formatting and file rules"
	@swift format lint --strict --parallel --recursive $(SWIFT_FILES)
	@Scripts/lint

format: ## format every Swift file in place
	@echo "make: formatting $(SWIFT_FILES)"
	@swift format --in-place --parallel --recursive $(SWIFT_FILES)

check: lint test ## lint, build with the import check, test: what a change must pass

golden: bootstrap ## write every golden file anew; look at the difference before you commit it
	@echo "make: recording golden files; each test that records one fails on purpose"
	@RECORD_GOLDEN=1 swift test $(FLAGS) $(ARGS) || true
	@git status --short -- '*/Golden/*'

bench: RESULTS ?= $(shell Benchmarks/measure.py)
bench: build ## time store, history, queries and runs beside other tools (ARGS="1000000 10000000" rows in the store); answers are checked
	@Benchmarks/store.py $(RELEASE) $(or $(ARGS),1000000) --results $(RESULTS)
	@Benchmarks/history.py $(RELEASE) | tee -a $(RESULTS)
	@Benchmarks/query.py $(RELEASE) --results $(RESULTS)
	@Benchmarks/orchestration.py $(RELEASE) --results $(RESULTS)
	@Benchmarks/main_job.py $(RELEASE) --results $(RESULTS)
	@echo "make: the figures are in $(RESULTS)"

bench-crash: build ## kill runs at 300 system calls (ARGS=30 for fewer), check that nothing is lost
	@Benchmarks/crash.py $(RELEASE) $(or $(ARGS),300)

clean: ## remove what was built (not .deps, not .osodata)
	@echo "make: removing $(OSODATA_SCRATCH)"
	@rm -rf $(OSODATA_SCRATCH)

help: ## this list
	@echo "make run    # then, with nothing new, again: it says so"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20
