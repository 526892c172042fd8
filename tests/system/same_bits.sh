#!/usr/bin/env bash
# Do all builds compute the same bits? Trains a network for 100 steps with the program of each preset and
# compares the bytes of the checkpoints. Arguments: presets, all of them if there are none.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
if (($# == 0)); then set -- release native debug asan clang asan-clang; fi
for preset in "$@"; do
  cmake --preset "$preset" > "$folder/log"
  cmake --build --preset "$preset" --parallel 2 --target banel > "$folder/log"
  "build/$preset/tasks/banel" train target --digits 2 --d-model 32 --layers 2 --heads 4 --batch 128 \
      --examples 12800 --check-every 12800 --stop-error 0 --seed 1 --threads 2 --quiet \
      --out "$folder/$preset" > "$folder/log"
  (cd "$folder/$preset" && sha256sum target.safetensors) | sed "s/target.safetensors/$preset/" |
      tee -a "$folder/sums"
done
test "$(cut -d ' ' -f 1 "$folder/sums" | sort -u | wc -l)" = 1
