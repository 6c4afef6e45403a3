"""Print the mean order value of each region with a bootstrap confidence interval."""

import os
from pathlib import Path

import numpy as np
import pandas as pd

ORDERS = Path(__file__).parent / "data" / "orders.csv"


def mean_interval(values, rounds, rng):
    """Return the 95 % bootstrap interval of the mean, by resampling rounds times."""
    means = np.empty(rounds)
    for i in range(rounds):
        means[i] = rng.choice(values, size=len(values)).mean()
    return np.percentile(means, [2.5, 97.5])


def summarize(orders, rounds, rng):
    """Return one row for each region, the highest mean first."""
    orders = orders.assign(value=orders["quantity"] * orders["unit_price"])
    rows = []
    for region, group in orders.groupby("region"):
        values = group["value"].to_numpy()
        low, high = mean_interval(values, rounds, rng)
        rows.append((region, len(values), values.mean(), low, high))
    columns = ["region", "orders", "mean", "low", "high"]
    return pd.DataFrame(rows, columns=columns).sort_values("mean", ascending=False)


def main():
    rounds = int(os.environ.get("ROUNDS", "20000"))
    table = summarize(pd.read_csv(ORDERS), rounds, np.random.default_rng(1))
    print(table.to_string(index=False, float_format="%.2f"))


if __name__ == "__main__":
    main()
