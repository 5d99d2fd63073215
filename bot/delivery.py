"""Outbox to platforms: one delivery a place at a time, each within its platform's limits.

A row is marked ``sending`` in a commit of its own before it is sent, and settled in another
afterwards, so that after a crash it is known what may have happened. Live cards are drawn here,
at most every two seconds each, however many votes changed them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.exc import DBAPIError

from bot.drawing import drawing
from bot.faults import log_fault
from bot.outcomes import Ended, record
from bot.platforms import (
    Delivered,
    Delivery,
    Failed,
    File,
    Moved,
    Outcome,
    Platform,
    Retry,
    Unknown,
)
from bot.text import Reader, plain
from bot.wire import card_from_json, task_from_json, text_from_json
from handlers.chat import Board, Button, Card
from handlers.router import Routes, pack
from storage import boards, outbox, people, places, tenancy
from storage.db import Database, Tx
from storage.models import Municipality, Outbox, Posted

log = logging.getLogger(__name__)

AT_ONCE = 30
"""Deliveries under way on one platform at the same time."""

GIVE_UP = timedelta(days=2)
"""Age at which something that was refused all the time is given up."""

HICCUP = timedelta(seconds=5)
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0
"""Seconds between attempts at a database that is unable."""

UNDRAWABLE = timedelta(minutes=5)
"""When a live card that could not be drawn is tried again."""


class Deliveries:
    """Delivers for one platform."""

    def __init__(
        self,
        db: Database,
        routes: Routes,
        platform: Platform,
        clock: Callable[[], datetime],
    ) -> None:
        self.db, self.platform, self.clock = db, platform, clock
        self.draw = drawing(routes, clock)
        self.wake = asyncio.Event()
        self.idle = asyncio.Event()
        self.stopping = False
        """Set at the end: what is under way is finished, nothing more is begun."""
        self.answered: Callable[[], None] = lambda: None
        """Called when what became of a task was put into the inbox (``App.arrived.set``)."""
        self._busy: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Deliver until cancelled; what a crash left half done is settled first."""
        await self._surely(self._interrupted)
        self.answered()
        try:
            while True:
                try:
                    await self._round()
                except DBAPIError as error:
                    log_fault(log, error, "deliveries on %s wait", self.platform.name)
                    await asyncio.sleep(HICCUP.total_seconds())
        finally:
            for task in list(self._busy.values()):
                task.cancel()
            await asyncio.gather(*self._busy.values(), return_exceptions=True)

    def _interrupted(self, tx: Tx) -> None:
        """Tell those who wait for what a crash cut off, where it must not be done again."""
        lost = Ended("unknown", error="the process ended during the delivery")
        for row in outbox.interrupted(tx, self.platform.name, self.platform.repeatable):
            self._end(tx, row, lost)

    async def _round(self) -> None:
        self.wake.clear()
        if await self.step():
            return
        if not self._busy:
            self.idle.set()
        pause = await self._pause()
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self.wake.wait()
        self.idle.clear()

    async def step(self) -> int:
        """Start what is due; returns how many deliveries were started."""
        room = AT_ONCE - len(self._busy)
        if room <= 0 or self.stopping:
            return 0
        busy = list(self._busy)
        rows, stale = await self.db.write(lambda tx: self._claim(tx, busy, room))
        for row in rows:
            self._start(row.place, self._send(row))
        for posted in stale:
            self._start(posted.place, self._redraw(posted))
        return len(rows) + len(stale)

    async def finish(self) -> None:
        """Wait for the deliveries under way."""
        while self._busy:
            await asyncio.gather(*self._busy.values(), return_exceptions=True)

    def _start(self, place: str, work: Any) -> None:
        task = asyncio.create_task(work)
        self._busy[place] = task

        def ended(done: asyncio.Task[None]) -> None:
            if self._busy.get(place) is done:
                del self._busy[place]
            error = None if done.cancelled() else done.exception()
            if error is not None:
                log_fault(log, error, "a delivery at %s broke off", self.platform.name)
            self.wake.set()

        task.add_done_callback(ended)

    async def _pause(self) -> float:
        def soonest(tx: Tx) -> datetime | None:
            times = [
                t
                for t in (
                    outbox.next_due(tx, self.platform.name),
                    boards.next_redraw(tx, self.platform.name),
                )
                if t is not None
            ]
            return min(times, default=None)

        at = await self.db.look(soonest)
        if at is None:
            return 30.0
        return min(max((at - self.clock()).total_seconds(), 0.05), 30.0)

    def _claim(self, tx: Tx, busy: list[str], room: int) -> tuple[list[Outbox], list[Posted]]:
        now = self.clock()
        rows = outbox.claim(tx, self.platform.name, busy, now, room)
        taken = {*busy, *(row.place for row in rows)}
        stale = boards.claim(tx, self.platform.name, taken, now, room - len(rows))
        return rows, stale

    # --- one delivery ----------------------------------------------------------------------

    async def _send(self, row: Outbox) -> None:
        try:
            delivery = await self.db.look(lambda tx: self._prepare(tx, row))
        except DBAPIError as error:
            log_fault(log, error, "delivery %s on %s is put off", row.id, self.platform.name)
            at = self.clock() + HICCUP
            await self._surely(lambda tx: outbox.again(tx, row.id, at, "the database"))
            return
        except Exception as error:
            # What cannot be written or drawn must not stand in the way of what follows it.
            log_fault(log, error, "delivery %s on %s is no good", row.id, self.platform.name)
            reason = f"cannot be prepared: {type(error).__name__}"
            await self._surely(lambda tx: self._end(tx, row, Ended("failed", error=reason)))
            return
        if delivery is None:
            await self._surely(lambda tx: self._end(tx, row, Ended("failed", error="gone")))
            return
        outcome = await self._deliver(delivery)
        await self._surely(lambda tx: self._settle(tx, row, delivery, outcome))
        if delivery.task is not None:
            self.answered()

    async def _surely(self, change: Callable[[Tx], None]) -> None:
        """Record what became of a delivery, however long the database is unable to."""
        pause = FIRST_PAUSE
        while True:
            try:
                await self.db.write(change)
                return
            except DBAPIError as error:
                log_fault(log, error, "what became of a delivery cannot be recorded yet")
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _deliver(self, delivery: Delivery) -> Outcome:
        try:
            return await self.platform.deliver(delivery)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            log_fault(log, error, "the adapter of %s broke off a delivery", self.platform.name)
            return Unknown(type(error).__name__)

    def _prepare(self, tx: Tx, row: Outbox) -> Delivery | None:
        made = self._made(tx, row)
        thread = row.content.get("thread")
        return replace(made, thread=thread) if made is not None and thread else made

    def _made(self, tx: Tx, row: Outbox) -> Delivery | None:
        reader = self._reader(tx, row.language, row.municipality_id)
        content = row.content
        match row.kind:
            case "task" | "poll":
                task = task_from_json(content["task"])
                return Delivery(row.id, row.kind, row.place, reader, task=task)
            case "card":
                return Delivery(row.id, "card", row.place, reader, card_from_json(content))
            case "replace":
                card = card_from_json(content)
                return Delivery(row.id, "edit", row.place, reader, card, content["message"])
            case "board":
                board = Board(content["kind"], content["id"], content["viewer"])
                drawn = self._drawn_anew(tx, row, board)
                if drawn is None:
                    return None
                pin = content["pin"]
                return Delivery(row.id, "card", row.place, reader, drawn, pin=pin, board=board)
            case "file":
                file = File(content["name"], content["mime"], row.data or b"")
                caption = Card((text_from_json(content["caption"]),))
                return Delivery(row.id, "file", row.place, reader, caption, file=file)
        return Delivery(row.id, row.kind, row.place, reader)

    def _settle(self, tx: Tx, row: Outbox, delivery: Delivery, outcome: Outcome) -> None:
        match outcome:
            case Delivered(message, told):
                over = delivery.pin and not outbox.is_pinned(tx, row.id)
                self._end(tx, row, Ended("sent", message, told=told))
                if delivery.card is not None and delivery.file is None:
                    self._posted(tx, row, delivery, message or delivery.message, unpin=over)
            case Retry(after, reason) if self.clock() - row.created_at < GIVE_UP:
                at = self.clock() + max(after, _patience(row.attempts))
                outbox.again(tx, row.id, at, reason)
            case Moved(new_id):
                outbox.again(tx, row.id, self.clock(), "moved")
                places.move(tx, self.platform.name, row.place, new_id, self.clock())
            case Failed(reason, gone):
                self._end(tx, row, Ended("failed", error=reason))
                if gone and delivery.kind != "edit" and delivery.task is None:
                    people.unreachable(tx, self.platform.name, row.place)
            case Retry(_, reason):
                self._end(tx, row, Ended("failed", error=reason))
            case Unknown(reason):
                log.warning("outcome of delivery %s on %s unknown", row.id, self.platform.name)
                self._end(tx, row, Ended("unknown", error=reason))

    def _end(self, tx: Tx, row: Outbox, ended: Ended) -> None:
        record(tx, row, ended, self.clock())

    def _posted(
        self, tx: Tx, row: Outbox, delivery: Delivery, message: str | None, *, unpin: bool
    ) -> None:
        if message is None or delivery.card is None:
            return
        board = row.content if row.kind == "board" else {}
        now = self.clock()
        actions, labels = _buttons(delivery.card, delivery.reader)
        posted = Posted(
            municipality_id=row.municipality_id,
            platform=row.platform,
            place=row.place,
            message=message,
            person_id=row.person_id,
            language=row.language,
            board_kind=board.get("kind"),
            board_id=board.get("id"),
            board_viewer=board.get("viewer"),
            actions=actions,
            labels=labels,
            # What changed while it was on its way found no copy to mark.
            stale_at=now if unpin or self._has_changed(tx, row, delivery) else None,
            unpin=unpin,
            redraw_at=boards.drawn_next(now, board["viewer"]) if board else None,
        )
        boards.put(tx, posted)
        if posted.board_viewer is not None:
            boards.supersede(tx, posted)

    def _has_changed(self, tx: Tx, row: Outbox, delivery: Delivery) -> bool:
        """Whether a live card shows something else by now than what was just delivered."""
        if delivery.board is None:
            return False
        try:
            return self._drawn_anew(tx, row, delivery.board) != delivery.card
        except DBAPIError:
            raise
        except Exception as error:
            log_fault(log, error, "board %s cannot be drawn", delivery.board.kind)
            return True

    def _drawn_anew(self, tx: Tx, row: Outbox | Posted, board: Board) -> Card | None:
        with tenancy.within(tx, row.municipality_id):
            return self.draw(tx, board, row.language)

    # --- live cards ------------------------------------------------------------------------

    async def _redraw(self, posted: Posted) -> None:
        try:
            delivery = await self.db.look(lambda tx: self._prepare_again(tx, posted))
        except Exception as error:
            log_fault(log, error, "board %s cannot be drawn", posted.board_kind)
            now, wait = self.clock(), HICCUP if isinstance(error, DBAPIError) else UNDRAWABLE
            await self._surely(lambda tx: boards.again(tx, posted.id, now + wait, now))
            return
        if delivery is None or delivery.card is None:
            await self._surely(lambda tx: boards.gone(tx, posted.id))
            return
        actions, labels = _buttons(delivery.card, delivery.reader)
        outcome = await self._deliver(delivery)

        def settle(tx: Tx) -> None:
            now = self.clock()
            match outcome:
                case Delivered():
                    boards.drawn(tx, posted, actions, labels)
                case Failed():
                    boards.gone(tx, posted.id)
                case Retry(after):
                    boards.again(tx, posted.id, now + after, now)
                case Moved(new_id):
                    places.move(tx, self.platform.name, posted.place, new_id, now)
                case Unknown():
                    # An edit may be repeated without harm.
                    boards.again(tx, posted.id, now + timedelta(seconds=5), now)

        await self._surely(settle)

    def _prepare_again(self, tx: Tx, posted: Posted) -> Delivery | None:
        if posted.board_kind is None or posted.board_id is None:
            return None
        board = Board(posted.board_kind, posted.board_id, posted.board_viewer)
        card = self._drawn_anew(tx, posted, board)
        if card is None:
            return None
        reader = self._reader(tx, posted.language, posted.municipality_id)
        return Delivery(
            0, "edit", posted.place, reader, card, posted.message, unpin=posted.unpin, board=board
        )

    def _reader(self, tx: Tx, language: str, municipality_id: int | None) -> Reader:
        town = tx.get(Municipality, municipality_id) if municipality_id else None
        return Reader(language, ZoneInfo(town.timezone if town else "Europe/Berlin"))


def _patience(attempts: int) -> timedelta:
    """A refusal that comes again and again is waited for longer, up to five minutes."""
    return timedelta(seconds=min(2 ** (attempts - 4), 300)) if attempts > 4 else timedelta()


def _buttons(card: Card, reader: Reader) -> tuple[list[str], list[str]]:
    buttons = [b for row in card.buttons for b in row if isinstance(b, Button)]
    return [pack(b.action) for b in buttons], [plain(b.label, reader) for b in buttons]
