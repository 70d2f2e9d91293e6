# `make check` and `make test` need nothing but python3 (>= 3.11), python3-venv and make.
# `make test-node` starts a real Kubernetes node on this machine: root on Debian or Ubuntu, and Go.

.PHONY: check test demo test-node docs pictures format lock clean

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

test-node: setup
	$(bin)/pytest -m node $(ARGS)

docs: setup
	$(bin)/python scripts/docs.py

pictures: setup
	$(bin)/python scripts/pictures.py

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
