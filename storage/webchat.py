"""What was said in the web chat, which has no server of its own to keep it.

Every change gets the next number of one count (``version``), so that a reader who has seen
number 17 is given all that came after. Numbers are given out in writing transactions, one at a
time: one process serves the web chat.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, func, select, update

from storage import tenancy
from storage.db import Tx
from storage.models import Account, Channel, Membership, Outbox, Person, WebMessage

PLATFORM = "web"

CHANNEL_ID = re.compile(r"c[0-9]{1,18}")
"""What web channels are called (``channel.external_id``), and no account."""

NOBODY = "-"
"""The author of what somebody wrote who has been erased since; no account is called so."""

_message: Any = WebMessage.__table__  # type: ignore[attr-defined]
_account: Any = Account.__table__  # type: ignore[attr-defined]
_channel: Any = Channel.__table__  # type: ignore[attr-defined]
_membership: Any = Membership.__table__  # type: ignore[attr-defined]
_person: Any = Person.__table__  # type: ignore[attr-defined]
_outbox: Any = Outbox.__table__  # type: ignore[attr-defined]

_shown = (
    _message.c.id,
    _message.c.place,
    _message.c.author,
    _message.c.content,
    _message.c.language,
    _message.c.at,
    _message.c.version,
    _message.c.pinned,
)


@dataclass(frozen=True, slots=True)
class Line:
    """A message without the bytes of its picture or file."""

    id: int
    place: str
    author: str | None
    content: dict[str, Any]
    language: str
    at: datetime
    version: int
    pinned: bool


# --- who may be where -----------------------------------------------------------------------


def channels_of(tx: Tx, account: str, today: date) -> list[Channel]:
    """The web channels of the bodies that the person behind an account belongs to today."""
    return list(
        tx.execute(
            select(Channel)
            .distinct()
            .join(_membership, _membership.c.body_id == _channel.c.body_id)
            .join(_account, _account.c.person_id == _membership.c.person_id)
            .where(
                _account.c.platform == PLATFORM,
                _account.c.external_id == account,
                _channel.c.platform == PLATFORM,
                _channel.c.lost_at.is_(None),
                (_membership.c.start_date.is_(None)) | (_membership.c.start_date <= today),
                (_membership.c.end_date.is_(None)) | (_membership.c.end_date >= today),
            )
            .order_by(_channel.c.id)
        ).scalars()
    )


def names_of(tx: Tx, accounts: Collection[str]) -> dict[str, dict[str, str]]:
    """The names, by language, of the people behind accounts."""
    if not accounts:
        return {}
    rows = tx.execute(
        select(_account.c.external_id, _person.c.name)
        .join(_person, _person.c.id == _account.c.person_id)
        .where(_account.c.platform == PLATFORM, _account.c.external_id.in_(sorted(accounts)))
    )
    return {row[0]: row[1] for row in rows}


# --- reading --------------------------------------------------------------------------------


def page(tx: Tx, place: str, before: int | None, most: int) -> list[Line]:
    """The newest messages of a place (older than ``before``), the oldest of them first."""
    statement = select(*_shown).where(_message.c.place == place)
    if before is not None:
        statement = statement.where(_message.c.id < before)
    return _lines(tx, statement.order_by(_message.c.id.desc()).limit(most))[::-1]


def pinned(tx: Tx, place: str) -> list[Line]:
    """The pinned messages of a place, the oldest first."""
    statement = select(*_shown).where(_message.c.place == place, _message.c.pinned.is_(True))
    return _lines(tx, statement.order_by(_message.c.id))


def changes(tx: Tx, places: Collection[str], since: int, most: int) -> list[Line]:
    """What was said or changed in these places after change number ``since``, in its order."""
    statement = select(*_shown).where(
        _message.c.version > since, _message.c.place.in_(sorted(places))
    )
    return _lines(tx, statement.order_by(_message.c.version).limit(most))


def last_change(tx: Tx) -> int:
    """The number of the newest change."""
    with tenancy.across(tx):
        newest = tx.execute(select(func.coalesce(func.max(_message.c.version), 0))).scalar_one()
    return int(newest)


def line(tx: Tx, id: int) -> Line | None:
    """One message."""
    return next(iter(_lines(tx, select(*_shown).where(_message.c.id == id))), None)


def data_of(tx: Tx, id: int) -> bytes | None:
    """The bytes of a message's picture or file."""
    return tx.execute(select(_message.c.data).where(_message.c.id == id)).scalar_one_or_none()


def _lines(tx: Tx, statement: Any) -> list[Line]:
    return [Line(*row) for row in tx.execute(statement)]


# --- writing --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to be kept; ``content`` as the adapter shows it."""

    place: str
    content: dict[str, Any]
    language: str
    author: str | None = None
    data: bytes | None = None
    pinned: bool = False
    municipality_id: int | None = None


def say(tx: Tx, draft: Draft, now: datetime) -> int:
    """Keep what a person said; returns the message's id."""
    return _add(tx, draft, None, draft.municipality_id, now)


def deliver(tx: Tx, outbox_id: int, draft: Draft, now: datetime) -> int:
    """Keep what the bot said; a delivery that was kept before keeps its message."""
    known = tx.execute(
        select(_message.c.id).where(_message.c.outbox_id == outbox_id)
    ).scalar_one_or_none()
    if known is not None:
        return int(known)
    town = tx.execute(
        select(_outbox.c.municipality_id).where(_outbox.c.id == outbox_id)
    ).scalar_one_or_none()
    return _add(tx, draft, outbox_id, town, now)


def _add(tx: Tx, draft: Draft, outbox_id: int | None, town: int | None, now: datetime) -> int:
    row = WebMessage(
        municipality_id=town,
        place=draft.place,
        outbox_id=outbox_id,
        author=draft.author,
        content=draft.content,
        language=draft.language,
        data=draft.data,
        at=now,
        version=last_change(tx) + 1,
        pinned=draft.pinned,
    )
    tx.add(row)
    tx.flush()
    return row.id


def change(tx: Tx, id: int, draft: Draft, *, unpin: bool = False) -> bool:
    """Put other content into one of the bot's messages; False if it is not in that place."""
    unpinned = {"pinned": False} if unpin else {}
    changed = tx.execute(
        update(_message)
        .where(_message.c.id == id, _message.c.place == draft.place, _message.c.author.is_(None))
        .values(
            content=draft.content,
            language=draft.language,
            data=draft.data,
            version=last_change(tx) + 1,
            **unpinned,
        )
    )
    return bool(changed.rowcount)  # type: ignore[attr-defined]


def forget_words(tx: Tx, place: str, since: datetime) -> int:
    """Delete the words (not the files) that people wrote in a place; returns how many.

    For a secret poll's end: numbers typed as a choice must not outlive it. The messages stay as
    empty ones, and count as changed, so that open pages drop the words too.
    """
    written = tx.execute(
        select(_message.c.id, _message.c.content)
        .where(_message.c.place == place, _message.c.author.is_not(None), _message.c.at >= since)
        .order_by(_message.c.id)
    ).all()
    words = [id for id, content in written if "text" in content]
    # Each gets a number of its own: a reader may be given some now and the rest later.
    for number, id in enumerate(words, start=last_change(tx) + 1):
        tx.execute(
            update(_message)
            .where(_message.c.id == id)
            .values(content={"forgotten": True}, version=number)
        )
    return len(words)


def disown(tx: Tx, which: Any) -> int:
    """Delete what somebody wrote in channels, and that it was them; returns how many.

    The messages stay as empty ones, and count as changed.
    """
    written = tx.execute(select(_message.c.id).where(which).order_by(_message.c.id)).scalars().all()
    for number, id in enumerate(written, start=last_change(tx) + 1):
        tx.execute(
            update(_message)
            .where(_message.c.id == id)
            .values(content={"forgotten": True}, data=None, author=NOBODY, version=number)
        )
    return len(written)


def drop(tx: Tx, *which: Any) -> int:
    """Delete messages; returns how many.

    Where the newest of all is among them, an empty one at no place is left of it: neither its id
    nor its change number may be given out again, since open pages know them.
    """
    newest = tx.execute(select(func.max(_message.c.id))).scalar_one_or_none()
    before = last_change(tx)
    left: dict[str, Any] = {
        "place": "",
        "author": None,
        "content": {"forgotten": True},
        "data": None,
    }
    left |= {"outbox_id": None, "municipality_id": None, "pinned": False}
    emptied = tx.execute(
        update(_message)
        .where(_message.c.id == newest, _message.c.place != "", *which)
        .values(**left)
    )
    gone = tx.execute(delete(_message).where(_message.c.id != newest, *which))
    tx.execute(delete(_message).where(_message.c.place == "", _message.c.id != newest))
    if last_change(tx) < before:
        tx.execute(update(_message).where(_message.c.id == newest).values(version=before))
    return int(emptied.rowcount + gone.rowcount)  # type: ignore[attr-defined]
