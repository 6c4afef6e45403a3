import os

from flask import Flask, jsonify, redirect, request

from links.names import Names

app = Flask(__name__)
names = Names(os.environ.get("LINKS_SECRET", "only for trying it out"))


@app.get("/")
def index():
    return jsonify(service="links", example=names.name("https://example.org/"))


@app.post("/links")
def create():
    try:
        return jsonify(name=names.name(request.get_json()["address"])), 201
    except (KeyError, ValueError) as error:
        return jsonify(error=str(error)), 400


@app.get("/<name>")
def follow(name):
    address = names.address(name)
    if address is None:
        return jsonify(error="unknown name"), 404
    return redirect(address)
