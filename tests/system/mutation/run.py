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

# file, text that occurs once in it, what it becomes
MUTATIONS = [
    ("tensor/rng.cpp", "static_cast<std::uint32_t>(seed >> 32)", "0"),
    ("tensor/rng.h", "return {seed, purpose, round, first + n};", "return {seed, purpose, round, n};"),
    ("tensor/hash.h", "(before ^ static_cast<unsigned char>(c))", "(before ^ static_cast<std::uint64_t>(c))"),
    ("tensor/parallel.cpp", "ENSURE(n >= 1 && n <= 1024,", "ENSURE(n >= 0 && n <= 1024,"),
    ("tensor/tape.cpp", "if (last_gradient.empty() && broken(", "if (broken("),
    ("tensor/ops_attention.cpp", "i < (first + positions) * D;", "i < (first + positions - 1) * D;"),
    ("tensor/ops_network.cpp", "ids[n] < table.dim(0)", "ids[n] <= table.dim(0)"),
    ("tensor/kernels/rows.cpp", "real(1e-5)", "real(1e-3)"),
    ("nn/adamw.cpp", "if (slice.shape.rank == 2)", "if (slice.shape.rank >= 1)"),
    ("nn/adamw.cpp", "(floor + (1 - floor) * 0.5 *", "(floor + 0.5 *"),
    ("nn/muon.cpp", "x[c] = b * m[c] + (1 - b) * clip * g[c];", "x[c] = m[c];"),
    ("nn/batch.cpp", "[](real w) { return w != 0; }", "[](real w) { return w > 0; }"),
    ("nn/train.cpp", "batch.add(examples[shuffled[i]]);", "batch.add(examples[i]);"),
    ("nn/sample.cpp", "static_cast<int>(prompt.size()) <= model.config().context",
     "static_cast<int>(prompt.size()) < model.config().context"),
    ("nn/decoder.cpp", "        check_finite(caller_, t, x, vocabulary);\n", ""),
    ("nn/gpt.cpp", "return 2 * (12 * d * d * config_.layers", "return (12 * d * d * config_.layers"),
    ("nn/io/checkpoint.cpp", "return x >= 0;", "return x > 0;"),
    ("nn/io/file.cpp", "LOCK_EX | LOCK_NB", "LOCK_SH | LOCK_NB"),
    ("nn/io/file.cpp", "O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW", "O_WRONLY | O_CREAT | O_NOFOLLOW"),
    ("nn/io/json.cpp", "if (!fits || number < lowest || number > highest)", "if (!fits || number > highest)"),
    ("banel/banel.cpp", "std::lround(settings.f * static_cast<double>(settings.n))",
     "std::lround(static_cast<double>(settings.n))"),
    ("banel/banel.cpp", "  result.insert(result.end(), round.assumed.begin(), round.assumed.end());\n", ""),
    ("banel/banel.cpp", "state.regions.push_back({phi, settings.kappa, round.tau});",
     "state.regions.push_back({phi, 1, round.tau});"),
    ("banel/oracle.cpp", "first_reward_.at(e.attempt) < last;", "first_reward_.at(e.attempt) <= last;"),
    ("banel/oracle.cpp", "ENSURE_AS(std::ssize(entries_) <= budget,",
     "ENSURE_AS(std::ssize(entries_) < budget,"),
    ("banel/ledger.cpp", "rewards{0, 1, nullptr};", "rewards{0, 1, 0};"),
    ("banel/finds.cpp", "std::span(finds).last(", "std::span(finds).first("),
    ("banel/novelty.cpp", "for (std::size_t i = 1; i < s.size(); ++i) nats",
     "for (std::size_t i = 1; i + 1 < s.size(); ++i) nats"),
    ("banel/policy.cpp", "squares_ += b * b;", "squares_ += b;"),
    ("banel/posterior.cpp", "draws.examined = draws.drawn + i + 1;", "draws.examined = draws.drawn + i;"),
    ("banel/rollback.cpp", "*this = {.earlier = overall()};", "*this = {.earlier = current};"),
    ("banel/scout.cpp", "std::max(least_share, state.survivors.share())",
     "std::min(least_share, state.survivors.share())"),
    ("banel/auto.cpp", "  search.steps = 0;\n", ""),
    ("banel/generators/tabular.cpp", "std::pow(inertia_ / (inertia_ + n), how.epochs)",
     "inertia_ / (inertia_ + n)"),
    ("tasks/base/stats.cpp", "static_cast<double>(order.size() - i) * p[order[i]]",
     "static_cast<double>(order.size()) * p[order[i]]"),
    ("tasks/base/system.cpp", "if (code == 0) flush_stdout();", "if (code != 0) flush_stdout();"),
    ("tasks/base/toml.cpp", "if (c == '\"' || c == '\\\\') quoted += '\\\\';",
     "if (c == '\"') quoted += '\\\\';"),
    ("tasks/model/training.cpp", "static_cast<std::size_t>(step * size + i)",
     "static_cast<std::size_t>(step + i)"),
    ("tasks/model/gpt_generator.cpp", ".loss_from = static_cast<int>(language_.prompt.size()),",
     ".loss_from = 1,"),
    ("tasks/model/method.cpp", '"strings per step of the attacker"), s.theta.batch);',
     '"strings per step of the attacker"), s.phi.batch);'),
    ("tasks/run/attack.cpp", "  *cost_ = cost;  // measuring is no part of the method\n", ""),
    ("tasks/run/checkpoint.cpp", '{"fitted", a.fitted}', '{"fitted", a.found}'),
    ("tasks/run/folder.cpp", "ENSURE_AS(read_file(config) == wanted,",
     "ENSURE_AS(!read_file(config).empty(),"),
    ("tasks/run/methods.cpp", "  oracle_free.settings.early_abort = 0;\n", ""),
    ("tasks/addition/question.cpp", "std::min(answer.find_first_not_of('0'), answer.size() - 1)",
     "std::min(answer.find_first_not_of('0'), answer.size())"),
    ("tasks/addition/addition.cpp", '(settings_.judged == Judged::as_text ? " text" : " numbers") +',
     '" numbers" +'),
    ("tasks/planted/planted.cpp", "(sevens < 2 || q.a.back() == '7')", "(sevens < 2 || q.b.back() == '7')"),
    ("tasks/planted/planted.cpp", "std::llround(s.mass * static_cast<double>(s.samples))",
     "std::llround(s.mass * static_cast<double>(log_probs.size()))"),
    ("tasks/reason/problem.cpp", "steps.back().result == answer;", "steps.front().result == answer;"),
    ("tasks/reason/sound.cpp", "sample_deviation(sums) / std::sqrt(static_cast<double>(groups))",
     "sample_deviation(sums)"),
    ("tasks/toy1d/toy1d.cpp", "std::pow(1 - r.success(r.steps.front().theta), 10)",
     "std::pow(1 - r.success(r.steps.front().theta), 1)"),
    ("tasks/plot/bar_chart.cpp", "value_text(unit * bar.lo, inside, 3)", "value_text(bar.lo, inside, 3)"),
    ("tasks/plot/line_chart.cpp", "outline.insert(outline.end(), lower.rbegin(), lower.rend());",
     "outline.insert(outline.end(), lower.begin(), lower.end());"),
    ("tasks/report/row.cpp", "if (share > 0 && share >= most) {", "if (share > 0 && share > most) {"),
    ("tasks/report/table.cpp", "(r.base.hi - r.base.lo) / (2 * 1.96)", "(r.base.hi - r.base.lo) / 2"),
    ("tasks/report/table_text.cpp", "{r.base.value, r.final, r.selected, r.best}",
     "{r.base.value, r.final, r.best, r.selected}"),
    ("tasks/report/html.cpp", 'safe += "&lt;";', 'safe += "<";'),
    ("tasks/study/study.cpp", 'values.try_emplace("budget", study.budget);',
     'values.insert_or_assign("budget", study.budget);'),
    ("tasks/study/study.cpp", "  if (s.samples) toml += \"samples = \" + number(s.samples) + '\\n';\n", ""),
    ("tasks/study/halving.cpp", "static_cast<double>(i - k) / static_cast<double>(i - 1)",
     "static_cast<double>(i - k) / static_cast<double>(i)"),
    ("tasks/study/study_file.cpp", "if (!quick_) panel.settings = before;",
     "if (quick_) panel.settings = before;"),
    ("tasks/cli/commands.cpp",
     "for (const char c : word) quoted += c == '\\'' ? \"'\\\\''\" : std::string(1, c);",
     "for (const char c : word) quoted += c;"),
    ("tasks/cli/commands/command_report.cpp", "ENSURE_AS(found.differences.empty(), VerificationError,",
     "ENSURE_AS(found.differences.empty(), InputError,"),
    ("tasks/cli/commands/command_attack.cpp",
     "if (!o.samples_given->given()) settings.samples = it.task->reading_samples();",
     "settings.samples = it.task->reading_samples();"),
    ("tensor/ops_elementwise.cpp", "add_grad(b, -1, y);", "add_grad(b, 1, y);"),
    ("tensor/kernels/rows.cpp", "- g_average - z * gz_average);", "- g_average + z * gz_average);"),
    ("tensor/parallel.cpp", "  if (stopped) throw Interrupted();\n", ""),
    ("tensor/ops_attention.cpp", "{Index{1}, Index{1} + context}", "{Index{1}, Index{0} + context}"),
    ("nn/adamw.cpp", "peak * static_cast<double>(step + 1) /", "peak * static_cast<double>(step) /"),
    ("nn/train.cpp", "report.losses.push_back(loss / static_cast<double>(steps_per_epoch));",
     "report.losses.push_back(loss);"),
    ("nn/likelihood.cpp", "t <= batch.text(b).size(); ++t, ++row)", "t < batch.text(b).size(); ++t, ++row)"),
    ("nn/sample.cpp", "if (settings_.temperature != 1) {", "if (settings_.temperature > 1) {"),
    ("nn/batch.cpp", "static_cast<int>(i) + 1 >= example.loss_from",
     "static_cast<int>(i) >= example.loss_from"),
    ("nn/io/file.cpp", "  size_ += bytes.size();\n", ""),
    ("nn/io/checkpoint.cpp", "ENSURE_AS(used == file.tensors.size(),",
     "ENSURE_AS(used <= file.tensors.size(),"),
    ("nn/io/safetensors_header.cpp",
     '  if (position != data_bytes) refuse(where, "unused bytes after the last tensor");\n',
     ""),
    ("banel/early_abort.cpp", "if (!context.withheld(x)) round.assumed.push_back(x);",
     "round.assumed.push_back(x);"),
    ("banel/auto.cpp", "  near = 0;\n  const Screen novel_only", "  const Screen novel_only"),
    ("banel/posterior.cpp", "std::max(most_per_kept * n, least_most)",
     "std::min(most_per_kept * n, least_most)"),
    ("banel/generators/pool.cpp",
     "  const double loss = model_->fit(strings, fit, order);\n  score_pool();\n",
     "  const double loss = model_->fit(strings, fit, order);\n"),
    ("banel/policy.cpp", "- context.settings.kl * (log_p[i] - log_p0[i]);",
     "+ context.settings.kl * (log_p[i] - log_p0[i]);"),
    ("banel/scout.cpp", "near ? 1 : unlikely_of,", "near ? unlikely_of : 1,"),
    ("banel/ledger.cpp", 'json.has("kind") || json.has("kind_hex");', 'json.has("kind");'),
    ("banel/banel.cpp", "scores.push_back(-p.log_prob);", "scores.push_back(p.log_prob);"),
    ("tasks/base/words.cpp", "3 * d <= std::max<std::size_t>(letters, 3)", "3 * d <= letters"),
    ("tasks/base/stats.cpp", "quantile(results, 1 - tail)", "quantile(results, 1 - 2 * tail)"),
    ("tasks/model/training.cpp", "(step + 1) % check_steps == 0 || step + 1 == steps",
     "(step + 1) % check_steps == 0"),
    ("tasks/model/value.cpp", "ENSURE(x >= lowest && x <= highest, key,", "ENSURE(x <= highest, key,"),
    ("tasks/run/measure.cpp", "m_.valid.k += is_valid ? times : 0;", "m_.valid.k += is_valid ? 1 : 0;"),
    ("tasks/run/policies.cpp", "std::size_t i = all.size() - 3;", "std::size_t i = all.size() - 2;"),
    ("tasks/run/view.cpp", "paid.last(std::min(paid.size(), recent_attempts))",
     "paid.first(std::min(paid.size(), recent_attempts))"),
    ("tasks/addition/rules.cpp", "longest_carry(q) < 2;", "longest_carry(q) <= 2;"),
    ("tasks/planted/planted.cpp", "|| !a.regions.empty() || a.unseen) return {};",
     "|| !a.regions.empty()) return {};"),
    ("tasks/reason/reason.cpp", "fnv1a(problem_.text() + settings_.assumed)", "fnv1a(problem_.text())"),
    ("tasks/plot/axis.cpp", "precision.power, percent ? 2 : 0)", "precision.power, percent ? -2 : 0)"),
    ("tasks/report/row.cpp", "row.distinct_success = final.distinct_success.value();",
     "row.distinct_success = final.distinct.value();"),
    ("tasks/report/column.cpp", "{paid_finds, to_first, to_half, evaluations_spent, flops, ended}",
     "{paid_finds, to_first, evaluations_spent, flops, ended}"),
    ("tasks/study/plan.cpp", '  compare("base_samples", a.base_samples == b.base_samples);\n', ""),
    ("tasks/study/verify/verify.cpp", '{"cpu", "blas_config"}', '{"cpu"}'),
    ("tasks/cli/commands/finds.cpp", "return answer.second < 2;", "return answer.second <= 2;"),
    ("tasks/cli/commands/answers.cpp", "    before = nats;\n", ""),
    ("tasks/cli/commands/command_toy1d.cpp", "first.excludes(seeds).excludes(out)", "first.excludes(out)"),
]


def main():
    options = argparse.ArgumentParser(description=__doc__,
                                      formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--only", default="", help="mutations whose file holds this text")
    options.add_argument("--list", action="store_true",
                         help="show the mutations and check that each still applies")
    options.add_argument("--jobs", default="2", help="compilers at a time")
    chosen = options.parse_args()
    root = pathlib.Path(__file__).resolve().parents[3]
    mutations = [m for m in MUTATIONS if chosen.only in m[0]]
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
