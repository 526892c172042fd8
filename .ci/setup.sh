#!/usr/bin/env bash
# Makes this checkout ready: refuses tools that are too old, installs missing packages (Debian; as root or
# with sudo) or names them, configures and builds.
# usage: .ci/setup.sh PRESET TARGET [PACKAGE...]      more packages of Debian, installed where they exist
set -euo pipefail
export LC_ALL=C # what apt-cache says is read below
cd -P -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.." >/dev/null
preset=$1 target=$2
shift 2

fail() {
  printf 'banel: %s\n' "$*" >&2
  exit 1
}

# Refuses a tool that is older than what banel needs: older_than VERSION NEEDED
older_than() { [[ -n $1 && $(printf '%s\n' "$1" "$2" | sort -V | head -n 1) != "$2" ]]; }
candidate() {
  apt-cache policy "$1" 2>/dev/null | sed -n 's/^  Candidate: \([0-9]*:\)\{0,1\}\([0-9.]*\).*/\2/p'
}

case $preset in
  *clang* | tsan | fuzz) compiler=clang++ oldest_compiler=14 compiler_package=clang ;;
  *) compiler=${CXX:-c++} oldest_compiler=12 compiler_package=g++ ;;
esac
refuse_old() {
  local cmake_version="" compiler_version="" from="is installed"
  if command -v cmake >/dev/null; then
    cmake_version=$(cmake --version | sed -n '1s/[^0-9]*//p')
  elif command -v apt-cache >/dev/null; then
    cmake_version=$(candidate cmake) from="is what this system offers"
  fi
  if older_than "$cmake_version" 3.25; then
    fail "needs CMake 3.25 or newer, but $cmake_version $from; see https://cmake.org/download"
  fi
  from="is installed"
  if command -v "$compiler" >/dev/null; then
    compiler_version=$("$compiler" -dumpversion)
    if "$compiler" --version | grep -q clang; then oldest_compiler=14; fi
  elif command -v apt-cache >/dev/null; then
    compiler_version=$(candidate "$compiler_package") from="is what this system offers"
  fi
  if older_than "$compiler_version" "$oldest_compiler"; then
    fail "needs g++ 12 or clang++ 14, or newer, but $compiler $compiler_version $from;\
 name another one with CXX=..."
  fi
}

# What is needed: a program, a header or a file; its package in Debian, Fedora and Arch.
needed=(
  "c++                                   g++                 gcc-c++                 gcc"
  "cmake                                 cmake               cmake                   cmake"
  "ninja                                 ninja-build         ninja-build             ninja"
  "cblas.h                               libopenblas-dev     openblas-devel          openblas"
  "CLI/CLI.hpp                           libcli11-dev        cli11-devel             cli11"
  "nlohmann/json.hpp                     nlohmann-json3-dev  json-devel              nlohmann-json"
  "toml++/toml.h                         libtomlplusplus-dev tomlplusplus-devel      tomlplusplus"
  "boost/math/distributions/beta.hpp     libboost-dev        boost-devel             boost"
  "Random123/philox.h                    librandom123-dev    Random123-devel         random123"
  "stb/stb_truetype.h                    libstb-dev          stb_truetype-devel      stb"
  "stb/stb_image_write.h                 libstb-dev          stb_image_write-devel   stb"
  "doctest/doctest.h                     doctest-dev         doctest-devel           doctest"
  "DejaVuSans.ttf                        fonts-dejavu-core   dejavu-sans-fonts       ttf-dejavu"
)

# Whether what is needed is here, on a system whose packages we do not ask.
present() {
  case $1 in
    *.ttf) [[ -n $(find /usr/share/fonts /usr/local/share/fonts -name "$1" -print -quit 2>/dev/null) ]] ;;
    */* | *.h)
      printf '#include <%s>\n' "$1" | c++ -std=c++20 -E -x c++ -I/usr/include/openblas - >/dev/null 2>&1 ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

installed() { dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }
# The packages that are needed are in `packages`, the arguments are those that would be nice.
install_debian_packages() {
  local missing=() wanted=() package as_root=()
  for package in "${packages[@]}"; do installed "$package" || missing+=("$package"); done
  for package in "$@"; do installed "$package" || wanted+=("$package"); done
  if ((${#missing[@]} + ${#wanted[@]} == 0)); then return; fi
  if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
      if ((${#missing[@]} == 0)); then return; fi
      fail "needs more packages; as root: apt-get install ${missing[*]}"
    fi
    as_root=(sudo)
  fi
  "${as_root[@]}" apt-get update -q >&2
  refuse_old  # by what the fresh lists offer
  for package in "${wanted[@]}"; do
    if [[ -n $(candidate "$package") ]]; then missing+=("$package"); fi
  done
  if ((${#missing[@]} == 0)); then return; fi
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
      "${missing[@]}" >&2
}

name_missing() {
  local row what fedora arch missing=() command=""
  for row in "${needed[@]}"; do
    read -r what _ fedora arch <<<"$row"
    if present "$what"; then continue; fi
    if command -v dnf >/dev/null; then
      missing+=("$fedora") command="dnf install"
    elif command -v pacman >/dev/null; then
      missing+=("$arch") command="pacman -S"
    else
      missing+=("$what")
    fi
  done
  if ((${#missing[@]} == 0)); then return; fi
  mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)
  if [[ -n $command ]]; then fail "needs more packages; as root: $command ${missing[*]}"; fi
  fail "needs, but cannot find: ${missing[*]} (.ci/setup.sh names the packages of Debian)"
}

refuse_old
if command -v apt-get >/dev/null; then
  mapfile -t packages < <(printf '%s\n' "${needed[@]}" | awk '{print $2}' | sort -u)
  packages+=(dpkg-dev file)
  install_debian_packages "$@"
else
  name_missing
fi
# CMake refuses a build folder of another place or generator, unless it may forget what is in it.
fresh=() cache=build/$preset/CMakeCache.txt
if [[ -f $cache ]] && ! { grep -qFx "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" "$cache" &&
                          grep -qFx "CMAKE_GENERATOR:INTERNAL=Ninja" "$cache"; }; then
  fresh=(--fresh)
fi
cmake "${fresh[@]}" --preset "$preset" >&2
cmake --build --preset "$preset" --parallel "$(nproc)" --target "$target" >&2
