#!/usr/bin/env bash
# The scripts that a stranger runs first, on systems that are too old, are no Debian or reach them in odd
# ways. The tools are stand-ins that write down how they are called: nothing is installed, configured or
# built.
#   tests/system/portability/setup_test.sh SOURCE
set -euo pipefail
source=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

# A folder of tools: `tools NAME` starts an empty one with what every system has; `stand_in NAME BODY` adds to
# it.
tools() {
  bin=$work/$1
  mkdir -p "$bin"
  : >"$work/calls"
  local name
  for name in bash env dirname readlink sed sort head grep awk cat find nproc; do
    ln -s "$(command -v "$name")" "$bin/$name"
  done
}
stand_in() {
  printf '#!/bin/bash\necho "%s $*" >>%q\n%s\n' "$1" "$work/calls" "$2" >"$bin/$1"
  chmod +x "$bin/$1"
}
debian() {
  stand_in apt-get ''
  stand_in apt-cache "printf '  Candidate: %s\n' $1"
  stand_in dpkg-query 'if [[ $* == *libstb-dev* ]]; then exit 1; fi; echo install ok installed'
  stand_in sudo '"$@"'
}
new_cmake() { stand_in cmake 'if [[ $1 == --version ]]; then echo "cmake version 3.28.1"; fi'; }
new_compiler() {
  stand_in c++ 'case $1 in -dumpversion) echo 12 ;; --version) echo "c++ (GCC) 12" ;; *) exit 1 ;; esac'
}

expect() { # NAME STATUS PATTERN: of the call in $out and $status
  if [[ $status != "$2" || ! $out =~ $3 ]]; then
    printf 'FAILED: %s\n  status %s, not %s; output, which must match "%s":\n%s\n' \
        "$1" "$status" "$2" "$3" "$out"
    failures=1
  fi
}
never() { # NAME PATTERN: among the calls
  if grep -q "$2" "$work/calls"; then printf 'FAILED: %s\n%s\n' "$1" "$(cat "$work/calls")" && failures=1; fi
}
run() { status=0 && out=$(env -i PATH="$bin" HOME="$work" "$@" 2>&1) || status=$?; }
setup=(bash "$source/.ci/setup.sh" native banel)

tools old_cmake && debian 4:12.2.0-3 && new_compiler
stand_in cmake 'echo "cmake version 3.22.1"'
run "${setup[@]}"
expect "a CMake that is too old is refused" 1 "needs CMake 3.25.*3.22.1 is installed"
never "nothing is installed beside a CMake that is too old" "^apt-get"

tools old_compiler && debian 4:12.2.0-3 && new_cmake
stand_in c++ 'case $1 in -dumpversion) echo 11 ;; --version) echo "c++ (GCC) 11" ;; esac'
run "${setup[@]}"
expect "a compiler that is too old is refused" 1 "needs g\+\+ 12.*c\+\+ 11 is installed"
never "nothing is installed beside a compiler that is too old" "^apt-get"

tools old_system && debian 3.18.4-2
run "${setup[@]}"
expect "a system that offers only a CMake that is too old is refused" 1 "3.18.4 is what this system offers"
never "nothing is installed on a system that is too old" "^apt-get install"

tools debian && debian 4:12.2.0-3 && new_cmake && new_compiler
run "${setup[@]}"
expect "a Debian that lacks a package gets it" 0 ""
grep -q "apt-get install.* libstb-dev" "$work/calls" ||
  { echo "FAILED: libstb-dev is not installed" && failures=1; }
never "what is there is not installed" "apt-get install.* libboost-dev"

tools fedora && new_cmake && new_compiler && stand_in dnf '' && stand_in ninja ''
run "${setup[@]}"
expect "Fedora is told what to install" 1 "dnf install .*json-devel.*stb_image_write-devel.*"
tools arch && new_cmake && stand_in pacman ''
run "${setup[@]}"
expect "Arch is told what to install" 1 "pacman -S .*gcc.* ninja.* nlohmann-json"
tools other && new_cmake
run "${setup[@]}"
expect "any other system is told what is missing" 1 "cannot find: .*cblas.h.*toml\+\+/toml.h"

tools odd && debian 4:12.2.0-3 && new_cmake && new_compiler
mkdir -p "$work/tree/.ci" "$work/tree/tasks" "$work/tree/tests" "$work/tree/build/native/tasks"
cp "$source/.ci/setup.sh" "$work/tree/.ci/"
cp "$source/tasks/banel.sh" "$work/tree/tasks/"
cp "$source/tests/run.sh" "$work/tree/tests/"
printf '#!/bin/bash\necho "ran $*"\n' >"$work/tree/build/native/tasks/banel"
chmod +x "$work/tree/build/native/tasks/banel"
stand_in ctest 'echo "tested in $PWD"'
ln -s "$work/tree/tasks/banel.sh" "$work/link"
ln -s "$work/tree/tests/run.sh" "$work/test_link"
cd "$work/tree"
run CDPATH=. bash tasks/banel.sh --help
expect "the program starts with CDPATH set" 0 "^ran --help$"
run CDPATH=. bash tests/run.sh
expect "the tests start with CDPATH set" 0 "^tested in $work/tree$"
cd /
run bash "$work/link" doctor
expect "the program starts through a symbolic link" 0 "^ran doctor$"
run bash "$work/test_link"
expect "the tests start through a symbolic link" 0 "^tested in $work/tree$"

cache=$work/tree/build/native/CMakeCache.txt
for generator in Ninja "Unix Makefiles"; do
  for home in "$work/tree" "$work/elsewhere"; do
    printf 'CMAKE_HOME_DIRECTORY:INTERNAL=%s\nCMAKE_GENERATOR:INTERNAL=%s\n' "$home" "$generator" >"$cache"
    : >"$work/calls"
    run bash "$work/link" doctor
    expect "the program starts with a build folder of $home by $generator" 0 "^ran doctor$"
    fresh=$(grep -c -- "--fresh" "$work/calls" || true)
    if [[ $fresh == 1 ]] && [[ $home/$generator == "$work/tree/Ninja" ]] ||
        [[ $fresh == 0 ]] && [[ $home/$generator != "$work/tree/Ninja" ]]; then
      echo "FAILED: build folder of $home by $generator: $fresh fresh configurations" && failures=1
    fi
  done
done
exit $failures
