"""Recording ballots. This page says who may do what."""

from __future__ import annotations

from handlers.polls.recording import giving
from handlers.polls.recording.actions import (
    BackToBallot,
    Confirm,
    Mark,
    MarkPage,
    MarkWritten,
    Record,
    Submit,
    TakeBack,
)
from handlers.router import Role, Router

__all__ = ["router"]

router = Router("recording")
router.form(giving.RECORD)
router.form(giving.WRITTEN)
router.press(Record, by=Role.COORDINATION)(giving.record)
router.press(Mark, by=Role.COORDINATION)(giving.mark)
router.press(MarkWritten, by=Role.COORDINATION)(giving.write)
router.press(MarkPage, by=Role.COORDINATION)(giving.turn_page)
router.press(Submit, by=Role.COORDINATION)(giving.submit)
router.press(BackToBallot, by=Role.COORDINATION)(giving.back_to_ballot)
router.press(Confirm, by=Role.COORDINATION)(giving.confirm)
router.press(TakeBack, by=Role.COORDINATION)(giving.take_back)
router.board("recording")(giving.board)
router.typed("recording")(giving.typed)
