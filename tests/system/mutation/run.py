#!/usr/bin/env python3
"""Can the tests fail? Flips one line of the program at a time, builds, runs the tests and counts what fails.

    python3 tests/system/mutation/run.py [--only TEXT] [--list] [--jobs N]

Works on a copy of the committed files in a temporary folder. A mutation is caught when a test fails, crashes
or does not end within its time; one that does not compile is an error in the list. The tests of the file that
was changed run first, then those of its room; those of all rooms only if these find nothing. Exit code 1 if
fewer than 95 % are caught. Takes some hours of one core. Whoever adds to the list chooses by what would
hurt a user, without a look at the tests.
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile
import time

from faults import MUTATIONS
from fifth_list import FIFTH
from seventh_list import SEVENTH
from sixth_list import SIXTH

PROGRAMS = ["unit_tests", "words_tests", "options_tests", "banel_tests", "model_tests", "run_tests",
            "addition_tests", "planted_tests", "reason_tests", "toy1d_tests", "report_tests", "study_tests",
            "f64_tests", "golden_tests", "cli_tests"]

# where a file stands, the tests of that room
ROOMS = {
    "tensor/": ["unit_tests", "f64_tests"],
    "nn/": ["unit_tests", "golden_tests", "f64_tests"],
    "banel/": ["banel_tests"],
    "tasks/base/": ["words_tests", "unit_tests"],
    "tasks/model/": ["model_tests"],
    "tasks/run/": ["run_tests"],
    "tasks/addition/": ["addition_tests"],
    "tasks/planted/": ["planted_tests"],
    "tasks/reason/": ["reason_tests"],
    "tasks/toy1d/": ["toy1d_tests"],
    "tasks/plot/": ["unit_tests"],
    "tasks/report/": ["report_tests"],
    "tasks/study/": ["study_tests"],
    "tasks/cli/": ["options_tests", "cli_tests"],
}

def main():
    options = argparse.ArgumentParser(description=__doc__,
                                      formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--only", default="", help="mutations whose file holds this text")
    options.add_argument("--list", action="store_true",
                         help="show the mutations and check that each still applies")
    options.add_argument("--jobs", default="2", help="compilers at a time")
    chosen = options.parse_args()
    root = pathlib.Path(__file__).resolve().parents[3]
    mutations = [m for m in MUTATIONS + FIFTH + SIXTH + SEVENTH if chosen.only in m[0]]
    for file, before, after in mutations:
        if (root / file).read_text().count(before) != 1:
            sys.exit(f"{file}: the text {before!r} does not occur exactly once; mend the list")
        if chosen.list:
            print(f"{file}: {before!r} -> {after!r}")
    if not chosen.list:
        with tempfile.TemporaryDirectory() as folder:
            sys.exit(run(root, pathlib.Path(folder), mutations, chosen.jobs))


def run(root, copy, mutations, jobs):
    files = subprocess.run(["git", "-C", root, "archive", "HEAD"], check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x", "-C", copy], input=files, check=True)
    configure = ["cmake", "--preset", "native", "-DBANEL_UNITY=OFF"]
    subprocess.run(configure, cwd=copy, check=True, stdout=subprocess.DEVNULL)
    if failure := build(copy, PROGRAMS, jobs):
        sys.exit(f"the program does not compile:\n{failure}")
    if (failed := failing_test(copy, PROGRAMS)) is not None:
        sys.exit(f"the tests fail without any mutation: {failed}")
    caught = 0
    for number, (file, before, after) in enumerate(mutations, 1):
        path = copy / file
        text = path.read_text()
        path.write_text(text.replace(before, after))
        started = time.monotonic()
        room = next(programs for place, programs in ROOMS.items() if file.startswith(place))
        others = [p for p in PROGRAMS if p not in room]
        for programs, tests in (room, f"*/{path.stem}_test.cpp"), (room, "*"), (others, "*"):
            failure = build(copy, programs, jobs)
            failed = None if failure else failing_test(copy, programs, tests)
            if failure or failed:
                break
        path.write_text(text)
        caught += failed is not None
        verdict = (f"caught by {failed}" if failed else
                   f"DOES NOT COMPILE\n{failure}" if failure else "SURVIVED")
        print(f"{number:2}/{len(mutations)} {file}: {before!r} -> {after!r}: {verdict} "
              f"({time.monotonic() - started:.0f} s)", flush=True)
    print(f"{caught} of {len(mutations)} mutations caught ({100 * caught / len(mutations):.0f} %)")
    return 0 if caught >= 0.95 * len(mutations) else 1


def build(copy, programs, jobs):
    """What the compiler says if it fails, or nothing."""
    command = ["cmake", "--build", "--preset", "native", "--parallel", jobs, "--target", *programs]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, errors="replace")
    return done.stdout + done.stderr if done.returncode else ""


def failing_test(copy, programs, files="*"):
    """The first test in these files that fails, or None."""
    for program in programs:
        try:
            done = subprocess.run([copy / "build/native/tests" / program, f"--source-file={files}",
                                   "--abort-after=1", "--no-colors"],
                                  cwd=copy, capture_output=True, text=True, errors="replace", timeout=600)
        except subprocess.TimeoutExpired:
            return f"{program} (does not end)"
        if done.returncode and not re.search("test cases: +0 ", done.stdout):
            names = [line[10:].strip() for line in done.stdout.splitlines() if line.startswith("TEST CASE:")]
            return f"{program}: {names[-1] if names else 'crash'}"
    return None


if __name__ == "__main__":
    main()
