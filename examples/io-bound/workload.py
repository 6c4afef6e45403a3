"""Move orders through files, a database and HTTP, and print a checksum of what arrived.

Nearly all of the time goes into system calls: small files, SQLite commits, loopback sockets.
"""

import asyncio
import hashlib
import json
import os
import random
import sqlite3
import tempfile
from pathlib import Path

from aiohttp import ClientSession, TCPConnector, web

ORDERS = int(os.environ.get("ORDERS", "3000"))
CLIENTS = 16


def write_inbox(inbox):
    """Write one file for each order, the same ones every time."""
    rng = random.Random(7)
    for number in range(ORDERS):
        order = {"id": number, "item": f"item-{rng.randrange(500)}", "quantity": rng.randint(1, 9)}
        (inbox / f"{number}.json").write_text(json.dumps(order))


def load(inbox, db):
    """Read the files into the database, one commit for every ten."""
    db.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, item TEXT, quantity INTEGER)")
    for number in range(ORDERS):
        path = inbox / f"{number}.json"
        db.execute("INSERT INTO orders VALUES (:id, :item, :quantity)", json.loads(path.read_text()))
        path.unlink()
        if number % 10 == 9:
            db.commit()
    db.commit()


def make_app(db):
    async def show(request):
        row = db.execute("SELECT * FROM orders WHERE id = ?", (request.match_info["id"],)).fetchone()
        return web.json_response(dict(zip(("id", "item", "quantity"), row)))

    app = web.Application()
    app.router.add_get("/orders/{id}", show)
    return app


async def fetch_all(db, outbox):
    """Serve the orders, and fetch each into a file with several clients at once."""
    runner = web.AppRunner(make_app(db), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    numbers = iter(range(ORDERS))

    async def client(session):
        for number in numbers:
            async with session.get(f"http://127.0.0.1:{port}/orders/{number}") as response:
                (outbox / f"{number}.json").write_bytes(await response.read())

    async with ClientSession(connector=TCPConnector(limit=CLIENTS)) as session:
        await asyncio.gather(*(client(session) for _ in range(CLIENTS)))
    await runner.cleanup()


def checksum(outbox):
    digest = hashlib.sha256()
    for number in range(ORDERS):
        digest.update((outbox / f"{number}.json").read_bytes())
    return digest.hexdigest()[:16]


def main():
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        inbox, outbox = work / "inbox", work / "outbox"
        inbox.mkdir()
        outbox.mkdir()
        write_inbox(inbox)
        db = sqlite3.connect(work / "orders.sqlite3")
        load(inbox, db)
        asyncio.run(fetch_all(db, outbox))
        db.close()
        print(f"{ORDERS} orders, checksum {checksum(outbox)}")


if __name__ == "__main__":
    main()
