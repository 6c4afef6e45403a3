"""Readings of weather stations over HTTP."""

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


class Reading(msgspec.Struct):
    celsius: float
    wind: float = 0.0


stations: dict[str, list[Reading]] = {"kiel": [Reading(11.5, 7.2)]}


def answer(value, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")


async def index(request: Request) -> Response:
    return answer(sorted(stations))


async def read(request: Request) -> Response:
    readings = stations.get(request.path_params["name"])
    if readings is None:
        return answer({"error": "no such station"}, 404)
    return answer(readings)


async def report(request: Request) -> Response:
    try:
        reading = msgspec.json.decode(await request.body(), type=Reading)
    except msgspec.DecodeError as problem:
        return answer({"error": str(problem)}, 400)
    stations.setdefault(request.path_params["name"], []).append(reading)
    return answer(reading, 201)


app = Starlette(routes=[
    Route("/", index),
    Route("/stations/{name}", read),
    Route("/stations/{name}", report, methods=["POST"]),
])


def main() -> None:
    uvicorn.run(app, host="0.0.0.0", port=8000)
