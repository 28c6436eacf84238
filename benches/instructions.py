#!/usr/bin/env python3
"""Instructions a request, counted by callgrind: the same on a busy machine as on an idle one.

    python3 benches/instructions.py            # compare with the record; exit 1 if one has grown
    python3 benches/instructions.py --update   # write the record anew

Counts the program `once` with a policy and without, and divides the difference by the requests. The
count depends on the compiler, which `rust-toolchain.toml` fixes, and by a little on the C library. A
policy that takes more than a tenth more instructions than its record fails; one that takes a tenth
less asks for a new record.
"""

import csv
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
# Where cargo builds.
TARGET = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")
RECORD = ROOT / "benches" / "record" / "instructions.csv"
POLICIES = ["fifo", "lru", "s3-fifo"]
TOLERANCE = 0.10


def main():
    if sys.argv[1:] not in ([], ["--update"]):
        sys.exit(__doc__)
    # Together with the program, so that what both need is built once.
    build = ["cargo", "build", "--release", "--quiet", "-p", "cli", "-p", "benches", "--bin", "once"]
    subprocess.run(build, cwd=ROOT, check=True)
    base, n_requests, _ = count([])
    found = {}
    for policy in POLICIES:
        instructions, _, misses = count(["--policy", policy])
        found[policy] = ((instructions - base) / n_requests, misses)
    if sys.argv[1:] == ["--update"]:
        write(found)
        return
    sys.exit(compare(found))


def count(arguments):
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    command += [TARGET / "release" / "once", *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    instructions = int(re.search(r"Collected : (\d+)", done.stderr).group(1))
    n_requests, misses = map(int, re.search(r"requests (\d+) misses (\d+)", done.stdout).groups())
    return instructions, n_requests, misses


def write(found):
    with open(RECORD, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["policy", "instructions_per_request", "misses"])
        writer.writerows([policy, f"{each:.2f}", misses] for policy, (each, misses) in found.items())
    print(f"wrote {RECORD.relative_to(ROOT)}")


def compare(found):
    with open(RECORD, newline="") as file:
        record = {row["policy"]: row for row in csv.DictReader(file)}
    failed = False
    for policy, (each, misses) in found.items():
        was = float(record[policy]["instructions_per_request"])
        change = each / was - 1
        verdict = "ok"
        if change > TOLERANCE or misses != int(record[policy]["misses"]):
            verdict, failed = "FAILED", True
        elif change < -TOLERANCE:
            verdict = "ok; better than the record, so write a new one"
        print(f"{policy}: {each:.2f} instructions a request, {change:+.1%} from {was:.2f}, {misses} misses: {verdict}")
    return int(failed)


if __name__ == "__main__":
    main()
