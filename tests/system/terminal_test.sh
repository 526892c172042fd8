#!/usr/bin/env bash
# What `banel attack` and `banel ask --replay` write on a terminal, which `script` makes, and elsewhere.
#   tests/system/terminal_test.sh BANEL
set -euo pipefail
banel=$(readlink -f -- "$1")
if ! command -v script >/dev/null; then
  echo "no script here: nothing can be run on a terminal" >&2
  exit 77 # CTest calls it skipped
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
failures=0
escape=$'\x1b'

fail() {
  echo "FAILED: $*" >&2
  failures=$((failures + 1))
}
# on_terminal TERM OUTPUT COMMAND
on_terminal() { TERM=$1 script --quiet --return --command "$3" /dev/null </dev/null >"$2"; }

attack="$banel attack --task toy1d --set budget=60 --samples 50 --seed 3 --out"
on_terminal xterm seen "$attack terminal"
on_terminal dumb seen-dumb "$attack dumb"
$attack plain >out 2>err
TERM=xterm $banel ask plain --replay >replay 2>err-replay
on_terminal xterm seen-replay "$banel ask plain --replay"

# The terminal begins with the picture and goes back to its first line after each round.
grep -q "${escape}\[[0-9]*A" seen || fail "no picture is drawn over another on a terminal"
grep -q "evaluations  #*\.* *60 of 60" seen || fail "the last picture does not show the end"
for lines in seen-dumb out err replay err-replay; do
  ! grep -q "$escape" $lines || fail "$lines holds an escape sequence"
done
for colour in seen seen-replay; do
  ! grep -q "${escape}\[[0-9;]*m" $colour || fail "$colour has a colour, whatever NO_COLOR says"
done
for file in ledger.jsonl metrics.jsonl config.json; do
  cmp terminal/$file plain/$file || fail "$file depends on the terminal"
done
on_terminal xterm seen-again "$attack terminal"
! grep -q " 0 of 60" seen-again || fail "a finished attack is shown as one that begins"

# A replay ends with the picture that the attack ended with, and elsewhere is that picture alone.
grep -q "60 of 60" replay || fail "a replay that is piped does not show the end"
[[ $(wc -l <replay) -le 12 ]] || fail "a replay that is piped is more than one picture"
grep -q "${escape}\[[0-9]*A" seen-replay || fail "a replay on a terminal does not move"
tail -n "$(wc -l <replay)" seen-replay | tr -d '\r' | sed "s/.*${escape}\[J//" | cmp - replay ||
  fail "a replay on a terminal does not end with the last picture"
tr -d '\r' <seen >shown
while IFS= read -r line; do
  grep -qF -- "$line" shown || fail "the attack did not show the line of its replay: $line"
done <replay
exit $((failures > 0))
