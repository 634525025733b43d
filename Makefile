# Every target sets up what it needs in .venv/ and works on a machine with nothing but Python 3.9 or later.

PYENV_ROOT ?= $(HOME)/.pyenv
# Python 3.9 and 3.13 where they are (on the path or in pyenv), else the machine's own python3.
python_of = $(firstword $(foreach p,$(wildcard $(PYENV_ROOT)/versions/$(1).*/bin/python) python$(1),\
	$(if $(shell $(p) -c 'import sys; print("$(1)" == "%d.%d" % sys.version_info[:2] or "")' 2>/dev/null),$(p))))
FOUND := $(strip $(foreach v,3.9 3.13,$(if $(call python_of,$(v)),$(v))))
VERSIONS := $(or $(FOUND),3)
MAIN := $(lastword $(VERSIONS))
PY := .venv/$(MAIN)/bin/python

.PHONY: demo test try package bench eval lint format clean help

help:
	@echo "make demo [INPUT=rows.csv|rows.jsonl [SIGNATURES=table.csv]]   the real command against the bundled simulator"
	@echo "make try URL=https://... TOKEN_FILE=... INPUT=rows.csv [CA=ca.pem] [CHECK_HOST_NAME=false]   against your server"
	@echo "     both: [LEARN=earlier.csv] [OPTIONS='method=binary md5=filehash timeout=300'] [OUTPUT=result.csv]"
	@echo "make test | lint | package | bench | eval | clean"

# A variable that is set, though to nothing, is handed on, and one that is not set is not; quoted, whatever is in it.
given = $(if $(filter undefined,$(origin $(1))),,--$(2)='$(subst ','\'',$(value $(1)))')
NAMES := INPUT SIGNATURES OUTPUT OPTIONS LEARN URL TOKEN_FILE CA CHECK_HOST_NAME
# Names, never values, of what was misspelt on the command line, or should stand within OPTIONS.
OTHERS = $(foreach v,$(filter-out $(NAMES) PYENV_ROOT FOUND VERSIONS MAIN PY SHELL MAKE%,$(.VARIABLES)),\
	$(if $(filter command,$(firstword $(origin $(v)))),$(v)))
GIVEN = $(call given,INPUT,input) $(call given,SIGNATURES,signatures) $(call given,OUTPUT,output) \
	$(call given,OPTIONS,options) $(call given,LEARN,learn) $(call given,URL,url) $(call given,TOKEN_FILE,token-file) \
	$(call given,CA,ca) $(call given,CHECK_HOST_NAME,check-host-name) --others='$(strip $(OTHERS))'

demo: .venv/$(MAIN)/ready
	@$(PY) -m tests.lab.demo $(GIVEN)

try: .venv/$(MAIN)/ready
	@$(PY) -m tests.lab.demo --try $(GIVEN)

test: $(VERSIONS:%=.venv/%/ready) .venv/ucc/ready tests/browser/node_modules
	@set -e; for version in $(VERSIONS); do echo "== Python $$(.venv/$$version/bin/python -V)"; \
		.venv/$$version/bin/python -m pytest -q -n auto $(ARGS); done

bench: $(VERSIONS:%=.venv/%/ready) .venv/figures/ready
	@rm -rf build/bench
	@set -e; for version in $(VERSIONS); do .venv/$$version/bin/python -m tests.bench.run $(ARGS); done
	@if [ -d build/bench ]; then .venv/figures/bin/python -m tests.bench.plot; fi

lint: .venv/$(MAIN)/ready
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

format: .venv/$(MAIN)/ready
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

# The code under evaluation runs as it is shipped; only the curves need matplotlib.
eval: .venv/figures/ready
	@.venv/figures/bin/python -m tests.eval.run $(ARGS)

package: .venv/$(MAIN)/ready .venv/inspect/ready .venv/ucc/ready
	$(PY) package/build.py --ucc .venv/ucc/bin/ucc-gen --inspect .venv/inspect/bin/splunk-appinspect

.venv/%/ready: package/requirements.txt tests/requirements.txt
	@echo "setting up .venv/$* ..."
	@$(or $(call python_of,$*),python3) -m venv --clear .venv/$* || \
		{ echo "Python's venv module is missing: on Debian, apt-get install python3-venv"; exit 1; }
	@.venv/$*/bin/python -m pip install -q --disable-pip-version-check -r tests/requirements.txt
	@touch $@

.venv/figures/ready: tests/figures-requirements.txt package/requirements.txt
	@echo "setting up what draws figures ..."
	@$(or $(call python_of,$(MAIN)),python3) -m venv --clear .venv/figures
	@.venv/figures/bin/python -m pip install -q --disable-pip-version-check -r tests/figures-requirements.txt
	@touch $@

.venv/inspect/ready: package/inspect-requirements.txt
	@echo "setting up AppInspect ..."
	@$(or $(call python_of,$(MAIN)),python3) -m venv --clear .venv/inspect
	@.venv/inspect/bin/python -m pip install -q --disable-pip-version-check -r package/inspect-requirements.txt
	@touch $@

# Where there is no node, the tests of the pages skip loudly.
tests/browser/node_modules: tests/browser/package-lock.json
	@if command -v npm >/dev/null; then cd tests/browser && npm ci --silent --no-audit --no-fund && touch node_modules; \
		else echo "no npm: the setup pages are not tried in a browser"; fi

.venv/ucc/ready: package/ucc-requirements.txt
	@echo "setting up what makes the setup pages ..."
	@$(or $(call python_of,$(MAIN)),python3) -m venv --clear .venv/ucc
	@.venv/ucc/bin/python -m pip install -q --disable-pip-version-check -r package/ucc-requirements.txt
	@touch $@

clean:
	rm -rf tests/browser/node_modules .venv build .pytest_cache .mypy_cache .ruff_cache .hypothesis
