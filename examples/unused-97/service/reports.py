import numpy as np
import pandas as pd


def monthly(rows):
    """Sums and a trend per month, from rows of day and amount."""
    frame = pd.DataFrame(rows, columns=["day", "amount"])
    frame["month"] = pd.to_datetime(frame["day"]).dt.strftime("%Y-%m")
    sums = frame.groupby("month")["amount"].sum()
    trend = np.polyfit(range(len(sums)), sums.to_numpy(dtype=float), 1)[0] if len(sums) > 1 else 0.0
    return {"months": {month: float(total) for month, total in sums.items()}, "trend": float(trend)}


def from_workbook(upload):
    """Rows of an uploaded .xlsx file."""
    frame = pd.read_excel(upload)
    return frame[["day", "amount"]].values.tolist()
