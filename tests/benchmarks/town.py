"""A municipality with 50 seats, each with a Telegram account, and a vote among 8 measures."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bot import answers, loading
from bot.importing import read_municipality
from handlers.chat import Event, Place, Said
from handlers.features import ROUTERS
from handlers.polls.actions import Vote
from handlers.polls.opening import Plan, publish
from handlers.router import Context, Routes, pack
from storage import polls
from storage.db import Database, Tx
from storage.models import Account, Body, Channel, Measure, Municipality, Person, Poll
from storage.upgrading import upgrade

VOTERS = [700_001 + number for number in range(50)]
"""Their ids on Telegram."""

GROUP = -410_000_001
"""The first group on a fresh server."""

CHOICES = 8


@dataclass
class Presses:
    """What the voters press next, in turn. ``data``: the choices' callback data by voter.

    Each choice is pressed three times (one dot, two dots, none) before the next one, so that
    every press changes the ballot and none is refused.
    """

    data: dict[int, list[str]]
    _pressed: Counter[int] = field(default_factory=Counter)
    _whose: int = 0

    def next(self, number: int) -> list[tuple[int, str]]:
        """The next presses: who, and the button's data."""
        made = []
        for _ in range(number):
            voter = VOTERS[self._whose % len(VOTERS)]
            turn = self._pressed[voter] // 3
            made.append((voter, self.data[voter][turn % CHOICES]))
            self._pressed[voter] += 1
            self._whose += 1
        return made


def settle(path: Path, running: int = 1) -> dict[int, list[str]]:
    """Make the database with so many running polls; returns the callback data of every voter's
    choices in the first, the only one whose ballots are sent."""
    db = Database(f"sqlite:///{path}")
    upgrade(db)
    now = datetime.now(UTC)
    with db.begin() as tx:
        loading.load(tx, read_municipality(json.dumps(_file())), now)
        tx.flush()
        _link(tx, now)
        poll, *_ = [_open(tx, now, number == 0) for number in range(running)]
        options = polls.option_ids(tx, poll.id)
        people = {p.id: p.key for p in tx.execute(select(Person)).scalars()}
        data = {
            int(people[line.person_id]): [pack(Vote(line.id, option, 0, 0)) for option in options]
            for line in polls.entries(tx, poll.id)
        }
    db.close()
    return data


def _file() -> dict[str, Any]:
    """The municipality in the import format; people's keys are their ids on Telegram."""
    members = [{"key": str(id), "name": {"de": f"Mitglied {id}"}} for id in VOTERS]
    return {
        "municipality": {
            "slug": "messfeld",
            "name": "Gemeinde Messfeld",
            "kind": "municipality",
            "contact": {"de": "Das Gemeindebüro betreibt diesen Bot."},
        },
        "rules": {"dots_per_seat": 3, "max_dots_per_option": 2},
        "bodies": [
            {"key": "coordination", "name": {"de": "Koordination"}},
            {"key": "steering_group", "name": {"de": "Steuerungsgruppe"}},
        ],
        "people": [{**member, "bodies": ["steering_group"]} for member in members],
        "seats": [{"key": f"sitz-{id}", "holder": str(id)} for id in VOTERS],
        "fields_of_action": [{"code": "TF1", "title": {"de": "Klimaschutz und Energie"}}],
        "measures": [
            {
                "code": f"M1.{number:02}",
                "title": {"de": f"Photovoltaik auf kommunalen Dächern, Abschnitt {number}"},
                "field": "TF1",
                "kind": "investment",
            }
            for number in range(1, CHOICES + 1)
        ],
    }


def _link(tx: Tx, now: datetime) -> None:
    for person in tx.execute(select(Person)).scalars():
        tx.add(
            Account(
                municipality_id=person.municipality_id,
                person_id=person.id,
                platform="telegram",
                external_id=person.key,
                direct=person.key,
                linked_at=now,
                used_at=now,
            )
        )
    body = tx.execute(select(Body).filter_by(kind="steering_group")).scalar_one()
    tx.add(
        Channel(
            municipality_id=body.municipality_id,
            body_id=body.id,
            platform="telegram",
            external_id=str(GROUP),
            title={"de": "Steuerungsgruppe"},
            bound_at=now,
        )
    )
    tx.flush()


def _open(tx: Tx, now: datetime, sent: bool) -> Poll:
    """The vote, with its board and its ballots in the outbox if they are to be ``sent``."""
    event = Event(Place("telegram", str(VOTERS[0])), None, Said("/abstimmung"), now)
    ctx = Context(tx, Routes(ROUTERS), event, now, now)
    ctx.municipality = tx.execute(select(Municipality)).scalar_one()
    body = tx.execute(select(Body).filter_by(kind="steering_group")).scalar_one()
    measures = tx.execute(select(Measure)).scalars().all()
    plan = Plan(
        method="dots",
        settings={"dots": 3, "max_per_option": 2},
        title={"de": "Klimaschutz und Energie"},
        options=tuple((measure.title, measure.id) for measure in measures),
        body_id=body.id,
        closes_at=now + timedelta(days=7),
    )
    poll, said = publish(ctx, plan)
    if sent:
        answers.keep(ctx, said)
    return poll
