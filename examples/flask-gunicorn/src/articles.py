"""The endpoints under /articles."""

from flask import Blueprint, abort, jsonify, request

import config
import db

articles = Blueprint("articles", __name__, url_prefix="/articles")


@articles.get("")
def list_articles():
    page = max(request.args.get("page", 1, type=int), 1)
    rows = db.query(
        "SELECT id, title, published FROM articles ORDER BY id LIMIT %s OFFSET %s",
        (config.PAGE_SIZE, (page - 1) * config.PAGE_SIZE),
    )
    return jsonify(page=page, articles=rows)


@articles.get("/<int:article_id>")
def show_article(article_id):
    rows = db.query(
        "SELECT id, title, body, published FROM articles WHERE id = %s", (article_id,)
    )
    if not rows:
        abort(404)
    return jsonify(rows[0])
