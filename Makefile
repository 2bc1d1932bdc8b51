# `make run` and `make test` do everything on a fresh machine; `make` alone says what there is.
VENV := .venv
PYTHON ?= python3
# TORCH=cpu: PyTorch's builds for processors (0.3 GB instead of 3 with CUDA), from its own index, through uv.
TORCH ?=
BIN := $(VENV)/bin

.PHONY: help run test package checkpoints clean

# Compiled once and kept, not by each of the many processes anew.
unexport PYTHONDONTWRITEBYTECODE

help:
	@echo "make run          install what is needed, open the dashboard on http://localhost:8501"
	@echo "make test         all checks and tests, in a real browser too"
	@echo "make package      build the wheel, install it elsewhere, open the dashboard from there"
	@echo "make checkpoints  make again, from the data, what is shipped: resumable, takes hours"
	@echo "make clean        remove the installed packages; your runs stay"

# Installed anew only when the pinned packages change; what these bring with them is pinned by the lock file.
LOCK := requirements-lock.txt
$(VENV)/.%: %.txt requirements.txt $(LOCK)
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@if command -v uv >/dev/null 2>&1; then VIRTUAL_ENV=$(VENV) uv pip install -q --compile-bytecode $(if $(TORCH),--torch-backend $(TORCH)) -c $(LOCK) -r $<; else $(BIN)/python -m pip install -q -c $(LOCK) -r $<; fi
	@touch $@

$(VENV)/.requirements-dev: requirements-cluster.txt

run: $(VENV)/.requirements
	$(BIN)/python -m ocrgen app

# In the order of the folders: the browser's tests, the longest, begin first and nobody waits for them at the end. One
# thread for each of two workers on two cores: more would wait for each other.
test: $(VENV)/.requirements-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

package: $(VENV)/.requirements-dev
	$(BIN)/python -m tests.package

checkpoints: $(VENV)/.requirements
	$(BIN)/python -m ocrgen checkpoints

clean:
	rm -rf $(VENV)
