import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))


@pytest.fixture
def client(monkeypatch):
    import config
    import main

    monkeypatch.setattr(config, "DATABASE_URL", "")
    return main.create_app().test_client()
