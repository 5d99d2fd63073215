"""Showing the privacy notice: at any time, and again once it has changed."""

from __future__ import annotations

from handlers.chat import Answers, Command, Say, Text
from handlers.privacy import views
from handlers.privacy.actions import notice, notice_version
from handlers.router import Context
from storage import notices

_SHOW_OR_LEAVE = ("datenschutz", "privacy", "loeschen", "erase")
"""Commands that show the notice themselves, or that nothing should stand before."""


def show(ctx: Context, typed: Command) -> Answers:
    """Show the notice; that a linked account saw it is recorded."""
    if ctx.municipality is None or ctx.person is None:
        return [Say(views.notice_for_strangers())]
    _record(ctx)
    return [Say(views.notice(_text(ctx)))]


def renewed(ctx: Context, typed: Command) -> Answers:
    """Before a linked person's command: the notice, if they have seen only an older one."""
    account, place = ctx.event.account, ctx.event.place
    if account is None or typed.name in _SHOW_OR_LEAVE:
        return []
    town = ctx.town
    seen = notices.versions(ctx.tx, place.platform, account.id, town.id)
    if not seen or notice_version(town.settings) in seen:
        return []
    _record(ctx)
    return [Say(views.renewed_notice(_text(ctx)))]


def _text(ctx: Context) -> Text:
    town = ctx.town
    return notice(town.name, town.contact, town.settings)


def _record(ctx: Context) -> None:
    account, place, town = ctx.event.account, ctx.event.place, ctx.town
    if account is not None:
        version = notice_version(town.settings)
        notices.shown(ctx.tx, place.platform, account.id, town.id, version, ctx.now)
