"""Settings, all from the environment."""

import os

ENV = os.environ.get("ENV", "production")
DATABASE_URL = os.environ.get("DATABASE_URL", "")
PAGE_SIZE = int(os.environ.get("PAGE_SIZE", "20"))
