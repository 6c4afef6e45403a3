"""An analysis service: sales per month from the data base or from a workbook."""
from dotenv import load_dotenv
from flask import Flask
from flask_cors import CORS
from prometheus_client import make_wsgi_app
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from . import settings
from .models import cache, db


def create_app():
    load_dotenv()
    config = settings.load()
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = config["database"]
    app.config["TIME_ZONE"] = config["time_zone"]
    app.config["EXCHANGE"] = config["exchange"]
    app.config.update(config["cache"])
    CORS(app)
    db.init_app(app)
    cache.init_app(app)

    from .views import bp

    app.register_blueprint(bp)
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/metrics": make_wsgi_app()})
    return app
