# make demo | test | lint | bench | install.  Everything sets itself up; a second run does only what is missing.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.PHONY: install demo test slow lint bench bench-archive figures matrix table clean

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[demo,decoders,test]"
	touch $(STAMP)

demo: install
	$(BIN)/mammopair demo --out demo-out

# A file's tests run in one process, files side by side, each process on one thread.
test: lint
	OMP_NUM_THREADS=1 QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest -m "not slow" \
		--numprocesses auto --maxprocesses 4 --dist loadfile

slow: install
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest -m slow

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: install
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[bench]"
	$(BIN)/python -m Testing.benchmarks.imports
	$(BIN)/python -m Testing.benchmarks.decoding
	$(BIN)/python -m Testing.benchmarks.network
	$(BIN)/python -m Testing.benchmarks.throughput
	$(BIN)/python -m Testing.benchmarks.batch
	$(BIN)/python -m Testing.benchmarks.batch --runtime openvino

# What a lesion costs at 20,000 beside 500: most of an hour.
bench-archive: install
	$(BIN)/python -m Testing.benchmarks.batch --archive 20000

figures: install
	$(BIN)/python -m Testing.documents.readme_figures

# Trains all that the table compares anew, into runs/: some hours of two cores, resumable.
DATA    ?= ../shared/data/cbis-ddsm
JOBS    ?= 2
RECIPES := $(patsubst MammoClassifier/mammopair_research/training/recipes/%.toml,%,$(wildcard \
	MammoClassifier/mammopair_research/training/recipes/*.toml \
	MammoClassifier/mammopair_research/training/recipes/matrix/*.toml))

matrix: install
	for recipe in $(RECIPES); do \
		$(BIN)/mammopair-research crossval $$recipe --data $(DATA) --out runs --jobs $(JOBS) || exit; \
	done
	$(BIN)/mammopair-research handcrafted --data $(DATA) --out runs --jobs $(JOBS)

# From the kept predictions to the table in README and on the card; RUNS may name others. The row
# that others are tested against is the paper's two networks, trained as long as the one that ships.
RUNS      ?= $(wildcard Resources/CrossValidation/*)
REFERENCE ?= light-googlenet-cc + light-googlenet-mlo
ENSEMBLE  ?= MammoClassifier/mammopair/model/ensembles/light-googlenet

table: install
	$(BIN)/mammopair-research compare $(RUNS) --reference "$(REFERENCE)" --out $(ENSEMBLE)
	$(BIN)/python -m Testing.documents.comparison_table

clean:
	rm -rf $(VENV) demo-out build dist .pytest_cache .mypy_cache .ruff_cache
