#!/usr/bin/env bash
# A study made by many processes, some of them killed, is the study that one process makes: the lines of
# `banel jobs` are run by xargs, by GNU parallel and by a Slurm array, merged by `banel report` and compared
# with `banel study`.
#   tests/system/many_machines.sh BANEL
# Slurm is one node that root starts here, with files and ports of its own, and that is stopped at the end.
set -euo pipefail
banel=$(realpath "$1")
work=$(mktemp -d)
daemons=()
cleanup() {
  set +e
  if ((${#daemons[@]} == 3)); then scancel --quiet --user=root && (until_true idle); fi
  if ((${#daemons[@]})); then kill "${daemons[@]}" && wait; fi
  rm -rf "$work"
}
trap cleanup EXIT
cd "$work"

fail() { echo "FAILED: $*" && tail -n 5 ./*log && exit 1; }
until_true() { # for a minute at most
  local i
  for ((i = 0; i < 3000; ++i)); do if "$@"; then return; else sleep 0.02; fi; done
  fail "waited in vain for: $*"
}

# All processes need the one instance at once, and one of them makes it. The attacks of banel take a second,
# long enough to be killed after their first evaluation.
cat >study.toml <<'END'
title = "Many machines"
task = "planted"
seeds = 2
budget = 400
samples = 200
variants = ["banel", "grpo", "tail", "oracle-free"]
settings = {digits = 2, mass = 0.05, samples = 20000, attacker_width = 16, attacker_examples = 20000}
END
lines() { "$banel" jobs study.toml --threads 1 --quiet --out "$1"; } # those that are missing
begun() { [[ -s "$1/attacks/1/banel/seed1/ledger.jsonl" ]]; }
interrupted() {
  [[ $(lines "$1") == *"--only 1/banel/1"* ]] || fail "$1: the attack ended before it was killed"
}

bare() { # a copy of a run without what may differ: times, its command, and locks, which are empty
  cp -r "$1" "bare/$1"
  cd "bare/$1"
  find . \( -name .lock -o -name timing.jsonl \) -delete
  sed -i -E '/^  "(study|command)": /d' run.json
  sed -i -E 's/"(training_)?seconds": ?[0-9.e-]+//' rows.json instances/*/attacker.json
  awk -F, 'NR == 1 { for (i = 1; $i != "seconds"; ++i); } { $i = ""; print }' table.csv >csv
  mv csv table.csv
  sed -i -E 's/[0-9]+ s of computing.* Commit/Commit/; s/ [0-9.]+ \|$//; s#<td>[0-9.]+</td></tr>##' \
      table.md report.html
  cd "$work"
}
same() { # FOLDER WHO
  if [[ $(lines "$1") ]]; then fail "$1: attacks are missing"; fi
  "$banel" report "$1" --quiet >log
  bare "$1"
  diff -r bare/reference "bare/$1" || fail "$1 is not what one process makes"
  echo "the same as one process: $2"
}
mkdir bare
"$banel" study study.toml --quiet --out reference >log
bare reference

# Two calls on one folder, from both ends of the list: who comes second to an attack is refused or reads it
# back.
lines 'by xargs' >list
tac list | xargs -P 2 -d '\n' -n 1 sh -c >backward.log 2>&1 &
xargs -P 2 -d '\n' -n 1 sh -c <list >forward.log 2>&1 || true
wait
same 'by xargs' "xargs, two calls at once"

if [[ $(parallel --version 2>log) == "GNU parallel"* ]]; then
  lines 'by parallel' >list
  setsid parallel --will-cite -j 2 <list >log 2>&1 &
  until_true begun 'by parallel'
  { pkill -KILL --session $! && wait; } 2>log # parallel alone would leave its jobs running
  interrupted 'by parallel'
  lines 'by parallel' | parallel --will-cite -j 2 >log
  same 'by parallel' "GNU parallel, killed and started again"
else
  echo "skipped: GNU parallel is not installed (apt-get install parallel)"
fi

idle() { [[ -z $(squeue --noheader) ]]; }
ready() { [[ $(sinfo --noheader --format=%T 2>log) == idle ]]; }
array() { # OPTION...: one task for each line of `list`
  sbatch --output=task%a.log --array="1-$(wc -l <list)" --wrap 'sed -n ${SLURM_ARRAY_TASK_ID}p list | sh' "$@"
}
start_slurm() {
  local node=${HOSTNAME%%.*} port=20000
  while (: <>/dev/tcp/127.0.0.1/$port || : <>/dev/tcp/127.0.0.1/$((port + 1))) 2>log; do
    port=$((port + 2))
  done
  chmod 755 "$work" # munged wants its socket within everybody's reach
  mkdir -m 755 munge state spool
  (umask 077 && head -c 128 /dev/urandom >munge/key)
  export SLURM_CONF=$work/slurm.conf
  printf '%s\n' >slurm.conf ClusterName=tests "SlurmctldHost=$node(127.0.0.1)" SlurmUser=root \
      "SlurmctldPort=$port" "SlurmdPort=$((port + 1))" AuthType=auth/munge \
      "AuthInfo=socket=$work/munge/socket" \
      "StateSaveLocation=$work/state" "SlurmdSpoolDir=$work/spool" "SlurmctldPidFile=$work/c" \
      "SlurmdPidFile=$work/d" \
      ProctrackType=proctrack/linuxproc SelectType=select/cons_tres SelectTypeParameters=CR_CPU \
      "NodeName=$node NodeAddr=127.0.0.1 CPUs=$(nproc)" "PartitionName=tests Nodes=$node Default=YES"
  munged --foreground --key-file="$work/munge/key" --socket="$work/munge/socket" \
      --pid-file="$work/munge/pid" --log-file="$work/munge/log" --seed-file="$work/munge/seed" \
      2>munged.log & daemons+=($!)
  until_true test -S munge/socket
  slurmctld -D 2>slurmctld.log & daemons+=($!)
  slurmd -D -N "$node" 2>slurmd.log & daemons+=($!)
  until_true ready
}
if ! type -P munged slurmctld slurmd sbatch >log; then
  echo "skipped: Slurm is not installed (apt-get install slurm-wlm munge)"
elif ((EUID)); then
  echo "skipped: only root can start a node of Slurm"
else
  start_slurm
  lines 'by Slurm' >list
  id=$(array --parsable)
  until_true begun 'by Slurm'
  scancel "${id}_1" && until_true idle
  interrupted 'by Slurm'
  lines 'by Slurm' >list
  array --wait >log
  same 'by Slurm' "a Slurm array, one task cancelled and submitted again"
fi
