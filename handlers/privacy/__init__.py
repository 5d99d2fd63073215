"""The privacy notice, at any time."""

from __future__ import annotations

from handlers.chat import Answers, Command, Say
from handlers.privacy import views
from handlers.privacy.actions import NOTICE_VERSION
from handlers.router import Context, Role, Router
from storage import notices

router = Router("privacy")


@router.command("datenschutz", "privacy", by=Role.ANYONE, menu=95)
def show(ctx: Context, typed: Command) -> Answers:
    """Show the notice; that a linked account saw it is recorded."""
    account, place = ctx.event.account, ctx.event.place
    if ctx.municipality is None or ctx.person is None or account is None:
        return [Say(views.notice_for_strangers())]
    town = ctx.municipality
    notices.shown(ctx.tx, place.platform, account.id, town.id, NOTICE_VERSION, ctx.now)
    return [Say(views.notice(town.name, town.contact))]
