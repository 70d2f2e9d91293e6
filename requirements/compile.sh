#!/bin/sh
# Lock the dependencies anew, with hashes and without an index's address. Needs uv.
set -eu
cd "$(dirname "$0")/.."
lock() {
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
        --custom-compile-command "requirements/compile.sh" "$@"
}
lock pyproject.toml --output-file requirements/run.txt
lock --group build --output-file requirements/build.txt
lock pyproject.toml --group dev --output-file requirements/dev.txt
