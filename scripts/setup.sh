#!/bin/sh
# Make .venv in the tree with everything that the checks and tests need. Does nothing if that is there already.
set -eu
cd "$(dirname "$0")/.."

missing() {
    echo "setup: $1" >&2
    exit 1
}

python=${PYTHON:-python3}
command -v "$python" >/dev/null 2>&1 || missing "$python is missing: install Python 3.11 or newer (apt-get install python3 python3-venv)"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    missing "$("$python" --version) is too old: Python 3.11 or newer is needed (set PYTHON to another interpreter)"
"$python" -c 'import ensurepip, venv' 2>/dev/null || missing "Python's venv module is missing: apt-get install python3-venv"

# Both count: the requirements, and what pyproject.toml says of the commands to install.
stamp=.venv/figwasp-installed
if [ -x .venv/bin/python ] && [ -f "$stamp" ] && cat requirements/dev.txt pyproject.toml | cmp -s - "$stamp"; then
    exit 0
fi
rm -rf .venv
"$python" -m venv .venv
if command -v uv >/dev/null 2>&1; then
    uv pip install --quiet --python .venv/bin/python --require-hashes -r requirements/dev.txt
    uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
else
    .venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
    .venv/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
fi
cat requirements/dev.txt pyproject.toml >"$stamp"
