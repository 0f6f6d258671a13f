# wasmote: everything that people and CI do. `make help` lists it.
# What is built from is set up by itself: each target brings what it needs first.

BOARD ?= MPS2_AN386
PORT ?=
# INT8 models to measure
MODEL ?= $(wildcard $(or $(WASMOTE_SHARED),../shared)/models/*.tflite) agents/motion-net/motion-net.onnx
# Seconds for each of libFuzzer's targets (TARGET=: for one), and modules by wasm-smith
SECONDS ?= 60
TARGET ?=
N ?= 2000
# Arguments for pytest, such as ARGS='-k queue -x'
ARGS ?=
# The firmware that demo, tests and figures need: every board that CI runs
BOARDS_UNDER_TEST := $(patsubst boards/%/board.toml,%,$(shell grep -l '^tier = "ci"' boards/*/board.toml))
# Those that CI only builds
BOARDS_BUILT := $(patsubst boards/%/board.toml,%,$(shell grep -l '^tier = "builds"' boards/*/board.toml))

# Tests in CPython; the other files of tests/hil/device are MicroPython.
PYTHON_TESTS = tests/conftest.py $(wildcard tests/hil/*.py) \
    tests/hil/device/conftest.py tests/hil/device/harness.py \
    $(wildcard tests/vectors tests/unit tests/contract tests/c tests/kernels tests/nn tests/micropython tests/e2e) \
    $(wildcard tests/spec/*.py tests/wicked/*.py tests/cuts/*.py tests/fuzz/*.py)
PYTHON3 ?= python3
BIN := .venv/bin
WASMOTE := $(BIN)/wasmote
PYTEST := $(BIN)/pytest
JOBS := $(shell nproc)

export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
# No target is a file.
.PHONY: $(shell sed -n 's/^\([a-z][a-z-]*\):.*/\1/p' $(firstword $(MAKEFILE_LIST)))

## help: this list
help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST) | awk '{at = index($$0, ": "); printf "  make %-26s %s\n", substr($$0, 1, at - 1), substr($$0, at + 2)}'

## venv: Debian packages that are missing, and Python's in .venv
venv:
	@$(PYTHON3) host-tools/bootstrap.py

## train-venv: also what the agents' training scripts need
train-venv:
	@$(PYTHON3) host-tools/bootstrap.py --train

## doctor: what is missing, and the command that fixes it
doctor: venv
	@$(WASMOTE) doctor

## deps: third-party sources into third_party/, pinned by deps.toml
deps: venv
	@$(WASMOTE) deps

## firmware BOARD=...: a board's firmware (MICROPYTHON_DIR=, WASM3_DIR= use checkouts)
firmware: deps
	@$(WASMOTE) build $(BOARD) --jobs $(JOBS)

firmware-tested: deps
	@for board in $(BOARDS_UNDER_TEST); do $(WASMOTE) build $$board --jobs $(JOBS) || exit $$?; done

firmware-all: firmware-tested
	@for board in $(BOARDS_BUILT); do $(WASMOTE) build $$board --jobs $(JOBS) || exit $$?; done

## agents: all agents, as bundles in build/agents/
agents: venv
	@$(WASMOTE) agent build

## flash BOARD=... PORT=...: the firmware onto a board; its files stay
flash: firmware
	@$(WASMOTE) flash $(BOARD) $(if $(PORT),--port $(PORT))

## dist: firmware of every board, agents, licences, index and sums into build/dist, for others to flash
dist: deps agents
	@$(WASMOTE) dist --jobs $(JOBS)

## demo: emulated board, Rust agent, real data, MQTT: the whole way
demo: firmware agents
	@$(WASMOTE) demo $(BOARD)

## test: all tests
test: firmware-all agents
	@$(BIN)/python tests/all.py $(ARGS)

## test-unit: host Python, and the contracts of boards and agents
test-unit: agents
	@$(PYTEST) tests/unit tests/contract $(ARGS)

## test-c: agentvm, with both wasm3 versions, and modsign under sanitizers
test-c: deps
	@$(PYTEST) tests/c $(ARGS)

## test-fuzz: short runs of what the next two do at length
test-fuzz: deps
	@$(WASMOTE) build unix --jobs $(JOBS)
	@$(PYTEST) tests/fuzz $(ARGS)

## fuzz SECONDS=... [TARGET=...]: libFuzzer on modules, agents, `nn`, signatures and the node's parsers, each so long
fuzz: deps
	@$(BIN)/python tests/fuzz/fuzz.py --seconds $(SECONDS) $(TARGET)

## fuzz-smith N=...: as many valid modules by wasm-smith, in agentvm and in wasmtime
fuzz-smith: deps
	@$(BIN)/python tests/fuzz/fuzz_smith.py -n $(N)

## test-spec: the WebAssembly 1.0 test suite (../shared/spec) on the unix port and the emulated Cortex-M4F
test-spec: deps
	@for board in unix $(BOARD); do $(WASMOTE) build $$board --jobs $(JOBS) || exit $$?; done
	@$(PYTEST) tests/spec $(ARGS)

## test-wicked [LOADS=1000] [BOARD_S=300]: modules and bundles that are wrong or hostile, each so often, and on a board so long
test-wicked: firmware unix-firmware
	@LOADS=$(or $(LOADS),1000) BOARD_S=$(or $(BOARD_S),300) $(PYTEST) tests/wicked -s $(ARGS)

## test-power-cuts: the power goes at every flash operation of updates and key rotations; prints the counts
test-power-cuts: unix-firmware
	@$(PYTEST) tests/cuts/test_power_cuts_update.py $(ARGS)

## test-attacks: a hostile web server and a hostile user of the broker; prints how many were refused
test-attacks: deps
	@for board in unix $(BOARD); do $(WASMOTE) build $$board --jobs $(JOBS) || exit $$?; done
	@$(PYTEST) tests/e2e/test_attacks.py $(ARGS)

## soak-swap [N=1000]: hot swaps in a row: samples lost, gaps, drift of memory
soak-swap: N ?= 1000
soak-swap: unix-firmware
	@WASMOTE_SWAPS=$(N) $(PYTEST) tests/cuts/test_soak_swap.py $(ARGS)

## test-kernels: INT8 operations against numpy, here and on the emulated Cortex-M4 and M55
test-kernels: venv
	@$(PYTEST) tests/kernels $(ARGS)

## bench-kernels: instructions per layer on the emulated Cortex-M4 (and estimated cycles) and M55
bench-kernels: venv
	@$(MAKE) --no-print-directory -C tests/kernels bench

## test-nn: converted models, known and random, on every board
test-nn: firmware-tested
	@$(PYTEST) tests/nn $(ARGS)

## test-hil [BENCH=...]: device scripts and end-to-end tests on the boards of a bench (benches/)
test-hil: firmware-tested agents
	@$(PYTEST) tests/hil $(if $(BENCH),--bench $(BENCH)) $(ARGS)

## test-device [BENCH=...]: the device scripts alone
test-device: firmware-tested agents
	@$(PYTEST) tests/hil/device $(if $(BENCH),--bench $(BENCH)) $(ARGS)

## test-micropython: MicroPython's own suites on our firmware, on more boards than `make test`
test-micropython: firmware-tested
	@$(PYTEST) tests/micropython --every-board $(ARGS)

## test-e2e: real broker, real mpremote, failures on the way
test-e2e: firmware-tested agents
	@$(PYTEST) tests/e2e $(ARGS)

## soak-delivery [N=10000]: N results through broker deaths, cut links and resets; none may be lost
soak-delivery: N ?= 10000
soak-delivery: unix-firmware
	@SOAK_RESULTS=$(N) $(PYTEST) tests/e2e/test_delivery.py -s $(ARGS)

## soak-publish [N=140000]: N publishes, also to brokers that stop; the loop's longest stop
soak-publish: N ?= 140000
soak-publish: unix-firmware
	@SOAK_PUBLISHES=$(N) $(PYTEST) tests/e2e/test_soak_publish.py -s $(ARGS)

unix-firmware: deps
	@$(WASMOTE) build unix --jobs $(JOBS)

## bench BOARD=...: exact instruction counts on an emulated board
bench: firmware agents
	@$(WASMOTE) bench $(BOARD)

## bench-boards: the same on every emulated board that counts, beside each other
bench-boards: firmware-tested agents
	@$(WASMOTE) bench

## bench-nn BOARD=... [MODEL=...]: instructions of converted models, layer by layer
bench-nn: firmware
	@$(WASMOTE) bench-nn $(MODEL) --on $(BOARD)

## bench-nn-host [MODEL=...]: the same models on this machine, beside LiteRT with XNNPACK
bench-nn-host: train-venv
	@$(WASMOTE) bench-nn-host $(MODEL)

## bench-deadlines BOARD=...: how late agents that run away are stopped, and what that costs
bench-deadlines: firmware agents
	@$(WASMOTE) bench-deadlines $(BOARD) $(ARGS)

## bench-sign BOARD=...: instructions of verifying a signature
bench-sign: firmware
	@$(WASMOTE) bench-sign $(BOARD)

## calibrate BOARD=...: measure what kernels cost on an emulated board, for predictions
calibrate: firmware
	@$(WASMOTE) calibrate $(BOARD)

## size: flash and RAM of firmware and agents
size: firmware-all agents
	@$(WASMOTE) size

## lint: ruff, mypy, and cargo's fmt and clippy where they are
lint: venv
	@$(BIN)/ruff check host-tools
	@$(BIN)/ruff check --config host-tools/pyproject.toml $(PYTHON_TESTS)
	@$(BIN)/ruff format --check host-tools
	@$(BIN)/mypy --config-file host-tools/pyproject.toml host-tools/wasmote host-tools/bootstrap.py
	@if cargo fmt --version >/dev/null 2>&1; then cargo fmt --manifest-path agents/Cargo.toml --all --check; \
	    else echo "lint: no cargo fmt here: Rust's layout was not looked at"; fi
	@if cargo clippy --version >/dev/null 2>&1; then cargo clippy -q --manifest-path agents/Cargo.toml \
	    --target-dir build/clippy --workspace --offline -- -D warnings; \
	    else echo "lint: no cargo clippy here: Rust was not linted"; fi

## format: lay Python out as lint wants it
format: venv
	@$(BIN)/ruff format host-tools
	@$(BIN)/ruff check --fix host-tools

## clean: what was built; sources and environment stay
clean:
	rm -rf build agents/target
	find . -name __pycache__ -not -path './.venv/*' -not -path './third_party/*' -prune -exec rm -rf {} +

## distclean: also third_party and .venv
distclean: clean
	rm -rf third_party .venv
