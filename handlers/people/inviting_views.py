"""How invitations, and the accounts of a person, look to coordination."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from handlers.chat import Action, Button, Card, Join, Text, Translated, plain
from handlers.people.actions import (
    AskUnlink,
    ChooseBody,
    Invite,
    InviteBody,
    InviteByLetter,
    ListToInvite,
    ListUnused,
    Revoke,
    ShowAccess,
    Unlink,
)
from handlers.people.letters import Invited
from handlers.people.views import on

A_PAGE = 8
"""People on one card."""

MOST_REMINDED = 20
"""Invitations that a reminder names."""

Words = Mapping[str, str]
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who can be invited."""

    id: int
    name: Words
    linked: bool
    invited: bool = False
    """Whether an invitation of theirs waits to be used."""


def to_invite(members: Sequence[Member], page: int, everybody: bool) -> Card:
    """Those without an account (or all members), a button each."""
    shown = [m for m in members if everybody or not m.linked]
    missing = sum(not m.linked for m in members)
    waiting = sum(m.invited for m in members)
    part, turn = _paged(shown, page, lambda to: ListToInvite(to, everybody))
    rows: list[tuple[Button, ...]] = [*((_member(m),) for m in part), *turn]
    if sum(not m.linked and not m.invited for m in members) > 1:
        rows.append((Button(Text("people.invite_several"), ChooseBody()),))
    if waiting:
        rows.append((Button(Text("people.show_unused", n=waiting), ListUnused(0)),))
    if everybody and missing:
        rows.append((Button(Text("people.only_missing"), ListToInvite(0, False)),))
    elif not everybody and missing < len(members):
        rows.append((Button(Text("people.everybody"), ListToInvite(0, True)),))
    body = [Text("people.invite_whom", n=missing) if missing else Text("people.all_linked")]
    if any(m.linked for m in shown):
        body.append(Text("people.tick_means_linked"))
    if any(m.invited for m in shown):
        body.append(Text("people.ring_means_invited"))
    return Card(tuple(body), tuple(rows))


def _member(m: Member) -> Button:
    fresh = not m.linked and not m.invited
    mark = ("✓" if m.linked else "") + ("○" if m.invited else "")
    label = plain(Translated(m.name))
    return Button(label, Invite(m.id) if fresh else ShowAccess(m.id), mark=mark)


def _paged(
    shown: Sequence[Item], page: int, to: Callable[[int], Action]
) -> tuple[Sequence[Item], list[tuple[Button, ...]]]:
    """One page of a list, and the row of buttons to the others."""
    pages = max(1, -(-len(shown) // A_PAGE))
    page = min(max(page, 0), pages - 1)
    turn = []
    if page > 0:
        turn.append(Button(Text("people.previous_page"), to(page - 1)))
    if page < pages - 1:
        turn.append(Button(Text("people.next_page"), to(page + 1)))
    return shown[page * A_PAGE : (page + 1) * A_PAGE], [tuple(turn)] if turn else []


def invitation(person: int, name: Words, until: datetime) -> Card:
    """What coordination should know about the invitation that follows."""
    return Card(
        (Text("people.invitation_made", name=Translated(name), until=until),),
        (
            (Button(Text("people.as_letter"), InviteByLetter(person)),),
            (Button(Text("people.invite_next"), ListToInvite(0, False)),),
        ),
    )


def invitation_to_pass_on(invited: Invited, links: Mapping[str, str]) -> Card:
    """The message that coordination passes on: every way in that there is."""
    code = invited.code
    at = {platform: link.replace("{code}", code) for platform, link in links.items()}
    name, until = Translated(invited.name), invited.until
    body = [Text("people.invitation_text", name=name, town=invited.town, code=code, until=until)]
    if "web" in at:
        body.append(Text("people.invitation_web", link=at["web"]))
    if "telegram" in at:
        body.append(Text("people.invitation_telegram", link=at["telegram"]))
    if "matrix" in at:
        bot = at["matrix"].partition("#/")[2]
        body.append(Text("people.invitation_matrix", bot=bot, code=code))
    return Card(tuple(body))


def choose_body(counted: Mapping[str, int], everybody: int) -> Card:
    """How many each body has who can be invited; pressing makes their letters."""
    named = {
        "steering_group": Text("people.of_steering_group", n=counted.get("steering_group", 0)),
        "core_team": Text("people.of_core_team", n=counted.get("core_team", 0)),
        "coordination": Text("people.of_coordination", n=counted.get("coordination", 0)),
    }
    rows = [(Button(text, InviteBody(kind)),) for kind, text in named.items() if counted.get(kind)]
    rows.append((Button(Text("people.of_all", n=everybody), InviteBody("")),))
    return Card((Text("people.several_how", n=everybody),), tuple(rows))


def more_to_invite(left: int) -> Card:
    """There were more than fit into one file."""
    more = Button(Text("people.invite_several"), ChooseBody())
    return Card((Text("people.letters_left", n=left),), ((more,),))


@dataclass(frozen=True, slots=True)
class Unused:
    """An invitation that nobody has used."""

    person: int
    name: Words
    until: datetime


def unused(waiting: Sequence[Unused], page: int) -> Card:
    """Open invitations with their last day; a button leads to each person."""
    if not waiting:
        return Card((Text("people.none_unused"),), (_to_list(),))
    part, turn = _paged(waiting, page, ListUnused)
    lines = tuple(
        Text("people.unused_line", name=Translated(one.name), until=one.until) for one in part
    )
    rows = [(Button(plain(Translated(one.name)), ShowAccess(one.person)),) for one in part]
    head = Text("people.unused_head", n=len(waiting))
    return Card((head, _set(lines)), (*rows, *turn, _to_list()))


def unused_reminder(told: Sequence[Unused], now: datetime) -> Card:
    """What coordination is told once a week at most."""
    lines = tuple(
        Text("people.expires_line", name=Translated(one.name), until=one.until)
        if one.until > now
        else Text("people.expired_line", name=Translated(one.name), until=one.until)
        for one in told[:MOST_REMINDED]
    )
    body = [Text("people.reminder_head", n=len(told)), _set(lines)]
    if len(told) > len(lines):
        body.append(Text("people.and_more", n=len(told) - len(lines)))
    return Card(tuple(body), (_to_list(),))


def _set(lines: tuple[Text, ...]) -> Text:
    return Text("people.lines", lines=Join(lines))


def _to_list() -> tuple[Button, ...]:
    return (Button(Text("people.to_invite_list"), ListToInvite(0, False)),)


# --- what is linked ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Linked:
    """An account of a person."""

    id: int
    platform: str
    since: datetime
    used: datetime
    reachable: bool


def access(person: int, name: Words, accounts: Sequence[Linked], until: datetime | None) -> Card:
    """A person's accounts and open invitation, and what can be done about them."""
    lines = [_account(a) for a in accounts] or [Text("people.no_account")]
    waits = Text("people.invitation_waits", until=until) if until else None
    lines.append(waits or Text("people.no_invitation"))
    rows: list[tuple[Button, ...]] = [
        (Button(Text("people.invite_anew"), Invite(person), strong=not accounts),),
        (Button(Text("people.invite_by_letter"), InviteByLetter(person)),),
    ]
    if until:
        rows.append((Button(Text("people.revoke"), Revoke(person)),))
    for a in accounts:
        label = Text("people.unlink_which", where=on(a.platform), since=a.since)
        rows.append((Button(label, AskUnlink(a.id)),))
    rows.append(_to_list())
    head = Text("people.access_head", name=Translated(name))
    return Card((head, _set(tuple(lines))), tuple(rows))


def _account(a: Linked) -> Text:
    if not a.reachable:
        return Text("people.unreachable_line", where=on(a.platform), since=a.since)
    return Text("people.account_line", where=on(a.platform), since=a.since, used=a.used)


def ask_unlink(person: int, name: Words, account: Linked) -> Card:
    """What unlinking causes, before it is done."""
    where, since = on(account.platform), account.since
    return Card(
        (Text("people.unlink_ask", name=Translated(name), where=where, since=since),),
        (
            (Button(Text("people.unlink_now"), Unlink(account.id), strong=True),),
            (Button(Text("people.unlink_not"), ShowAccess(person)),),
        ),
    )


def unlinked(
    person: int, name: Words, account: Linked, votes: Sequence[tuple[Words, bool]]
) -> Card:
    """It is done; the votes that were cast meanwhile, with: whether they run on. Never what."""
    where, since = on(account.platform), account.since
    body = [Text("people.unlinked", name=Translated(name), where=where, since=since)]
    if votes:
        lines = tuple(
            Text("people.vote_runs", title=Translated(title))
            if runs
            else Text("people.vote_ended", title=Translated(title))
            for title, runs in votes
        )
        body += [Text("people.voted_meanwhile", n=len(votes)), _set(lines)]
    else:
        body.append(Text("people.nothing_voted"))
    if any(runs for _, runs in votes):
        body.append(Text("people.may_vote_again"))
    anew = Button(Text("people.invite_anew"), Invite(person), strong=True)
    return Card(tuple(body), ((anew,), _to_list()))
