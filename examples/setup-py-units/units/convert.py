from importlib.resources import files

import yaml

GROUPS = yaml.safe_load((files("units") / "data" / "units.yaml").read_text())


def convert(amount: float, source: str, target: str) -> float:
    for group in GROUPS.values():
        if source in group and target in group:
            return amount * group[source] / group[target]
    raise ValueError(f"cannot convert {source} to {target}")
