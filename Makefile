# Every target sets up what it needs by itself; `make help` lists them.
#
#   PYTHON=...            the Python to make .venv with, in place of the newest suitable one
#                         (`make clean` first where there is a .venv)
#   INSTALL_OPTIONS=...   further options for pip, such as a mirror's --index-url

PYTHON ?=
INSTALL_OPTIONS ?=
python = .venv/bin/python

# What runs here is the course's own environment, whatever the caller's is.
unexport PYTHONPATH PYTHONHOME
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: help demo test test-rest test-all lab notebooks site kit bench oracle clean packages sandbox
.NOTPARALLEL:

# The matrices of a course are small: more threads would only wait for each other.
test test-rest site: export OPENBLAS_NUM_THREADS = 1

help:  ## list what can be made
	@sed -n 's/^\([a-z-]*\):.*##  *\(.*\)/  make \1	\2/p' Makefile

demo: packages sandbox  ## grade a made-up class and show its marks and mistakes
	@$(python) examples/demo.py

test: packages sandbox  ## run the linter, the check of the notebooks and the quick tests
	$(python) -m ruff check .
	$(python) -m ruff format --check .
	$(python) -m tools.notebooks check
	$(python) -m pytest -n auto --dist worksteal -m "not slow and not browser"

# pytest ends with 5 where no test carries the marks.
test-rest: packages sandbox demo  ## run what `make test` leaves out: notebooks, demo, slow tests
	$(python) -m tools.notebooks run
	$(MAKE) site
	$(python) -m pytest -n auto --dist loadfile -m "slow or browser" || test $$? -eq 5

test-all: test test-rest  ## run every test, all notebooks and the demo

lab: packages  ## open the course in JupyterLab
	$(python) -m jupyterlab $(if $(filter 0,$(shell id -u)),--allow-root)

notebooks: packages  ## build the notebooks anew from their text
	$(python) -m tools.notebooks build

kit: packages  ## build a zip for students per problem set, in build/kit
	$(python) -m tools.kit

site: packages  ## build the web site, build/site/index.html
	@PYTHON="$(PYTHON)" INSTALL_OPTIONS="$(INSTALL_OPTIONS)" sh tools/setup.sh site
	$(python) -m docs

bench: packages  ## measure the speed of the networks and of the grader
	$(python) -m bench

oracle:  ## install PyTorch, which tests and benches compare with where it is there
	@PYTHON="$(PYTHON)" INSTALL_OPTIONS="$(INSTALL_OPTIONS)" sh tools/setup.sh oracle

clean:  ## remove .venv and caches; marks in grading/ stay
	rm -rf .venv setup.log build *.egg-info .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

packages:
	@PYTHON="$(PYTHON)" INSTALL_OPTIONS="$(INSTALL_OPTIONS)" sh tools/setup.sh packages

sandbox:
	@sh tools/setup.sh sandbox
