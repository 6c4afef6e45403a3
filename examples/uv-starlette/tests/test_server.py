from starlette.testclient import TestClient

from weather.server import app

client = TestClient(app)


def test_report():
    assert client.post("/stations/sylt", json={"celsius": 9.5}).status_code == 201
    assert client.get("/stations/sylt").json() == [{"celsius": 9.5, "wind": 0.0}]


def test_bad_reading():
    assert client.post("/stations/sylt", json={"wind": 1}).status_code == 400


def test_unknown():
    assert client.get("/stations/nowhere").status_code == 404
