"""A JSON API for articles."""

from flask import Flask, jsonify
from flask_cors import CORS

import config
import db
from articles import articles


def create_app():
    app = Flask(__name__)
    CORS(app)
    app.register_blueprint(articles)

    @app.get("/")
    def index():
        return jsonify(service="articles", env=config.ENV)

    @app.get("/health")
    def health():
        return jsonify(status="ok", database="up" if db.is_up() else "down")

    @app.errorhandler(db.Unavailable)
    def database_unavailable(err):
        app.logger.warning("database unavailable: %s", err)
        return jsonify(error="database unavailable"), 503

    @app.errorhandler(404)
    def not_found(_err):
        return jsonify(error="not found"), 404

    return app


app = create_app()
