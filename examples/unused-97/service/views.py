from datetime import datetime

from flask import Blueprint, current_app, jsonify, request
from marshmallow import Schema, fields

from .auth import signed_in
from .models import Sale, cache, db
from .reports import from_workbook, monthly

bp = Blueprint("service", __name__)


class Query(Schema):
    shop = fields.String(required=True)


@bp.get("/health")
def health():
    try:
        import psutil
    except ImportError:
        return jsonify(status="ok")
    return jsonify(status="ok", memory=psutil.virtual_memory().total > 0)


@bp.get("/now")
def now():
    import pytz

    zone = pytz.timezone(current_app.config["TIME_ZONE"])
    return jsonify(offset=datetime.now(zone).strftime("%z"))


@bp.post("/workbook")
def workbook():
    return jsonify(monthly(from_workbook(request.files["file"])))


@bp.get("/sales")
@signed_in
@cache.cached(query_string=True)
def sales():
    query = Query().load(request.args)
    rows = db.session.execute(db.select(Sale.day, Sale.amount).filter_by(shop=query["shop"]))
    return jsonify(monthly(rows.all()))


@bp.get("/rates")
def rates():
    import requests

    return jsonify(requests.get(current_app.config["EXCHANGE"], timeout=5).json())
