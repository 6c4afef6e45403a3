from fastapi.testclient import TestClient

from notes.server import app

client = TestClient(app)


def test_add_and_remove():
    number = client.post("/notes", json={"text": "milk"}).json()["number"]
    assert client.get("/notes").json()[str(number)] == {"text": "milk"}
    assert client.delete(f"/notes/{number}").status_code == 204
    assert client.delete(f"/notes/{number}").status_code == 404


def test_empty():
    assert client.post("/notes", json={"text": ""}).status_code == 422
