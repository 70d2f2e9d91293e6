# `make check` and `make test` need nothing but python3 (>= 3.11), python3-venv and make.
# `make image` needs buildah, and a registry that has the base image.
# `make test-node` starts a real Kubernetes node on this machine: root on Debian or Ubuntu, and Go.

.PHONY: check test demo test-node bench mutants docs pictures image format lock clean

bin = .venv/bin

check: setup
	$(bin)/ruff format --check --quiet .
	$(bin)/ruff check --quiet .
	$(bin)/mypy
	$(bin)/lint-imports
	$(bin)/python scripts/docs.py --check

test: setup
	$(bin)/pytest -n auto $(ARGS)

demo: setup
	@$(bin)/figwasp demo $(ARGS)

# The comparison with upstream's own code needs no node, and both cores.
test-node: setup
ifdef ARGS
	$(bin)/pytest -m node $(ARGS)
else
	$(bin)/pytest -m node --ignore=tests/oracle
	$(bin)/pytest -m node -n auto tests/oracle
endif

# make bench ARGS="one thousand": figures beside peers'. All of it takes some fifteen minutes. Needs what test-node needs;
# kube-autorollout is left out where there is no Rust.
bench: setup
	$(bin)/python -m bench $(ARGS)

# make mutants MODULES="digest url": a changed module of core/ must fail its tests. All of them take a while.
mutants: setup
	$(bin)/python scripts/mutants.py $(MODULES)

docs: setup
	$(bin)/python scripts/docs.py

pictures: setup
	$(bin)/python scripts/pictures.py

# make image BASE=docker.io/library/python:3.14-slim IMAGE=registry.example.com/figwasp:3
image:
	@BASE="$(BASE)" IMAGE="$(IMAGE)" scripts/image.sh

format: setup
	$(bin)/ruff format .
	$(bin)/ruff check --fix .

lock:
	requirements/compile.sh

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis build dist

.PHONY: setup
setup:
	@scripts/setup.sh
