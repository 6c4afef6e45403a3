from shortener.server import app, links


def test_routes():
    assert {rule.rule for rule in app.routes} == {"/", "/<name>"}


def test_known_names():
    assert links["docs"].startswith("https://")
