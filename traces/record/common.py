"""Small things that several of the recording scripts share."""
import os
import re
import shutil
import subprocess
import sys


def need(**tools):
    """Stop with a hint if a tool is missing: need(strace="strace")."""
    lost = [(t, p) for t, p in tools.items() if not shutil.which(t)]
    if lost:
        sys.exit("missing: %s. Try: apt-get install %s" % (
            ", ".join(t for t, _ in lost), " ".join(p for _, p in lost)))


def debian_packages():
    """Every package in the local apt lists, as a dict, sorted by name.

    This is the real data of several recordings: 63,000 packages that depend on
    each other with the skew of a real archive (nearly all need libc6).
    """
    text = subprocess.run(["apt-cache", "dumpavail"], check=True,
                          stdout=subprocess.PIPE).stdout.decode("utf-8", "replace")
    found = {}
    for block in text.split("\n\n"):
        fields = dict(re.findall(r"^([A-Za-z0-9-]+): ?(.*(?:\n[ \t].*)*)", block, re.M))
        if "Package" in fields:
            found[fields["Package"]] = fields
    if len(found) < 1000:
        sys.exit("the apt lists are empty. Try: apt-get update")
    return [found[name] for name in sorted(found)]


def names_in(field):
    """Package names of a Depends line; of alternatives, the first."""
    names = (part.split("|")[0].split("(")[0].split(":")[0].strip()
             for part in field.split(","))
    return list(dict.fromkeys(n for n in names if n))


def record_pages(database, script, out):
    """Run the sqlite3 CLI on an SQL script; write its page reads as CSV.

    The journal is kept in memory, so the database file is the only one that
    matters. Reads of a part of a page (the 16 byte change counter) are left out.
    """
    page = 4096
    log = out + ".strace"
    with open(script) as sql:
        subprocess.run(["strace", "-qq", "-s", "0", "-ttt", "-o", log,
                        "-e", "trace=pread64,pwrite64", "-P", database,
                        "sqlite3", "-batch", database], stdin=sql,
                       stdout=subprocess.DEVNULL, check=True)
    call = re.compile(r"(\d+\.\d+) p(read|write)64\(.*, (\d+), (\d+)\) = (\d+)")
    csv = out.removesuffix(".zst")
    start = None
    count = 0
    with open(log) as lines, open(csv, "w") as to:
        to.write("time,key,size,op\n")
        for line in lines:
            m = call.match(line)
            if not m or int(m[5]) != page:
                continue
            start = start or float(m[1])
            to.write("%.6f,%d,%d,%s\n" % (float(m[1]) - start, int(m[4]) // page + 1,
                                          page, "get" if m[2] == "read" else "set"))
            count += 1
    os.remove(log)
    compress(csv)
    print(count, "requests", file=sys.stderr)


def compress(path):
    subprocess.run(["zstd", "-q", "-f", "-19", "--long=27", "--rm", path], check=True)
