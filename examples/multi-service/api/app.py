"""Takes orders and hands out receipts."""

from flask import Flask, abort, jsonify, request
from orders_shared import Order, Spool

app = Flask(__name__)
spool = Spool.from_env()


@app.get("/health")
def health():
    return jsonify(status="ok", waiting=len(spool.waiting()))


@app.post("/orders")
def add_order():
    try:
        order = Order.from_dict(request.get_json())
    except ValueError as err:
        return jsonify(error=str(err)), 400
    return jsonify(id=spool.put(order)), 202


@app.get("/orders/<uuid:order_id>")
def show_order(order_id):
    # The worker removes an order after its receipt is there: ask in this order.
    waiting = spool.order(str(order_id)) is not None
    receipt = spool.receipt(str(order_id))
    if receipt is not None:
        return jsonify(status="done", receipt=receipt)
    if not waiting:
        abort(404)
    return jsonify(status="waiting")
