"""Notes over HTTP, and the pages that show them."""

from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

PAGES = Path(__file__).parent.parent / "web" / "dist"

app = FastAPI()
notes: list[str] = ["water the plants"]


@app.get("/api/notes")
def read() -> list[str]:
    return notes


@app.post("/api/notes", status_code=201)
def add(note: str) -> list[str]:
    notes.append(note)
    return notes


app.mount("/", StaticFiles(directory=PAGES, html=True))
