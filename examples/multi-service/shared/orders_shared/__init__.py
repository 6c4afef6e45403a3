"""What the API and the worker have in common."""

from .order import Order
from .spool import Spool

__all__ = ["Order", "Spool"]
