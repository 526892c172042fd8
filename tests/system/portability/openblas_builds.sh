#!/usr/bin/env bash
# Every build of OpenBLAS that Debian ships, as the library of the program and as one that is in the process
# already: two threads write the ledgers that one thread writes with the first build, or the program says what
# to install. Builds that cannot be downloaded are named and left out.
#   bash tests/system/portability/openblas_builds.sh build/native/tasks/banel
set -euo pipefail
program=$(readlink -f -- "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
failures=0 expected=""

# The ledgers of the canary, as one number: ledgers THREADS NAME=VALUE...
ledgers() {
  rm -rf run
  if env "${@:2}" timeout -s KILL 120 "$program" study canary --threads "$1" --quiet --out run >log 2>&1; then
    find run -name ledger.jsonl | sort | xargs cat | sha256sum
  else
    tail -n 1 log
  fi
}
expect() { # NAME RESULT PATTERN
  if [[ $2 =~ $3 ]]; then echo "ok      $1"; else echo "FAILED  $1: $2" && failures=1; fi
}

for width in "" 64; do
  for kind in pthread openmp serial; do
    package=libopenblas$width-0-$kind
    if [[ -z $width ]]; then package=libopenblas0-$kind; fi
    if ! apt-get download "$package" >/dev/null 2>&1; then
      echo "skipped $package: cannot be downloaded"
      continue
    fi
    dpkg -x "$package"_*.deb "$package"
    file=$(find "$PWD/$package" -name "libopenblas$width.so.0")
    mkdir "lib-$package"
    ln -s "$file" "lib-$package/libopenblas.so.0"
    expected=${expected:-$(ledgers 1 LD_LIBRARY_PATH="$work/lib-$package")}
    if [[ -z $width ]]; then
      expect "$package" "$(ledgers 2 LD_LIBRARY_PATH="$work/lib-$package")" "^$expected$"
    else
      expect "$package as the library" "$(ledgers 2 LD_LIBRARY_PATH="$work/lib-$package")" \
          "counts in 64 bits; install"
    fi
    expect "$package beside ours" "$(ledgers 2 LD_PRELOAD="$file")" "^$expected$"
  done
done
exit $failures
