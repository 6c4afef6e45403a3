"""Write data/orders.csv: made-up orders, the same ones every time."""

import csv
import random
from pathlib import Path

REGIONS = {"north": 1.0, "south": 0.8, "east": 1.3, "west": 1.1}


def main():
    rng = random.Random(7)
    path = Path(__file__).parent / "data" / "orders.csv"
    with path.open("w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["region", "quantity", "unit_price"])
        for _ in range(1000):
            region = rng.choice(list(REGIONS))
            price = rng.lognormvariate(3, 0.5) * REGIONS[region]
            out.writerow([region, rng.randint(1, 12), f"{price:.2f}"])


if __name__ == "__main__":
    main()
