#!/usr/bin/env bash
# Installs what is missing, builds everything and runs all tests. Arguments go to ctest, e.g. -L unit.
set -euo pipefail
root=$(dirname -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")")
bash "$root/.ci/setup.sh" release all
cd -- "$root" >/dev/null
ctest --preset release --parallel "$(nproc)" "$@"
