"""One event: taken from the inbox, handled in a transaction, answered through the outbox.

Several events share a transaction, each in a savepoint: a refusal or a crash undoes its own
event only. Toasts are said after the commit, never before.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import secrets
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy.exc import DBAPIError

from bot import answers as answering
from bot.faults import log_fault
from bot.fetching import Asked, Fetching
from bot.offers import commands
from bot.platforms import Platform, Unreadable
from bot.text import Reader, plain
from handlers.chat import (
    AccountRef,
    Answers,
    Card,
    Done,
    Due,
    Event,
    Forget,
    NativeVote,
    Place,
    PlaceKind,
    PlaceMoved,
    Redraw,
    Refusal,
    Say,
    Text,
    Toast,
)
from handlers.dispatch import card_meant, dispatch
from handlers.people.roles import role_of
from handlers.router import Context, Role, Routes
from storage import boards, forgetting, inbox, outbox, people, tenancy, timers
from storage.db import Database, Tx
from storage.inbox import Arrival, Waiting
from storage.models import Municipality
from storage.people import Known

log = logging.getLogger(__name__)

BATCH = 50
"""Events that share a commit."""

AFTER_A_FAULT = timedelta(minutes=1)
"""When something that was due is tried again."""

_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
"""The escaped character in JSON, behind an even number of backslashes."""

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Spoken:
    """A toast to be said once the commit is done."""

    event: Event
    text: Text | None
    reader: Reader


@dataclass
class Handled:
    """What a batch leaves to be done after its commit."""

    events: int = 0
    forget: bool = False
    toasts: list[Spoken] = field(default_factory=list)
    readers: dict[Place, tuple[Role, str]] = field(default_factory=dict)
    """Direct chats that were used, with the role and the language of the person there."""
    redraws: set[Redraw] = field(default_factory=set)
    files: list[Asked] = field(default_factory=list)
    """Files to be fetched before their events can be handled."""


class App:
    """The loop between inbox and outbox, for one database."""

    def __init__(
        self, db: Database, routes: Routes, platforms: Sequence[Platform], clock: Clock
    ) -> None:
        """``clock`` hands in the time; nothing below reads one of its own."""
        self.db = db
        self.routes = routes
        self.platforms = {p.name: p for p in platforms}
        self.clock = clock
        self.started_at = clock()
        self.arrived = asyncio.Event()
        self.decided: Callable[[], None] = lambda: None
        """Called after each commit, so that deliveries start at once."""
        self._speaking: set[asyncio.Task[None]] = set()
        self._fetching = Fetching(self.platforms)
        self._owes_forgetting = False
        self._offered: dict[Place, tuple[Role, str]] = {}

    async def receive(self, platform: str, arrivals: Iterable[Arrival]) -> int:
        """Store what happened; when this returns, the platform may forget it."""
        kept = list(arrivals)
        # The moment is taken inside the transaction, so that inbox order is the order of times.
        new = await self.db.write(lambda tx: inbox.put(tx, platform, kept, self.clock()))
        self.arrived.set()
        return new

    async def run(self) -> None:
        """Handle what arrives until cancelled."""
        pause = 0.1
        self._owes_forgetting = await self.db.look(forgetting.is_owed)
        while True:
            self.arrived.clear()
            try:
                while await self.work():
                    pause = 0.1
                await self._forget()
            except DBAPIError as error:
                log_fault(log, error, "the database refused a batch; it is tried again")
                pause = min(pause * 2, 10)
                await asyncio.sleep(pause)
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(5):
                    await self.arrived.wait()

    async def work(self) -> int:
        """Handle one batch; returns how many events it took up."""
        handled = await self.db.write(self._batch)
        for asked in handled.files:
            self._start(self._fetching.fetch(asked, self.arrived.set))
        if handled.events:
            self.decided()
        self._owes_forgetting |= handled.forget
        for spoken in handled.toasts:
            self._start(self._speak(spoken))
        for place, reader in handled.readers.items():
            if self._offered.get(place) != reader:
                self._offered[place] = reader
                self._start(self._offer(place, *reader))
        return handled.events

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._speaking.add(task)
        task.add_done_callback(self._speaking.discard)

    async def _offer(self, place: Place, role: Role, language: str) -> None:
        """Show people the commands that they may use now, in their language."""
        if menu := commands(self.routes, role, language):
            await self.platforms[place.platform].offer(place.id, language, menu)

    async def _forget(self) -> None:
        """Overwrite what a closed secret poll has freed; while somebody reads, a little later."""
        if not self._owes_forgetting:
            return
        try:
            await self.db.alone(forgetting.forget)
        except forgetting.StillRead:
            return
        await self.db.write(forgetting.settled)
        self._owes_forgetting = False

    async def settle(self) -> None:
        """Wait for the toasts and files under way."""
        while self._speaking:
            await asyncio.gather(*self._speaking, return_exceptions=True)

    async def _speak(self, spoken: Spoken) -> None:
        platform = self.platforms[spoken.event.place.platform]
        await platform.toast(spoken.event, spoken.text, spoken.reader)

    def _batch(self, tx: Tx) -> Handled:
        handled = Handled()
        finished = []
        for row in inbox.take(tx, BATCH):
            # Where a file is waited for, what was said after it waits too.
            if self._fetching.holds(row, handled.files):
                continue
            handled.events += 1
            if self._one(tx, row, handled):
                finished.append(row.id)
        inbox.done(tx, finished)
        for over in (redraw for redraw in handled.redraws if redraw.unpin):
            boards.unpin(tx, over.kind, over.id)
            outbox.unpin(tx, over.kind, over.id)
        changed = ((redraw.kind, redraw.id, redraw.viewer) for redraw in handled.redraws)
        boards.mark_stale(tx, changed, self.clock())
        return handled

    def _one(self, tx: Tx, row: Waiting, handled: Handled) -> bool:
        try:
            event = self._read(row)
        except Exception as error:
            reason = str(error) if isinstance(error, Unreadable) else type(error).__name__
            log.warning("event %s of %s is quarantined: %s", row.id, row.platform, reason)
            inbox.quarantine(tx, row.id, reason)
            return False
        if event is None:
            return True
        done = self._handle(tx, event, handled, row)
        tenancy.part(tx)
        return done

    def _read(self, row: Waiting) -> Event | None:
        if row.platform == "timer":
            made = json.loads(row.payload)
            due_at = datetime.fromisoformat(made["due_at"])
            place = Place("timer", row.place, PlaceKind.CHANNEL)
            return Event(place, None, Due(made["action"], due_at), row.received_at)
        if row.platform == "done":
            made = json.loads(row.payload)
            place = Place("done", row.place, PlaceKind.CHANNEL)
            return Event(place, None, Done(**made), row.received_at)
        platform = self.platforms.get(row.platform)
        if platform is None:
            raise Unreadable(f"{row.platform} is not configured any more")
        # No text that people see holds this character, and PostgreSQL stores none that does.
        return platform.read(replace(row, payload=_NUL.sub(r"\1", row.payload)))

    def _handle(self, tx: Tx, event: Event, handled: Handled, row: Waiting) -> bool:
        """Answer an event; False if it has to wait for its file."""
        links = {name: p.capabilities.public_link for name, p in self.platforms.items()}
        ctx = Context(tx, self.routes, event, self.clock(), self.started_at)
        ctx.links = {name: link for name, link in links.items() if link is not None}
        native = (name for name, p in self.platforms.items() if p.capabilities.native_polls)
        ctx.native_polls = frozenset(native)
        ctx.words = lambda text: plain(text, Reader(ctx.language, ctx.zone))
        said: Answers
        try:
            with tx.begin_nested():
                self._introduce(ctx)
                self._narrow(ctx)
                asked = self._fetching.asked(ctx, row)
                if asked is not None:
                    handled.files.append(asked)
                    return False
                ctx.file = self._fetching.fetched(row)
                said = dispatch(ctx)
                # An invitation may have led into another municipality.
                self._narrow(ctx)
                self._keep(ctx, said, handled)
            self._note_reader(ctx, handled)
            return True
        except Refusal as refusal:
            said = answering.refused(ctx, refusal.text, self._private(event))
        except DBAPIError as error:
            if error.connection_invalidated or not _is_our_fault(error):
                raise
            said = self._apology(ctx, error)
        except Exception as error:
            said = self._apology(ctx, error)
        self._keep_if_possible(ctx, said, handled)
        return True

    def _keep_if_possible(self, ctx: Context, said: Answers, handled: Handled) -> None:
        """Keep a refusal or an apology; one that cannot be stored gives way to a plain apology.

        If not even that can be stored, nothing is said, and the log has both faults.
        """
        tenancy.leave(ctx.tx)
        for _ in range(2):
            try:
                with ctx.tx.begin_nested():
                    self._keep(ctx, said, handled)
                return
            except DBAPIError as error:
                if error.connection_invalidated or not _is_our_fault(error):
                    raise
                said = self._apology(ctx, error)
            except Exception as error:
                said = self._apology(ctx, error)

    def _note_reader(self, ctx: Context, handled: Handled) -> None:
        if ctx.person is not None and ctx.in_direct and ctx.event.account is not None:
            place = replace(ctx.event.place, title="")
            handled.readers[place] = (ctx.role, ctx.language)

    def _apology(self, ctx: Context, error: Exception) -> Answers:
        number = secrets.token_hex(3).upper()
        what = ctx.event.what
        # Only the kind of event is named: its content may be somebody's ballot.
        log_fault(log, error, "fault %s while handling %s", number, type(what).__name__)
        if isinstance(what, Due):
            # Nobody would ask again: a deadline must not be lost to a fault.
            key = ctx.event.place.id.removeprefix("timer:")
            timers.put(ctx.tx, key, what.packed, ctx.now + AFTER_A_FAULT)
        if ctx.event.account is None:
            return []
        return answering.refused(ctx, Text("router.fault", number=number), self._private(ctx.event))

    def _private(self, event: Event) -> bool:
        platform = self.platforms.get(event.place.platform)
        return bool(platform and platform.capabilities.private_toast and event.answer_token)

    def _introduce(self, ctx: Context) -> None:
        """Find out who this is, where, and with which role."""
        event, tx = ctx.event, ctx.tx
        if isinstance(event.what, Done) and event.what.town is not None:
            ctx.municipality = tx.get(Municipality, event.what.town)
        if event.account is None:
            return
        ctx.language = _language_of(event.account)
        in_channel = event.place.kind is PlaceKind.CHANNEL
        town_id: int | None = None
        if in_channel:
            channel = people.channel_at(tx, event.place.platform, event.place.id)
            town_id = channel.municipality_id if channel else None
        if event.account.anonymous:
            return
        known = people.behind(tx, event.account.platform, event.account.id, town_id)
        if known is None:
            return
        if known.several and not in_channel:
            known = self._meant(ctx, known, event.account)
        ctx.person, ctx.municipality = known.person, known.municipality
        ctx.language, ctx.several = known.person.language, known.several
        today = ctx.now.astimezone(ctx.zone).date()
        ctx.role = role_of(people.bodies_of(tx, known.person.id, today))
        if not in_channel:
            people.seen_in_direct(tx, known.account, event.place.id, ctx.now)

    def _narrow(self, ctx: Context) -> None:
        """From here on the database shows this municipality only (PostgreSQL).

        What nobody did (a time that has come, a place that got a new id) is the bot's own work;
        an answer to a native poll names no place: its feature finds the municipality.
        """
        if ctx.event.account is None or isinstance(ctx.event.what, PlaceMoved | NativeVote):
            return
        town = ctx.municipality.id if ctx.municipality else None
        place = ctx.event.place
        if town is None and place.kind is PlaceKind.CHANNEL:
            channel = people.channel_at(ctx.tx, place.platform, place.id)
            town = channel.municipality_id if channel is not None else None
        tenancy.enter(ctx.tx, town)

    def _meant(self, ctx: Context, known: Known, account: AccountRef) -> Known:
        """Whoever acts in several municipalities acts in that of the card they answer."""
        card = card_meant(ctx)
        if card is None or card.municipality_id in (None, known.municipality.id):
            return known
        other = people.behind(ctx.tx, account.platform, account.id, card.municipality_id)
        return other or known

    def _keep(self, ctx: Context, said: Answers, handled: Handled) -> None:
        """Answers become outbox rows, stale marks and toasts."""
        reader = Reader(ctx.language, ctx.zone)
        toast: Toast | None = None
        others: Answers = []
        redraws: set[Redraw] = set()
        for answer in said:
            if isinstance(answer, Toast):
                toast = answer
            elif isinstance(answer, Redraw):
                redraws.add(answer)
            elif isinstance(answer, Forget):
                forgetting.owe(ctx.tx)
                handled.forget = True
            else:
                others.append(answer)
        event = ctx.event
        has_token = event.answer_token is not None
        toast, others = answering.named(ctx, toast, others)
        if toast is not None and not has_token:
            others = [*_said_instead(ctx, toast, others), *others]
        answering.keep(ctx, others)
        # Whatever the database refuses is refused here, before anything counts as said.
        ctx.tx.flush()
        handled.redraws |= redraws
        if has_token:
            handled.toasts.append(Spoken(event, toast.text if toast else None, reader))


def _said_instead(ctx: Context, toast: Toast, others: Answers) -> Answers:
    """Where there is no toast, the confirmation is a message; in a channel only if need be."""
    if ctx.in_direct:
        return [Say(Card((toast.aloud or toast.text,)))]
    return [] if others else answering.refused(ctx, toast.text, False)


def _is_our_fault(error: DBAPIError) -> bool:
    """Whether the statement was wrong, rather than the database unable (full, locked, away)."""
    from sqlalchemy.exc import DataError, IntegrityError, ProgrammingError

    return isinstance(error, IntegrityError | DataError | ProgrammingError)


def _language_of(account: AccountRef) -> str:
    return "en" if (account.language or "de").split("-")[0] not in ("de", "") else "de"
