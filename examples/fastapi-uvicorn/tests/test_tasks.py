import pytest
from fastapi.testclient import TestClient

from app import main
from app.store import Store


@pytest.fixture
def client(monkeypatch):
    monkeypatch.setattr(main, "store", Store())
    return TestClient(main.app)


def test_health(client):
    assert client.get("/health").json() == {"status": "ok"}


def test_most_urgent_first(client):
    for title, priority in (("tidy up", 4), ("back up", 1)):
        task = {"title": title, "priority": priority}
        assert client.post("/tasks", json=task).status_code == 201
    assert [t["title"] for t in client.get("/tasks").json()] == ["back up", "tidy up"]


def test_done(client):
    task = client.post("/tasks", json={"title": "back up"}).json()
    path = f"/tasks/{task['id']}"
    assert client.patch(path, json={"done": True}).json()["done"] is True
    assert client.patch("/tasks/99", json={"done": True}).status_code == 404


def test_bad_priority(client):
    task = {"title": "back up", "priority": 9}
    assert client.post("/tasks", json=task).status_code == 422
