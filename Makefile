# Everything sets itself up in .venv: Python 3.11 to 3.14 and make are all it takes.
PYTHON ?= python3
ARGS ?=

BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
GRADER := tests/test_classroom.py tests/test_grading_wire.py tests/test_diagnosis.py
KNOWN := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))

.PHONY: help demo test lab release bundle benchmark benchmark-grader proof clean

help:
	@echo "make demo      grade a made-up class from start to finish"
	@echo "make test      every law, every notebook, every check"
	@echo "make lab       the course in JupyterLab, as a student sees it"
	@echo "make release   assignments/ from solutions/"
	@echo "make bundle    one zip for students: dist/course.zip"
	@echo "make benchmark ours beside the best peers: docs/benchmarks.md"
	@echo "make benchmark-grader  ours beside stock nbgrader: docs/grading.md"
	@echo "make proof     the long checks: mutants of the mathematics, the grader killed 50 times"
	@echo "make clean     remove .venv and what tools left behind"

demo lab release bundle: .venv/teach
	@$(BIN)/course $@ $(ARGS)

test: .venv/test
	@$(BIN)/python -m pytest $(ARGS)

benchmark: .venv/test
	@$(BIN)/python tests/benchmarks/run.py $(ARGS)

benchmark-grader: .venv/test
	@$(BIN)/python tests/benchmarks/grading.py $(ARGS)

# Mutants on one thread: OpenMP hangs in a fork of a process that has used more.
proof: .venv/proof
	@KILLS=50 WIRE_FUZZ=200000 DIAGNOSIS_STEP=1 $(BIN)/python -m pytest $(GRADER)
	@$(BIN)/python tests/proof/stock.py
	@OMP_NUM_THREADS=1 $(BIN)/mutmut run $(ARGS)
	@$(BIN)/mutmut results --all true | $(BIN)/python tests/proof/mutants.py

.venv/teach: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing the course into .venv: a minute or two, once"
	@$(PIP) -e ".[teach]"
	@touch $@

# After .venv/teach, so that two installations never run at once.
.venv/test: pyproject.toml constraints.txt .venv/teach
	@$(PIP) -e ".[test]"
	@touch $@

.venv/proof: pyproject.toml constraints.txt .venv/test
	@$(PIP) -e ".[proof]"
	@touch $@

$(BIN)/python:
	@if $(PYTHON) -c '$(KNOWN)' 2>/dev/null && $(PYTHON) -c 'import ensurepip' 2>/dev/null; then \
	    $(PYTHON) -m venv .venv; \
	elif command -v uv >/dev/null; then \
	    uv venv --quiet --seed --python '>=3.11,<3.15' .venv; \
	elif $(PYTHON) -c '$(KNOWN)' 2>/dev/null; then \
	    echo "$(PYTHON) cannot make virtual environments: sudo apt install python3-venv" >&2; exit 1; \
	else \
	    echo "Python 3.11 to 3.14 is needed, and $(PYTHON) is not it:" \
	        "make $(MAKECMDGOALS) PYTHON=/path/to/python3.12" >&2; exit 1; \
	fi

clean:
	rm -rf .venv build dist mutants .pytest_cache .ruff_cache .hypothesis .benchmarks
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
