PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test check slow bench generated pretrain clean

demo: $(STAMP)
	PATH="$(abspath $(BIN)):$$PATH" sh examples/demo.sh

test: $(STAMP)
	$(BIN)/python -m pytest -n 2

slow: $(STAMP)
	$(BIN)/python -m pytest -m slow

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python examples/build_lexicons.py --check
	$(BIN)/python examples/make_person.py --check

bench: $(STAMP)
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.bench

generated: $(STAMP)
	$(BIN)/python examples/build_lexicons.py
	$(BIN)/python examples/make_person.py

pretrain: $(STAMP)
	$(BIN)/python -m swipefl.learning.pretrain swipefl/decoder/base/base.safetensors --bfloat16

$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
