PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
STAMP := $(VENV)/.installed
FLOWER := $(VENV)-flower
FLOWER_READY := $(FLOWER)/.ready
FLOWER_STAMP := $(FLOWER)/.installed
# PyTorch. uv, where it is there, takes the build for processors; pip, on Linux, the big one for graphics cards, unless TORCH
# is what PyTorch's own site says.
TORCH ?= torch==2.13.0
BY_UV := $(if $(filter file,$(origin TORCH)),$(shell command -v uv))
BY_PIP := $(if $(filter file,$(origin TORCH)),$(if $(BY_UV),,$(filter Linux,$(shell uname))))
MORE := , and what pip may fetch of PyTorch for graphics cards, several GB: README.md, How big it is
IS_NEW := sys.exit(sys.version_info < (3, 11))

TOOLS := $(VENV)/wire-tools
AXE := $(VENV)/page/node_modules/axe-core/axe.min.js
PRETTIER := $(VENV)/page/node_modules/.bin/prettier

.PHONY: try demo federation flower test test-page test-flower test-flower-all slow-flower check slow bench scale languages months year learning generated pretrain wire wire-check clean

protoc = PATH="$(abspath $(TOOLS))/bin:$$PATH" PYTHONPATH=$(TOOLS) $(BIN)/python -m grpc_tools.protoc -I proto \
	--python_out=$(1) --pyi_out=$(1) --grpc_python_out=$(1) --mypy_grpc_out=quiet:$(1) \
	proto/swipefl/federation/wire/v1/federation.proto

try: $(READY)
	@PATH="$(abspath $(BIN)):$$PATH" sh examples/try.sh

demo: $(READY)
	PATH="$(abspath $(BIN)):$$PATH" sh examples/demo.sh

federation: $(READY)
	PATH="$(abspath $(BIN)):$$PATH" sh examples/federation/run.sh

# Two coordinators with three devices each, and Flower between them.
flower: $(FLOWER_READY)
	PATH="$(abspath $(FLOWER)/bin):$$PATH" sh examples/flower/run.sh

# What a file starts, a coordinator or a training, is started once; the long files come first.
test: $(STAMP)
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

# The page in a real Chromium; without one the tests are skipped, and say so. PAGE_PICTURES=FOLDER keeps what they saw.
test-page: $(STAMP) $(VENV)/page/.installed
	test ! -x $(PRETTIER) || $(PRETTIER) --print-width 120 --check 'swipefl/api/page/*.js'
	AXE="$(abspath $(AXE))" $(BIN)/python -m pytest -n 2 --dist loadfile -rs tests/page

# What looks for faults of accessibility: a script from npm. Where that is not to be had, its tests are skipped.
$(VENV)/page/.installed: $(STAMP)
	mkdir -p $(@D)
	npm install --silent --fetch-retries=1 --no-audit --no-fund --ignore-scripts --prefix $(@D) axe-core@4.14.1 prettier@3.10.1 && touch $@ || echo "no axe-core: npm or its registry is not there"

# What needs Flower, with its types, in the environment of that.
test-flower: $(FLOWER_STAMP)
	$(FLOWER)/bin/python -m mypy swipefl/flower
	$(FLOWER)/bin/python -m pytest -n 2 --dist loadfile tests/flower

# All of swipefl beside Flower.
test-flower-all: $(FLOWER_STAMP)
	$(FLOWER)/bin/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

slow-flower: $(FLOWER_STAMP)
	$(FLOWER)/bin/python -m pytest tests/flower -m slow

slow: $(STAMP)
	$(BIN)/python -m pytest tests/endurance -m slow

check: $(STAMP) wire-check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m examples.api --check
	$(BIN)/python -m examples.manual --check
	$(BIN)/python -m examples.interface --check
	$(BIN)/python -m examples.systemd --check
	$(BIN)/python -m examples.lexicons --check
	$(BIN)/python -m examples.context --check
	$(BIN)/python examples/make_swipes.py --check

# The engines of a simulation beside each other come last, with Flower.
bench: $(STAMP) $(FLOWER_STAMP)
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 ONEDNN_PRIMITIVE_CACHE_CAPACITY=32 $(BIN)/python -m tests.bench
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 ONEDNN_PRIMITIVE_CACHE_CAPACITY=32 $(FLOWER)/bin/python -m tests.bench.engines

# Ten minutes; writes examples/languages.md.
languages: $(STAMP)
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.bench.languages

# Ten minutes; writes examples/phrases.md.
months: $(STAMP)
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.bench.months

# Half an hour; draws examples/year.png.
year: $(STAMP)
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.bench.year

# A quarter of an hour and 6 GB of disk in TMPDIR; what examples/flower/SCALE.md says of one coordinator and of bytes.
scale: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.bench.traffic
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.bench.scale

learning: $(STAMP)
	$(BIN)/python -m tests.bench.learning

generated: $(STAMP)
	$(BIN)/python -m examples.api
	$(BIN)/python -m examples.manual
	$(BIN)/python -m tests.support.interface
	$(BIN)/python -m examples.interface
	$(BIN)/python -m examples.systemd
	$(BIN)/python -m examples.lexicons
	$(BIN)/python -m examples.context
	$(BIN)/python examples/make_swipes.py

wire: $(TOOLS)
	$(call protoc,.)

# The committed stubs are what the proto gives, and run with the oldest protobuf that pyproject.toml admits.
wire-check: $(TOOLS)
	rm -rf build/wire && mkdir -p build/wire
	$(call protoc,build/wire)
	diff -r -x __pycache__ -x __init__.py build/wire/swipefl/federation/wire swipefl/federation/wire
	PYTHONPATH=$(TOOLS) $(BIN)/python -c 'from swipefl.federation.wire.v1.federation_pb2 import Manifest; \
		assert Manifest.FromString(Manifest(version=3).SerializeToString()).version == 3'

# Old enough that protobuf 5 and every later one run what it generates; apart from the rest, which needs a newer one.
$(TOOLS): $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --target $(TOOLS) \
		grpcio-tools==1.65.5 protobuf==5.26.1 mypy-protobuf==3.6.0 2> $(TOOLS).log || { cat $(TOOLS).log; exit 1; }
	touch $@

pretrain: $(STAMP)
	$(BIN)/python examples/base/pretrain.py swipefl/decoder/base/base.safetensors --bfloat16

# Into an environment, with constraints, swipefl and some of its extras; a line that people see, since minutes may pass. A
# .venv without pip, as Debian's python3 leaves one where python3-venv is missing, or of an older Python, is made anew.
define install
	@$(1)/bin/python -c 'import pip, sys; $(IS_NEW)' 2> /dev/null || { \
		$(PYTHON) -c 'import sys; $(IS_NEW)' || \
		{ echo "swipefl needs Python 3.11 or newer; \`make try PYTHON=python3.12\` says which"; exit 1; }; \
		$(PYTHON) -m venv $$(test -e $(1)/pyvenv.cfg && echo --clear) $(1) || \
		{ echo "on Debian and Ubuntu \`sudo apt install python3-venv\` brings what is missing; then make it again"; exit 1; }; }
	@echo "installing into $(1), once, in some minutes: $(4) GB$(if $(BY_PIP),$(MORE))"
	@$(if $(BY_UV),uv pip install --quiet --python $(1)/bin/python --torch-backend cpu $(TORCH) ||) \
		$(1)/bin/python -m pip install --quiet --disable-pip-version-check $(TORCH)
	$(1)/bin/python -m pip install --quiet --disable-pip-version-check -c $(2) -e '.$(3)'
endef

# What it takes to use it.
$(READY): pyproject.toml constraints.txt
	$(call install,$(VENV),constraints.txt,[api],1.1)
	touch $@

# Beside Flower swipefl has an environment of its own: the two agree on older packages than swipefl takes without it.
$(FLOWER_READY): pyproject.toml examples/flower/constraints.txt
	$(call install,$(FLOWER),examples/flower/constraints.txt,[flower],1.5)
	touch $@

$(FLOWER_STAMP): $(FLOWER_READY)
	$(FLOWER)/bin/python -m pip install --quiet --disable-pip-version-check -c examples/flower/constraints.txt -e '.[api,dev,flower]'
	touch $@

# What it takes to work on it, besides.
$(STAMP): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) $(FLOWER) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
