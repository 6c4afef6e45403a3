"""Notes over HTTP."""

from itertools import count

import uvicorn
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field


class Note(BaseModel):
    text: str = Field(min_length=1, max_length=2000)


app = FastAPI(title="Notes")
notes: dict[int, Note] = {}
numbers = count(1)


@app.get("/")
def health() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/notes")
def list_notes() -> dict[int, Note]:
    return notes


@app.post("/notes", status_code=201)
def add(note: Note) -> dict[str, int]:
    number = next(numbers)
    notes[number] = note
    return {"number": number}


@app.delete("/notes/{number}", status_code=204)
def remove(number: int) -> None:
    if notes.pop(number, None) is None:
        raise HTTPException(status_code=404, detail="no such note")


def main() -> None:
    uvicorn.run(app, host="0.0.0.0", port=8000)
