# The commands of a day's work. `.ci/run` does all of it in a new environment.
.PHONY: install test lint docs run dist constraints audit fuzz

small = --set train_steps=60 --set eval_every_steps=30 \
	--set student.warmup_steps=10 --set teacher.warmup_steps=10

install: # the package, from this checkout, with what development needs
	pip install -e '.[dev]'
	pre-commit install

test:
	pytest -n auto

lint:
	ruff check .
	ruff format --check .
	mypy
	lint-imports

docs: # the site, into site/
	NO_MKDOCS_2_WARNING=1 mkdocs build --strict

run: # the main command, small
	keras-mpl run digits_20 $(small)

dist: # both archives, checked, into dist/
	rm -rf dist
	python -m build
	twine check --strict dist/*

constraints: # what .ci/slow installs, with hashes; needs uv
	uv pip compile setup.cfg --extra dev -c .ci/held.txt --generate-hashes \
		--python-version 3.11 --no-header --no-annotate --quiet \
		-o .ci/constraints.txt
	sed -i '1i # What .ci/slow installs, with hashes. `make constraints` writes it.' \
		.ci/constraints.txt

audit: # known weaknesses of what CI installs; needs pip-audit and a network
	pip-audit --require-hashes --disable-pip -r .ci/constraints.txt

fuzz: # for an hour; needs atheris
	nice -n 19 python -m benchmarks.robustness.fuzz --folder runs/fuzz
