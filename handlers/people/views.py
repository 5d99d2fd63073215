"""How greeting, linking, languages and invitations look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from handlers.chat import Button, Card, Text, Translated, plain
from handlers.help.actions import Run
from handlers.people.actions import Accept, Invite, ListToInvite, Speak, UseTown
from handlers.polls.actions import OpenBallot
from handlers.router import Role

A_PAGE = 8
"""People on one card."""

MOST_BALLOTS = 3
"""Ballots that a greeting offers; the others are behind the menu."""

Words = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Greeted:
    """Whom a greeting is for. ``ballots``: id and title of votes that wait for the person."""

    name: Words
    town: str
    role: Role
    ballots: Sequence[tuple[int, Words]]
    other_towns: Sequence[tuple[int, str]] = ()


def stranger() -> Card:
    """A greeting that names no municipality."""
    return Card(
        (Text("people.hello_stranger"), Text("people.hello_what_to_do")),
        (
            (Button(Text("commands.sprache_button"), Run("sprache")),),
            (Button(Text("commands.datenschutz_button"), Run("datenschutz")),),
        ),
    )


def invited(name: Words, town: str, contact: Words, code: str) -> Card:
    """The privacy notice before anything is stored, and the button that links."""
    return Card(
        (
            Text("people.invited", name=Translated(name), town=town),
            Text("privacy.notice", town=town, contact=Translated(contact)),
            Text("people.notice_read_please"),
        ),
        ((Button(Text("people.notice_read"), Accept(code), strong=True),),),
    )


def linked(greeted: Greeted) -> Card:
    """Welcome after linking."""
    return _greeting("people.linked", greeted)


def already_linked(greeted: Greeted) -> Card:
    """The code was for the person whom this account serves already."""
    return _greeting("people.already_linked", greeted)


def welcome_back(greeted: Greeted) -> Card:
    """A greeting for somebody known."""
    return _greeting("people.welcome_back", greeted)


def _greeting(message: str, greeted: Greeted) -> Card:
    body = [
        Text(message, name=Translated(greeted.name), town=greeted.town),
        _may(greeted.role),
    ]
    if greeted.ballots:
        body.append(Text("people.ballots_wait", n=len(greeted.ballots)))
    rows: list[tuple[Button, ...]] = [
        (
            Button(
                Text("people.to_ballot", title=Translated(title)), OpenBallot(poll), strong=not at
            ),
        )
        for at, (poll, title) in enumerate(greeted.ballots[:MOST_BALLOTS])
    ]
    rows.append((Button(Text("people.to_menu"), Run("menue"), strong=not rows),))
    rows += [
        (Button(Text("people.use_town", town=town), UseTown(id)),)
        for id, town in greeted.other_towns
    ]
    return Card(tuple(body), tuple(rows))


def _may(role: Role) -> Text:
    if role is Role.COORDINATION:
        return Text("people.may_coordination")
    if role is Role.CORE_TEAM:
        return Text("people.may_core_team")
    if role is Role.MEMBER:
        return Text("people.may_member")
    return Text("people.may_guest")


def languages() -> Card:
    """The choice of languages, each named in itself."""
    return Card(
        (Text("people.choose_language"),),
        (
            (Button(Text("people.in_german"), Speak("de")),),
            (Button(Text("people.in_english"), Speak("en")),),
            (Button(Text("people.in_simple_german"), Speak("de-simple")),),
        ),
    )


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who can be invited."""

    id: int
    name: Words
    linked: bool


def to_invite(members: Sequence[Member], page: int, everybody: bool) -> Card:
    """Those without an account (or all members), a button each."""
    shown = [m for m in members if everybody or not m.linked]
    pages = max(1, -(-len(shown) // A_PAGE))
    page = min(max(page, 0), pages - 1)
    missing = sum(not m.linked for m in members)
    head = Text("people.invite_whom", n=missing) if missing else Text("people.all_linked")
    rows: list[tuple[Button, ...]] = [
        (Button(plain(Translated(m.name)), Invite(m.id), mark="✓" if m.linked else ""),)
        for m in shown[page * A_PAGE : (page + 1) * A_PAGE]
    ]
    turn = []
    if page > 0:
        turn.append(Button(Text("people.previous_page"), ListToInvite(page - 1, everybody)))
    if page < pages - 1:
        turn.append(Button(Text("people.next_page"), ListToInvite(page + 1, everybody)))
    if turn:
        rows.append(tuple(turn))
    if everybody and missing:
        rows.append((Button(Text("people.only_missing"), ListToInvite(0, False)),))
    elif not everybody and missing < len(members):
        rows.append((Button(Text("people.everybody"), ListToInvite(0, True)),))
    body = [head]
    if any(m.linked for m in shown):
        body.append(Text("people.tick_means_linked"))
    return Card(tuple(body), tuple(rows))


def invitation(name: Words, until: datetime) -> Card:
    """What coordination should know about the invitation that follows."""
    return Card(
        (Text("people.invitation_made", name=Translated(name), until=until),),
        ((Button(Text("people.invite_next"), ListToInvite(0, False)),),),
    )


def invitation_to_pass_on(
    name: Words, town: str, code: str, until: datetime, links: Sequence[str]
) -> Card:
    """The message that coordination passes on."""
    invited = Text(
        "people.invitation_text", name=Translated(name), town=town, code=code, until=until
    )
    ways = (Text("people.invitation_link", link=link.replace("{code}", code)) for link in links)
    return Card((invited, *ways))
