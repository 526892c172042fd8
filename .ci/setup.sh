#!/usr/bin/env bash
# Makes this checkout ready: installs missing Debian packages (as root or with sudo), configures, builds.
# usage: .ci/setup.sh PRESET TARGET
set -euo pipefail
cd "$(dirname "$0")/.."
packages=(g++ cmake make libopenblas-dev libcli11-dev nlohmann-json3-dev libboost-dev librandom123-dev libstb-dev
          doctest-dev fonts-dejavu-core dpkg-dev file)

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if ((${#missing[@]})); then
  as_root=()
  if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
      echo "missing packages; as root: apt-get install ${missing[*]}" >&2
      exit 1
    fi
    as_root=(sudo)
  fi
  "${as_root[@]}" apt-get update -q >&2
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}" >&2
fi

cmake --preset "$1" >&2
cmake --build --preset "$1" --parallel "$(nproc)" --target "$2" >&2
