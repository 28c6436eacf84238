#!/usr/bin/python3
"""Records memory-gzip.addr.xz: data references of a real program (gzip).

    memory-gzip.py [output.addr.xz]

valgrind's lackey tool prints every instruction, load and store of
`gzip -6` on the licence texts of Debian. A window after the start of the program is kept, one line
to a reference: l (load) or s (store), the address, and the number of
instructions since the reference before. A modify is a load, then a store with
gap 0.
"""
import glob
import lzma
import os
import subprocess
import sys
import tempfile

from common import need

SKIP, KEEP = 3_000_000, 500_000       # references; 3 million fill gzip's window
TEXTS = sorted(p for p in glob.glob("/usr/share/common-licenses/*") if not os.path.islink(p))

need(valgrind="valgrind", gzip="gzip", setarch="util-linux")
out = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "memory-gzip.addr.xz")

with tempfile.TemporaryDirectory() as work:
    pipe = work + "/pipe"           # as a file it would be hundreds of MB
    os.mkfifo(pipe)
    with open(work + "/text", "wb") as to:
        for path in TEXTS:
            with open(path, "rb") as f:
                to.write(f.read())
    # No address randomisation and an empty environment: the same addresses
    # in every run on the same machine.
    with open(work + "/text") as text:
        run = subprocess.Popen(["setarch", "-R", "valgrind", "--tool=lackey", "--trace-mem=yes",
                                "--basic-counts=no", "--vgdb=no", "--log-file=" + pipe, "gzip", "-6"],
                               stdin=text, stdout=subprocess.DEVNULL,
                               env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"})
        seen = gap = 0
        lines = []
        with open(pipe) as log:
            for line in log:
                kind = line[:3]
                if kind == "I  ":
                    gap += 1
                elif kind in (" L ", " S ", " M "):
                    address = int(line[3:line.index(",")], 16)
                    for what in {" L ": "l", " S ": "s", " M ": "ls"}[kind]:
                        seen += 1
                        if SKIP < seen <= SKIP + KEEP:
                            lines.append("%s 0x%x %d\n" % (what, address, gap))
                        gap = 0
                    if seen >= SKIP + KEEP:
                        run.kill()      # we have the window
                        break
        run.wait()
    with open(out, "wb") as to:
        to.write(lzma.compress("".join(lines).encode(), preset=9 | lzma.PRESET_EXTREME))
    print(len(lines), "references", file=sys.stderr)
