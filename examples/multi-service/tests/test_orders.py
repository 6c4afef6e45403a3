import pytest
from orders_shared import Order, Spool

from api import app as api
from worker.__main__ import work

TEA = {"item": "tea", "quantity": 3, "unit_price": "2.50"}


@pytest.fixture
def spool(tmp_path):
    return Spool(tmp_path)


@pytest.fixture
def client(spool, monkeypatch):
    monkeypatch.setattr(api, "spool", spool)
    return api.app.test_client()


def test_from_order_to_receipt(client, spool):
    order_id = client.post("/orders", json=TEA).get_json()["id"]
    assert client.get(f"/orders/{order_id}").get_json() == {"status": "waiting"}
    assert work(spool) == 1
    done = client.get(f"/orders/{order_id}").get_json()
    assert done["status"] == "done"
    assert done["receipt"].endswith("3 x tea at 2.50\nTotal 7.50\n")
    assert spool.waiting() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"quantity": "many"},
        {"quantity": 0},
        {"unit_price": "NaN"},
        {"unit_price": "free"},
    ],
)
def test_bad_order(client, wrong):
    order = {**TEA, **wrong} if wrong else wrong
    assert client.post("/orders", json=order).status_code == 400


def test_unknown_order(client):
    path = "/orders/00000000-0000-0000-0000-000000000000"
    assert client.get(path).status_code == 404


def test_total():
    assert str(Order.from_dict(TEA).total) == "7.50"
