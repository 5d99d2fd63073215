"""Tasks for the bot, by way of its outbox; what became of them comes back through its inbox."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from bot.wire import card_to_json, task_to_json
from handlers.chat import (
    Action,
    Answers,
    Card,
    Done,
    NativeVote,
    plain,
)
from handlers.router import Context, Router, action, pack
from handlers.tasks import AskNatively, Task
from storage import outbox, remembered
from storage.outbox import Draft

if TYPE_CHECKING:
    from tests.platforms.matrix.town import Town

works = Router("works")


@action("wrk")
@dataclass(frozen=True, slots=True)
class Told(Action):
    """Note what became of a task."""

    number: int


@works.outcome(Told)
def told(ctx: Context, asked: Told, done: Done) -> Answers:
    """Note it."""
    remembered.put(ctx.tx, "told", f"{asked.number}", json.dumps(asdict(done)))
    return []


@works.when(NativeVote)
def voted(ctx: Context, vote: NativeVote) -> Answers:
    """Note an answer to a native poll."""
    by = ctx.event.account.id if ctx.event.account else ""
    note = f"voted {vote.poll} {list(vote.chosen)} {by}"
    remembered.put(ctx.tx, "noted", f"{ctx.now.isoformat()} vote", note)
    return []


class Works:
    """Has tasks done by a running bot."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self._number = 0

    async def begin(self, place: str, task: Task) -> int:
        """Queue a task; returns its number."""
        self._number += 1
        number, kind = self._number, "poll" if isinstance(task, AskNatively) else "task"
        await self._queue(place, kind, {"task": task_to_json(task), "then": pack(Told(number))})
        return number

    async def say(self, place: str, words: str) -> None:
        """Queue a message."""
        await self._queue(place, "card", card_to_json(Card((plain(words),))))

    async def _queue(self, place: str, kind: str, content: dict[str, Any]) -> None:
        draft = Draft("matrix", place, kind, content, "de")
        await self.town.db.write(lambda tx: outbox.put(tx, [draft], self.town.app.clock()))
        self.town.deliveries.wake.set()

    def became(self, number: int) -> Done | None:
        """What became of a task; None as long as it is under way."""
        with self.town.db.read() as tx:
            kept = remembered.get(tx, "told", f"{number}")
        return Done(**json.loads(kept)) if kept else None

    async def do(self, place: str, task: Task) -> Done:
        """Have a task done, whatever becomes of it."""
        number = await self.begin(place, task)
        await self.town.until(lambda: self.became(number) is not None)
        done = self.became(number)
        assert done is not None
        return done

    async def made(self, task: Task, place: str = "*") -> str:
        """What a task makes; it has to go well."""
        done = await self.do(place, task)
        assert done.well and done.ref is not None, done
        return done.ref

    async def twice(self, place: str, task: Task) -> Done:
        """Have a task done two times, with the same outcome."""
        first, second = await self.do(place, task), await self.do(place, task)
        assert replace(second, packed=first.packed) == first
        return first
