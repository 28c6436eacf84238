#!/usr/bin/env python3
"""Speed side by side with libCacheSim, on the same file, at the same capacity, in one run.

    python3 benches/peers/run.py [--rounds 5] [--policies lru,s3-fifo] [--record FILE]

Installs the PyPI package `libcachesim` into a virtual environment beside the build, writes one trace as
a raw oracleGeneral file (20 million requests, Zipf 1.0, 915,278 objects asked for), and for every policy
that both programs have runs, in turn and several times:

- theirs: `process_trace` over the memory-mapped file, sizes ignored, in a process of its own;
- ours, replay: the same requests from a trace in memory, as theirs come from a file in the page cache;
- ours, end to end: the program from start to exit, which reads and numbers the file first.

Speeds are by CPU time, user and system, since other programs may share the machine. A ratio compares
the two runs of one round; the table has the median of the rounds, the least and the most. What starting
Python, importing and opening cost is not counted for theirs. Misses must be equal where the column
`exact` says so: there both follow the same rule.
"""

import argparse
import csv
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import venv

VERSION = "0.3.5"
ROOT = pathlib.Path(__file__).resolve().parents[2]
WORK = ROOT / "target" / "peers"
CAPACITY_SHARE = 10

# Ours, theirs with arguments, whether both follow the same rule.
PAIRS = [
    ("fifo", "FIFO", {}, True),
    ("lru", "LRU", {}, True),
    ("clock", "Clock", {}, True),
    ("sieve", "Sieve", {}, True),
    ("s3-fifo:version=v1", "S3FIFO", {}, True),
    ("arc", "ARC", {}, True),
    ("slru:fill=room,weights=1:1:1:1", "SLRU", {}, True),
    ("2q:rules=libcachesim", "TwoQ", {}, True),
    ("lfu", "LFU", {}, True),
    ("clock2q-plus", "Clock2QPlus", {}, True),
    ("mq:rules=libcachesim", "MQ", {}, True),
    ("lru-k:rules=libcachesim", "LRUK", {}, True),
    ("belady", "Belady", {}, True),
    ("gdsf", "GDSF", {}, False),
    ("lirs", "LIRS", {}, False),
    ("w-tiny-lfu", "WTinyLFU", {}, False),
    ("lru-prob", "LRUProb", {}, False),
    ("random", "Random", {}, False),
    ("hyperbolic", "Hyperbolic", {}, False),
    ("lecar", "LeCaR", {}, False),
    ("cacheus", "Cacheus", {}, False),
    ("lhd", "LHD", {}, False),
    ("size", "Size", {}, False),
    ("belady-size", "BeladySize", {}, False),
]

THEIRS = """
import json, resource, sys
import libcachesim as peer
path, name, capacity, arguments = sys.argv[1], sys.argv[2], int(sys.argv[3]), json.loads(sys.argv[4])
options = peer.ReaderInitParam()
options.ignore_obj_size = True
reader = peer.TraceReader(path, peer.TraceType.ORACLE_GENERAL_TRACE, options)
cache = getattr(peer, name)(capacity, **arguments)
def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
start = cpu()
miss_ratio, _ = cache.process_trace(reader)
print(json.dumps({"seconds": cpu() - start, "miss_ratio": miss_ratio}))
"""


def main():
    arguments = parse()
    python = install()
    program = build()
    trace = write_trace(program)
    known = {name for name in known_policies(program)}
    first = ours_loaded(program, trace, "fifo", None)
    n_requests, capacity = int(first["requests"]), int(first["capacity"])
    header = ["policy", "peer", "exact", "rounds", "peer_m_per_s", "replay_m_per_s", "end_to_end_m_per_s"]
    for kind in ("replay", "end_to_end"):
        header += [f"{kind}_ratio", f"{kind}_ratio_min", f"{kind}_ratio_max"]
    header += ["misses", "peer_misses"]
    rows = []
    for ours, theirs, parameters, exact in PAIRS:
        name = ours.partition(":")[0]
        if name not in known or (arguments.policies and name not in arguments.policies):
            continue
        rows.append(compare(arguments.rounds, python, program, trace, n_requests, capacity,
                            ours, theirs, parameters, exact))
        show(header, rows[-1])
    if arguments.record:
        with open(arguments.record, "w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerows([header, *rows])
    wrong = [row[0] for row in rows if row[2] == "yes" and row[-1] != row[-2]]
    if wrong:
        sys.exit(f"misses differ where they should not: {', '.join(wrong)}")


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--policies", type=lambda text: text.split(","), help="only these of ours")
    parser.add_argument("--record", help="write the table as CSV")
    return parser.parse_args()


def install():
    home = WORK / f"libcachesim-{VERSION}"
    python = home / "bin" / "python"
    if not python.exists():
        venv.create(home, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", f"libcachesim=={VERSION}"], check=True)
    return python


def build():
    subprocess.run(["cargo", "build", "--release", "--quiet", "-p", "cli", "-p", "benches"], cwd=ROOT, check=True)
    return ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "release"


def write_trace(program):
    trace = WORK / "zipf-1.0-1m.oracleGeneral.bin"
    if not trace.exists():
        # Under another name until it is whole.
        part = trace.with_suffix(".part")
        subprocess.run([program / "oracle", "--file", part], check=True)
        part.rename(trace)
    return trace


def known_policies(program):
    listed = subprocess.run([program / "cache-strategy", "policies", "--format", "json"],
                            check=True, capture_output=True, text=True).stdout
    return [json.loads(line)["policy"] for line in listed.splitlines()]


def compare(rounds, python, program, trace, n_requests, capacity, ours, theirs, parameters, exact):
    speeds = {"peer": [], "replay": [], "end_to_end": []}
    for _ in range(rounds):
        seconds, peer_misses = run_theirs(python, trace, n_requests, capacity, theirs, parameters)
        speeds["peer"].append(n_requests / seconds / 1e6)
        loaded = ours_loaded(program, trace, ours, 1)
        speeds["replay"].append(float(loaded["cpu_median"]))
        seconds, misses = ours_end_to_end(program, trace, capacity, ours)
        speeds["end_to_end"].append(n_requests / seconds / 1e6)
        assert misses == int(loaded["misses"]), "our two ways disagree"
    row = [ours, theirs, "yes" if exact else "no", rounds]
    row += [f"{statistics.median(speeds[kind]):.2f}" for kind in ("peer", "replay", "end_to_end")]
    for kind in ("replay", "end_to_end"):
        ratios = [mine / peer for mine, peer in zip(speeds[kind], speeds["peer"])]
        row += [f"{value:.1f}" for value in (statistics.median(ratios), min(ratios), max(ratios))]
    return row + [misses, peer_misses]


def run_theirs(python, trace, n_requests, capacity, name, parameters):
    command = [python, "-c", THEIRS, trace, name, str(capacity), json.dumps(parameters)]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    found = json.loads(output.splitlines()[-1])
    return found["seconds"], round(found["miss_ratio"] * n_requests)


def ours_loaded(program, trace, policy, rounds):
    """A run by the `replay` benchmark, which reads the file first and does not count that."""
    record = WORK / "ours.csv"
    command = [program / "replay", "--file", trace, "--policies", policy, "--sizes", "unit", "--record", record]
    subprocess.run(command + ["--rounds", str(rounds or 1)], check=True, stdout=subprocess.DEVNULL)
    with open(record, newline="") as file:
        return next(csv.DictReader(file))


def ours_end_to_end(program, trace, capacity, policy):
    command = [program / "cache-strategy", "replay", trace, "--policy", policy, "--capacity", str(capacity),
               "--threads", "1", "--format", "json"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return seconds, json.loads(output)["misses"]


def show(header, row):
    print("  ".join(f"{name} {value}" for name, value in zip(header, row)), flush=True)


if __name__ == "__main__":
    os.makedirs(WORK, exist_ok=True)
    main()
