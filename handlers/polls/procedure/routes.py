"""The rules of procedure in the chat. This page says who may read them."""

from __future__ import annotations

from handlers.chat import Answers, Replace
from handlers.polls.procedure import views
from handlers.polls.procedure.actions import ShowProcedure
from handlers.polls.rules import Rules
from handlers.router import Context, Role, Router

__all__ = ["router"]

router = Router("procedure")


@router.press(ShowProcedure, by=Role.MEMBER)
def show(ctx: Context, pressed: ShowProcedure) -> Answers:
    """What holds for votes in this municipality."""
    return [Replace(views.procedure(ctx.town.name, Rules.of(ctx.town.rules)))]
