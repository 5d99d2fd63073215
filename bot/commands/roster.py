"""``roster``: the members of a municipality from a spreadsheet, and into one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from bot import config as configuration
from bot.commands.parts import now, opened
from bot.commands.trouble import WORK, Stopped
from bot.text import Reader, plain
from handlers import sheets
from handlers.chat import Text
from handlers.members import changing, documents, forms, views
from handlers.members.changing import Impossible
from handlers.members.plans import Plan, plan
from handlers.members.rules import Broken
from storage import rosters
from storage.db import Tx
from storage.models import Municipality
from storage.upgrading import upgrade

_READER = Reader("de", ZoneInfo("Europe/Berlin"))


def take_in(
    config: str | None, path: Path, slug: str | None, *, yes: bool, end_missing: bool
) -> None:
    """Say what the file would change, ask, and change it: all or nothing. Raises Stopped."""
    rows = _read(path)
    with opened(configuration.read(configuration.path_of(config))) as db:
        upgrade(db)
        with db.read() as tx:
            made = _plan(tx, _town(tx, slug), rows)
            _show(made, _town(tx, slug), end_missing)
            seen = made.before
        if not made.new and not (end_missing and made.missing):
            return
        if not yes:
            click.confirm("Einlesen?", abort=True)
        with db.begin() as tx:
            town = _town(tx, slug)
            made = _plan(tx, town, rows)
            if made.before != seen:
                raise Stopped(_said(Text("members.changed_meanwhile")), WORK)
            today = changing.today_in(town, now())
            new = made.with_missing_ended(today) if end_missing else made.new
            try:
                changing.carry_out(tx, town, now(), None, "imported", new)
            except Impossible as wrong:
                raise Stopped(_said(wrong.text), WORK) from None
        click.echo(_said(Text("members.imported", n=len(new))))


def give_out(config: str | None, path: Path, slug: str | None) -> None:
    """Write the members into a file whose ending says its kind. Raises Stopped."""
    kind = next((k for k in sheets.MIMES if path.suffix.casefold() == f".{k}"), None)
    if kind is None:
        raise Stopped(f"{path}: Die Datei muss auf .xlsx, .ods oder .csv enden.", WORK)
    with opened(configuration.read(configuration.path_of(config))) as db:
        upgrade(db)
        with db.read() as tx:
            town = _town(tx, slug)
            today = changing.today_in(town, now())
            people = changing.lines(changing.standing(tx, town, now()))
            members = [m for m in people.values() if m.belongs(today)]
    path.write_bytes(sheets.write(kind, documents.table(members)))
    click.echo(f"{path}: {len(members)} Mitglieder.")


def _read(path: Path) -> sheets.Rows:
    try:
        return sheets.read(path.name, path.read_bytes())
    except OSError as error:
        raise Stopped(
            f"{path}: Diese Datei lässt sich nicht lesen ({error.strerror}).", WORK
        ) from None
    except sheets.Unreadable as unreadable:
        raise Stopped(f"{path}: {_said(unreadable.text)}", WORK) from None


def _town(tx: Tx, slug: str | None) -> Municipality:
    towns = rosters.towns(tx)
    found = [t for t in towns if slug in (None, t.slug)]
    if len(found) == 1:
        return found[0]
    known = ", ".join(t.slug for t in towns) or "keine"
    raise Stopped(f"Welche Kommune? Nennen Sie sie mit --town (es gibt: {known}).", WORK)


def _plan(tx: Tx, town: Municipality, rows: sheets.Rows) -> Plan:
    try:
        people = changing.lines(changing.standing(tx, town, now()))
        made = plan(town, people, rows, changing.today_in(town, now()))
    except Broken as broken:
        raise Stopped(_said(broken.text), WORK) from None
    if made.rejected:
        raise Stopped("\n".join(_told(views.rejected(made.rejected).body)), WORK)
    return made


def _show(made: Plan, town: Municipality, end_missing: bool) -> None:
    if not made.new and not made.missing:
        click.echo(_said(Text("members.import_changes_nothing")))
        return
    preview = forms.preview(made, changing.today_in(town, now()), end_missing)
    for line in _told(views.preview(preview)):
        click.echo(line)


def _told(body: tuple[Text, ...]) -> Iterator[str]:
    for text in body:
        yield _said(text)


def _said(text: Text) -> str:
    return plain(text, _READER)
