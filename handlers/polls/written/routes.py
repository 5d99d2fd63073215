"""The written procedure. This page says who may do what."""

from __future__ import annotations

from handlers.polls.written import objecting
from handlers.polls.written.actions import ObjectToProcedure
from handlers.router import Role, Router

__all__ = ["router"]

router = Router("written")
router.form(objecting.OBJECT)
router.press(ObjectToProcedure, by=Role.MEMBER)(objecting.object_to)
