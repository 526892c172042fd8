#!/usr/bin/env python3
"""Does a run say the same as one of the program before the rooms (commit 37b6ea0)?

    python3 tests/system/same_results.py OLD NEW

OLD is a folder of that program's `reproduce --quick`, NEW one of a study with the same task and the settings
that OLD/config.json states, among them judge=text and nines=0.15. Ledgers and weights must be the same bytes;
metrics, settings and table the same values under the map of keys below. Times are not compared.
Exit code 0 if all agree, 1 with a line for each difference.
"""
import csv
import json
import pathlib
import struct
import sys

# What a setting of config.json is called: old name -> new name. `rate` and `batch` became one for each model.
SETTINGS = {
    "budget": ["budget"], "per_round": ["m"], "probe": ["early_abort"], "accepted": ["n"], "f": ["f"],
    "kappa": ["kappa"], "phi_epochs": ["phi_epochs"], "distil_epochs": ["theta_epochs"],
    "patience": ["patience"],
    "restart": ["restart"], "scout": ["scout"], "kl": ["kl"], "rate": ["theta_rate", "phi_rate"],
    "batch": ["theta_batch", "phi_batch"], "novelty_order": ["novelty_order"], "novelty_c": ["novelty_c"],
    "novelty_epochs": ["novelty_epochs"], "novelty_rate": ["novelty_rate"], "temperature": ["temperature"],
}
# Keys of a round that kept their names; `way` became `outcome`.
ROUND = ["round", "nre", "submitted", "positives", "assumed", "drawn_for_submission", "proposals",
         "proposals_drawn", "accepted", "phi_nats_per_token", "tau", "gradient_norm", "tokens", "flops",
         "examples", "proposal_success", "accepted_success", "phi_heldout_nats_per_token"]
OUTCOMES = {"on": "learned", "back": "rolled_back", "anew": "restarted", "scouts": "scouted"}
MEASURED = ["success", "valid", "distinct", "distinct_success", "entropy", "surprise"]
# A column of table.csv -> a key of rows.json.
ROW = {"final": "final", "selected": "selected", "best": "best", "nre": "evaluations", "distinct": "distinct",
       "distinct_success": "distinct_success", "tokens": "tokens", "flops": "flops"}

differences = []


def compare(where, old, new):
    if old != new:
        differences.append(f"{where}: {json.dumps(old)[:80]} became {json.dumps(new)[:80]}")


def tensor_bytes(path):
    data = path.read_bytes()
    (header,) = struct.unpack("<Q", data[:8])
    return data[8 + header:]


def json_lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def compare_measurement(where, old, new):
    for key in MEASURED:
        if key in old:
            compare(f"{where}, {key}", old[key], new.get(key))
    modes = {name: mode["samples"] for name, mode in new["modes"].items()}
    compare(f"{where}, zeros", old["success_leading_zero"]["k"], modes["zeros"] + modes["both"])
    compare(f"{where}, carries", old["success_carry"]["k"], modes["carries"])
    compare(f"{where}, other", old["success_other"]["k"], modes["other"])
    found = [(f["question"], f["answer"], f["truth"]) for f in old["findings"]]
    compare(f"{where}, findings", found,
            [(f["attempt"], f["answer"], f["truth"]) for f in new["findings"]][:len(found)])


def compare_attack(name, old, new):
    compare(f"{name}, ledger", (old / "ledger.jsonl").read_bytes().decode(),
            (new / "ledger.jsonl").read_bytes().decode())
    compare(f"{name}, weights", tensor_bytes(old / "attacker.safetensors").hex(),
            tensor_bytes(new / "attacker.safetensors").hex())
    config = json.loads((old / "config.json").read_text())
    changed = json.loads((new / "config.json").read_text())
    for key in ("method", "seed"):
        compare(f"{name}, {key}", config[key], changed[key])
    compare(f"{name}, samples", config["measured_samples"], changed["samples"])
    for key, names in SETTINGS.items():
        for renamed in names:
            if renamed in changed["settings"]:  # a method lists the settings that it uses
                compare(f"{name}, {renamed}", config[key], changed["settings"][renamed])
    before, after = json_lines(old / "metrics.jsonl"), json_lines(new / "metrics.jsonl")
    compare(f"{name}, rounds", len(before), len(after))
    for a, b in zip(before, after):
        where = f"{name}, round {a['round']}"
        for key in ROUND:
            compare(f"{where}, {key}", a.get(key), b.get(key))
        compare(f"{where}, outcome", OUTCOMES[a["way"]], b["outcome"])
        compare(f"{where}, measured", a["measured"] is None, b["measured"] is None)
        if a["measured"]:
            compare_measurement(where, a["measured"], b["measured"])


def main():
    old, new = map(pathlib.Path, sys.argv[1:3])
    attacks = sorted(p.parent for p in (old / "attacks").glob("*/seed*/ledger.jsonl"))
    (instance,) = (new / "instances").glob("addition-1-*")
    for network in ("target", "attacker"):
        compare(f"{network}, weights", tensor_bytes(old / "pretrained" / f"{network}.safetensors").hex(),
                tensor_bytes(instance / f"{network}.safetensors").hex())
    report = json.loads((old / "pretrained" / "attacker.json").read_text())
    (base,) = instance.glob("base-*.json")
    compare_measurement("base rate", report["base"], json.loads(base.read_text()))
    for attack in attacks:
        name = attack.relative_to(old / "attacks")
        compare_attack(str(name), attack, new / "attacks" / "1" / name)
    rows = {(r["variant"], r["seed"]): r for r in json.loads((new / "rows.json").read_text())}
    with open(old / "table.csv", newline="") as table:
        for line in csv.DictReader(table):
            if line["method"] == "pretrained":
                continue
            row = rows[line["method"], int(line["seed"])]
            for column, key in ROW.items():
                if line[column]:
                    compare(f"table, {line['method']}, seed {line['seed']}, {key}", float(line[column]),
                            float(row[key]))
    for difference in differences:
        print(difference)
    print(f"{len(attacks)} attacks compared, {len(differences)} differences")
    sys.exit(1 if differences else 0)


if __name__ == "__main__":
    main()
