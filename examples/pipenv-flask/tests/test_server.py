from polls.server import app

client = app.test_client()


def test_vote():
    answer = client.post("/polls/lunch/votes", json={"choice": "soup"})
    assert answer.status_code == 201 and answer.json["soup"] == 1


def test_bad_votes():
    assert client.post("/polls/tea/votes", json={"choice": "soup"}).status_code == 404
    assert client.post("/polls/lunch/votes", json={"choice": "cake"}).status_code == 422
