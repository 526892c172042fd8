#!/usr/bin/env python3
"""Can the tests fail? Flips one line of the program at a time, builds, runs the tests and counts what fails.

    python3 tests/system/mutation/run.py [--only TEXT] [--list] [--jobs N]

Works on a copy of the committed files in a temporary folder. A mutation is caught when a test fails, crashes
or does not end within its time; one that does not compile is an error in the list. The tests of the file that
was changed run first, then those of its room; those of all rooms only if these find nothing. Exit code 1 if
fewer than 95 % are caught. Takes some two hours of one core.
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
    ("tensor/rng.cpp", "if (used_ == 4)", "if (used_ == 3)"),
    ("tensor/rng.cpp", "for (std::size_t i = n; i > 1; --i)", "for (std::size_t i = n; i > 2; --i)"),
    ("tensor/tape.cpp", "loss.grad()[0] = 1;", "loss.grad()[0] = -1;"),
    ("tensor/parallel.cpp", "if (error) std::rethrow_exception(error);", ""),
    ("tensor/parallel.cpp", "if (stopped) throw Interrupted();", ""),
    ("tensor/kernels/rows.cpp", "dbias[d] += dy[d];\n}\n\nvoid accumulate(",
     "dbias[d] = dy[d];\n}\n\nvoid accumulate("),
    ("tensor/kernels/rows.cpp", "beta == 0 ? a * dy[i] : dx[i] + a * dy[i];", "a * dy[i];"),
    ("tensor/kernels/rows.cpp", "simd::fma(2 * y * (one - s),", "simd::fma(2 * y * (one + s),"),
    ("tensor/kernels/rows.cpp", "for (Index d = 0; d < D; d += simd::width) total = total + term(d, D - d);",
     "for (Index d = 0; d + simd::width <= D; d += simd::width) total = total + term(d, D - d);"),
    ("tensor/kernels/rows.cpp", "- g_average - z * gz_average", "- g_average + z * gz_average"),
    ("tensor/kernels/kernels.h", "return top + std::log(sum);", "return top - std::log(sum);"),
    ("tensor/kernels/attention.cpp",
     "softmax_rows<R.value>(p + (t - from) * ld, ld, t + 1, 1, p + (t - from) * ld);",
     "softmax_rows<R.value>(p + (t - from) * ld, ld, t + R, 0, p + (t - from) * ld);"),
    ("tensor/kernels/attention.cpp", "mix<R.value>(p + row * ld + j, 1, ld, dout + row * D, D, T - t,",
     "mix<R.value>(p + row * ld + j, 1, ld, dout + row * D, D, T - t - 1,"),
    ("tensor/kernels/attention.cpp", "(simd::load(dp + i) - mean)", "(simd::load(dp + i) + mean)"),
    ("tensor/kernels/attention.cpp", "softmax_in_lanes(p, t + 1);", "softmax_in_lanes(p, t + 2);"),
    ("tensor/kernels/attention.cpp", "total[i] = total[i] + total[i + half];",
     "total[i] = total[i] + total[i];"),
    ("tensor/ops_network.cpp", "logits.grad()[n * V + targets[i]] -= w;",
     "logits.grad()[n * V + targets[i]] += w;"),
    ("tensor/ops_network.cpp", "if (has_residual && add.needs_grad())",
     "if (!has_residual && add.needs_grad())"),
    ("tensor/ops_elementwise.cpp", "add_grad(b, -1, y);", "add_grad(b, 1, y);"),
    ("tensor/ops_attention.cpp", "std::fill_n(dx, strings.length(b) * stride, real{0});", ""),
    ("tensor/parallel.cpp", "[] { threads_lost_by_fork = true; }", "[] {}"),
    ("tensor/parallel.h", "next = groups;\n      throw;", "throw;"),
    ("tensor/rng.cpp", "std::log(1.0 - uniform())", "std::log(uniform())"),
    ("tensor/tape.cpp", "if (beta == 0) std::fill_n(data, size(), real{0});", ""),
    ("tensor/parallel.h", "std::min(size, items - g * size)", "size"),
    ("nn/adamw.cpp", "const real g = gradients[i] * scale;", "const real g = gradients[i];"),
    ("nn/adamw.cpp", "v[i] = b2 * v[i] + (1 - b2) * g * g;", "v[i] = b2 * v[i] + (1 - b2) * g;"),
    ("nn/adamw.cpp", "static_cast<double>(step + 1)", "static_cast<double>(step)"),
    ("nn/batch.cpp", "weights.push_back(static_cast<int>(i) + 1 >= example.loss_from",
     "weights.push_back(static_cast<int>(i) >= example.loss_from"),
    ("nn/train.cpp",
     "if (!std::isfinite(report.loss) || !std::isfinite(report.gradient_norm)) report_non_finite(batch);",
     ""),
    ("nn/train.cpp", "sum[i] += lanes_[l]->gradients[i];", "sum[i] = lanes_[l]->gradients[i];"),
    ("nn/sample.cpp", "string.log_prob += static_cast<double>(from.logits[token] - from.log_sum);",
     "string.log_prob += static_cast<double>(from.logits[token]);"),
    ("nn/sample.cpp",
     "if (text.back() != settings.stop && text.size() <= context) longer[text].push_back(i);",
     "if (text.size() <= context) longer[text].push_back(i);"),
    ("nn/batch.cpp", "shard.shared.push_back(static_cast<int>(shared));", "shard.shared.push_back(0);"),
    ("nn/batch.cpp", "if (batch.weights[n] == 0) continue;", ""),
    ("nn/decoder.cpp", "positions_.assign(tokens_.size(), t);", "positions_.assign(tokens_.size(), t / 2);"),
    ("nn/decoder.cpp", "layer.copy(parent_slots_[static_cast<std::size_t>(s.row)], slots_.back(), t);", ""),
    ("nn/decoder.cpp", "output_rows_.back() != s.row", "false"),
    ("nn/sample.cpp", "while (token < from.last && u", "while (token + 1 < vocabulary_ && u"),
    ("nn/sample.cpp", "for (real& x : p) x /= total;", ""),
    ("nn/likelihood.cpp", "std::size_t t = from; t <=", "std::size_t t = 1; t <="),
    ("nn/io/safetensors_header.cpp", "if (place_ == Place::header && key_ == metadata_key) return true;",
     ""),
    ("nn/io/json.cpp", "  memory_ += bytes;", "  memory_ += bytes / 4;"),
    ("nn/io/file.cpp", "size_ = *keep_bytes;", ""),
    ("nn/io/file.cpp", "bytes.remove_prefix(static_cast<std::size_t>(written));", "return;"),
    ("nn/io/file.cpp", "if (!locked) return {};", ""),
    ("nn/muon.cpp", 'slice.name.ends_with("qkv.weight") ? 3 : 1', "1"),
    ("nn/train.cpp", "std::max(report.gradient_norm, step.gradient_norm)", "step.gradient_norm"),
    ("nn/train.cpp", "loss / static_cast<double>(steps_per_epoch)", "loss"),
    ("nn/train.cpp", "-shard.weights[i] * chance / rest;", "-shard.weights[i] * chance;"),
    ("nn/io/checkpoint.cpp", "ENSURE_AS(used == file.tensors.size(),",
     "ENSURE_AS(used <= file.tensors.size(),"),
    ("nn/io/checkpoint.cpp", "return std::isfinite(x);", "return !std::isnan(x);"),
    ("nn/io/file.cpp",
     'if (uninterrupted([&] { return ::fdatasync(file_.get()); }) != 0) refuse(path_, "sync", errno);',
     ""),
    ("nn/likelihood.cpp", "ENSURE(sequence.size() > from,", "ENSURE(sequence.size() >= from,"),
    ("nn/gpt.cpp", "1 / std::sqrt(2.0 * config_.layers)", "1 / std::sqrt(1.0 * config_.layers)"),
    ("banel/novelty.cpp", "if (i > 0) ++words_[word].count;", "++words_[word].count;"),
    ("banel/oracle.cpp", "ENSURE_AS(n <= budget_ - used_, BudgetError",
     "ENSURE_AS(n <= budget_ - used_ + 1, BudgetError"),
    ("banel/banel.cpp", "if (all || (round.rewards[i] == Reward::failure && !context.withheld(x)))",
     "if (all || round.rewards[i] == Reward::failure)"),
    ("banel/oracle.cpp", "if (ledger_) ledger_->append(lines);", ""),
    ("banel/ledger.cpp", "ENSURE_AS(line.substr(hashed.size()) == seal(hash),", "ENSURE_AS(true,"),
    ("banel/ledger.cpp", "ENSURE_AS(hash == mark.hash,", "ENSURE_AS(true,"),
    ("banel/oracle.cpp", "const std::scoped_lock turn(turn_);", ""),
    ("banel/oracle.cpp", "entries_.resize(before);", ""),
    ("banel/oracle.cpp", "pay(attempts.subspan(known));", "pay(attempts);"),
    ("banel/banel.cpp", "(round.rewards[i] == Reward::failure && ", "("),
    ("banel/banel.cpp", "(tied || scores[i] > tau) && !context.withheld(proposals[i].text)",
     "(tied || scores[i] > tau)"),
    ("banel/banel.cpp", "scores[i] > tau", "scores[i] < tau"),
    ("banel/banel.cpp", "may[i] = may[i] && !oracle.seen(attempts[i]);", "may[i] = may[i];"),
    ("banel/banel.cpp", "std::min(settings.m, left)", "settings.m"),
    ("banel/banel.cpp", "const std::shared_ptr<Generator> phi = theta.clone();",
     "const std::shared_ptr<Generator> phi(&theta, [](Generator*) {});"),
    ("banel/early_abort.cpp", "round.attempts.examined * first / X.size()", "round.attempts.examined"),
    ("banel/early_abort.cpp", "if (!context.withheld(x)) round.assumed", "round.assumed"),
    ("banel/rollback.cpp", "current.tally += round;", ""),
    ("banel/rollback.cpp", "bound(p, round, 0.5)", "bound(p, round, -5)"),
    ("banel/rollback.cpp", "bound(p, since, -patience)", "bound(p, since, -3 * patience)"),
    ("banel/rollback.cpp", "idle = round.rewards ? 0 : idle + 1;", "idle = 0;"),
    ("banel/posterior.cpp", "proposals[i].log_prob - kappa * scores[i]",
     "proposals[i].log_prob + kappa * scores[i]"),
    ("banel/posterior.cpp", "static_cast<double>(scores) / f", "static_cast<double>(scores) * f"),
    ("banel/posterior.cpp", "if ((result[i] = met.insert(proposals[i].text).second))",
     "if ((result[i] = true))"),
    ("banel/posterior.cpp", "scores[i] >= region.tau", "scores[i] <= region.tau"),
    ("banel/policy.cpp", "- context.settings.kl * (log_p[i] - log_p0[i])",
     "+ context.settings.kl * (log_p[i] - log_p0[i])"),
    ("banel/novelty.cpp", "there[begin] = also->longer(there[begin], s[i]);", ""),
    ("banel/auto.cpp", "prior_at_once * (all.barren + 1)", "prior_at_once * all.barren"),
    ("banel/auto.cpp", "search.barren = found ? 0 : search.barren + 1;",
     "search.barren = search.barren + 1;"),
    ("banel/auto.cpp", "    if (active(*least, best)) return;\n", ""),
    ("banel/auto.cpp", "if (i >= of_prior_ && ", "if ("),
    ("banel/auto.cpp", "a.recent = {a.recent.strings / 2, a.recent.rewards / 2};", ""),
    ("banel/ledger.cpp", "if (std::ssize(read) == mark.evaluations)\n",
     "if (std::ssize(read) == mark.evaluations + 1)\n"),
    ("banel/oracle.cpp", "first = std::min(first, entry);", "first = entry;"),
    ("banel/scout.cpp", ".from(number << 20)", ".from(number)"),
    ("banel/scout.cpp", "return a.log_prob < b.log_prob;", "return a.log_prob > b.log_prob;"),
    ("banel/finds.cpp", "n - n / one_in", "n"),
    ("banel/policy.cpp", "x = deviation > 1e-12 * std::abs(mean) ? x / deviation : 0;",
     "x = x / deviation;"),
    ("banel/policy.cpp", "    if (round.rewards[i] == Reward::unjudged) continue;\n", ""),
    ("tasks/base/stats.cpp", "squares / static_cast<double>(values.size() - 1)",
     "squares / static_cast<double>(values.size())"),
    ("tasks/base/stats.cpp", "return sum >= observed - 1e-12 * magnitude;",
     "return sum > observed + 1e-12 * magnitude;"),
    ("tasks/base/progress.cpp", "const std::int64_t steps = done_ - resumed_;",
     "const std::int64_t steps = done_;"),
    ("tasks/model/gpt_generator.cpp", "cost.flops += 3 * static_cast", "cost.flops += 2 * static_cast"),
    ("tasks/model/gpt_generator.cpp", ".temperature = temperature_}", ".temperature = 1}"),
    ("tasks/model/rate.cpp", 'json["k"].integer(0, n)', 'json["k"].count()'),
    ("tasks/model/training.cpp", "0.99 * training.loss + 0.01 * loss", "0.01 * training.loss + 0.99 * loss"),
    ("tasks/model/training.cpp", "training.seconds = seconds_before + watch.seconds();",
     "training.seconds = watch.seconds();"),
    ("tasks/model/training.cpp", "if (enough) break;", ""),
    ("tasks/model/training.cpp", "checkpoint.metadata[settings_key] == file.settings", "true"),
    ("tasks/model/value.cpp", "ENSURE(!whole || x == std::floor(x), key,", "ENSURE(true, key,"),
    ("tasks/run/attack.cpp", "  first += submitted;\n", ""),
    ("tasks/run/attack.cpp", "recall(*learner, *oracle_, folder_.rounds, settings_.seed);", ""),
    ("tasks/run/attacks.cpp", "if (!mine) return;", ""),
    ("tasks/run/checkpoint.cpp", "    p.idle = best.idle;\n", ""),
    ("tasks/run/checkpoint.cpp", '"earlier", best.earlier.theta->state()',
     '"earlier", best.current.theta->state()'),
    ("tasks/run/folder.cpp", "(saved.finished ? nre <= paid : nre == paid)", "nre <= paid"),
    ("tasks/run/folder.cpp", "seconds += worked;", "seconds = worked;"),
    ("tasks/run/log.cpp", 'line["positives"].integer(0, r.submitted)', 'line["positives"].count()'),
    ("tasks/run/measure.cpp", "m.entropy -= p.log_prob", "m.entropy += p.log_prob"),
    ("tasks/run/measure.cpp", "m_.findings.size() < most_findings", "m_.findings.size() <= most_findings"),
    ("tasks/run/measure.cpp", "if (!succeeded_.insert(x).second) return;", "succeeded_.insert(x);"),
    ("tasks/run/reading.cpp", "oracle_.budget() / 30 + before / 4", "oracle_.budget() / 3 + before / 4"),
    ("tasks/run/reading.cpp", "nats -= log_prob;", "nats += log_prob;"),
    ("tasks/run/reading.cpp", "if (verdicts[i].reward == Reward::failure) sample",
     "if (verdicts[i].reward != Reward::unjudged) sample"),
    ("tasks/run/rnd.cpp", "(batch.offsets[i - first + 1] - 1)", "batch.offsets[i - first]"),
    ("tasks/run/view.cpp", "paid.last(std::min(paid.size(), recent_attempts))",
     "paid.first(std::min(paid.size(), recent_attempts))"),
    ("tasks/addition/addition.cpp", "longest_carry(q) >= rippling", "longest_carry(q) > rippling"),
    ("tasks/addition/addition.cpp", "(settings_.sevens < 2 || q.b.back() == '7')",
     "(settings_.sevens < 2 || q.a.back() == '7')"),
    ("tasks/addition/rules.cpp", "std::min(a, b) == 0;", "std::min(a, b) >= 0;"),
    ("tasks/addition/question.cpp", "run = carry && column == 9 ? run + 1 : 0;",
     "run = column == 9 ? run + 1 : 0;"),
    ("tasks/addition/question.cpp", "i == second && second > 1;", "i == second;"),
    ("tasks/addition/target.cpp", "{static_cast<int>(q.a.size()), static_cast<int>(q.b.size())}",
     "{static_cast<int>(q.b.size()), static_cast<int>(q.a.size())}"),
    ("tasks/planted/planted.cpp",
     "if (&a.theta != prior_.get() || !a.regions.empty() || a.unseen) return {};",
     "if (&a.theta != prior_.get() || !a.regions.empty()) return {};"),
    ("tasks/planted/planted.cpp", "(*std::max_element(log_probs.begin(), above) + *above) / 2", "*above"),
    ("tasks/planted/planted.cpp", "? q.a.size() >= q.b.size() &&", "? q.a.size() > q.b.size() &&"),
    ("tasks/reason/sound.cpp", "std::exp(*next - b.proposal.log_prob)", "std::exp(*next)"),
    ("tasks/reason/sound.cpp", "result.push_back({b.proposal, share, group});",
     "result.push_back({b.proposal, b.mass, group});"),
    ("tasks/reason/problem.cpp", "if (b == 0 || a % b != 0) return std::nullopt;",
     "if (b == 0) return std::nullopt;"),
    ("tasks/reason/problem.cpp", "(operation == '+' || operation == '*') && v != k",
     "operation == '+' || operation == '*'"),
    ("tasks/reason/problem.cpp", "length > 3 || rest_[0] == '0'", "length > 3"),
    ("tasks/plot/axis.cpp", "percent ? 2 : 0)", "percent ? -2 : 0)"),
    ("tasks/plot/bar_chart.cpp", "ENSURE(bar.lo <= bar.value && bar.value <= bar.hi,",
     "ENSURE(bar.lo <= bar.value,"),
    ("tasks/plot/line_chart.cpp", "below[k] += parts[i][k];", "below[k] = parts[i][k];"),
    ("tasks/plot/line_chart.cpp", "ENSURE(series.x[i - 1] < series.x[i],",
     "ENSURE(series.x[i - 1] <= series.x[i],"),
    ("tasks/report/column.cpp", "return x >= 10;", "return x > 10;"),
    ("tasks/report/column.cpp", "1 / static_cast<double>(r.k) - 1 / static_cast<double>(r.n)",
     "1 / static_cast<double>(r.k) + 1 / static_cast<double>(r.n)"),
    ("tasks/report/regime_figure.cpp", "return most * mean_base(panel.groups[0]);",
     "return most / mean_base(panel.groups[0]);"),
    ("tasks/report/row.cpp", "if (rate >= 0.5 && !row.to_half)", "if (rate >= 0.5)"),
    ("tasks/report/row.cpp", "fresh && !final.exact ? final.success.n : 0", "fresh ? final.success.n : 0"),
    ("tasks/report/table.cpp", "a->row.instance != b->row.instance || ", ""),
    ("tasks/report/table.cpp", "paired_permutation_test(ours, theirs, rng)",
     "paired_permutation_test(theirs, ours, rng)"),
    ("tasks/report/table.cpp", "std::ranges::upper_bound(ends", "std::ranges::lower_bound(ends"),
    ("tasks/study/canary.cpp", "hex(ledger.back().hash)", "hex(ledger.front().hash)"),
    ("tasks/study/halving.cpp", "(order.size() + each - 1) / each", "order.size() / each"),
    ("tasks/study/halving.cpp", "return scores[a] != scores[b] ? scores[a] > scores[b]",
     "return scores[a] != scores[b] ? scores[a] < scores[b]"),
    ("tasks/study/instances.cpp", "return fs::exists(file.first) && read_file(file.first) == file.second;",
     "return fs::exists(file.first);"),
    ("tasks/study/plan.cpp", 'compare("samples", a.samples == b.samples);', ""),
    ("tasks/study/study.cpp", "of == v.name || of == path_name(v.name)", "of == v.name"),
    ("tasks/study/verify/verify_attack.cpp",
     'compare(differences, where + ", positives", round.positives, positives);',
     ""),
    ("tasks/cli/options.cpp", "!(value >= lowest && value <= highest)",
     "!(value >= lowest && value < highest)"),
    ("tasks/cli/command_line.cpp", "ENSURE(option->typed_ != other->typed_,", "ENSURE(true,"),
    ("tasks/cli/commands/answers.cpp", "std::exp(nats - before)", "std::exp(nats)"),
    ("tasks/cli/commands/finds.cpp", "std::ranges::max_element(rows, {}, &Row::final)",
     "std::ranges::min_element(rows, {}, &Row::final)"),
    ("tasks/cli/commands/solved.cpp", '? "right  " : "lucky  "', '? "lucky  " : "right  "'),
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
            if failure := build(copy, programs, jobs):
                sys.exit(f"{file}: {after!r} does not compile:\n{failure}")
            if (failed := failing_test(copy, programs, tests)) is not None:
                break
        path.write_text(text)
        caught += failed is not None
        verdict = f"caught by {failed}" if failed else "SURVIVED"
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
