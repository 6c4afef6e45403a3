from flask_caching import Cache
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Date, Numeric, String

db = SQLAlchemy()
cache = Cache()


class Sale(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    day = db.Column(Date, nullable=False)
    shop = db.Column(String(80), nullable=False)
    amount = db.Column(Numeric(12, 2), nullable=False)
