#!/usr/bin/env bash
# Do all builds compute the same bits? Runs the canary with the program of each preset and compares the bytes
# of its ledgers and networks.
#   bash tests/system/portability/same_bits.sh [PRESET...]
set -euo pipefail
cd "$(dirname "$0")/../../.."
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
if (($# == 0)); then set -- release native debug asan clang asan-clang; fi
for preset in "$@"; do
  bash .ci/setup.sh "$preset" banel 2>"$folder/log" || { tail -n 20 "$folder/log" && exit 1; }
  "build/$preset/tasks/banel" study canary --threads 2 --quiet --out "$folder/$preset" >"$folder/log"
  (cd "$folder/$preset" && find . -name ledger.jsonl -o -name "*.safetensors" | sort | xargs cat) |
      sha256sum | sed "s/-$/$preset/" | tee -a "$folder/sums"
done
test "$(cut -d ' ' -f 1 "$folder/sums" | sort -u | wc -l)" = 1
