"""An Atom feed of the entries in entries.json."""

import json
from datetime import datetime, timezone
from pathlib import Path

from feedgen.feed import FeedGenerator
from flask import Flask, Response

app = Flask(__name__)
ENTRIES = Path(__file__).with_name("entries.json")


@app.get("/")
def atom():
    feed = FeedGenerator()
    feed.id("https://example.org/")
    feed.title("What is new")
    feed.updated(datetime(2024, 1, 1, tzinfo=timezone.utc))
    for entry in json.loads(ENTRIES.read_text()):
        item = feed.add_entry()
        item.id(entry["id"])
        item.title(entry["title"])
        item.link(href=entry["id"])
        item.updated(entry["updated"])
    return Response(feed.atom_str(pretty=True), mimetype="application/atom+xml")
