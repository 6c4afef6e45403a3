"""Receipts from a template."""

from jinja2 import Environment, PackageLoader

templates = Environment(loader=PackageLoader("worker"), keep_trailing_newline=True)


def render(name, order):
    return templates.get_template("receipt.txt").render(name=name, order=order)
