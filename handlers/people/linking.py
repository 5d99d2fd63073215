"""What linking an account means, whatever way the invited person came."""

from __future__ import annotations

from datetime import datetime

from handlers.channels.actions import comparison
from handlers.chat import Answers, OnAccount, Say
from handlers.people import rules, views
from handlers.privacy.actions import notice_version
from handlers.router import Context
from storage import notices, people, timers, unlinking
from storage.db import Tx
from storage.models import Account, Municipality, Person


def link(
    tx: Tx,
    person: Person,
    town: Municipality,
    account: tuple[str, str, str],
    hint: str | None,
    now: datetime,
) -> Account:
    """Make an account (platform, id, direct chat) serve a person who has read the notice.

    ``hint`` is the language that the platform names, for those who have chosen none.
    """
    platform, id, direct = account
    linked = people.linked(tx, platform, id, town.id)
    if linked is None:
        linked = people.link(tx, person, platform, id, direct, now)
        timers.put(tx, *comparison(town.id), now, town.id)
    notices.shown(tx, platform, id, town.id, notice_version(town.settings), now)
    if not person.language:
        person.language = rules.language_hinted(hint, town.default_language)
    return linked


def tell_others(ctx: Context, new: Account) -> Answers:
    """The person's other accounts learn of a further one: it may be somebody else's."""
    told = views.further_account(new.platform, new.linked_at)
    # Numbers of deleted rows may come again, times do not.
    key = f"linked:{new.id}:{new.linked_at:%Y%m%d%H%M%S}"
    return [
        Say(told, OnAccount(other.id), key=f"{key}:{other.id}")
        for other in unlinking.accounts_of(ctx.tx, new.person_id)
        if other.id != new.id
    ]
