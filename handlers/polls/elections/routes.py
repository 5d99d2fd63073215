"""What follows an election. This page says who may do what."""

from __future__ import annotations

from handlers.polls.elections import steps
from handlers.polls.elections.actions import AnnounceLot, DrawLot, OpenRunOff
from handlers.router import Role, Router

__all__ = ["router"]

router = Router("elections")
router.form(steps.RUN_OFF_FORM)
router.form(steps.ANNOUNCE_FORM)
router.form(steps.DRAW_FORM)
router.press(OpenRunOff, by=Role.COORDINATION)(steps.open_run_off)
router.press(AnnounceLot, by=Role.COORDINATION)(steps.announce)
router.press(DrawLot, by=Role.COORDINATION)(steps.draw)
