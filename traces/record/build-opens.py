#!/usr/bin/python3
"""Records build-opens.csv.zst: the files that a real build opens.

    build-opens.py [output.csv.zst]

The build is the Linux kernel of Debian (package linux-source-6.1) in its
smallest configuration, `make tinyconfig`, with two jobs. strace sees every
successful open for reading. Only regular files that are still there after the
build are kept, as only their size is known; the rest is short-lived.
"""
import glob
import os
import re
import stat
import subprocess
import sys
import tempfile

from common import compress, need

need(strace="strace", zstd="zstd", make="make", gcc="gcc", flex="flex", bison="bison",
     bc="bc", xz="xz-utils")
source = "/usr/src/linux-source-6.1.tar.xz"
if not os.path.exists(source):
    sys.exit("missing: %s. Try: apt-get install linux-source-6.1" % source)
out = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build-opens.csv.zst")
csv = out.removesuffix(".zst")

with tempfile.TemporaryDirectory() as work:
    work = os.path.realpath(work)
    subprocess.run(["tar", "-xJf", source, "-C", work], check=True)
    tree = glob.glob(work + "/linux-source-*")[0]
    env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "KBUILD_BUILD_USER": "builder",
           "KBUILD_BUILD_HOST": "builder", "KBUILD_BUILD_TIMESTAMP": "2026-11-23"}
    quiet = dict(cwd=tree, env=env, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["make", "tinyconfig"], **quiet)
    subprocess.run(["strace", "-f", "--seccomp-bpf", "-qq", "-y", "-ttt", "-s", "4096",
                    "-e", "trace=openat,execve", "-e", "signal=none", "-o", work + "/log",
                    "make", "-j2", "vmlinux"], **quiet)

    opened = re.compile(r'(\d+) +(\d+\.\d+) openat\(.*?, "[^"]*", ([A-Z_|]+).*\) = \d+<([^>]*)>')
    resumed = re.compile(r'(\d+) +(\d+\.\d+) <\.\.\. openat resumed>.*\) = \d+<([^>]*)>')
    begun = re.compile(r'(\d+) +(\d+\.\d+) openat\(.*?, "[^"]*", ([A-Z_|]+).*<unfinished')
    compiler = re.compile(r'(\d+) +[\d.]+ execve\("[^"]*/cc1"')
    size = {}       # path -> size, or None if it is not to be kept
    unit = {}       # process -> number of the compilation; 0 is all the rest
    flags = {}
    start = None
    units = count = 0
    with open(work + "/log", errors="replace") as log, open(csv, "w") as to:
        to.write("time,key,size,op,client\n")
        for line in log:
            if m := compiler.match(line):
                units += 1
                unit[m[1]] = units
                continue
            if " exited with " in line or " execve(" in line:
                unit.pop(line.split()[0], None)     # the number may come again
                continue
            if m := begun.match(line):
                flags[m[1]] = m[3]
                continue
            if m := opened.match(line):
                pid, time, how, path = m.groups()
            elif m := resumed.match(line):
                pid, time, path = m.groups()
                how = flags.pop(pid, "")
            else:
                continue
            if "O_RDONLY" not in how:
                continue
            if path not in size:
                try:
                    s = os.stat(path)
                    size[path] = s.st_size if stat.S_ISREG(s.st_mode) else None
                except OSError:
                    size[path] = None
            if size[path] is None or path.startswith(("/proc", "/sys", "/dev")):
                continue
            # Neutral names: src/ is the tree, sys/ is the machine.
            key = "src" + path[len(tree):] if path.startswith(tree) else "sys" + path
            start = start or float(time)
            to.write("%.6f,%s,%d,get,%d\n" % (float(time) - start, key, size[path],
                                              unit.get(pid, 0)))
            count += 1
    compress(csv)
    print(count, "requests,", units, "compilations", file=sys.stderr)
