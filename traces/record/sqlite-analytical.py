#!/usr/bin/python3
"""Records sqlite-analytical.csv.zst: page reads of the real sqlite3 program
under reporting queries.

    sqlite-analytical.py [output.csv.zst]

The data is real: the Debian package archive, as the local apt lists know it.
The queries are the kind that TPC-H has: joins, groups, orders, sub-queries.
The page cache of SQLite is made small, so that strace sees (nearly) every page
that a query wants, in the order in which it wants them.
"""
import os
import sqlite3
import sys
import tempfile

from common import debian_packages, names_in, need, record_pages

QUERIES = """
PRAGMA cache_size=16; PRAGMA mmap_size=0; PRAGMA locking_mode=EXCLUSIVE;
PRAGMA temp_store=MEMORY;

-- 1. size of the archive by section
SELECT section, count(*), sum(size), avg(installed) FROM package GROUP BY section ORDER BY 3 DESC;
-- 2. maintainers by the size of what others need from them
SELECT m.name, count(*), sum(p.installed) FROM depend d JOIN package p ON p.id = d.target
  JOIN maintainer m ON m.id = p.maintainer WHERE d.package IN
  (SELECT id FROM package WHERE section IN ('science','gnome','kde','math'))
  GROUP BY m.id ORDER BY 3 DESC LIMIT 20;
-- 3. packages of a section that need a large library
SELECT p.name, sum(t.installed) s FROM package p JOIN depend d ON d.package = p.id
  JOIN package t ON t.id = d.target WHERE p.section = 'net' GROUP BY p.id ORDER BY s DESC LIMIT 50;
-- 4. everything that a desktop pulls in, at any depth
WITH RECURSIVE need(id) AS (SELECT id FROM package WHERE name IN ('gnome','kde-full','xfce4')
  UNION SELECT d.target FROM need n JOIN depend d ON d.package = n.id)
  SELECT p.section, count(*), sum(p.installed) FROM need n JOIN package p ON p.id = n.id GROUP BY 1;
-- 5. everything that a change of a library can break
WITH RECURSIVE hit(id) AS (SELECT id FROM package WHERE name IN ('libssl3','libgtk-3-0')
  UNION SELECT d.package FROM hit h JOIN depend d ON d.target = h.id)
  SELECT p.section, count(*) FROM hit h JOIN package p ON p.id = h.id GROUP BY 1;
-- 6. tags by the size of their packages
SELECT t.tag, count(*), sum(p.size) FROM tag t JOIN package p ON p.id = t.package
  WHERE t.tag LIKE 'implemented-in::%' GROUP BY 1 ORDER BY 3 DESC;
-- 7. packages that nobody needs, by section
SELECT section, count(*) FROM package p WHERE NOT EXISTS
  (SELECT 1 FROM depend d WHERE d.target = p.id) AND priority = 'optional' GROUP BY 1;
-- 8. larger than the mean of their section
SELECT p.section, p.name, p.size FROM package p WHERE p.section IN ('editors','mail','web','vcs')
  AND p.size > (SELECT 5 * avg(q.size) FROM package q WHERE q.section = p.section);
-- 9. pairs of libraries that are used together
SELECT a.target, b.target, count(*) n FROM depend a JOIN depend b ON a.package = b.package
  AND a.target < b.target JOIN package p ON p.id = a.package WHERE p.section = 'games'
  GROUP BY 1, 2 ORDER BY n DESC LIMIT 20;
-- 10. the first report again, a day later
SELECT section, count(*), sum(size), avg(installed) FROM package GROUP BY section ORDER BY 3 DESC;
"""


def load(path):
    db = sqlite3.connect(path)
    db.executescript("""
        PRAGMA page_size=4096; PRAGMA synchronous=OFF;
        CREATE TABLE maintainer(id INTEGER PRIMARY KEY, name TEXT UNIQUE);
        CREATE TABLE package(id INTEGER PRIMARY KEY, name TEXT, section TEXT, priority TEXT,
          version TEXT, size INTEGER, installed INTEGER, maintainer INTEGER, description TEXT,
          homepage TEXT, filename TEXT);
        CREATE TABLE depend(package INTEGER, target INTEGER);
        CREATE TABLE tag(package INTEGER, tag TEXT);""")
    packages = debian_packages()
    number = {p["Package"]: i for i, p in enumerate(packages, 1)}
    people = {}
    for p in packages:
        i = number[p["Package"]]
        who = people.setdefault(p.get("Maintainer", ""), len(people) + 1)
        db.execute("INSERT INTO package VALUES(?,?,?,?,?,?,?,?,?,?,?)", (
            i, p["Package"], p.get("Section"), p.get("Priority"), p.get("Version"),
            int(p.get("Size", 0)), int(p.get("Installed-Size", 0)), who,
            p.get("Description", p.get("Description-en")), p.get("Homepage"), p.get("Filename")))
        targets = names_in(p.get("Depends", "") + "," + p.get("Recommends", ""))
        db.executemany("INSERT INTO depend VALUES(?,?)",
                       [(i, number[n]) for n in targets if n in number])
        tags = [t.strip() for t in p.get("Tag", "").replace("\n", " ").split(",")]
        db.executemany("INSERT INTO tag VALUES(?,?)", [(i, t) for t in tags if t])
    db.executemany("INSERT INTO maintainer VALUES(?,?)", [(i, n) for n, i in people.items()])
    db.executescript("""
        CREATE INDEX package_name ON package(name);
        CREATE INDEX package_section ON package(section);
        CREATE INDEX depend_package ON depend(package);
        CREATE INDEX depend_target ON depend(target);
        CREATE INDEX tag_tag ON tag(tag);
        ANALYZE;""")
    db.commit()
    db.close()


need(strace="strace", sqlite3="sqlite3", zstd="zstd")
out = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "sqlite-analytical.csv.zst")
with tempfile.TemporaryDirectory() as work:
    load(work + "/db")
    with open(work + "/sql", "w") as f:
        f.write(QUERIES)
    record_pages(work + "/db", work + "/sql", out)
