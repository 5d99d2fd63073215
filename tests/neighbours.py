"""Two municipalities in one installation, each with everything that can be had, and marked words.

Every name and sentence of a municipality begins with a word of its own: where that word appears
is where its content went. What is tried on it (ids, words, presses) is read from the database
and from the registered actions, so that a new feature is tried without a change here.
"""

from __future__ import annotations

import itertools
import json
import uuid
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Table, select, update
from sqlmodel import SQLModel

from bot import answers
from bot.wire import card_to_json
from handlers import router
from handlers.chat import Action, Board, Due, Event, Place, PlaceKind
from handlers.polls.actions import Close
from handlers.polls.opening import Plan, publish
from handlers.router import Context, pack
from storage import channel_members, invitations, measures, polls, recording
from storage.db import Tx
from storage.inbox import Arrival
from storage.models import Channel, Municipality, Outbox, Person, Poll, WebMessage
from tests.world import Town

MOST = 60
"""Ways in which one button is tried."""

NO_ID = ("page", "step", "choice", "way", "version", "position")
"""Numbers of an action that count something; every other number may be a row's id."""

MACHINERY = ("outbox", "posted", "web_message", "timer")
"""Tables whose numbers no button carries unless its field is called so."""

WORDS = ("on", "cancel", "back", "next", "de", "ja")


@dataclass(frozen=True)
class Side:
    """A municipality, who coordinates it, who is a member, and its word."""

    slug: str
    coordination: str
    member: str
    mark: str


ILMBRUECK = Side("ilmbrueck", "sg-01", "sg-12", "Ilmzeichen")
TANNWIESEN = Side("tannwiesen", "tw-01", "tw-03", "Tannzeichen")


def tables() -> list[Table]:
    """The tables whose rows belong to a municipality."""
    return [t for t in SQLModel.metadata.sorted_tables if "municipality_id" in t.c]


# --- preparing -----------------------------------------------------------------------------


def mark(tx: Tx) -> None:
    """Begin whatever a municipality has written with its word."""
    words = {tx_id(tx, side): side.mark for side in (ILMBRUECK, TANNWIESEN)}
    for table in [*tables(), SQLModel.metadata.tables["municipality"]]:
        keys = list(table.primary_key.columns)
        town = table.c["id" if table.name == "municipality" else "municipality_id"]
        for row in tx.execute(select(table)).mappings().all():
            changed = {
                name: _marked(value, words[row[town.name]])
                for name, value in row.items()
                if isinstance(value, dict) and row[town.name] is not None
            }
            if table.name == "municipality":
                changed["name"] = f"{words[row['id']]} {row['name']}"
            if changed:
                tx.execute(update(table).where(*(k == row[k.name] for k in keys)).values(changed))


def _marked(value: Any, word: str) -> Any:
    if isinstance(value, dict):
        translated = "de" in value and all(isinstance(v, str) for v in value.values())
        return {k: f"{word} {v}" if translated else _marked(v, word) for k, v in value.items()}
    return [_marked(v, word) for v in value] if isinstance(value, list) else value


def tx_id(tx: Tx, side: Side) -> int:
    """The municipality's id."""
    return int(tx.execute(select(Municipality).filter_by(slug=side.slug)).scalar_one().id)


async def fill(town: Town, side: Side) -> None:
    """Polls open, secret and closed, ballots, a group, a dialog, an invitation, a file."""
    made = await town.db.write(lambda tx: [_publish(town, tx, side, s) for s in _POLLS])
    await town.settle()
    who, member = town.somebody(side.coordination), town.somebody(side.member)
    await member.press(side.mark)
    await who.says("/start")
    await who.presses(who.messages()[-1]["id"], pack(Close(made[-1], sure=True)))
    await town.db.write(lambda tx: _invite(town, tx, side))
    await town.db.write(lambda tx: _group(town, tx, side))
    await who.says("/kanal")
    await town.db.write(lambda tx: _record(town, tx, side, made[0]))
    await who.sends("haushalt.txt", b"geheim")
    for channel in _channels(town, side):
        await member.says(f"{side.mark} spricht", at=channel)
    await who.says("/abstimmung")
    await who.press("Neue Abstimmung vorbereiten")
    await who.press("Klebepunkte")


def _record(town: Town, tx: Tx, side: Side, poll_id: int) -> None:
    entry = polls.entries(tx, poll_id)[0]
    by = tx.execute(select(Person).filter_by(key=side.coordination)).scalar_one().id
    poll = tx.get_one(Poll, poll_id)
    recording.begin(tx, poll, entry.seat_id, entry.id, "paper", by, town.now)


def _invite(town: Town, tx: Tx, side: Side) -> None:
    person = tx.execute(select(Person).filter_by(key=side.member)).scalar_one()
    invitations.create(tx, person.id, person.municipality_id, town.now)


def _group(town: Town, tx: Tx, side: Side) -> None:
    """A group that the bot keeps, with somebody in it whom nobody knows."""
    id = tx_id(tx, side)
    body = next(b for b in polls.bodies(tx, id) if b.kind == "steering_group")
    group = Channel(
        municipality_id=id, body_id=body.id, platform="matrix", external_id=f"!{side.slug}:example",
        title={"de": f"{side.mark} Raum"}, bound_at=town.now,
    )  # fmt: skip
    tx.add(group)
    tx.flush()
    channel_members.seen(tx, group, "@fremd:example", "joined", town.now, name=f"{side.mark} Fremd")


_POLLS = ("open", "secret", "open")


def _publish(town: Town, tx: Tx, side: Side, secrecy: str) -> int:
    place = Place("timer", "prepared", PlaceKind.CHANNEL)
    ctx = Context(tx, town.routes, Event(place, None, Due("", town.now), town.now), town.now,
                  town.now)  # fmt: skip
    ctx.municipality = tx.get(Municipality, tx_id(tx, side))
    ctx.person = tx.execute(select(Person).filter_by(key=side.coordination)).scalar_one()
    body = next(b for b in polls.bodies(tx, ctx.town.id) if b.kind == "steering_group")
    options = tuple((m.title, m.id) for m in measures.of_town(tx, ctx.town.id)[:3])
    title = {"de": f"{side.mark} {secrecy}"}
    ends = town.now + timedelta(days=7)
    dots = {"dots": 2, "max_per_option": 1}
    plan = Plan("dots", dots, title, options, body.id, ends, secrecy=secrecy)
    poll, said = publish(ctx, plan)
    answers.keep(ctx, said)
    return poll.id


def _channels(town: Town, side: Side) -> list[str]:
    with town.db.read() as tx:
        return [place for place, _ in town.looking.around(tx, side.member).channels]


# --- what can be tried ---------------------------------------------------------------------


@dataclass(frozen=True)
class Loot:
    """What somebody might guess or have copied of a municipality."""

    ids: dict[str, list[int]]
    """Table to its rows' numbers."""
    words: list[str]
    """Keys, codes, names and titles, without the municipality's mark."""


def loot(tx: Tx, side: Side) -> Loot:
    """Everything of a municipality that could stand in a button or behind a command."""
    town = tx_id(tx, side)
    ids: dict[str, list[int]] = {"municipality": [town]}
    words: dict[str, None] = {side.slug: None}
    for table in tables():
        for row in tx.execute(select(table).where(table.c.municipality_id == town)).mappings():
            if isinstance(row.get("id"), int):
                ids.setdefault(table.name, []).append(row["id"])
            for value in row.values():
                for word in _words(value):
                    words[word.replace(side.mark, "").strip()] = None
    return Loot(ids, [w for w in words if 2 < len(w) < 80])


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _words(part)


def presses(kind: type[Action], stolen: Loot) -> list[str]:
    """A button with everything of the other municipality that fits into it, packed."""
    fields = router._FIELDS[kind]
    values = [list(_values(name, type_, stolen)) for name, type_ in fields.items()]
    most = max((len(v) for v in values), default=1)
    combined: Iterable[tuple[Any, ...]] = itertools.product(*values)
    total = 1
    for some in values:
        total *= len(some)
    if total > MOST:
        # Every value occurs at least once, each time beside another one.
        turns = range(max(MOST, most))
        combined = [tuple(v[(i * (2 * at + 1)) % len(v)] for at, v in enumerate(values))
                    for i in turns]  # fmt: skip
    packed = dict.fromkeys(_packed(kind, chosen) for chosen in combined)
    return [p for p in packed if p is not None]


def _packed(kind: type[Action], chosen: tuple[Any, ...]) -> str | None:
    try:
        return pack(kind(*chosen))
    except ValueError:
        return None


def _values(name: str, type_: type, stolen: Loot) -> Iterable[Any]:
    if type_ is bool:
        return (True, False)
    if type_ is str:
        short = [w for w in stolen.words if w.isascii() and ":" not in w and len(w) <= 24]
        return [*WORDS, *_some(short, 40)]
    if name in NO_ID:
        return (0, 1)
    fitting = [t for t in stolen.ids if t == name or t.endswith(f"_{name}")]
    likely = [t for t in stolen.ids if t not in MACHINERY]
    everything = {id for t in fitting or likely for id in stolen.ids[t]}
    return sorted(everything)


def _some(values: list[Any], most: int) -> list[Any]:
    step = -(-len(values) // most) or 1
    return values[::step]


def arguments(stolen: Loot) -> list[str]:
    """What may be typed behind a command."""
    ids = sorted({id for some in stolen.ids.values() for id in some})
    return ["", *map(str, _some(ids, 10)), *_some(stolen.words, 20)]


# --- trying --------------------------------------------------------------------------------


class Intruder:
    """Somebody at the web chat who tries what belongs to the municipality next door."""

    def __init__(self, town: Town, who: str, victim: Side) -> None:
        self.town, self.who, self.victim = town, who, victim
        self.somebody = town.somebody(who)

    def stands(self) -> tuple[Any, ...]:
        """Where the person stands: what must be the same at every try."""
        with self.town.db.read() as tx:
            around = self.town.looking.around(tx, self.who)
            return around.municipality_id, around.channels

    def standing(self, at: str) -> int:
        """A message of the bot's at a place, to press on."""
        place = self.who if at == "direct" else at
        rows = self.town.all(WebMessage, place=place, author=None)
        return max((row.id for row in rows), default=0)

    async def press(self, packed: Iterable[str], at: str = "direct") -> str | None:
        """Press all of these; the first complaint, if there is one."""
        message = self.standing(at)
        made = ({"kind": "press", "message": message, "action": p} for p in packed)
        return await self._happens(list(made), at)

    async def say(self, lines: Iterable[str], at: str = "direct") -> str | None:
        """Type all of these; the first complaint, if there is one."""
        return await self._happens([{"kind": "say", "text": t, "message": 0} for t in lines], at)

    async def _happens(self, payloads: list[dict[str, Any]], at: str) -> str | None:
        town, place = self.town, self.who if at == "direct" else at
        with town.db.read() as tx:
            before = _snapshot(tx, self.victim)
            said = _last_said(tx)
        toasts = self.somebody._stream.toasts = deque()
        arrivals = [
            Arrival(str(uuid.uuid4()), place, json.dumps({**p, "who": self.who, "place": place}))
            for p in payloads
        ]
        await town.app.receive("web", arrivals)
        while await town.app.work():
            pass
        await town.app.settle()
        seen = "\n".join(toasts)
        if self.victim.mark in seen:
            return f"a confirmation says {seen[:200]!r}"
        with town.db.read() as tx:
            return _changed(before, _snapshot(tx, self.victim)) or self._said(tx, said)

    def _said(self, tx: Tx, since: int) -> str | None:
        theirs = tx_id(tx, self.victim)
        places = _places(tx, theirs)
        for row in tx.execute(select(Outbox).where(Outbox.id > since)).scalars():  # type: ignore[arg-type]
            if row.municipality_id == theirs or row.place in places:
                return f"something is said at {row.place} of the other municipality"
            shown = json.dumps(row.content, ensure_ascii=False)
            if row.kind == "board":
                board = Board(row.content["kind"], row.content["id"], row.content["viewer"])
                card = self.town.deliveries.draw(tx, board, row.language)
                drawn = replace(card, picture=None) if card is not None else None
                shown = json.dumps(drawn and card_to_json(drawn), ensure_ascii=False)
            if row.data is not None:
                shown += row.data.decode("utf-8", "replace")
            if self.victim.mark in shown:
                at = shown.index(self.victim.mark)
                return f"the answer says “{shown[max(0, at - 80) : at + 60]}”"
        return None


def rows_of(town: Town, name: str, of: int | None = None) -> list[dict[str, Any]]:
    """The rows of a table, or those of one municipality."""
    table = SQLModel.metadata.tables[name]
    question = select(table).order_by(*table.primary_key.columns)
    if of is not None:
        question = question.where(table.c.municipality_id == of)
    with town.db.read() as tx:
        return [dict(row) for row in tx.execute(question).mappings()]


def _last_said(tx: Tx) -> int:
    return max(tx.execute(select(Outbox.id)).scalars(), default=0)  # type: ignore[call-overload]


def _places(tx: Tx, town: int) -> set[str]:
    account, channel = (SQLModel.metadata.tables[n] for n in ("account", "channel"))
    directs = select(account.c.direct).where(account.c.municipality_id == town)
    rooms = select(channel.c.external_id).where(channel.c.municipality_id == town)
    return {*tx.execute(directs).scalars(), *tx.execute(rooms).scalars()} - {None}


def _snapshot(tx: Tx, side: Side) -> dict[str, list[tuple[Any, ...]]]:
    town = tx_id(tx, side)
    kept = {"municipality": select(SQLModel.metadata.tables["municipality"]).filter_by(id=town)}
    for table in tables():
        rows = select(table).where(table.c.municipality_id == town)
        kept[table.name] = rows.order_by(*table.primary_key.columns)
    return {name: [tuple(row) for row in tx.execute(question)] for name, question in kept.items()}


def _changed(before: dict[str, Any], after: dict[str, Any]) -> str | None:
    changed = [name for name in before if before[name] != after[name]]
    return f"rows of the other municipality in {', '.join(changed)} changed" if changed else None
