from flask import Flask, jsonify, request

from units.convert import convert

app = Flask(__name__)


@app.get("/")
def index():
    return jsonify(example=round(convert(100, "km/h", "mph"), 3))


@app.get("/convert")
def answer():
    try:
        amount = float(request.args["amount"])
        return jsonify(result=convert(amount, request.args["from"], request.args["to"]))
    except (KeyError, ValueError) as error:
        return jsonify(error=str(error)), 400
