import os

import yaml


def load():
    path = os.environ.get("SETTINGS", "settings.yaml")
    with open(path) as f:
        config = yaml.safe_load(f)
    config["database"] = os.environ.get("DATABASE_URL", config["database"])
    return config
