#!/usr/bin/env python3
"""Can the tests fail? Flips one line of the program at a time, builds, runs the tests and counts what fails.

    python3 tests/system/mutation/run.py [--only TEXT] [--list]

Works on a copy of the committed files in a temporary folder. A mutation is caught when a test fails, crashes
or does not end within its time; one that does not compile is an error in the list. Exit code 1 if fewer than
95 % are caught. Takes about half an hour on 2 cores.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile
import time

PROGRAMS = ["unit_tests", "words_tests", "options_tests", "banel_tests", "model_tests", "run_tests",
            "addition_tests", "planted_tests", "toy1d_tests", "report_tests", "study_tests",
            "f64_tests", "golden_tests"]

# file, text that occurs once in it, what it becomes
MUTATIONS = [
    ("tensor/rng.cpp", "if (used_ == 4)", "if (used_ == 3)"),
    ("tensor/rng.cpp", "for (std::size_t i = n; i > 1; --i)", "for (std::size_t i = n; i > 2; --i)"),
    ("tensor/tape.cpp", "loss.grad()[0] = 1;", "loss.grad()[0] = -1;"),
    ("tensor/parallel.cpp", "if (error) std::rethrow_exception(error);", ""),
    ("tensor/parallel.cpp", "if (stopped) throw Interrupted();", ""),
    ("tensor/kernels/rows.cpp",
     "dbias[d] += dy[d];\n}\n\nvoid accumulate(",
     "dbias[d] = dy[d];\n}\n\nvoid accumulate("),
    ("tensor/kernels/rows.cpp", "beta == 0 ? a * dy[i] : dx[i] + a * dy[i];", "a * dy[i];"),
    ("tensor/kernels/rows.cpp", "simd::fma(2 * y * (one - s),", "simd::fma(2 * y * (one + s),"),
    ("tensor/kernels/rows.cpp",
     "for (Index d = 0; d < D; d += simd::width) total = total + term(d, D - d);",
     "for (Index d = 0; d + simd::width <= D; d += simd::width) total = total + term(d, D - d);"),
    ("tensor/kernels/rows.cpp", "- g_average - z * gz_average", "- g_average + z * gz_average"),
    ("tensor/kernels/kernels.h", "return top + std::log(sum);", "return top - std::log(sum);"),
    ("tensor/kernels/attention.cpp",
     "softmax_rows<R.value>(p + (t - from) * ld, ld, t + 1, 1, p + (t - from) * ld);",
     "softmax_rows<R.value>(p + (t - from) * ld, ld, t + R, 0, p + (t - from) * ld);"),
    ("tensor/kernels/attention.cpp",
     "mix<R.value>(p + row * ld + j, 1, ld, dout + row * D, D, T - t,",
     "mix<R.value>(p + row * ld + j, 1, ld, dout + row * D, D, T - t - 1,"),
    ("tensor/kernels/attention.cpp", "(simd::load(dp + i) - mean)", "(simd::load(dp + i) + mean)"),
    ("tensor/kernels/attention.cpp", "softmax_in_lanes(p, t + 1);", "softmax_in_lanes(p, t + 2);"),
    ("tensor/kernels/attention.cpp",
     "total[i] = total[i] + total[i + half];",
     "total[i] = total[i] + total[i];"),
    ("tensor/ops_network.cpp",
     "logits.grad()[n * V + targets[i]] -= w;",
     "logits.grad()[n * V + targets[i]] += w;"),
    ("tensor/ops_network.cpp",
     "if (has_residual && add.needs_grad())",
     "if (!has_residual && add.needs_grad())"),
    ("tensor/ops_elementwise.cpp", "add_grad(b, -1, y);", "add_grad(b, 1, y);"),
    ("nn/adamw.cpp", "const real g = gradients[i] * scale;", "const real g = gradients[i];"),
    ("nn/adamw.cpp", "v[i] = b2 * v[i] + (1 - b2) * g * g;", "v[i] = b2 * v[i] + (1 - b2) * g;"),
    ("nn/adamw.cpp", "static_cast<double>(step + 1)", "static_cast<double>(step)"),
    ("nn/batch.cpp",
     "weights.push_back(static_cast<int>(i) + 1 >= example.loss_from",
     "weights.push_back(static_cast<int>(i) >= example.loss_from"),
    ("nn/train.cpp",
     "if (!std::isfinite(report.loss) || !std::isfinite(report.gradient_norm)) report_non_finite(batch);",
     ""),
    ("nn/train.cpp", "sum[i] += lanes_[l]->gradients[i];", "sum[i] = lanes_[l]->gradients[i];"),
    ("banel/novelty.cpp", "if (i > 0) ++words_[word].count;", "++words_[word].count;"),
    ("nn/sample.cpp",
     "string.log_prob += static_cast<double>(from.logits[token] - from.log_sum);",
     "string.log_prob += static_cast<double>(from.logits[token]);"),
    ("nn/sample.cpp",
     "if (text.back() != settings.stop && text.size() <= context) longer[text].push_back(i);",
     "if (text.size() <= context) longer[text].push_back(i);"),
    ("nn/batch.cpp", "shard.shared.push_back(static_cast<int>(shared));", "shard.shared.push_back(0);"),
    ("nn/batch.cpp", "if (batch.weights[n] == 0) continue;", ""),
    ("tensor/ops_attention.cpp", "std::fill_n(dx, strings.length(b) * stride, real{0});", ""),
    ("tasks/run/measure.cpp", "if (!known->contains(x)) unknown.push_back(x);", "unknown.push_back(x);"),
    ("nn/decoder.cpp", "positions_.assign(tokens_.size(), t);", "positions_.assign(tokens_.size(), t / 2);"),
    ("nn/decoder.cpp", "layer.copy(parent_slots_[static_cast<std::size_t>(s.row)], slots_.back(), t);", ""),
    ("nn/decoder.cpp", "output_rows_.back() != s.row", "false"),
    ("nn/sample.cpp", "while (token < from.last && u", "while (token + 1 < vocabulary_ && u"),
    ("nn/sample.cpp", "for (real& x : p) x /= total;", ""),
    ("nn/likelihood.cpp", "std::size_t t = from; t <=", "std::size_t t = 1; t <="),
    ("tensor/parallel.cpp", "[] { threads_lost_by_fork = true; }", "[] {}"),
    ("tensor/parallel.h", "next = groups;\n      throw;", "throw;"),
    ("nn/io/safetensors_header.cpp", "if (place_ == Place::header && key_ == metadata_key) return true;", ""),
    ("nn/io/json.cpp", "  memory_ += bytes;", "  memory_ += bytes / 4;"),
    ("nn/io/file.cpp", "size_ = *keep_bytes;", ""),
    ("nn/io/file.cpp", "bytes.remove_prefix(static_cast<std::size_t>(written));", "return;"),
    ("nn/io/file.cpp", "if (!locked) return {};", ""),
    ("banel/oracle.cpp",
     "ENSURE_AS(n <= budget_ - used_, BudgetError",
     "ENSURE_AS(n <= budget_ - used_ + 1, BudgetError"),
    ("banel/banel.cpp",
     "if (all || (round.rewards[i] == Reward::failure && !context.withheld(x)))",
     "if (all || round.rewards[i] == Reward::failure)"),
    ("banel/oracle.cpp", "if (ledger_) ledger_->append(lines);", ""),
    ("banel/ledger.cpp", "ENSURE_AS(line.substr(hashed.size()) == seal(hash),", "ENSURE_AS(true,"),
    ("banel/ledger.cpp", "ENSURE_AS(hash == mark.hash,", "ENSURE_AS(true,"),
    ("banel/oracle.cpp", "const std::scoped_lock turn(turn_);", ""),
    ("banel/oracle.cpp", "entries_.resize(before);", ""),
    ("banel/oracle.cpp", "pay(attempts.subspan(known));", "pay(attempts);"),
    ("banel/banel.cpp", "(round.rewards[i] == Reward::failure && ", "("),
    ("banel/banel.cpp",
     "(tied || scores[i] > tau) && !context.withheld(proposals[i].text)",
     "(tied || scores[i] > tau)"),
    ("banel/banel.cpp", "scores[i] > tau", "scores[i] < tau"),
    ("banel/banel.cpp", "may[i] = may[i] && !oracle.seen(attempts[i]);", "may[i] = may[i];"),
    ("banel/banel.cpp", "std::min(settings.m, left)", "settings.m"),
    ("banel/banel.cpp",
     "const std::shared_ptr<Generator> phi = theta.clone();",
     "const std::shared_ptr<Generator> phi(&theta, [](Generator*) {});"),
    ("banel/early_abort.cpp", "round.attempts.examined * first / X.size()", "round.attempts.examined"),
    ("banel/early_abort.cpp", "if (!context.withheld(x)) round.assumed", "round.assumed"),
    ("banel/rollback.cpp", "current.tally += round;", ""),
    ("banel/rollback.cpp", "bound(p, round, 0.5)", "bound(p, round, -5)"),
    ("banel/rollback.cpp", "bound(p, since, -patience)", "bound(p, since, -3 * patience)"),
    ("banel/rollback.cpp", "idle = round.rewards ? 0 : idle + 1;", "idle = 0;"),
    ("banel/posterior.cpp",
     "proposals[i].log_prob - kappa * scores[i]",
     "proposals[i].log_prob + kappa * scores[i]"),
    ("banel/posterior.cpp", "static_cast<double>(scores) / f", "static_cast<double>(scores) * f"),
    ("banel/posterior.cpp",
     "if ((result[i] = met.insert(proposals[i].text).second))",
     "if ((result[i] = true))"),
    ("banel/posterior.cpp", "scores[i] >= region.tau", "scores[i] <= region.tau"),
    ("banel/policy.cpp",
     "- context.settings.kl * (log_p[i] - log_p0[i])",
     "+ context.settings.kl * (log_p[i] - log_p0[i])"),
    ("banel/novelty.cpp", "there[begin] = also->longer(there[begin], s[i]);", ""),
    ("tasks/addition/question.cpp", "s.size() > 1 && s[0] == '0'", "s[0] == '0'"),
    ("tasks/addition/question.cpp", "carry = column > 9 || (carry && column == 9);", "carry = column > 9;"),
    ("tasks/addition/question.cpp", ".loss_from = static_cast<int>(question.size())", ".loss_from = 1"),
    ("tasks/addition/question.cpp", "return answer != sum(q);", "return answer == sum(q);"),
    ("tasks/run/measure.cpp", "++mode.distinct;", "mode.distinct += 2;"),
    ("tasks/report/row.cpp", "if (share > 0 && share >= most)", "if (share > 0 && share > most)"),
    ("tasks/run/reading.cpp", "attacker != attacker_ || ", "attacker == attacker_ || "),
    ("tasks/run/attack.cpp", "*cost_ = cost;  // measuring is no part of the method", ""),
]


def main():
    options = argparse.ArgumentParser(description=__doc__,
                                      formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--only", default="", help="mutations whose file holds this text")
    options.add_argument("--list", action="store_true",
                         help="show the mutations and check that each still applies")
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
            sys.exit(run(root, pathlib.Path(folder), mutations))


def run(root, copy, mutations):
    files = subprocess.run(["git", "-C", root, "archive", "HEAD"], check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x", "-C", copy], input=files, check=True)
    configure = ["cmake", "--preset", "native"]
    build = ["cmake", "--build", "--preset", "native", "--parallel", "2", "--target", *PROGRAMS]
    subprocess.run(configure, cwd=copy, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(build, cwd=copy, check=True, stdout=subprocess.DEVNULL)
    if (failed := failing_test(copy)) is not None:
        sys.exit(f"the tests fail without any mutation: {failed}")
    survivors = []
    for number, (file, before, after) in enumerate(mutations, 1):
        path = copy / file
        text = path.read_text()
        path.write_text(text.replace(before, after))
        started = time.monotonic()
        compiled = subprocess.run(build, cwd=copy, capture_output=True, text=True)
        if compiled.returncode:
            sys.exit(f"{file}: {after!r} does not compile:\n{compiled.stdout}{compiled.stderr}")
        failed = failing_test(copy)
        path.write_text(text)
        if failed is None:
            survivors.append((file, before, after))
        verdict = f"caught by {failed}" if failed else "SURVIVED"
        print(f"{number:2}/{len(mutations)} {file}: {before!r} -> {after!r}: {verdict} "
              f"({time.monotonic() - started:.0f} s)", flush=True)
    caught = len(mutations) - len(survivors)
    print(f"{caught} of {len(mutations)} mutations caught ({100 * caught / len(mutations):.0f} %)")
    return 0 if caught >= 0.95 * len(mutations) else 1


def failing_test(copy):
    """The first test that fails, or None."""
    for program in PROGRAMS:
        try:
            done = subprocess.run([copy / "build/native/tests" / program, "--abort-after=1", "--no-colors"],
                                  cwd=copy, capture_output=True, text=True, errors="replace", timeout=300)
        except subprocess.TimeoutExpired:
            return f"{program} (does not end)"
        if done.returncode:
            names = [line[10:].strip() for line in done.stdout.splitlines() if line.startswith("TEST CASE:")]
            return f"{program}: {names[-1] if names else 'crash'}"
    return None


if __name__ == "__main__":
    main()
