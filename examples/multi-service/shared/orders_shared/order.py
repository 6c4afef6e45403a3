"""An order as it travels from the API to the worker."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation


@dataclass(frozen=True)
class Order:
    item: str
    quantity: int
    unit_price: Decimal

    @classmethod
    def from_dict(cls, data):
        """Return the order in data; raise ValueError when it is not one."""
        try:
            order = cls(
                item=str(data["item"]),
                quantity=int(data["quantity"]),
                unit_price=Decimal(str(data["unit_price"])),
            )
        except (KeyError, TypeError, InvalidOperation) as err:
            raise ValueError("item, quantity and unit_price are needed") from err
        if order.quantity < 1:
            raise ValueError("quantity must be at least 1")
        if not order.unit_price.is_finite() or order.unit_price < 0:
            raise ValueError("unit_price must not be negative")
        return order

    def to_dict(self):
        return {
            "item": self.item,
            "quantity": self.quantity,
            "unit_price": str(self.unit_price),
        }

    @property
    def total(self):
        return self.quantity * self.unit_price
