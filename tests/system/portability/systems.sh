#!/usr/bin/env bash
# The first command on a bare Debian 12 and 13: makes each by debootstrap, copies this checkout into it, lets
# banel.sh install what is missing there and build, and looks at a study from its run to `verify`. Needs root
# and some three minutes a system; says what it leaves out.
#   bash tests/system/portability/systems.sh [SUITE...]
set -euo pipefail
source=$(cd "$(dirname "$0")/../../.." && pwd)
if ((EUID != 0)) || ! command -v debootstrap >/dev/null; then
  echo "skipped: needs root and debootstrap" && exit 77
fi
mirror=$(grep -rhoE 'https?://[^ ]*/debian/?( |$)' /etc/apt/sources.list* 2>/dev/null | head -n 1)
work=$(mktemp -d)
clean() {
  umount "$work"/*/proc 2>/dev/null || true
  rm -rf "$work"
}
trap clean EXIT
failures=0

if (($# == 0)); then set -- bookworm trixie; fi
for suite in "$@"; do
  root=$work/$suite
  if ! debootstrap --variant=minbase "$suite" "$root" "${mirror% }" >"$work/log" 2>&1; then
    echo "skipped $suite: $(tail -n 1 "$work/log")"
    continue
  fi
  mount -t proc proc "$root/proc"
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  mkdir "$root/banel folder"
  git -C "$source" ls-files -z | tar -C "$source" --null -T - -cf - | tar -C "$root/banel folder" -xf -
  start=$SECONDS
  if chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 bash -euo pipefail -c '
      cd "/banel folder"
      bash tasks/banel.sh study canary --out "/the run" --quiet
      bash tasks/banel.sh verify "/the run" --quiet
      c++ --version | head -n 1
  ' >"$work/log" 2>&1; then
    echo "ok      $suite after $((SECONDS - start)) s: $(tail -n 1 "$work/log")"
  else
    echo "FAILED  $suite:" && tail -n 20 "$work/log" && failures=1
  fi
done
exit $failures
