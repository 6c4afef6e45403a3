"""Writes a receipt for every order in the spool, until it is told to stop."""

import argparse
import signal
import threading

from orders_shared import Spool

from .receipts import render


def work(spool):
    """Finish every waiting order and return how many there were."""
    names = spool.waiting()
    for name in names:
        spool.finish(name, render(name, spool.order(name)))
    return len(names)


def main():
    parser = argparse.ArgumentParser(prog="worker", description=__doc__)
    parser.add_argument("--poll", type=float, default=5, help="seconds between looks")
    parser.add_argument("--once", action="store_true", help="stop after one look")
    args = parser.parse_args()

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())

    spool = Spool.from_env()
    while not stop.is_set():
        finished = work(spool)
        if finished:
            print(f"{finished} orders finished", flush=True)
        if args.once:
            break
        stop.wait(args.poll)


if __name__ == "__main__":
    main()
