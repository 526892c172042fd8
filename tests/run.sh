#!/usr/bin/env bash
# Installs what is missing, builds everything and runs all tests. Arguments go to ctest, e.g. -L unit.
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
bash "$root/.ci/setup.sh" release all
cd "$root"
ctest --preset release --parallel "$(nproc)" "$@"
