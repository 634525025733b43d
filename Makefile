# Every target sets up what it needs in .venv/ and works on a machine with nothing but a Python from 3.9 to 3.13.

PYENV_ROOT ?= $(HOME)/.pyenv
SUPPORTED := 3.13 3.12 3.11 3.10 3.9
# <version>=<interpreter> of every supported Python that is there, in pyenv or on the path; the newest comes first.
FOUND := $(shell for v in $(SUPPORTED); do for p in $(PYENV_ROOT)/versions/$$v.*/bin/python python$$v python3; do \
	"$$p" -c "import sys; sys.exit('$$v' != '%d.%d' % sys.version_info[:2])" 2>/dev/null && echo "$$v=$$p" && break; done; done)
python_of = $(patsubst $(1)=%,%,$(filter $(1)=%,$(FOUND)))
# The newest, or what is asked for: make test PYTHON=3.9
PYTHON := $(or $(firstword $(subst =, ,$(firstword $(FOUND)))),none)
# The newest, if it runs what the tests of Sigma's pipelines and of the detections take; those need it to be 3.11.
MODERN := $(filter-out 3.9 3.10,$(firstword $(subst =, ,$(firstword $(FOUND)))))
# Both ends of what Splunk runs, where they are.
MEASURED := $(or $(foreach v,3.9 3.13,$(if $(call python_of,$(v)),$(v))),$(PYTHON))
PY := .venv/$(PYTHON)/bin/python

# $(call set_up,<folder of .venv>,<version>,<requirements>); without --use-pep517 pip does as its version and its cache have it.
set_up = { $(call python_of,$(2)) -m venv --clear .venv/$(1) || \
	{ echo "Python's venv module is missing: on Debian, apt-get install python3-venv"; exit 1; }; } && \
	.venv/$(1)/bin/python -m pip install -q --disable-pip-version-check --use-pep517 -r $(3)

.PHONY: unit said accept views detections icons alerts costs demo test coverage mutate try package bench eval searches soak lint format reasons clean help python libmagic announce

help:
	@echo "make demo [INPUT=rows.csv|rows.jsonl [SIGNATURES=table.csv]]   the real command against the bundled simulator"
	@echo "make try URL=https://... TOKEN_FILE=... INPUT=rows.csv [CA=ca.pem] [CHECK_HOST_NAME=false]   against your server"
	@echo "     both: [LEARN=earlier.csv] [OPTIONS='method=binary md5=filehash timeout=300'] [OUTPUT=result.csv]"
	@echo "     or a search of your own: SPL='index=edr | cbsigned | stats count by signed signed_reason'"
	@echo "make test [PYTHON=3.9] [ARGS='-k hours']   all tests on the newest supported Python that is here, or on another one"
	@echo "make unit [ARGS='-k hours']   those that need nothing but Python"
	@echo "make coverage [ARGS=...]   all tests, and how much of bin/ they run: 95 % of lines and branches must be"
	@echo "make mutate [ARGS='--size 200 --seed 1 --path bin/cbverdict/search']   change code, and see whether a test notices"
	@echo "make soak [ARGS=300]   eight searches, both inputs and more at once, against a server that fails every third second"
	@echo "make reasons   write lookups/cbsigned_reasons.csv anew, after a change of what a reason means"
	@echo "make searches   what 555 real correlation searches hand over, through the command: verdicts, hours, what is dropped"
	@echo "make accept SPLUNK=https://host:8089 [USER=admin] PASSWORD_FILE=... [CA=ca.pem] [INDEX=main]   does your Splunk do what the lab assumes"
	@echo "make views | detections | icons   write dashboards, alerts and icons anew, after a change in package/"
	@echo "make alerts | costs   how often the alerts fire in a month; what the dashboards cost on 1,000,000 rows (half an hour)"
	@echo "make lint | package | bench | eval | clean"

# A variable that is set, though to nothing, is handed on, and one that is not set is not; quoted, whatever is in it.
given = $(if $(filter undefined,$(origin $(1))),,--$(2)='$(subst $(newline),␤,$(subst ','\'',$(value $(1))))')
# A recipe's line ends at one: the demo reads the sign for it as one.
define newline


endef
NAMES := INPUT SIGNATURES OUTPUT OPTIONS SPL LEARN URL TOKEN_FILE CA CHECK_HOST_NAME
# Names, never values, of what was misspelt on the command line, or should stand within OPTIONS.
OTHERS = $(foreach v,$(filter-out $(NAMES) ARGS PYENV_ROOT PYTHON SHELL MAKE%,$(.VARIABLES)),\
	$(if $(filter command,$(firstword $(origin $(v)))),$(v)))
GIVEN = $(call given,INPUT,input) $(call given,SIGNATURES,signatures) $(call given,OUTPUT,output) \
	$(call given,OPTIONS,options) $(call given,SPL,spl) $(call given,LEARN,learn) $(call given,URL,url) $(call given,TOKEN_FILE,token-file) \
	$(call given,CA,ca) $(call given,CHECK_HOST_NAME,check-host-name) --others='$(strip $(OTHERS))'

demo: said .venv/$(PYTHON)/ready
	@$(PY) -m tests.lab.demo --pictures $(GIVEN)

# The first time only.
said: python
	@if [ ! -f .venv/$(PYTHON)/ready ]; then echo "The first time this sets up .venv/ from PyPI: a minute or more. The demo itself takes half a minute."; fi

try: .venv/$(PYTHON)/ready
	@$(PY) -m tests.lab.demo --try $(GIVEN)

# What tests need beside the sources.
TESTED := .venv/$(PYTHON)/ready .venv/ucc/ready $(if $(MODERN),.venv/sigma/ready .venv/content/ready) tests/browser/node_modules

# Those that need nothing but Python.
unit: .venv/$(PYTHON)/ready
	@$(IN_TMP) $(PY) -m pytest -q -n auto tests/unit $(ARGS)

test: announce $(TESTED)
	@$(IN_TMP) $(PY) -m pytest -q -n auto --dist worksteal $(ARGS)

# With processes that tests start, and those that end by os._exit; see [tool.coverage] in pyproject.toml.
coverage: announce $(TESTED)
	@rm -rf build/coverage && mkdir -p build/coverage
	@$(IN_TMP) $(PY) -m coverage run -m pytest -q -n auto --dist worksteal $(ARGS)
	@$(PY) -m coverage combine -q && $(PY) -m coverage report

mutate: .venv/$(PYTHON)/ready
	@$(IN_TMP) $(PY) -m tests.mutate.run $(ARGS)

announce: python
	@echo "$(if $(ARGS),Tests,All tests: about eight minutes on two cores) (Python $(PYTHON)). The first time it takes some minutes more to set .venv/ up."

# A folder for all that tests leave behind, removed whatever comes of them.
IN_TMP = TMPDIR=$$(mktemp -d); export TMPDIR; trap 'rm -rf "$$TMPDIR"' EXIT; trap 'exit 130' INT TERM;

soak: .venv/$(PYTHON)/ready
	@$(IN_TMP) $(PY) -m tests.lab.soak $(ARGS)

bench: $(MEASURED:%=.venv/%/ready) .venv/figures/ready
	@rm -rf build/bench
	@set -e; for version in $(MEASURED); do .venv/$$version/bin/python -m tests.bench.run $(ARGS); done
	@if [ -d build/bench ]; then .venv/figures/bin/python -m tests.bench.plot; fi

lint: .venv/$(PYTHON)/ready .venv/imports/ready
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	@if [ "$(PYTHON)" = 3.9 ]; then echo "import-linter needs Python 3.10: who imports whom is not proved"; \
		else PYTHONPATH=bin .venv/imports/bin/lint-imports --no-logo --no-cache; fi

# USER is whoever is logged in unless it is given.
accept: .venv/$(PYTHON)/ready
	@PYTHONPATH=bin $(PY) -m tests.accept.run $(call given,SPLUNK,splunk) --user='$(subst ','\'',$(if $(filter command,$(origin USER)),$(USER),admin))' \
		$(call given,PASSWORD_FILE,password-file) $(call given,CA,ca) $(call given,INDEX,index)

format: .venv/$(PYTHON)/ready
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

# Beside it first, for a failure must not leave half a lookup.
reasons: .venv/$(PYTHON)/ready
	@mkdir -p build && PYTHONPATH=bin $(PY) package/reasons.py > build/reasons.csv && mv build/reasons.csv lookups/cbsigned_reasons.csv

# Dashboards, alerts and icons are written from package/; a test says when they are not as they are written.
views: .venv/$(PYTHON)/ready
	@$(PY) -m package.views

detections: .venv/$(PYTHON)/ready
	@$(PY) -m package.columns
	@$(PY) -m package.detections

icons: tests/browser/node_modules
	@cd tests/browser && node icons.mjs "$$(command -v chromium || command -v google-chrome)"

# How often the alerts fire in a month of the small company, and what the summary and an open page cost.
alerts: .venv/$(PYTHON)/ready
	@$(PY) -m tests.eval.alerts

costs: .venv/$(PYTHON)/ready
	@$(PY) -m tests.eval.costs $(ARGS)

# The code under evaluation runs as it is shipped; only the curves need matplotlib.
eval: .venv/figures/ready
	@.venv/figures/bin/python -m tests.eval.run $(ARGS)

searches: .venv/$(PYTHON)/ready
	@$(PY) -m tests.eval.searches $(ARGS)

package: libmagic .venv/$(PYTHON)/ready .venv/inspect/ready .venv/ucc/ready
	@$(IN_TMP) $(PY) package/build.py --ucc .venv/ucc/bin/ucc-gen --inspect .venv/inspect/bin/splunk-appinspect

python:
	@$(if $(call python_of,$(PYTHON)),,echo "There is no Python $(PYTHON:none=that this runs with): it takes one of $(SUPPORTED), in pyenv or on the path" \
		"(on Debian: apt-get install python3-venv). Found: $(or $(foreach found,$(FOUND),$(firstword $(subst =, ,$(found)))),$(shell python3 -V 2>/dev/null),none)."; exit 1)

# AppInspect's python-magic loads it, and says so only after minutes.
libmagic: python
	@$(call python_of,$(PYTHON)) -c "import ctypes.util; ctypes.CDLL(ctypes.util.find_library('magic') or 'libmagic.so.1')" 2>/dev/null || \
		{ echo "AppInspect needs libmagic: on Debian, apt-get install libmagic1; on macOS, brew install libmagic"; exit 1; }

.venv/%/ready: package/requirements.txt tests/requirements.txt | python
	@echo "setting up .venv/$* ..."
	@$(call set_up,$*,$*,tests/requirements.txt)
	@touch $@

.venv/figures/ready: tests/figures-requirements.txt package/requirements.txt | python
	@echo "setting up what draws figures ..."
	@$(call set_up,figures,$(PYTHON),tests/figures-requirements.txt)
	@touch $@

.venv/inspect/ready: package/inspect-requirements.txt | python
	@echo "setting up AppInspect ..."
	@$(call set_up,inspect,$(PYTHON),package/inspect-requirements.txt)
	@touch $@

.venv/imports/ready: tests/imports-requirements.txt | python
	@echo "setting up what proves the rooms ..."
	@$(call set_up,imports,$(PYTHON),tests/imports-requirements.txt)
	@touch $@

.venv/sigma/ready: tests/sigma-requirements.txt | python
	@echo "setting up what converts rules of Sigma ..."
	@$(call set_up,sigma,$(MODERN),tests/sigma-requirements.txt)
	@touch $@

.venv/content/ready: tests/content-requirements.txt | python
	@echo "setting up what validates detections ..."
	@$(call set_up,content,$(MODERN),tests/content-requirements.txt)
	@touch $@

.venv/ucc/ready: package/ucc-requirements.txt | python
	@echo "setting up what makes the setup pages ..."
	@$(call set_up,ucc,$(PYTHON),package/ucc-requirements.txt)
	@touch $@

# Where there is no node, the tests of the pages skip loudly.
tests/browser/node_modules: tests/browser/package-lock.json
	@if command -v npm >/dev/null; then cd tests/browser && npm ci --silent --no-audit --no-fund && touch node_modules; \
		else echo "no npm: the setup pages are not tried in a browser"; fi

clean:
	rm -rf tests/browser/node_modules .venv build .pytest_cache .mypy_cache .ruff_cache .hypothesis
