# make demo | test | lint | docs | bench.  Each target installs what it needs, once.
PYTHON     ?= python3
VENV       := .venv
BIN        := $(VENV)/bin
DEMO_STAMP := $(VENV)/.installed-demo
DEV_STAMP  := $(VENV)/.installed-dev
# Python compiles a file when it is first imported; to compile all of them here takes three times
# as long as to install them.
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile \
	--constraint constraints.txt

.PHONY: install demo test slow lint docs bench bench-archive figures matrix table clean

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(DEMO_STAMP): pyproject.toml constraints.txt | $(BIN)/python
	$(PIP_INSTALL) --editable ".[demo,decoders]"
	touch $@

$(DEV_STAMP): pyproject.toml constraints.txt | $(BIN)/python
	$(PIP_INSTALL) --editable ".[dev]"
	touch $(DEMO_STAMP) $@

install: $(DEV_STAMP)

demo: $(DEMO_STAMP)
	$(BIN)/mammopair demo --out demo-out

# The tests of a file run in one process, files in parallel, each process on one thread.
test: lint
	OMP_NUM_THREADS=1 QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest -m "not slow" \
		--numprocesses auto --maxprocesses 4 --dist loadfile

slow: install
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest -m slow

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The documentation site, in site/.
docs: install
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

bench: install
	$(BIN)/python -m Testing.benchmarks.imports
	$(BIN)/python -m Testing.benchmarks.decoding
	$(BIN)/python -m Testing.benchmarks.network
	$(BIN)/python -m Testing.benchmarks.throughput
	$(BIN)/python -m Testing.benchmarks.batch
	$(BIN)/python -m Testing.benchmarks.batch --runtime openvino

# The time and memory per lesion in a run of 20,000: most of an hour.
bench-archive: install
	$(BIN)/python -m Testing.benchmarks.batch --archive 20000

# The table of results in README and the model card, from the files of the shipped ensemble.
figures: install
	$(BIN)/python -m Testing.documents.results_table

# Trains all networks of the comparison into runs/: hours on two cores; can be interrupted.
DATA    ?= data/cbis-ddsm
JOBS    ?= 2
RECIPES := $(patsubst MammoClassifier/mammopair_research/training/recipes/%.toml,%,$(wildcard \
	MammoClassifier/mammopair_research/training/recipes/*.toml \
	MammoClassifier/mammopair_research/training/recipes/matrix/*.toml))

matrix: install
	for recipe in $(RECIPES); do \
		$(BIN)/mammopair-research crossval $$recipe --data $(DATA) --out runs --jobs $(JOBS) || exit; \
	done
	$(BIN)/mammopair-research handcrafted --data $(DATA) --out runs --jobs $(JOBS)

# Compares the stored predictions, or those of RUNS, and writes the tables of README and the card.
# The reference is the paper's method: a CC and an MLO network, trained as long as the shipped one.
RUNS      ?= $(wildcard Resources/CrossValidation/*)
REFERENCE ?= light-googlenet-cc + light-googlenet-mlo
ENSEMBLE  ?= MammoClassifier/mammopair/model/ensembles/light-googlenet

table: install
	$(BIN)/mammopair-research compare $(RUNS) --reference "$(REFERENCE)" --out $(ENSEMBLE)
	$(BIN)/python -m Testing.documents.results_table

clean:
	rm -rf $(VENV) demo-out site build dist .pytest_cache .mypy_cache .ruff_cache
