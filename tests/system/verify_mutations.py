#!/usr/bin/env python3
"""Forges one fact of a run folder at a time and demands that `banel verify` names its file.
    python3 tests/system/verify_mutations.py BANEL
    python3 tests/system/verify_mutations.py BANEL 8         # every eighth kind
A forger makes everything else fit that needs no training: hash chains, counts, checkpoints, fingerprints and,
by `banel report`, rows, tables, figures and page. What only training tells apart is shown to `--rerun`.
Untouched runs of 1, 2, 4 and 8 threads, and other kernels of OpenBLAS, must give no alarm."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

NETWORKS = "digits = 2, mass = 0.1, samples = 4000, attacker_width = 16, attacker_examples = 20000"
COMMON = 'title = "Forged"\nsamples = 100\nshow = ["bars"]\n'
STUDIES = {"planted": f"""{COMMON}task = "planted"
seeds = 2
budget = 60
canary = "canary.toml"
variants = [
  {{name = "banel", method = "banel", m = 10, n = 60, f = 2, phi_epochs = 2}},
  {{name = "regions", method = "banel-union", m = 20, n = 100, f = 1.5, phi_epochs = 2}},
  "grpo",
]
settings = {{{NETWORKS}}}
""", "carried": f"""{COMMON}task = "addition"
instances = [5]
seeds = 1
budget = 40
base_samples = 500
variants = [{{method = "banel", m = 10, n = 20, f = 2, phi_epochs = 1}}]
""", "canary": f"""{COMMON}task = "planted"
seeds = 1
budget = 40
variants = ["finds"]
settings = {{{NETWORKS}}}
"""}
ONE, TWO, REGIONS = "attacks/1/banel/seed1", "attacks/1/banel/seed2", "attacks/1/regions/seed1"
GRPO, CANARY, ADDER = "attacks/1/grpo/seed1", "canary/attacks/1/finds/seed1", "attacks/5/banel/seed1"


def banel(*arguments, **environment):
    done = subprocess.run([program, *map(str, arguments), "--quiet"], capture_output=True, text=True,
                          env={**os.environ, **environment})
    return done.returncode, done.stdout + done.stderr


def fnv1a(data, value=0xCBF29CE484222325):
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


def text_of(entries):
    return "".join(json.dumps(e, separators=(",", ":"), ensure_ascii=False) + "\n" for e in entries)


class Run:
    """A copy of a run, in the forger's hands."""
    def __init__(self, of):
        self.path = Path("forged")
        shutil.rmtree(self.path, ignore_errors=True)
        shutil.copytree(of, self.path)

    def file(self, name):
        return next(self.path.glob(name))

    def lines(self, name):
        return [json.loads(line) for line in self.file(name).read_text().splitlines()]

    def edit(self, names, before, after, last=False):
        """Replaces the first, or last, `before` in each of the files that have it."""
        files = [path for path in self.path.glob(names) if before in path.read_text()]
        assert files, f"{names} without {before}"
        for path in files:
            head, tail = (str.rpartition if last else str.partition)(path.read_text(), before)[::2]
            path.write_text(head + after + tail)

    def rounds(self, change, attack=ONE):
        """change(rounds), then counts and checkpoint."""
        rounds = self.lines(f"{attack}/metrics.jsonl")
        change(rounds)
        ledger, checkpoint = self.lines(f"{attack}/ledger.jsonl"), self.lines(f"{attack}/checkpoint")
        for r in rounds:
            r["positives"] = sum(e["reward"] for e in ledger[r["nre"] - r["submitted"]:r["nre"]])
        (self.path / attack / "metrics.jsonl").write_text(text_of(rounds))
        checkpoint[0]["progress"].update(nre=len(ledger), ledger_hash=ledger[-1]["hash"],
                                         metrics_bytes=len(text_of(rounds).encode()))
        (self.path / attack / "checkpoint").write_text(text_of(checkpoint))

    def ledger(self, change, attack=ONE, end=0):
        """change(entries), then numbers and hash chain; the last round has `end` more evaluations."""
        entries, value = self.lines(f"{attack}/ledger.jsonl"), fnv1a(b"")
        change(entries)
        for n, entry in enumerate(entries, 1):
            entry.pop("hash", None)
            entry["n"] = n
            value = fnv1a(text_of([entry])[:-2].encode(), value)
            entry["hash"] = f"{value:016x}"
        (self.path / attack / "ledger.jsonl").write_text(text_of(entries))
        self.rounds(lambda r: r[-1].update({key: r[-1][key] + end for key in ("nre", "submitted")}), attack)

    def everywhere(self, key, old, new):
        """A setting in study.toml and in every attack."""
        self.edit("study.toml", f"\n{key} = {old}", f"\n{key} = {new}")
        self.edit("attacks/*/*/*/config.json", f'"{key}": {old}', f'"{key}": {new}')

    def rename_seed(self):
        self.edit("study.toml", "seeds = [1, 2]", "seeds = [1, 3]")
        self.edit("attacks/*/*/seed2/config.json", '"seed": 2', '"seed": 3')
        for model in self.path.glob("attacks/*/*/seed2/*.safetensors"):
            model.write_bytes(model.read_bytes().replace(b'"seed":"2"', b'"seed":"3"'))
        for folder in self.path.glob("attacks/*/*/seed2"):
            folder.rename(folder.with_name("seed3"))

    def weight(self, name):
        """The lowest bit of one weight, and the hash and the fingerprints that are kept of the network."""
        path = self.file(name)
        data = bytearray(path.read_bytes())
        before = f"{fnv1a(data):016x}"
        data[-400] ^= 1
        path.write_bytes(data)
        report = path.with_suffix(".json")
        if report.exists():
            report.write_text(report.read_text().replace(before, f"{fnv1a(data):016x}"))
        wrong = re.findall(r'fingerprint: .*"(\w+)", found "(\w+)"', banel("verify", self.path)[1])
        for old, new in set(wrong):
            self.edit("attacks/*/*/*/config.json", old, new)
            for model in self.path.glob("attacks/*/*/*/*.safetensors"):
                model.write_bytes(model.read_bytes().replace(old.encode(), new.encode()))
        for name in set(re.findall(r"base-\d+-\w+\.json", banel("verify", self.path)[1])):
            old, = path.parent.glob(re.match(r"base-\d+-", name)[0] + "*")
            old.rename(path.parent / name)

    def label(self, name, old, new):
        """What the file of a model says of itself."""
        path = self.file(name)
        data = path.read_bytes()
        assert data.count(old) == 1 and len(old) == len(new)
        path.write_bytes(data.replace(old, new))

    def swap(self, *names):
        for name in names:
            one, two = (self.path / attack / name for attack in (ONE, TWO))
            one.rename("swapped"), two.rename(one), Path("swapped").rename(two)
            if name.endswith(".safetensors") and len(names) > 1:  # each says its seed
                for number, path in ((b"1", one), (b"2", two)):
                    path.write_bytes(re.sub(rb'"seed":"."', b'"seed":"' + number + b'"', path.read_bytes()))

    def row(self, key, value):
        rows = json.loads(self.file("rows.json").read_text())
        assert rows[0].get(key) != value
        rows[0][key] = value
        self.file("rows.json").write_text("[\n" + text_of(rows).strip().replace("\n", ",\n") + "\n]\n")

    def surplus(self, name):
        path = self.path / name.replace("*", next(self.path.glob("instances/*")).name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")

    def canary(self):
        self.ledger(flip, CANARY)
        value = fnv1a(self.lines(f"{CANARY}/ledger.jsonl")[-1]["hash"].encode())
        old = json.loads(self.file("run.json").read_text())["canary"]["hash"]
        self.edit("run.json", old, f"{value:016x}")


def flip(entries):
    next(e for e in entries if e["reward"] == 0)["reward"] = 1


def middle(rounds):
    return [r["measured"] for r in rounds[:-1] if r["measured"]][-1]


def does(action, *arguments, **named):
    """A forgery, to be done with a run."""
    return lambda run: action(run, *arguments, **named)


def put(number, attack=ONE, **values):
    return does(Run.rounds, lambda rounds: rounds[number].update(values), attack)


def reading(key, change):
    return does(Run.rounds, lambda rounds: change(rounds[-1]["measured"][key]))


# What is forged, what the message names, the forgery, and one of: "" (the forger makes a report), "bare"
# (none), "rerun" (only that tells), "carried" (of the run with the carried target).
LEDGER, METRICS, CONFIG = (f"{ONE}/{name}" for name in ("ledger.jsonl", "metrics.jsonl", "config.json"))
LAST = "metrics.jsonl, last attacker measured again"
NET = "instances/*/"
KINDS = [
    ("a reward, chain rebuilt", f"{LEDGER}, evaluation", does(Run.ledger, flip), ""),
    ("a reward", f"{LEDGER}: line", does(Run.edit, LEDGER, '"reward":0', '"reward":1'), "bare"),
    ("an answer", f"{ADDER}/ledger.jsonl, evaluation",
     does(Run.ledger, lambda e: e[4].update(answer=e[4]["answer"] + "0"), ADDER), "carried"),
    ("a failure replaced by another", LEDGER, lambda run: run.ledger(lambda e: e[0].update(
        attempt=next(x["attempt"] for x in run.lines(f"{TWO}/ledger.jsonl") if not x["reward"]))), "rerun"),
    ("two entries exchanged", LEDGER, does(Run.ledger, lambda e: e.insert(0, e.pop(1))), "rerun"),
    ("the last entry removed", LEDGER, does(Run.ledger, lambda e: e.pop(), end=-1), "rerun"),
    ("an entry in the middle removed", ONE, does(Run.ledger, lambda e: e.pop(30)), ""),
    ("an entry appended", f"{LEDGER}, evaluations",
     does(Run.ledger, lambda e: e.append({**e[3]}), end=1), ""),
    ("an entry duplicated", LEDGER, does(Run.ledger, lambda e: e.__setitem__(4, {**e[3]})), "rerun"),
    ("bytes behind the ledger", f"{LEDGER}, bytes", does(Run.edit, LEDGER, '"}\n', '"}\n{', True), "bare"),
    ("the seed in config.json", f"{CONFIG}, seed", does(Run.edit, CONFIG, '"seed": 1', '"seed": 3'), "bare"),
    ("a setting in config.json", f"{CONFIG}, settings", does(Run.edit, CONFIG, '"m": 1', '"m": 2'), "bare"),
    ("a setting everywhere", ONE, does(Run.everywhere, "n", 60, 61), "rerun"),
    ("a larger budget everywhere", LEDGER, does(Run.everywhere, "budget", 60, 61), "rerun"),
    ("a smaller budget everywhere", f"{LEDGER}, evaluations", does(Run.everywhere, "budget", 60, 59), ""),
    ("the samples of readings everywhere", LAST, does(Run.everywhere, "samples", 100, 200), ""),
    ("a seed renamed everywhere", f"seed3/{LAST}", Run.rename_seed, ""),
    ("the base rate", "/base-500-", does(Run.edit, f"{NET}base-*", '"k": ', '"k": 1'), "carried"),
    ("the mass", "/planted-tail-", does(Run.edit, f"{NET}planted-*", '"k": 400', '"k": 401'), ""),
    ("the loss of a network", "attacker.json, made again, loss",
     does(Run.edit, f"{NET}attacker.json", '"loss": 2', '"loss": 1'), "rerun"),
    ("a weight of the prior", "instances/planted", does(Run.weight, f"{NET}attacker.safetensors"), "rerun"),
    ("a weight of the target", "target.safetensors", does(Run.weight, f"{NET}target.safetensors"), "carried"),
    ("the target's report", "target.json",
     does(Run.edit, f"{NET}target.json", '"examples": ', '"examples": 1'), "carried"),
    ("a middle reading", METRICS, does(Run.rounds, lambda r: middle(r).update(entropy=7.5)), "rerun"),
    ("an interval of a middle reading", f"{METRICS}, line",
     does(Run.rounds, lambda r: middle(r)["success"].update(hi=0.99)), ""),
    ("the final reading of another seed", f"{ONE}/{LAST}",
     lambda run: put(-1, measured=run.lines(f"{TWO}/metrics.jsonl")[-1]["measured"])(run), ""),
    *((f"{key} of the final reading", f"{LAST}, {key}", reading(key, lambda m: m.update(k=77, rate=0.77)), "")
      for key in ("success", "valid", "distinct", "distinct_success")),
    ("modes of the final reading", f"{LAST}, modes",
     reading("modes", lambda m: m["success"].update(samples=0, distinct=0)), ""),
    *((f"{key} of a round", METRICS, put(3, **{key: new}), "rerun") for key, new in [
        ("tau", -0.5), ("phi_nats_per_token", 1.5), ("flops", 1e9), ("tokens", 10**6), ("assumed", []),
        ("examples", ["1+1="]), ("outcome", "restarted"), ("proposals", 999), ("drawn_for_submission", 5)]),
    ("FLOPs of the last round", METRICS, put(-1, flops=2e9), "rerun"),
    ("a gradient norm", f"{GRPO}/metrics.jsonl", put(0, GRPO, gradient_norm=0.5), "rerun"),
    ("an evaluation moved between rounds", METRICS, does(Run.rounds, lambda r: (
        r[2].update(nre=r[2]["nre"] + 1, submitted=6), r[3].update(submitted=4))), "rerun"),
    ("a note in a round", f"{METRICS}, line 2", put(1, note="checked"), ""),
    ("no times of the last round", "timing.jsonl, rounds", lambda run: run.file(
        f"{ONE}/timing.jsonl").write_text(text_of(run.lines(f"{ONE}/timing.jsonl")[:-1])), ""),
    ("a checkpoint", f"{ONE}/checkpoint, idle",
     does(Run.edit, f"{ONE}/checkpoint", '"idle":0', '"idle":1'), ""),
    ("a region's threshold", REGIONS, does(Run.edit, f"{REGIONS}/checkpoint", '"tau":-', '"tau":-9'), ""),
    *((f"a weight of {name}", REGIONS, does(Run.weight, f"{REGIONS}/{name}.safetensors"), "rerun")
      for name in ("attacker", "phi1")),
    ("the role of an attacker", f"{ONE}/attacker.safetensors",
     does(Run.label, f"{ONE}/attacker.safetensors", b'"role":"attacker"', b'"role":"defender"'), ""),
    ("the seed of an attacker", f"{ONE}/attacker.safetensors",
     does(Run.label, f"{ONE}/attacker.safetensors", b'"seed":"1"', b'"seed":"2"'), ""),
    ("two attacks swapped", f"seed1/{LAST}", does(Run.swap, "ledger.jsonl", "metrics.jsonl", "timing.jsonl",
                                                  "checkpoint", "attacker.safetensors"), ""),
    *((f"{name} swapped between seeds", ONE, does(Run.swap, name), "bare")
      for name in ("ledger.jsonl", "metrics.jsonl", "attacker.safetensors")),
    *((f"{key} in rows.json", "rows.json", does(Run.row, key, new), "bare") for key, new in [
        ("final", 0.99), ("selected", 0.99), ("best", 0.99), ("to_first", 59), ("to_half", 5), ("seed", 4),
        ("distinct", 0.99), ("distinct_success", 0.99), ("paid_finds", 50), ("seconds", 0.5), ("tokens", 5),
        ("evaluations", 59), ("flops", 5.0), ("ledger_hash", "0" * 16), ("base", 0.5), ("samples", 99),
        ("mode_counts", {"success": [99, 98]})]),
    *((f"{old} in {name}", name, does(Run.edit, name, old, old + "1", True), "bare") for name, old in [
        ("table.txt", "0."), ("table.csv", "banel"), ("table.md", "| "), ("table.md", "Haswell"),
        ("report.html", "."), ("plots/bars.svg", 'x="'), ("plots/bars.svg", ">")]),
    ("a byte of a png", "plots/bars.png", lambda run: run.file("plots/bars.png").write_bytes(
        run.file("plots/bars.png").read_bytes()[:-9] + b"x" * 9), "bare"),
    *((f"{key} in run.json", file, does(Run.edit, "run.json", f'"{key}": "', f'"{key}": "x'), "bare")
      for key, file in [("machine", "run.json"), ("kernels", "run.json"), ("commit", "table.md")]),
    ("the canary's hash", "run.json, canary", does(Run.edit, "run.json", '"hash": "', '"hash": "0'), ""),
    ("a reward of the canary, hash fixed", f"{CANARY}/ledger.jsonl", Run.canary, ""),
    ("tokens of the canary", f"{CANARY}/metrics.jsonl", put(0, CANARY, tokens=7), "rerun"),
    ("no canary", "canary/study.toml", lambda run: shutil.rmtree(run.path / "canary"), "bare"),
    ("no attack", "rows.json, /1/banel/2", lambda run: shutil.rmtree(run.path / TWO), "bare"),
    *((f"no {name}", name, lambda run, name=name: run.file(name).unlink(), "bare") for name in (
        "table.md", "plots/bars.png", "run.json", "study.toml", f"{ONE}/timing.jsonl", CONFIG,
        f"{ONE}/attacker.safetensors", f"{REGIONS}/phi1.safetensors")),
    *((f"surplus {name}", Path(name).name, does(Run.surplus, name), "rerun" if "*" in name else "bare")
      for name in ("notes.txt", "plots/more.png", f"{ONE}/phi1.safetensors", "canary/notes.txt",
                   "attacks/1/lucky/seed1/checkpoint", "instances/x/y.json", f"{NET}more.json")),
]


def false_alarms(threads):
    for study, text in STUDIES.items():
        Path(f"{study}.toml").write_text(text)
    for study, n in [(study, n) for study in ("planted", "carried") for n in threads]:
        run = f"{study}-{n}"
        assert banel("study", f"{study}.toml", "--out", run, "--threads", n)[0] == 0
        for option, core in ("--fast", ""), ("", ""), ("--rerun", ""), ("", "Sandybridge"):
            kernels = {"OPENBLAS_CORETYPE": core} if core else {}
            code, text = banel("verify", run, *option.split(), **kernels)
            if code or core not in text:
                yield f"{run} {option} {core}\n{text}"


def main():
    every = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    alarms = [print("false alarm:", alarm) for alarm in false_alarms((1, 2, 4, 8) if every == 1 else (2,))]
    missed, kinds = 0, KINDS[::every]
    for name, names, forge, words in kinds:
        run = Run("carried-2" if words == "carried" else "planted-2")
        forge(run)
        if words != "bare":
            banel("report", run.path)
        code, text = banel("verify", run.path, *(["--rerun"] if words == "rerun" else []))
        found = code != 0 and names in text
        missed += not found
        print("found" if found else f"MISSED, {text}", name, f"({words})" if words else "", flush=True)
    print(f"found {len(kinds) - missed} of {len(kinds)} kinds, {len(alarms)} false alarms")
    return 1 if missed or alarms else 0


if __name__ == "__main__":
    program = str(Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        sys.exit(main())
