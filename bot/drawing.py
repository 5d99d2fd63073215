"""Drawing a live card for a reader: at delivery, and whenever the web chat shows one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.text import Reader, plain
from handlers.chat import Board, Card
from handlers.router import Look, Routes
from storage.db import Tx
from storage.models import Person

Draw = Callable[[Tx, Board, str], Card | None]
"""``draw(tx, board, language)``: the card as it is now, None if there is nothing to show."""


def drawing(routes: Routes, clock: Callable[[], datetime]) -> Draw:
    """The function that draws these features' boards."""

    def draw(tx: Tx, board: Board, language: str) -> Card | None:
        drawn = routes.boards.get(board.kind)
        if drawn is None:
            return None
        viewer = tx.get(Person, board.viewer) if board.viewer is not None else None
        reader = Reader(language, ZoneInfo("Europe/Berlin"))
        look = Look(tx, clock(), viewer, language, lambda text: plain(text, reader))
        return drawn(look, board.id)

    return draw
