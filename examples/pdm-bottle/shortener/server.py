"""Short names for long addresses."""

import bottle

app = bottle.Bottle()
links = {"docs": "https://docs.example/"}


@app.get("/")
def index():
    return links


@app.get("/<name>")
def follow(name):
    if name not in links:
        bottle.abort(404, "no such name")
    bottle.redirect(links[name])


@app.put("/<name>")
def name_it(name):
    address = (bottle.request.json or {}).get("address", "")
    if not address.startswith(("http://", "https://")):
        bottle.abort(422, "an address starts with http")
    links[name] = address
    bottle.response.status = 201
    return {name: address}
