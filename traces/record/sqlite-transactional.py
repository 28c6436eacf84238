#!/usr/bin/python3
"""Records sqlite-transactional.csv.zst: page reads and writes of the real
sqlite3 program under order entry (small transactions through indexes).

    sqlite-transactional.py [output.csv.zst]

The transactions are those of TPC-C: new order, payment, order status,
delivery, stock level. Who orders what comes from the Debian archive: every
package is an order, its maintainer is the customer, and the packages that it
depends on are the order lines. So the skew is real (nearly all want libc6),
and no random numbers are drawn.
"""
import os
import sqlite3
import sys
import tempfile

from common import debian_packages, names_in, need, record_pages

STEP = 7        # every 7th package places an order: about 9,000 orders

need(strace="strace", sqlite3="sqlite3", zstd="zstd")
out = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "sqlite-transactional.csv.zst")


def quote(text):
    return "'" + text.replace("'", "''") + "'"


def load(path, packages):
    db = sqlite3.connect(path)
    db.executescript("""
        PRAGMA page_size=4096; PRAGMA synchronous=OFF;
        CREATE TABLE customer(id INTEGER PRIMARY KEY, name TEXT UNIQUE, balance INTEGER,
          payments INTEGER);
        CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT UNIQUE, price INTEGER, data TEXT);
        CREATE TABLE stock(item INTEGER PRIMARY KEY, quantity INTEGER, sold INTEGER, place TEXT);
        CREATE TABLE orders(id INTEGER PRIMARY KEY, customer INTEGER, lines INTEGER, delivered INTEGER);
        CREATE TABLE line(orders INTEGER, number INTEGER, item INTEGER, amount INTEGER,
          PRIMARY KEY(orders, number)) WITHOUT ROWID;
        CREATE INDEX order_customer ON orders(customer, id);""")
    for i, p in enumerate(packages, 1):
        db.execute("INSERT OR IGNORE INTO customer VALUES(NULL,?,0,0)", (p.get("Maintainer", ""),))
        db.execute("INSERT INTO item VALUES(?,?,?,?)", (
            i, p["Package"], int(p.get("Size", 0)) // 1000,
            p.get("Description", p.get("Description-en", ""))))
        db.execute("INSERT INTO stock VALUES(?,?,0,?)", (i, 1000, p.get("Filename", "")))
    db.commit()
    db.close()


def transactions(packages):
    known = {p["Package"] for p in packages}
    yield ("PRAGMA cache_size=16; PRAGMA mmap_size=0; PRAGMA locking_mode=EXCLUSIVE; "
           "PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF;")
    # The orders arrive in the order of the checksums of the packages. That is
    # a fixed order without the runs of one maintainer that names would give.
    queue = sorted(packages[::STEP], key=lambda p: p.get("SHA256", ""))
    for n, p in enumerate(queue, 1):
        who = "(SELECT id FROM customer WHERE name=%s)" % quote(p.get("Maintainer", ""))
        wanted = [w for w in names_in(p.get("Depends", "")) if w in known]
        yield "BEGIN; SELECT balance FROM customer WHERE id=%s;" % who          # new order
        yield "INSERT INTO orders VALUES(%d,%s,%d,0);" % (n, who, len(wanted))
        for k, w in enumerate(wanted, 1):
            item = "(SELECT id FROM item WHERE name=%s)" % quote(w)
            yield "UPDATE stock SET quantity=quantity-1, sold=sold+1 WHERE item=%s;" % item
            yield ("INSERT INTO line SELECT %d,%d,id,price FROM item WHERE name=%s;"
                   % (n, k, quote(w)))
        yield "COMMIT;"
        yield ("BEGIN; UPDATE customer SET payments=payments+1, balance=balance-"    # payment
               "(SELECT sum(amount) FROM line WHERE orders=%d) WHERE id=%s; COMMIT;" % (n, who))
        if n % 10 == 0:                                                     # order status
            yield ("SELECT i.name, l.amount FROM line l JOIN item i ON i.id=l.item WHERE l.orders="
                   "(SELECT max(id) FROM orders WHERE customer=%s);" % who)
            yield "BEGIN; UPDATE orders SET delivered=1 WHERE id BETWEEN %d AND %d; COMMIT;" % (
                n - 99, n - 90)                                             # delivery
        if n % 25 == 0:                                                     # stock level
            yield ("SELECT count(DISTINCT s.item) FROM line l JOIN stock s ON s.item=l.item "
                   "WHERE l.orders BETWEEN %d AND %d AND s.quantity<990;" % (n - 20, n))


with tempfile.TemporaryDirectory() as work:
    packages = debian_packages()
    load(work + "/db", packages)
    with open(work + "/sql", "w") as f:
        f.writelines(t + "\n" for t in transactions(packages))
    record_pages(work + "/db", work + "/sql", out)
