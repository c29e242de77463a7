# make run   builds and starts everything in one process, with a live demo; needs the .NET SDK and nothing else
# make test  builds and runs every test
SHELL := /bin/bash
CONFIGURATION ?= Release
DOTNET_FLAGS := -c $(CONFIGURATION) -v q -nologo
export DOTNET_CLI_TELEMETRY_OPTOUT := 1
export DOTNET_NOLOGO := 1

.PHONY: deps compile build run test crash bench format format-check clean

deps: ## installs other people's clients for the tests, which are skipped without them
	@build/deps.sh

compile: ## builds every project
	@dotnet build Streams.sln $(DOTNET_FLAGS)

build: compile ## leaves the executable as out/alloc
	@CONFIGURATION=$(CONFIGURATION) build/publish.sh

run: build ## one process: broker, registry, engine, HTTP, demo
	@out/alloc dev --demo

test: deps compile ## every test; prints 'N passed, N failed, N skipped' at the end
	@CONFIGURATION=$(CONFIGURATION) build/test.sh

crash: deps compile ## the long loops: kills, generated histories, the model with new seeds; CRASH_ROUNDS=N repeats them
	@CONFIGURATION=$(CONFIGURATION) build/crash.sh

bench: build ## ratios measured in one run, written to bench/
	@bench/run.sh

format: ## rewrites the sources in the project's style
	@dotnet format whitespace Streams.sln

format-check: ## fails where white space is not as 'make format' leaves it
	@dotnet format whitespace Streams.sln --verify-no-changes

clean:
	@rm -rf out data && find . -type d \( -name bin -o -name obj \) -prune -exec rm -rf {} +
