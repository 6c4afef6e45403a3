"""A directory as a queue: NAME.order is waiting, NAME.receipt is done."""

import json
import os
import uuid
from pathlib import Path

from .order import Order


class Spool:
    def __init__(self, directory):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)

    @classmethod
    def from_env(cls):
        return cls(os.environ.get("SPOOL_DIR", "/tmp/orders"))

    def put(self, order):
        """Store an order and return its name."""
        name = str(uuid.uuid4())
        self._write(f"{name}.order", json.dumps(order.to_dict()))
        return name

    def waiting(self):
        """Return the names of the orders without a receipt, the oldest first."""
        paths = sorted(self.directory.glob("*.order"), key=lambda p: p.stat().st_mtime)
        return [path.stem for path in paths]

    def order(self, name):
        """Return a waiting order, or None."""
        text = self._read(f"{name}.order")
        return None if text is None else Order.from_dict(json.loads(text))

    def finish(self, name, receipt):
        """Store the receipt of an order, which then no longer waits."""
        self._write(f"{name}.receipt", receipt)
        (self.directory / f"{name}.order").unlink()

    def receipt(self, name):
        """Return the receipt of a finished order, or None."""
        return self._read(f"{name}.receipt")

    def _read(self, filename):
        try:
            return (self.directory / filename).read_text()
        except FileNotFoundError:
            return None

    def _write(self, filename, text):
        """Write in one step, so that a reader never sees half a file."""
        temporary = self.directory / f".{filename}.tmp"
        temporary.write_text(text)
        temporary.replace(self.directory / filename)
