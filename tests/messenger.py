"""A small messenger with groups, anonymous voices and invitations, and Ilmbrück's people in it.

It speaks the platforms' protocol as Telegram and Matrix do, without a network: what tests need
to bring the bot into groups and out of them again, and to have it keep them. Called ``matrix`` it
makes rooms and lists who is in them; called ``telegram`` it does neither, and lets people in by
link.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import select

from bot.app import App
from bot.delivery import Deliveries
from bot.platforms import Delivered, Delivery, Failed, Outcome, Receive
from bot.scheduler import Scheduler
from bot.text import Reader, body_plain, label, plain
from handlers.chat import (
    AccountRef,
    Board,
    Button,
    Capabilities,
    Command,
    Event,
    MembershipChanged,
    Place,
    PlaceKind,
    Press,
    Said,
    Text,
    What,
)
from handlers.features import ROUTERS
from handlers.router import Routes, pack
from handlers.tasks import (
    Admit,
    BringIn,
    Furnish,
    Inspect,
    MakeLink,
    MakeRoom,
    MakeTopic,
    PutOut,
    TagMember,
    Task,
)
from storage import timers
from storage.db import Database
from storage.inbox import Arrival, Waiting
from storage.models import Account
from tests.world import MORNING, PEOPLE


@dataclass(frozen=True)
class Shown:
    """Something that the bot did at a place."""

    place: str
    kind: str
    text: str
    labels: tuple[str, ...]
    actions: tuple[str, ...]
    pinned: bool
    board: Board | None
    message: str
    buttons: tuple[tuple[str, str], ...] = ()
    """Words and action of what can be pressed."""
    unpinned: bool = False


RIGHTS = {
    "matrix": ("send", "invite", "remove", "title", "topic", "pin", "levels"),
    "telegram": ("send", "remove", "title", "topic", "pin", "link", "tag", "topics"),
}
"""The rights that there are."""

NEEDS: dict[type[Task], str] = {
    BringIn: "invite", PutOut: "remove", Admit: "link", MakeLink: "link", TagMember: "tag",
    MakeTopic: "topics",
}  # fmt: skip


@dataclass
class Room:
    """A group or room: who is there, and what the bot may do."""

    rights: set[str]
    members: dict[str, str] = field(default_factory=dict)
    """Account to ``joined`` or ``invited``; the bot itself is not among them."""
    title: str = ""
    topic: str = ""
    public: bool = False
    forum: bool = False
    made: MakeRoom | None = None
    levels: dict[str, int] = field(default_factory=dict)
    asking: set[str] = field(default_factory=set)
    tags: dict[str, str] = field(default_factory=dict)
    topics: dict[str, str] = field(default_factory=dict)


class Messenger:
    """The platform: keeps what happened until it is read, and what was delivered."""

    repeatable: tuple[str, ...] | None = ()

    def __init__(self, name: str = "messenger") -> None:
        self.name = name
        link = f"https://{name}.example/bot"
        self.capabilities = Capabilities(
            buttons=True, private_toast=True, public_link=link if name in RIGHTS else None
        )
        self.rooms: dict[str, Room] = {}
        self.tasks: list[tuple[str, Task]] = []
        """What the bot had done, in order."""
        self.refuses: list[Outcome] = []
        """What the next tasks at the platform itself are answered with."""
        self.echoes: list[tuple[str, MembershipChanged, str]] = []
        """What the platform says of its own accord after a task: who, what, where."""
        self.caught_up = asyncio.Event()
        self.happened: dict[str, Event] = {}
        self.shown: list[Shown] = []
        self.toasts: list[tuple[str, str]] = []
        self.closed: set[str] = set()
        self.menus: dict[str, list[str]] = {}
        self._numbers = itertools.count(1)

    def read(self, waiting: Waiting) -> Event | None:
        """The event, with the time at which it reached the inbox."""
        return replace(self.happened[waiting.key], at=waiting.received_at)

    async def run(self, receive: Receive) -> None:
        """Nothing comes by itself."""
        self.caught_up.set()

    async def deliver(self, delivery: Delivery) -> Outcome:
        """Show it, unless the place is closed to the bot."""
        if delivery.place in self.closed:
            return Failed("not_there" if delivery.task else "forbidden", gone=True)
        if delivery.task is not None:
            self.tasks.append((delivery.place, delivery.task))
            return self._does(delivery.place, delivery.task)
        message = delivery.message or str(next(self._numbers))
        card, reader = delivery.card, delivery.reader
        buttons = [b for row in card.buttons for b in row] if card else []
        self.shown.append(
            Shown(
                delivery.place,
                delivery.kind,
                body_plain(card.body, reader) if card else "",
                tuple(label(b, reader) for b in buttons),
                tuple(pack(b.action) for b in buttons if isinstance(b, Button)),
                delivery.pin,
                delivery.board,
                message,
                tuple((label(b, reader), pack(b.action)) for b in buttons if isinstance(b, Button)),
                delivery.unpin,
            )
        )
        return Delivered(message)

    # --- tasks -----------------------------------------------------------------------------

    def group(self, place: str, *members: str, lacks: Sequence[str] = (), **more: Any) -> Room:
        """A group that people made, with the bot in it."""
        rights = {right for right in RIGHTS[self.name] if right not in lacks}
        self.rooms[place] = Room(rights, dict.fromkeys(members, "joined"), **more)
        return self.rooms[place]

    def room(self, alias: str) -> Room:
        """The room that the bot made under a name."""
        return next(r for r in self.rooms.values() if r.made and r.made.alias == alias)

    def done(self, kind: type[Task]) -> list[Task]:
        """The tasks of a kind."""
        return [task for _, task in self.tasks if isinstance(task, kind)]

    def _does(self, place: str, task: Task) -> Outcome:
        if isinstance(task, MakeRoom):
            return self._makes(task)
        room = self.rooms.get(place)
        if room is None:
            return Failed("not_there")
        needed = NEEDS.get(type(task))
        if needed in RIGHTS[self.name] and needed not in room.rights:
            return Failed(f"no_right:{needed}")
        if isinstance(task, BringIn | PutOut | Admit):
            return self._moves(place, room, task)
        match task:
            case Inspect(accounts):
                return Delivered(None, self._seen(room, accounts))
            case Furnish(title, topic, levels, _, _):
                room.title, room.topic, room.levels = title, topic, dict(levels)
                lacking = {"title", "topic", "levels"} - room.rights
                return Delivered(None, {"missing": sorted(lacking & {*RIGHTS[self.name]})})
            case MakeLink():
                return Delivered(f"https://telegram.example/+{place}")
            case TagMember(account, tag):
                room.tags[account] = tag
                return Delivered()
            case MakeTopic(name):
                room.topics[name] = str(len(room.topics) + 7)
                return Delivered(room.topics[name])
        return Failed("not_possible")

    def _moves(self, place: str, room: Room, task: BringIn | PutOut | Admit) -> Outcome:
        account = task.account
        if isinstance(task, BringIn):
            if self.name == "matrix" and account not in room.members:
                room.members[account] = "invited"
                self._echo(account, "invited", place)
            return Delivered()
        there = room.members if isinstance(task, PutOut) else room.asking
        if account not in there:
            return Failed("unknown_account")
        if isinstance(task, PutOut):
            del room.members[account]
            self._echo(account, "left", place)
            return Delivered()
        room.asking.discard(account)
        if task.yes:
            room.members[account] = "joined"
            self._echo(account, "joined", place)
        return Delivered()

    def _makes(self, task: MakeRoom) -> Outcome:
        if self.refuses:
            return self.refuses.pop(0)
        if self.name != "matrix":
            return Failed("not_possible")
        for place, room in self.rooms.items():
            if room.made is not None and room.made.alias == task.alias:
                return Delivered(place)
        place = f"!{task.alias}:example"
        self.rooms[place] = Room(set(RIGHTS[self.name]), title=task.title, made=task)
        return Delivered(place)

    def _seen(self, room: Room, accounts: Sequence[str]) -> dict[str, Any]:
        listed = room.members if self.name == "matrix" else {*accounts} & {*room.members}
        rights = {right: right in room.rights for right in RIGHTS[self.name]}
        if not room.forum:
            rights.pop("topics", None)
        return {
            "rights": rights,
            "members": {a: {"name": a, "state": room.members[a]} for a in listed},
            "title": room.title,
            "public": room.public,
            "topics": room.forum,
        }

    def _echo(self, account: str, change: Any, place: str) -> None:
        self.echoes.append((account, MembershipChanged(change), place))

    async def fetch(self, ref: str) -> bytes:
        """There are no files here."""
        raise KeyError(ref)

    async def toast(self, event: Event, text: Text | None, reader: Reader) -> None:
        """Show it to the one who pressed."""
        if text is not None and event.account is not None:
            self.toasts.append((event.account.id, plain(text, reader)))

    async def offer(self, place: str, language: str, commands: Sequence[tuple[str, str]]) -> None:
        """Keep the menu of a direct chat."""
        self.menus[place] = [word for word, _ in commands]

    async def close(self) -> None:
        """There is nothing to end."""


class Meeting:
    """The bot in the messenger, in a town that is settled. Accounts are called as in PEOPLE."""

    def __init__(self, db: Database, messenger: Messenger | None = None) -> None:
        self.db, self.now = db, MORNING
        self.routes = Routes(ROUTERS)
        self.messenger = messenger or Messenger()
        self.app = App(db, self.routes, [self.messenger], self.clock)
        self.deliveries = Deliveries(db, self.routes, self.messenger, self.clock)
        self._keys = itertools.count(1)

    def clock(self) -> datetime:
        """The time as the bot is told it."""
        return self.now

    def link(self, *names: str) -> None:
        """Link accounts of the messenger, as an invitation would."""
        with self.db.begin() as tx:
            for name in names:
                web = tx.execute(
                    select(Account).filter_by(platform="web", external_id=PEOPLE[name])
                ).scalar_one()
                tx.add(
                    Account(
                        municipality_id=web.municipality_id,
                        person_id=web.person_id,
                        platform=self.messenger.name,
                        external_id=name,
                        direct=f"d-{name}",
                        linked_at=self.now,
                        used_at=self.now,
                    )
                )

    async def happens(
        self,
        who: str | None,
        what: What,
        at: str | None = None,
        *,
        anonymous: bool = False,
        language: str | None = "de",
        message: str | None = None,
        title: str = "",
    ) -> Sequence[Shown]:
        """Somebody does something in a group (``at``) or the direct chat; returns the answers."""
        mine = self.messenger.name
        account = AccountRef(mine, who, language=language, anonymous=anonymous) if who else None
        kind = PlaceKind.CHANNEL if at else PlaceKind.DIRECT
        place = Place(mine, at or f"d-{who}", kind, title)
        token = "token" if isinstance(what, Press) else None
        key = str(next(self._keys))
        self.messenger.happened[key] = Event(place, account, what, self.now, message, token)
        before = len(self.messenger.shown)
        await self.app.receive(mine, [Arrival(key, place.id, "{}")])
        await self.settle()
        return self.messenger.shown[before:]

    async def types(self, who: str, text: str, at: str | None = None, **more: Any) -> str:
        """A command or words; returns the answers' text."""
        name, _, args = text[1:].partition(" ")
        what: What = Command(name, args) if text.startswith("/") else Said(text)
        return "\n\n".join(s.text for s in await self.happens(who, what, at, **more))

    async def presses(self, who: str, wanted: str, at: str | None = None, **more: Any) -> str:
        """The newest button at the place whose label contains ``wanted``."""
        place = at or f"d-{who}"
        for shown in reversed([s for s in self.messenger.shown if s.place == place]):
            for words, packed in shown.buttons:
                if wanted in words:
                    press = Press(packed)
                    answers = await self.happens(who, press, at, message=shown.message, **more)
                    return "\n\n".join(s.text for s in answers)
        raise AssertionError(f"no button {wanted!r} at {place}")

    async def joins(self, who: str | None, change: Any, at: str | None, **more: Any) -> list[Shown]:
        """Somebody changes the bot's membership of a place."""
        return list(await self.happens(who, MembershipChanged(change, of_bot=True), at, **more))

    def at(self, place: str) -> list[Shown]:
        """What the bot did at a place."""
        return [s for s in self.messenger.shown if s.place == place]

    def toast_of(self, who: str) -> str:
        """The newest toast that somebody saw."""
        return next((text for whose, text in reversed(self.messenger.toasts) if whose == who), "")

    async def comes(self, who: str, place: str) -> None:
        """Somebody comes into a group, as invited or by themself."""
        self.messenger.rooms[place].members[who] = "joined"
        await self.happens(who, MembershipChanged("joined"), place)

    async def goes(self, who: str, place: str) -> None:
        """Somebody leaves a group."""
        self.messenger.rooms[place].members.pop(who, None)
        await self.happens(who, MembershipChanged("left"), place)

    async def asks(self, who: str, place: str) -> None:
        """Somebody wants to come into a group."""
        self.messenger.rooms[place].asking.add(who)
        await self.happens(who, MembershipChanged("asked"), place)

    async def later(self, **time: float) -> None:
        """Let time go by; what became due happens."""
        self.passes(**time)
        await self.settle()

    async def night(self) -> None:
        """The next night, with what the bot does then, and the morning after."""
        night = self.now.replace(hour=2, minute=17)
        self.now = night if night > self.now else night + timedelta(days=1)
        scheduler = Scheduler(self.db, self.clock, lambda: None)
        await self.db.write(scheduler._tidied)
        await self.later(hours=6)

    async def _fire(self) -> bool:
        if not await self.db.write(lambda tx: timers.fire(tx, self.now)):
            return False
        # A clock never shows the same time twice.
        self.now += timedelta(milliseconds=1)
        return True

    async def _echoes(self) -> bool:
        echoes, self.messenger.echoes = self.messenger.echoes, []
        for who, what, at in echoes:
            mine, key = self.messenger.name, str(next(self._keys))
            place = Place(mine, at, PlaceKind.CHANNEL)
            account = AccountRef(mine, who, who)
            self.messenger.happened[key] = Event(place, account, what, self.now)
            await self.app.receive(mine, [Arrival(key, at, "{}")])
        return bool(echoes)

    async def settle(self) -> None:
        """Handle and deliver everything there is."""
        busy = True
        while busy:
            busy = await self._fire()
            busy = await self._echoes() or busy
            while await self.app.work():
                await self.app.settle()
                busy = True
            while await self.deliveries.step():
                await self.deliveries.finish()
                busy = True

    def all(self, table: Any, **values: Any) -> list[Any]:
        """All rows with these values."""
        with self.db.read() as tx:
            return list(tx.execute(select(table).filter_by(**values)).scalars())

    def passes(self, **time: float) -> None:
        """Let time go by."""
        self.now += timedelta(**time)
