"""Reminders of running polls. This page says who may do what."""

from __future__ import annotations

from handlers.polls.reminding import sending
from handlers.polls.reminding.actions import Remind, RemindNow
from handlers.router import Role, Router

__all__ = ["router"]

router = Router("reminding")
router.due(Remind)(sending.remind)
router.press(RemindNow, by=Role.CORE_TEAM)(sending.remind_now)
