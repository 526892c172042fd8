#!/usr/bin/env bash
# Installs what is missing, builds everything and runs the fast tests. Arguments go to ctest instead: -L slow
# runs the others, -L unit those of the rooms.
set -euo pipefail
root=$(dirname -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")")
bash "$root/.ci/setup.sh" release all
cd -- "$root" >/dev/null
if (($# == 0)); then set -- -LE slow; fi
ctest --preset release --parallel "$(nproc)" "$@"
