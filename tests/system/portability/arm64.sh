#!/usr/bin/env bash
# The program on another kind of CPU: compiles it for arm64 and runs tests and a short canary by QEMU, with
# Debian's OpenBLAS for arm64. Nothing is installed: packages are unpacked in a folder that is removed at the
# end. Some 15 minutes on two cores; says what it leaves out.
#   bash tests/system/portability/arm64.sh
set -euo pipefail
source=$(cd "$(dirname "$0")/../../.." && pwd)
missing=()
command -v aarch64-linux-gnu-g++ >/dev/null || missing+=(g++-aarch64-linux-gnu)
command -v qemu-aarch64-static >/dev/null || missing+=(qemu-user-static)
if ((${#missing[@]} > 0)); then echo "skipped: install ${missing[*]}" && exit 77; fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

# What the program loads on arm64, and the header that belongs to it; apt keeps its lists in our folder.
mkdir -p "$work"/apt/lists/partial "$work"/cache/archives/partial "$work"/debs "$work/root"
: >"$work/apt/status"
apt=(apt-get -q -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o Dir::State="$work/apt"
     -o Dir::State::status="$work/apt/status" -o Dir::Cache="$work/cache" -o APT::Sandbox::User="$(id -un)")
cd "$work/debs"
if ! { "${apt[@]}" update && "${apt[@]}" download libc6 libgcc-s1 libgfortran5 libgomp1 libstdc++6 \
    libopenblas0-pthread libopenblas-pthread-dev; } >"$work/log" 2>&1; then
  echo "skipped: $(tail -n 1 "$work/log")" && exit 77
fi
for package in *.deb; do dpkg -x "$package" "$work/root"; done
[[ -e $work/root/lib ]] || ln -s usr/lib "$work/root/lib"  # Debian 13 has its loader below /usr only
blas=aarch64-linux-gnu/openblas-pthread
arm=(qemu-aarch64-static -L "$work/root" -E "LD_LIBRARY_PATH=/usr/lib/$blas")

# check NAME COMMAND...: whether it succeeds, and how long that takes
check() {
  local start=$SECONDS
  if "${@:2}" >"$work/log" 2>&1; then
    echo "ok      $1 after $((SECONDS - start)) s: $(grep -v '^ *$' "$work/log" | tail -n 1)"
  else
    echo "FAILED  $1:" && tail -n 20 "$work/log" && failures=1
  fi
}

# The libraries that are only headers are those of this machine.
build() {
  cmake -S "$source" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_SYSTEM_NAME=Linux \
      -DCMAKE_SYSTEM_PROCESSOR=aarch64 -DCMAKE_C_COMPILER=aarch64-linux-gnu-gcc \
      -DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++ -DCBLAS_INCLUDE_DIR="$work/root/usr/include/$blas" \
      -DCMAKE_CROSSCOMPILING_EMULATOR="$(IFS=";" && echo "${arm[*]}")" &&
      cmake --build "$work/build" --target banel "$@"
}
tests=(unit_tests f64_tests model_tests banel_tests run_tests)
check "built" build "${tests[@]}"
if ((failures)); then exit 1; fi
program=("${arm[@]}" "$work/build/tasks/banel")
check "--version" "${program[@]}" --version
check "doctor" "${program[@]}" doctor
grep -E '"(build|blas_kernels)"' "$work/log" || true

cd "$source"
for name in "${tests[@]}"; do
  check "$name" "${arm[@]}" "$work/build/tests/$name" --test-suite-exclude=slow \
      --source-file-exclude="*/system/*,*attack_resume*,*run/evidence*"
done
echo "left out: slow test cases, those that read the sources, resumed attacks, their evidence, other programs"

# The canary with less training, for the whole one takes far too long under QEMU.
short=(--variants banel,auto,grpo)
for setting in {target_examples,check_every,attacker_examples}=3000 {check,final}_questions=100 budget=60 \
    f=4 phi_epochs=2; do
  short+=(--set "$setting")
done
for threads in 1 2; do
  check "canary with $threads threads" "${program[@]}" study canary "${short[@]}" --threads $threads --quiet \
      --out "$work/$threads"
done
sums() { (cd "$work/$1" && find . -name ledger.jsonl -o -name "*.safetensors" | sort | xargs -r sha256sum); }
same() { [[ -n $(sums 1) ]] && diff <(sums 1) <(sums 2) && echo "$(sums 1 | wc -l) files"; }
check "the same bytes of ledgers and weights" same
check "verify" "${program[@]}" verify "$work/2" --quiet
exit $failures
