#!/bin/sh
# Writes requirements.txt and requirements-train.txt anew: every version pinned, with hashes.
# Needs `uv` (pip install uv). Index addresses are left out on purpose.
set -eu
cd "$(dirname "$0")"
lock() {
    uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
        --no-annotate --custom-compile-command host-tools/lock.sh "$@"
}
lock --extra dev -o requirements.txt
lock --extra dev --extra train -o requirements-train.txt
