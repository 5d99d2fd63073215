"""How greeting, linking and languages look; what coordination sees: ``inviting_views``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from handlers.chat import Button, Card, Text, Translated, plain
from handlers.help.actions import Run
from handlers.people.actions import Accept, Speak, UseTown
from handlers.polls.actions import OpenBallot
from handlers.router import Role

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


def invited(name: Words, town: str, notice: Text, code: str) -> Card:
    """The privacy notice before anything is stored, and the button that links."""
    return Card(
        (
            Text("people.invited", name=Translated(name), town=town),
            notice,
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


def on(platform: str) -> Text:
    """A platform as people call it."""
    match platform:
        case "telegram":
            return Text("people.on_telegram")
        case "matrix":
            return Text("people.on_matrix")
        case "web":
            return Text("people.on_web")
    return plain(platform)


def further_account(platform: str, at: datetime) -> Card:
    """What a person's other accounts are told."""
    return Card((Text("people.further_account", where=on(platform), at=at),))


def account_gone(platform: str) -> Card:
    """What a person's other accounts are told when one is taken away."""
    return Card((Text("people.account_gone", where=on(platform)),))
