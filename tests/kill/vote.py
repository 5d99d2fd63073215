"""A vote during which the bot is killed again and again: what people do, and what is stored."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import bindparam, delete, func, select

from bot import answers
from handlers.chat import Due, Event, Place, PlaceKind
from handlers.polls.actions import Vote as Tap
from handlers.polls.opening import Plan, publish
from handlers.polls.rules import SECRET_TURNOUT_FROM
from handlers.router import Context, Role, pack
from storage import polls
from storage.db import Database, Tx
from storage.models import (
    Account,
    Ballot,
    BallotKey,
    Channel,
    Inbox,
    Municipality,
    Outbox,
    Person,
    PlatformState,
    Poll,
    Posted,
    RollPerson,
    Timer,
)
from tests.kill.lives import Life, Zygote
from tests.kill.victim import ROUTES, Order

START = datetime(2027, 1, 12, 9, 0, tzinfo=UTC)
OPEN_FOR = timedelta(hours=8)
COORDINATION = "sg-01"
VOTERS = ("sg-08", "sg-09", "sg-11", "sg-12", "sg-13")
"""Five institutions of Ilmbrück, each with a seat of its own."""

OPTIONS = ("Solardach", "Wärmenetz", "Radweg", "Stadtbäume", "Ladesäulen", "Schulküche")
DOTS = 3
"""Each voter has as many, and puts them on as many options, one each."""

WITHIN = 20.0
"""Seconds after which something awaited counts as not happening."""

BETWEEN_LIVES = timedelta(seconds=3)
"""Of the bot's clock."""

_inbox: Any = Inbox.__table__  # type: ignore[attr-defined]
_outbox: Any = Outbox.__table__  # type: ignore[attr-defined]
_posted: Any = Posted.__table__  # type: ignore[attr-defined]
_timer: Any = Timer.__table__  # type: ignore[attr-defined]
_state: Any = PlatformState.__table__  # type: ignore[attr-defined]
_key: Any = BallotKey.__table__  # type: ignore[attr-defined]


def _number(table: Any, *which: Any) -> Any:
    return select(func.count()).select_from(table).where(*which).scalar_subquery()


_NOW = bindparam("now", type_=_timer.c.due_at.type)
_STORED = select(
    _number(_inbox, _inbox.c.state == 0),
    _number(_inbox, _inbox.c.state == 2),
    _number(_outbox, _outbox.c.state.in_(("queued", "sending"))),
    _number(_posted, _posted.c.stale_at.is_not(None)),
    _number(_timer, _timer.c.due_at <= _NOW),
    _number(_state, _state.c.name == "pages_to_forget"),
)


@dataclass(eq=False)
class Press:
    """A vote as a person casts it: one dot for an option."""

    who: str
    seat: int
    option: int
    action: str
    """The packed action of the button."""
    id: str = ""
    """What the platform knows it by."""
    accepted: bool = False
    """The platform has taken it: from now on nothing may lose it."""


@dataclass
class Stored:
    """What the bot has stored, and whether it has something to do."""

    waiting: int
    quarantined: int
    unsaid: int
    stale: int
    due: int
    """Timers."""
    owed: int
    """Whether pages are to be overwritten."""

    @property
    def busy(self) -> bool:
        """Whether there is something left to do without anything happening."""
        return any((self.waiting, self.unsaid, self.stale, self.due, self.owed))


class Way(Protocol):
    """How people vote on one platform."""

    platform: str
    has_buttons: bool
    repeats: bool
    """Whether a delivery may be repeated, so that none remains unknown."""
    points: frozenset[str]
    """The points that there are on this platform."""

    def about(self) -> dict[str, str]:
        """What the bot has to know of it."""

    async def asks(self, action: str) -> None:
        """Those who have no ballot ask for it."""

    async def casts(self, press: Press) -> None:
        """A person votes, whether the bot is alive or not."""

    async def closes(self, action: str) -> None:
        """Coordination closes the poll."""

    async def lived(self, life: Life) -> None:
        """The bot answers: whatever waits for that goes on."""

    def settled(self) -> bool:
        """Whether the bot has been given everything that people did."""

    def confirmed(self) -> list[Press]:
        """The votes of which people were told that they are saved, as often as they were told."""

    def refused(self) -> list[Press]:
        """The votes of which people were told that they do not count."""

    async def shown(self) -> Counter[str]:
        """How many messages of the bot's stand in which place, by the bot's name of the place."""

    async def results(self) -> list[str]:
        """The words of every announced result, in whatever place."""

    def card(self, place: str, message: str) -> str | None:
        """What a message says now; None where nothing is kept that could be out of date."""


@dataclass
class Vote:
    """One poll from its opening to its result."""

    db: Database
    folder: Path
    zygote: Zygote
    way: Way
    chance: random.Random
    secret: bool
    poll: int
    options: list[int]
    lines: dict[str, tuple[int, int]]
    """Person's key to their line on the voter roll and their seat."""
    key: str | None
    """A secret poll's key, which is to be gone from the database's files in the end."""
    presses: list[Press] = field(default_factory=list)
    early: list[Press] = field(default_factory=list)
    """Those that the platform had taken before anybody wanted to close the poll."""
    kills: Counter[str] = field(default_factory=Counter)
    """How often the bot was killed, by point."""
    under_way: int = 0
    """Deliveries under way at kills that the platform may have got and that are not repeated."""
    life: Life | None = None
    now: datetime = START

    # --- lives --------------------------------------------------------------------------------

    async def begins(self, point: str | None = None, nth: int = 1) -> Life:
        """A new life, to be killed at a point."""
        self.now += BETWEEN_LIVES
        self.life = await self.zygote.life(
            Order(
                self.way.platform, self.way.about(), self.db.url, self.poll, self.now.isoformat(),
                str(self.folder / "log"), point, nth,
            )
        )  # fmt: skip
        return self.life

    async def ends(self, life: Life) -> str:
        """The end of a life: by itself at its point, or once it has nothing more to do."""
        what = f"nothing more to do, in a life that is to end at {life.order.point}"
        await life.until(what, lambda: self.way.settled() and not self.stored().busy, WITHIN)
        point = await life.kill()
        self.now += timedelta(seconds=time.monotonic() - life.began)
        self.life = None
        self.kills[point] += 1
        if not self.way.repeats:
            self.under_way += self.in_flight()
        return point

    def clock(self) -> datetime:
        """The bot's time."""
        lived = time.monotonic() - self.life.began if self.life is not None else 0.0
        return self.now + timedelta(seconds=lived)

    # --- what people do -------------------------------------------------------------------------

    def left(self) -> list[Press]:
        """The votes that may be cast still, in an order by chance; each person's in theirs."""
        cast = Counter(press.who for press in self.presses)
        made = []
        for who, (line, seat) in self.lines.items():
            options = random.Random(f"{who} {self.poll}").sample(self.options, DOTS)
            for option in options[cast[who] :]:
                made.append(Press(who, seat, option, pack(Tap(line, option, 0, 0))))
        return made

    async def somebody_votes(self) -> None:
        """One of those who have dots left casts a vote."""
        left = self.left()
        if not left:
            return
        voted = {press.who for press in self.presses}
        new = [press for press in left if press.who not in voted]
        # With too few ballots a secret poll has no result that could be looked at.
        few = len(voted) < SECRET_TURNOUT_FROM
        who = self.chance.choice(new if few and new else left).who
        press = next(p for p in left if p.who == who)
        self.presses.append(press)
        await self.way.casts(press)

    async def enough_have_voted(self) -> None:
        """At least as many as a secret poll's result takes."""
        while len({press.who for press in self.presses}) < SECRET_TURNOUT_FROM:
            await self.somebody_votes()

    # --- what is stored -------------------------------------------------------------------------

    def stored(self) -> Stored:
        """As it is now."""
        with self.db.read() as tx:
            return Stored(*tx.execute(_STORED, {"now": self.clock()}).one())

    def pending(self) -> tuple[str, ...]:
        """The points that what is left to do passes by."""
        stored = self.stored()
        return (
            *(("sending", "sent") if stored.unsaid else ()),
            *(("drawing", "drawn") if stored.stale else ()),
            *(("forgetting", "forgotten") if stored.owed else ()),
        )

    def closed(self) -> bool:
        """Whether the poll is."""
        with self.db.read() as tx:
            return bool(tx.get_one(Poll, self.poll).state == "closed")

    def in_flight(self) -> int:
        """Deliveries whose outcome is open."""
        with self.db.read() as tx:
            rows = select(func.count()).where(
                _outbox.c.state == "sending", _outbox.c.kind.in_(("card", "board", "file"))
            )
            return int(tx.execute(rows).scalar_one())

    def box(self) -> Counter[tuple[int, int]]:
        """Dots in the ballot box by seat and option; a secret poll's all at seat 0."""
        counted: Counter[tuple[int, int]] = Counter()
        with self.db.read() as tx:
            for ballot in tx.execute(select(Ballot)).scalars():
                seat = 0 if self.secret else int(ballot.voter)
                for option, dots in ballot.value.items():
                    counted[seat, int(option)] += dots
        return counted

    def dots(self, presses: Sequence[Press]) -> Counter[tuple[int, int]]:
        """The same of presses."""
        return Counter((0 if self.secret else press.seat, press.option) for press in presses)

    def rows(self, question: Any) -> list[Any]:
        """The objects that a question finds."""
        with self.db.read() as tx:
            found = list(tx.execute(question).scalars())
            tx.expunge_all()
            return found


def open_vote(
    db: Database, accounts: dict[str, list[tuple[str, str]]], places: Sequence[str], *,
    platform: str, secret: bool,
) -> tuple[int, list[int], dict[str, tuple[int, int]], str | None]:  # fmt: skip
    """Publish a poll, all of whose announcements wait to be said.

    ``accounts``: person's key to their accounts and direct chats; ``places``: the channels.
    Returns the poll, its options, the voters' lines and seats, and a secret poll's key.
    """
    with db.begin() as tx:
        town = tx.execute(select(Municipality).filter_by(slug="ilmbrueck")).scalar_one()
        body = next(b for b in polls.bodies(tx, town.id) if b.kind == "steering_group")
        people = {p.key: p.id for p in tx.execute(select(Person)).scalars()}
        _move_in(tx, town.id, people, accounts, platform)
        for place in places:
            tx.add(Channel(municipality_id=town.id, body_id=body.id, platform=platform,
                           external_id=place, title={"de": place}, bound_at=START))  # fmt: skip
        tx.flush()
        nowhere = Place("test", "test", PlaceKind.CHANNEL)
        ctx = Context(tx, ROUTES, Event(nowhere, None, Due("", START), START), START, START)
        ctx.municipality, ctx.role = town, Role.COORDINATION
        ctx.person = tx.get_one(Person, people[COORDINATION])
        plan = Plan(
            "dots", {"dots": DOTS, "max_per_option": 2}, {"de": "Klimaschutz"},
            tuple(({"de": o}, None) for o in OPTIONS), body.id, START + OPEN_FOR,
            secrecy="secret" if secret else "open",
        )  # fmt: skip
        poll, said = publish(ctx, plan)
        answers.keep(ctx, said)
        lines = {
            who: (line.id, line.seat_id)
            for who in set(VOTERS) & set(accounts)
            for line in tx.execute(
                select(RollPerson).filter_by(poll_id=poll.id, person_id=people[who])
            ).scalars()
        }
        key = tx.execute(select(_key.c.key)).scalar_one_or_none()
        return poll.id, list(polls.option_ids(tx, poll.id)), lines, key


def _move_in(
    tx: Tx,
    town: int,
    people: dict[str, int],
    accounts: dict[str, list[tuple[str, str]]],
    platform: str,
) -> None:
    """Nobody is anywhere else than on this platform."""
    tx.execute(delete(Account))
    tx.execute(delete(Channel))
    for who, theirs in accounts.items():
        for account, direct in theirs:
            tx.add(Account(municipality_id=town, person_id=people[who], platform=platform,
                           external_id=account, direct=direct, linked_at=START,
                           used_at=START))  # fmt: skip
