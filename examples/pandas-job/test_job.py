import numpy as np
import pandas as pd

from job import summarize


def test_summarize():
    orders = pd.DataFrame(
        {
            "region": ["south", "north", "north"],
            "quantity": [1, 2, 4],
            "unit_price": [10.0, 10.0, 10.0],
        }
    )
    table = summarize(orders, 200, np.random.default_rng(1))
    assert list(table["region"]) == ["north", "south"]
    assert list(table["orders"]) == [2, 1]
    assert list(table["mean"]) == [30.0, 10.0]
    assert list(table["low"]) == [20.0, 10.0]
    assert list(table["high"]) == [40.0, 10.0]
