#!/usr/bin/env bash
# What the completion offers after the words of a command line, and that the man page has every command.
#   tests/system/completion_test.sh BANEL COMPLETION MAN_PAGE
set -euo pipefail
banel=$1
# shellcheck source=/dev/null
source "$2"
failures=0

# offers WANTED WORD...: the last word is the one to complete.
offers() {
  local wanted=$1
  shift
  COMP_WORDS=("$banel" "$@")
  COMP_CWORD=$#
  COMPREPLY=()
  _banel
  if [[ " ${COMPREPLY[*]-} " != *" $wanted "* ]]; then
    echo "after '$*' it offers '${COMPREPLY[*]-}' and not $wanted" >&2
    failures=$((failures + 1))
  fi
}
offers reproduce re
offers --version --v
offers --quick study --qu
offers -h study -
offers targets study ta
offers banel-paper methods banel-
offers planted tasks p
offers attacker ask att

for command in $("$banel" --help | awk '/^  [a-z]/ {print $1}'); do
  if ! grep -q "banel $command" "$3"; then
    echo "the man page has no $command" >&2
    failures=$((failures + 1))
  fi
done
exit $((failures > 0))
