"""Coordination sees a person's accounts, and takes one away that is in the wrong hands."""

from __future__ import annotations

from handlers.channels.actions import comparison
from handlers.chat import Answers, OnAccount, Refusal, Replace, Say
from handlers.people import inviting_views as views
from handlers.people.actions import AskUnlink, ShowAccess, Unlink
from handlers.people.views import account_gone
from handlers.router import Context
from storage import audit, invitations, people, timers, unlinking
from storage.models import Account, Person

SECRET_FROM = 3
"""Ballots in the box from which on a running secret poll says who took part (voting.md)."""


def show(ctx: Context, pressed: ShowAccess) -> Answers:
    """Which accounts a person has linked, and their open invitation."""
    person = people.member(ctx.tx, pressed.person, ctx.town.id)
    if person is None:
        raise Refusal("router.old_button")
    invitation = invitations.waiting(ctx.tx, person.id, ctx.now)
    accounts = [_shown(account) for account in unlinking.accounts_of(ctx.tx, person.id)]
    until = invitation.expires_at if invitation else None
    return [Say(views.access(person.id, person.name, accounts, until))]


def ask(ctx: Context, pressed: AskUnlink) -> Answers:
    """Say what unlinking causes."""
    account, person = _meant(ctx, pressed.account)
    return [Replace(views.ask_unlink(person.id, person.name, _shown(account)))]


def unlink(ctx: Context, pressed: Unlink) -> Answers:
    """The account is a stranger's from now on; what was done meanwhile is listed."""
    account, person = _meant(ctx, pressed.account)
    shown = _shown(account)
    votes = [
        (poll.title, poll.state == "open")
        for poll, voted in unlinking.voted_while_linked(ctx.tx, person.id, account.linked_at)
        if poll.secrecy != "secret" or poll.state != "open" or voted >= SECRET_FROM
    ]
    unlinking.unlink(ctx.tx, account)
    about = {"changes": [], "platform": shown.platform}
    audit.record(ctx.tx, ctx.town.id, ctx.now, ctx.me.id, "unlinked", person.id, about)
    timers.put(ctx.tx, *comparison(ctx.town.id), ctx.now, ctx.town.id)
    told = account_gone(shown.platform)
    others = unlinking.accounts_of(ctx.tx, person.id)
    return [
        Replace(views.unlinked(person.id, person.name, shown, votes)),
        *(Say(told, OnAccount(other.id)) for other in others),
    ]


def _meant(ctx: Context, account_id: int) -> tuple[Account, Person]:
    account = unlinking.account(ctx.tx, account_id, ctx.town.id)
    if account is None:
        raise Refusal("people.not_linked_any_more")
    person = people.member(ctx.tx, account.person_id, ctx.town.id)
    if person is None:
        raise LookupError(f"account {account_id} serves nobody of its municipality")
    acting = ctx.event.account
    if acting is not None and (acting.platform, acting.id) == (
        account.platform,
        account.external_id,
    ):
        raise Refusal("people.not_this_account")
    return account, person


def _shown(account: Account) -> views.Linked:
    return views.Linked(
        account.id, account.platform, account.linked_at, account.used_at, account.reachable
    )
