# The two commands: `make run` opens the workbench, `make test` checks it. Both begin from a bare machine with Python 3.11.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# The CPU build of torch saves gigabytes where there is no NVIDIA GPU. It is tried first there, and the default where it
# cannot be found; name another build with TORCH=….
CPU_TORCH ?= torch==2.13.0+cpu
HAS_NVIDIA := $(shell command -v nvidia-smi >/dev/null 2>&1 && nvidia-smi -L 2>/dev/null | grep -q GPU && echo yes)
PORT ?= 7860
WORKERS ?= 2

.PHONY: run test long lint bench browser clean

run: $(VENV)/.run
	$(BIN)/workbench serve --port $(PORT)

test: lint browser
	$(BIN)/python -m pytest -m 'not browser and not long' --numprocesses $(WORKERS) --dist loadfile $(PYTEST)
	$(BIN)/python -m pytest -m 'browser and not long' $(PYTEST)

long: lint browser
	$(BIN)/python -m pytest -m long $(PYTEST)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports

bench: $(VENV)/.run
	$(BIN)/workbench bench english-demo mandarin-demo code-mixed-demo noisy-demo

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=…")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --upgrade 'pip>=25.1'

$(VENV)/.torch: | $(VENV)/bin/python
ifdef TORCH
	$(PIP) install --quiet '$(TORCH)'
else ifeq ($(HAS_NVIDIA),yes)
	$(PIP) install --quiet torch
else
	$(PIP) install --quiet '$(CPU_TORCH)' 2>/dev/null || $(PIP) install --quiet torch
endif
	@touch $@

$(VENV)/.run: pyproject.toml | $(VENV)/.torch
	$(PIP) install --quiet --editable '.[builtin,speakers]'
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/.run
	$(PIP) install --quiet --editable '.[builtin,speakers,denoise,sherpa,hub,cluster]' --group dev
	@touch $@

# Browser tests need Chromium and a font with Chinese; the outside scorer in the tests is NIST's sclite. Where Debian's
# packages cannot be installed, the tests that need them say so and are skipped.
browser:
	@if ! { [ -x /usr/bin/chromium ] && command -v sctk >/dev/null && fc-list 2>/dev/null | grep -qi 'noto.*cjk'; } \
	  && command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
	  apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk fontconfig sctk >/dev/null \
	  || echo 'Debian packages could not be installed; browser tests may be skipped.'; \
	fi

clean:
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .hypothesis
