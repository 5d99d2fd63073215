"""What members do at a conference on measures, wherever they are: three dots in every field."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp

from bot.text import Reader, plain
from handlers.chat import Text
from tests.platforms.botapi import Person as TelegramPerson
from tests.platforms.matrix.synapse import Heard, Member

WITHIN = 30.0
BERLIN = ZoneInfo("Europe/Berlin")
FIELDS = 5
MEASURES = 8
DOTS = 3
COORDINATION = "sg-01"
ON_TELEGRAM = ("sg-03", "sg-04", "sg-05", "sg-06", "sg-07")
ON_MATRIX = ("sg-08", "sg-09")
WANDERS = "sg-10"
"""Begins on Telegram and goes on in the web chat."""

REPRESENTED, DEPUTY = "sg-11", "sg-11-d"
INVOLVED, NOT_ON = "sg-12", 4
"""Has a conflict of interest in the fourth measure of the first field."""

Dots = tuple[int, ...]
"""Numbers of the measures that get a dot, one number for each dot: ``(3, 3, 5)``."""


@dataclass
class Plan:
    """What everybody is going to do: the dots of each person in each field."""

    dots: Mapping[str, Sequence[Dots]]

    def sums(self, field_number: int) -> list[tuple[int, int]]:
        """Of each measure of a field: its dots, and the seats that gave any."""
        given = [Counter(fields[field_number]) for fields in self.dots.values()]
        return [
            (sum(one[n] for one in given), sum(n in one for one in given))
            for n in range(1, MEASURES + 1)
        ]


def chosen_by_chance(people: Sequence[str], chance: random.Random) -> Plan:
    """Three dots, at most two of them on one measure; whoever is involved avoids theirs."""

    def dots(who: str, field_number: int) -> Dots:
        free = [
            number
            for number in range(1, MEASURES + 1)
            if (who, field_number, number) != (INVOLVED, 0, NOT_ON)
        ]
        first, second, third = chance.sample(free, DOTS)
        return (first, first, second) if chance.random() < 0.4 else (first, second, third)

    return Plan({who: [dots(who, n) for n in range(FIELDS)] for who in people})


# --- in the web chat ---------------------------------------------------------------------------


@dataclass
class AtTheWeb:
    """Somebody with the page open, who presses what they see."""

    http: aiohttp.ClientSession
    who: str
    language: str = "de"

    def said(self, message: str, **named: Any) -> str:
        """How the bot says it to this person."""
        return plain(Text(message, **named), Reader(self.language, BERLIN))

    async def messages(self, place: str = "direct") -> list[dict[str, Any]]:
        async with self.http.get(f"/api/chat/{self.who}/messages?place={place}") as answer:
            assert answer.status == 200
            return list((await answer.json())["messages"])

    async def says(self, text: str) -> None:
        await self._post("say", text=text)

    async def press(self, message: Mapping[str, Any], action: str) -> None:
        await self._post("press", message=message["id"], action=action)

    async def _post(self, what: str, **body: Any) -> None:
        given = {"id": str(uuid.uuid4()), "place": "direct", **body}
        async with self.http.post(f"/api/chat/{self.who}/{what}", json=given) as answer:
            assert answer.status < 300, await answer.text()

    async def sees(self, words: str, place: str = "direct") -> dict[str, Any]:
        """The newest message of the bot with these words; waits for it."""
        async with asyncio.timeout(WITHIN):
            while True:
                for message in reversed(await self.messages(place)):
                    if message["from"] == "bot" and words in message["html"]:
                        return dict(message)
                await asyncio.sleep(0.05)

    async def presses(self, label: str, words: str = "") -> None:
        """The newest button of this label, on a message with these words."""
        async with asyncio.timeout(WITHIN):
            while True:
                for message in reversed(await self.messages()):
                    for button in (b for row in message["buttons"] for b in row):
                        if label in button["label"] and words in message["html"]:
                            await self.press(message, button["action"])
                            return
                await asyncio.sleep(0.05)

    async def sees_file(self, ending: str) -> bytes:
        """The newest file of this kind."""
        async with asyncio.timeout(WITHIN):
            while True:
                for message in reversed(await self.messages()):
                    if message["file"] and message["file"]["name"].endswith(ending):
                        async with self.http.get(message["file"]["url"]) as answer:
                            return await answer.read()
                await asyncio.sleep(0.05)

    async def place(self, title: str) -> str:
        async with self.http.get(f"/api/chat/{self.who}/places") as answer:
            places = (await answer.json())["places"]
        return str(next(p["id"] for p in places if p["title"] == title))

    def part(self, number: int) -> str:
        """What stands on the ballot of this field."""
        return self.said("templates.part", number=number + 1, of=FIELDS)

    async def votes(self, number: int, dots: Dots) -> None:
        """Press the dots on the ballot of this field."""
        ballot = await self.sees(self.part(number))
        actions = [row[0]["action"] for row in ballot["buttons"]]
        for dot in dots:
            await self.press(ballot, actions[dot - 1])


async def conference_on_the_web(me: AtTheWeb, plan: Sequence[Dots], begins: int = 0) -> None:
    """All fields from ``begins`` on, one after the other."""
    for number in range(begins, FIELDS):
        await me.votes(number, plan[number])
        if number + 1 < FIELDS:
            await me.presses(me.said("templates.next", title=""), me.part(number))


async def conference_with_a_conflict(me: AtTheWeb, plan: Sequence[Dots]) -> None:
    """Says first that they are involved, and has no say in that measure."""
    ballot = await me.sees("Abstimmung 1 von")
    labels = [row[0]["label"] for row in ballot["buttons"]]
    await me.presses("persönlich beteiligt", "Abstimmung 1 von")
    await me.sees("Woran sind Sie bei")
    name = labels[NOT_ON - 1].removesuffix(" ○○")
    await me.presses(name, "Woran sind Sie bei")
    await me.presses("Ja, eintragen")
    await me.sees("keine Stimme. Das Ergebnis nennt es")
    await conference_on_the_web(me, _without(NOT_ON, plan))


def _without(number: int, plan: Sequence[Dots]) -> list[Dots]:
    """The measure is not on this person's ballot of the first field: later ones move up."""
    first = tuple(n - (n > number) for n in plan[0])
    return [first, *plan[1:]]


# --- on the messengers ---------------------------------------------------------------------------


async def conference_on_telegram(
    me: TelegramPerson, names: Sequence[Sequence[str]], plan: Sequence[Dots], ends: int = FIELDS
) -> None:
    """By buttons, up to the field ``ends``."""
    for number in range(ends):
        ballot = await me.reads(f"Abstimmung {number + 1} von {FIELDS}", within=WITHIN)
        for dot in plan[number]:
            toasts = len(me.user.toasts)
            me.presses(names[number][dot - 1][:30], ballot)
            await me.toast(toasts + 1, WITHIN)
            ballot = await me.reads(f"Abstimmung {number + 1} von {FIELDS}", within=WITHIN)
        if number + 1 < ends:
            me.presses("Weiter: ", ballot)


async def conference_on_matrix(me: Member, room: str, plan: Sequence[Dots]) -> None:
    """By numbers, three at once."""
    for number in range(FIELDS):
        await me.sees(f"Abstimmung {number + 1} von {FIELDS}")
        await me.says(room, " ".join(map(str, plan[number])))
        after = await me.sees("Alle Punkte sind vergeben")
        if number + 1 < FIELDS:
            while "Weiter: " not in after.text:
                # That was the confirmation; the ballot itself is drawn anew a little later.
                after = await me.sees("Alle Punkte sind vergeben")
            await me.says(room, number_of(after, "Weiter: "))


def number_of(card: Heard, label: str) -> str:
    """The number before a button's label."""
    return next(line.split()[0] for line in card.text.splitlines() if label in line)
