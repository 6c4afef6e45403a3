"""Polls over HTTP."""

from collections import Counter

from flask import Flask, jsonify, request

app = Flask(__name__)
polls: dict[str, Counter] = {"lunch": Counter(soup=0, salad=0)}


@app.get("/")
def health():
    return jsonify(status="ok")


@app.get("/polls")
def list_polls():
    return jsonify({name: dict(votes) for name, votes in polls.items()})


@app.post("/polls/<name>/votes")
def vote(name: str):
    votes = polls.get(name)
    if votes is None:
        return jsonify(error="no such poll"), 404
    choice = (request.get_json(silent=True) or {}).get("choice")
    if choice not in votes:
        return jsonify(error="no such choice"), 422
    votes[choice] += 1
    return jsonify(dict(votes)), 201
