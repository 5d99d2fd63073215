"""``/meinedaten``: everything that is stored about a person, to read and as JSON."""

from __future__ import annotations

from handlers.chat import Answers, Command, SendFile, Text
from handlers.privacy import documents
from handlers.privacy.documents import Section
from handlers.router import Context
from storage import personal_data


def send(ctx: Context, typed: Command) -> Answers:
    """Send both files into this direct chat."""
    sections = [
        Section(kept.table, Text(kept.words), Text(kept.note) if kept.note else None, rows)
        for kept, rows in personal_data.export(ctx.tx, ctx.me)
    ]
    name = ctx.words(Text("privacy.file_name"))
    town = ctx.town.name
    page = documents.page(sections, ctx.words, town, ctx.now, ctx.language)
    data = documents.as_json(sections, town, ctx.now)
    return [
        SendFile(f"{name}.html", "text/html", page, Text("privacy.file_to_read")),
        SendFile(f"{name}.json", "application/json", data, Text("privacy.file_for_machines")),
    ]
