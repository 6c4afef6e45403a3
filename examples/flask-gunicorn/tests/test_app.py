import db


def test_index_needs_no_database(client):
    assert client.get("/").get_json()["service"] == "articles"


def test_health_reports_a_missing_database(client):
    response = client.get("/health")
    assert response.status_code == 200
    assert response.get_json() == {"status": "ok", "database": "down"}


def test_articles_without_a_database(client):
    response = client.get("/articles")
    assert response.status_code == 503
    assert response.get_json() == {"error": "database unavailable"}


def test_articles_page(client, monkeypatch):
    asked = []

    def query(sql, params=()):
        asked.append(params)
        return [{"id": 21, "title": "Simple tags", "published": None}]

    monkeypatch.setattr(db, "query", query)
    assert client.get("/articles?page=2").get_json() == {
        "page": 2,
        "articles": [{"id": 21, "title": "Simple tags", "published": None}],
    }
    assert asked == [(20, 20)]


def test_unknown_article(client, monkeypatch):
    monkeypatch.setattr(db, "query", lambda sql, params=(): [])
    assert client.get("/articles/7").status_code == 404
