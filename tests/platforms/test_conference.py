"""A whole conference on measures (Maßnahmenkonferenz), on both messengers and in the web chat.

Five fields of action, forty measures, nineteen seats, three dots each in every field: prepared
from the template, voted on by everybody at once wherever they are, closed, announced, exported.
The Bot API server, the homeserver, the web server and the bot are real.
"""

from __future__ import annotations

import asyncio
import html
import io
import json
import random
import re
import shutil
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from docx import Document
from openpyxl import load_workbook
from sqlalchemy import select

from bot.demo.people import people_of
from bot.drawing import drawing
from bot.platforms.matrix import Matrix
from bot.platforms.telegram import Telegram
from bot.platforms.web import WebChat
from bot.platforms.web.server import WebServer
from bot.running import running
from handlers.features import ROUTERS
from handlers.router import Routes
from storage.db import Database
from storage.models import Account, Ballot, Outbox, Person, Poll, PollOption, RollPerson, RollSeat
from tests.platforms import botapi
from tests.platforms.botapi import Group, shown
from tests.platforms.botapi import Person as TelegramPerson
from tests.platforms.conference import (
    COORDINATION,
    DEPUTY,
    DOTS,
    FIELDS,
    INVOLVED,
    MEASURES,
    ON_MATRIX,
    ON_TELEGRAM,
    REPRESENTED,
    WANDERS,
    WITHIN,
    AtTheWeb,
    Plan,
    chosen_by_chance,
    conference_on_matrix,
    conference_on_telegram,
    conference_on_the_web,
    conference_with_a_conflict,
    number_of,
)
from tests.platforms.matrix.synapse import Member, Synapse, online, synapse
from tests.platforms.test_one_voice import accept_on_matrix, accept_on_telegram, invite, until

__all__ = ["synapse"]

pytestmark = pytest.mark.synapse

# --- the conference ------------------------------------------------------------------------------


def by_field(db: Database) -> list[tuple[Poll, list[PollOption]]]:
    """The polls in their order, each with its options."""
    with db.read() as tx:
        found = list(tx.execute(select(Poll)).scalars())
        options = list(tx.execute(select(PollOption)).scalars())
        tx.expunge_all()
    found.sort(key=lambda poll: poll.id)
    options.sort(key=lambda option: option.position)
    return [(poll, [o for o in options if o.poll_id == poll.id]) for poll in found]


def holders(db: Database) -> dict[str, str]:
    """Who holds the seats on the roll, with the language they read."""
    with db.read() as tx:
        people = {p.id: p for p in tx.execute(select(Person)).scalars()}
        lines = tx.execute(select(RollPerson).filter_by(position=0)).scalars()
        held = {people[line.person_id].key: people[line.person_id].language for line in lines}
    return dict(sorted(held.items()))


def complete(db: Database, plan: Plan) -> bool:
    """Whether all dots lie in the box."""
    with db.read() as tx:
        values = [b.value for b in tx.execute(select(Ballot)).scalars()]
    return sum(sum(v.values()) for v in values) == DOTS * FIELDS * len(plan.dots)


def came_out(poll: Poll, options: Sequence[PollOption], plan: Plan, number: int) -> None:
    """The stored result is the sum of what everybody gave."""
    assert poll.state == "closed" and poll.published_at is not None and poll.result is not None
    counts = {p["option"]: p for p in poll.result["counts"]["places"]}
    found = [(int(counts[o.id]["score"]), counts[o.id]["seats"]) for o in options]
    assert found == plan.sums(number)
    assert (poll.result["cast"], poll.result["seats"]) == (19, 19)
    assert len(poll.result["excluded_options"]) == (number == 0)


def first_places(poll: Poll, options: Sequence[PollOption]) -> list[str]:
    """The first three as every announcement says them: ``1. Radweg: 12``."""
    assert poll.result is not None
    labels = {option.id: option.label["de"] for option in options}
    return [f"{labels[p['option']]}: {p['score']}" for p in poll.result["counts"]["places"][:3]]


async def bind(
    server: Any, coordination: TelegramPerson, office: Member, bot: str, others: Sequence[Any]
) -> Group:
    """The steering group's Telegram group and its encrypted Matrix room."""
    on_telegram, on_matrix = others
    members = [coordination, *on_telegram]
    group: Group = server.group("Steuerungsgruppe", members, supergroup=True)
    group.bot_becomes("administrator", coordination)
    coordination.says("/kanal", group)
    await coordination.reads("Gremium", group, WITHIN)
    coordination.presses("Steuerungsgruppe", group=group)
    room = await office.opens("Steuerungsgruppe", encrypted=True, invite=(bot,))
    await office.meets(bot, room)
    await office.says(room, "!kanal")
    card = await office.sees("Gremium")
    lines = [line for line in card.text.splitlines() if "Steuerungsgruppe" in line]
    await office.replies(card, next(line.split()[0] for line in lines if line[0].isdigit()))
    for member in on_matrix:
        await office.invites(member.id, room)
        await member.client.join(room)
    return group


async def prepare(coordination: TelegramPerson) -> None:
    """The ready template, by buttons alone but for the deadline."""
    coordination.says("/abstimmung")
    for question, answer in (
        ("Wie soll", "Aus Vorlage"),
        ("Vorlagen", "Maßnahmenkonferenz"),
        ("Über welche Themenfelder", "Fertig"),
        ("Wer stimmt ab", "Steuerungsgruppe"),
        ("Ab wann", "Sofort"),
        ("Bis wann", f"{datetime.now(UTC) + timedelta(days=7):%d.%m.%Y} 18:00"),
        ("Offen oder geheim", "Offen"),
        ("Wie viele Punkte hat", "3 ("),
        ("höchstens", "2 ("),
        ("Zusammen 40 Maßnahmen", "Alle veröffentlichen"),
    ):
        await coordination.reads(question, within=WITHIN)
        if question == "Bis wann":
            coordination.says(answer)
        else:
            coordination.presses(answer)
    await coordination.reads("5 Abstimmungen sind offen", within=WITHIN)


async def wander(
    phone: TelegramPerson, page: AtTheWeb, names: Sequence[Sequence[str]], plan: Plan
) -> None:
    """Two fields on Telegram, the others in the web chat, where the first ones are shown."""
    dots = plan.dots[page.who]
    await conference_on_telegram(phone, names, dots, ends=2)
    await page.says("/offen")
    await page.presses("Ressourcenschutz")
    await conference_on_the_web(page, dots, begins=2)


@dataclass
class Conference:
    """Everybody, wherever they are."""

    db: Database
    plan: Plan
    names: Sequence[Sequence[str]]
    on_telegram: Mapping[str, TelegramPerson]
    on_matrix: Mapping[str, tuple[Member, str]]
    on_web: Mapping[str, AtTheWeb]

    def votes(self) -> list[Awaitable[None]]:
        """What everybody does, each at their own pace."""
        dots = self.plan.dots
        made: list[Awaitable[None]] = [
            conference_on_telegram(somebody, self.names, dots[key])
            for key, somebody in self.on_telegram.items()
            if key != WANDERS
        ]
        made += [
            conference_on_matrix(member, room, dots[key])
            for key, (member, room) in self.on_matrix.items()
        ]
        for key, page in self.on_web.items():
            if key == INVOLVED:
                made.append(conference_with_a_conflict(page, dots[key]))
            elif key == WANDERS:
                made.append(wander(self.on_telegram[key], page, self.names, self.plan))
            else:
                seat = REPRESENTED if key == DEPUTY else key
                made.append(conference_on_the_web(page, dots[seat]))
        return made


def pages_of(http: aiohttp.ClientSession, languages: Mapping[str, str]) -> dict[str, AtTheWeb]:
    """Everybody who is in the web chat: the deputy in place of whom they represent."""
    away = {*ON_TELEGRAM, *ON_MATRIX, REPRESENTED}
    there = {key: language for key, language in languages.items() if key not in away}
    return {key: AtTheWeb(http, key, there.get(key, "de")) for key in (*there, DEPUTY)}


async def test_a_whole_conference_from_preparation_to_the_published_result(
    synapse: Synapse, tmp_path: Path, town_template: Path
) -> None:
    shutil.copy(town_template, tmp_path / "bot.sqlite3")
    db = Database(f"sqlite:///{tmp_path / 'bot.sqlite3'}")
    with db.begin() as tx:
        for account in tx.execute(select(Account)).scalars():
            if account.external_id in {COORDINATION, REPRESENTED, *ON_TELEGRAM, *ON_MATRIX}:
                tx.delete(account)
            else:
                account.used_at = botapi.now()
    routes, login = Routes(ROUTERS), synapse.user("bot-conference")
    async with botapi.running() as server:
        telegram = Telegram(server.token, botapi.now, base_url=server.url)
        matrix = Matrix(db, botapi.now, login, store=tmp_path / "store")
        web = WebChat(db, drawing(routes, botapi.now), botapi.now, people=people_of(db, botapi.now))
        pages = WebServer("127.0.0.1", 0, [web])
        async with (
            running(db, routes, [telegram, matrix, web], botapi.now, server=pages),
            online(synapse.user("koordination"), tmp_path / "k") as office,
            online(synapse.user("fraktion-a"), tmp_path / "a") as first,
            online(synapse.user("fraktion-b"), tmp_path / "b") as second,
            aiohttp.ClientSession(pages.address) as http,
        ):
            coordination = server.user(500, "Koordination 1")
            await accept_on_telegram(coordination, invite(db, COORDINATION))
            phones = {}
            for number, key in enumerate((*ON_TELEGRAM, WANDERS), 501):
                phones[key] = server.user(number, key)
                await accept_on_telegram(phones[key], invite(db, key))
            rooms = {}
            for member, key in zip(
                (office, first, second), (COORDINATION, *ON_MATRIX), strict=True
            ):
                rooms[key] = await accept_on_matrix(member, login.user_id, invite(db, key))
            group = await bind(
                server, coordination, office, login.user_id, (phones.values(), (first, second))
            )

            await prepare(coordination)
            await coordination.reads("0 von 19", group, WITHIN)
            languages = holders(db)
            conference = Conference(
                db,
                chosen_by_chance(list(languages), random.Random(5)),
                [[o.label["de"] for o in options] for _, options in by_field(db)],
                phones,
                {k: (m, rooms[k]) for k, m in zip(ON_MATRIX, (first, second), strict=True)},
                pages_of(http, languages),
            )
            assert len(languages) == 19
            assert [len(measures) for measures in conference.names] == [MEASURES] * FIELDS
            await asyncio.gather(*conference.votes())
            await until(lambda: complete(db, conference.plan))
            # What was said in the room before they came is not for them.
            earlier = (first.unreadable, second.unreadable)

            coordination.presses("Alle jetzt beenden")
            await coordination.reads("jetzt beenden?", within=WITHIN)
            coordination.presses("Ja, alle beenden")
            await told_the_same_everywhere(conference, coordination, group, first)
            await handed_out(conference, coordination, server, first, rooms[ON_MATRIX[0]])
            await until(lambda: not unsaid(db))
            assert office.unreadable == 0
            assert (first.unreadable, second.unreadable) == earlier
    by_deputy = roll_seats(db, voted_as=1)
    db.close()
    assert by_deputy == FIELDS, "one seat, in all fields"


async def told_the_same_everywhere(
    conference: Conference, coordination: TelegramPerson, group: Group, member: Member
) -> None:
    """Every channel has the summary once, with the numbers that all dots add up to."""
    heading = "Prioritäten aller Themenfelder"
    page = conference.on_web["sg-13"]
    places = [await page.place(title) for title in ("Steuerungsgruppe", "Ankündigungen")]
    told = [
        shown(await coordination.reads(heading, group, WITHIN)),
        (await member.sees(heading)).text,
        *[_plain((await page.sees(heading, place))["html"]) for place in places],
    ]
    for number, (poll, options) in enumerate(by_field(conference.db)):
        came_out(poll, options, conference.plan, number)
        for line in first_places(poll, options):
            assert all(line in words for words in told), (line, told)
    in_group = [shown(m) for m in group.messages() if m["from"].get("is_bot")]
    assert sum(heading in words for words in in_group) == 1 == member.saw(heading)
    for place in places:
        assert sum(heading in m["html"] for m in await page.messages(place)) == 1


def _plain(words: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", words.replace("<br>", "\n")))


async def handed_out(
    conference: Conference, coordination: TelegramPerson, server: Any, member: Member, room: str
) -> None:
    """The first field's result: a table on Telegram, minutes on Matrix, JSON in the web chat."""
    poll, options = by_field(conference.db)[0]
    title, sums = poll.title["de"], conference.plan.sums(0)
    coordination.says("/abstimmungen")
    await coordination.reads("Beendet", within=WITHIN)
    coordination.presses(f"Ergebnis: {title}")
    await coordination.reads(f"Ergebnis: {title}", within=WITHIN)
    coordination.presses("Tabelle (Excel)")
    sent = await server.world.until(
        lambda: next((m for m in coordination.sees() if "document" in m), None), WITHIN
    )
    data = server.world.files[sent["document"]["file_id"]].data
    cells = [list(row) for sheet in load_workbook(io.BytesIO(data)) for row in sheet.values]
    for option, (dots, _) in zip(options, sums, strict=True):
        assert any(option.label["de"] in row and dots in row for row in cells), option.label

    await member.says(room, "abstimmungen")
    overview = await member.sees("Meine Stimmen")
    await member.says(room, number_of(overview, f"Ergebnis: {title}"))
    result = await member.sees("Niederschrift (Word)")
    await member.says(room, number_of(result, "Niederschrift (Word)"))
    file = await member.sees(title)
    assert file.content["msgtype"] == "m.file" and file.content["filename"].endswith(".docx")
    minutes = Document(io.BytesIO(await member.opens_file(file)))
    written = [p.text for p in minutes.paragraphs]
    written += [cell.text for table in minutes.tables for row in table.rows for cell in row.cells]
    assert all(any(o.label["de"] in words for words in written) for o in options)

    page = conference.on_web["sg-13"]
    await page.says("/abstimmungen")
    await page.presses(f"Ergebnis: {title}")
    await page.presses("Zum Nachrechnen (JSON)")
    frozen = await page.sees_file(".json")
    counts = {p["option"]: p for p in json.loads(frozen)["result"]["counts"]["places"]}
    assert [(int(counts[o.id]["score"]), counts[o.id]["seats"]) for o in options] == sums


def unsaid(db: Database) -> list[str]:
    """What was to be said and has not been, or nobody knows whether it was."""
    with db.read() as tx:
        return [r.state for r in tx.execute(select(Outbox)).scalars() if r.state != "sent"]


def roll_seats(db: Database, **values: Any) -> int:
    with db.read() as tx:
        return len(tx.execute(select(RollSeat).filter_by(**values)).all())
