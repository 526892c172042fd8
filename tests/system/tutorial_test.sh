#!/usr/bin/env bash
# Runs every command of the tutorial in a fresh folder, with the program that the build installs, and compares
# what comes out. In tasks/tutorial.md
#   ```sh          is a command                ```sh setup    is what this script does in its own way
#   ```toml NAME   is a file                   ```text        are lines of the last command's output, in order
#   N. `command`   is an exercise              ```text about  the same with other numbers
#   N line         after the exercises is a line of exercise N; "..." stands for the rest of a line
# usage: tests/system/tutorial_test.sh SOURCE BUILD COMPILER
set -euo pipefail
source=$1 build=$2 compiler=$3
if ! command -v pkg-config >/dev/null; then
  echo "no pkg-config here: step 5 of the tutorial needs it" >&2
  exit 77 # CTest calls it skipped
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake --install "$build" --prefix "$work/banel" >/dev/null
pc=$(find "$work/banel" -name banel.pc)
ln -s "$(command -v "$compiler")" "$work/banel/bin/c++"
export BANEL=$source PATH=$work/banel/bin:$PATH PKG_CONFIG_PATH=${pc%/*}
mkdir "$work/sitting"
cd "$work/sitting"
failures=0 commands=0

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  failures=$((failures + 1))
}

# run OUTPUT COMMAND
run() {
  commands=$((commands + 1))
  bash -c "$2" >>"$1" 2>&1 || fail "$2"$'\n'"$(cat "$1")"
}

without_numbers() { sed -E 's/[0-9][0-9.,]*/#/g'; }

# expect KIND OUTPUT WANTED: the lines of WANTED stand in OUTPUT, in their order.
expect() {
  local mask=cat
  [[ $1 == about ]] && mask=without_numbers
  if ! awk 'FNR == NR { want[++n] = $0; next }
            { line = want[at + 1]; part = sub(/\.\.\.$/, "", line) }
            at < n && (part ? index($0, line) == 1 : $0 == line) { ++at }
            END { if (at < n) print "missing: " want[at + 1]; exit at < n || n == 0 }' \
    <($mask <"$3") <($mask <"$2") >&2; then
    fail "expected $(cat "$3")"$'\n'"and not $(cat "$2")"
  fi
}

block='' kind='' exercise=''
while IFS= read -r line; do
  if [[ -z $block && $line == '```'?* ]]; then
    read -r block kind <<<"${line#\`\`\`}"
    : >"$work/block"
  elif [[ -n $block && $line == '```' ]]; then
    case $block in
      sh) [[ $kind == setup ]] || { : >"$work/out" && run "$work/out" "$(cat "$work/block")"; } ;;
      toml) cp "$work/block" "$kind" ;;
      text)
        if [[ -z $exercise ]]; then
          expect "$kind" "$work/out" "$work/block"
        else
          for ((n = 1; n <= exercise; ++n)); do
            sed -n "s/^$n //p" "$work/block" >"$work/wanted"
            expect "$kind" "$work/out$n" "$work/wanted"
          done
        fi
        ;;
      *) fail "a block of kind $block" ;;
    esac
    block=''
  elif [[ -n $block ]]; then
    printf '%s\n' "$line" >>"$work/block"
  else
    if [[ $line =~ ^([0-9]+)\.\ \` ]]; then exercise=${BASH_REMATCH[1]}; fi
    while [[ -n $exercise && $line =~ \`([^\`]+)\`(.*) ]]; do
      line=${BASH_REMATCH[2]}
      run "$work/out$exercise" "${BASH_REMATCH[1]}"
    done
  fi
done <"$source/tasks/tutorial.md"
[[ $commands == 12 && $exercise == 5 ]] || fail "$commands commands and ${exercise:-no} exercises were found"
exit $((failures > 0))
