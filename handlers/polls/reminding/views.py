"""How reminders look, and what coordination is told about them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from handlers.chat import Button, Card, Join, Text, Translated, plain
from handlers.polls.actions import Manage, OpenBallot
from handlers.polls.facts import PollFacts, Words
from handlers.polls.reminding.rules import Forecast
from handlers.polls.rules import SECRET_TURNOUT_FROM


@dataclass(frozen=True, slots=True)
class Missing:
    """A poll in which somebody's vote is missing; ``seats`` whom they would stand in for."""

    poll: PollFacts
    seats: tuple[Words, ...] = ()


@dataclass(frozen=True, slots=True)
class Outlook:
    """What coordination is told of a poll a day before its end.

    ``needed`` seats make a quorum (0: there is none); ``unreached`` are seats nobody of whom the
    bot can write to.
    """

    poll: PollFacts
    forecast: Forecast
    needed: int
    unreached: tuple[Words, ...]


def reminder(town: str, missing: Sequence[Missing], late: bool) -> Card:
    """To one person: the polls that wait for them, the most urgent first."""
    body = [
        Text("reminding.head", n=len(missing), town=town),
        Text("reminding.lines", lines=Join(tuple(_line(one) for one in missing))),
    ]
    if late:
        body.append(Text("reminding.late"))
    rows = tuple(
        (
            Button(
                Text("reminding.vote", title=Translated(one.poll.title)),
                OpenBallot(one.poll.id),
                strong=number == 0,
            ),
        )
        for number, one in enumerate(missing)
    )
    return Card(tuple(body), rows)


def _line(one: Missing) -> Text:
    title, at = Translated(one.poll.title), one.poll.closes_at
    if not one.seats:
        return Text("reminding.line", title=title, at=at)
    return Text("reminding.line_deputy", title=title, at=at, seats=_names(one.seats))


def _names(seats: Sequence[Words]) -> Join:
    return Join(tuple(plain(Translated(name)) for name in seats), ", ")


# --- to coordination --------------------------------------------------------------------------


def outlook(town: str, polls: Sequence[Outlook]) -> Card:
    """A day before the end: what is missing for a quorum, and whom the bot cannot reach."""
    body = [Text("reminding.outlook", town=town)]
    for one in polls:
        body.append(
            Text("reminding.outlook_line", title=Translated(one.poll.title), state=_state(one))
        )
        body += _unreached(one.poll, one.unreached)
    rows = tuple(
        (Button(Text("reminding.manage", title=Translated(one.poll.title)), Manage(one.poll.id)),)
        for one in polls
    )
    return Card(tuple(body), rows)


def _state(one: Outlook) -> Text:
    told, left = one.forecast, time_left(one.forecast)
    if one.poll.secret and one.poll.voted < SECRET_TURNOUT_FROM:
        return Text("reminding.hidden", least=SECRET_TURNOUT_FROM, left=left)
    if not one.needed:
        return Text("reminding.no_quorum", voted=one.poll.voted, seats=one.poll.seats, left=left)
    if told.reached:
        return Text("reminding.reached", voted=one.poll.voted, seats=one.poll.seats, left=left)
    if not told.reachable:
        return Text("reminding.out_of_reach", needed=one.needed, seats=one.poll.seats)
    return Text("reminding.to_quorum", n=told.missing, left=left)


def time_left(told: Forecast) -> Text:
    """The larger of days, hours and minutes, rounded to the nearest where that is days."""
    days = told.days + (1 if told.hours >= 12 else 0)
    if told.days:
        return Text("reminding.days", n=days)
    if told.hours >= 23:
        return Text("reminding.days", n=1)
    if told.hours:
        return Text("reminding.hours", n=told.hours)
    return Text("reminding.minutes", n=told.minutes)


def _unreached(poll: PollFacts, seats: Sequence[Words]) -> list[Text]:
    if not seats:
        return []
    # Of a secret poll these are all seats that cannot be reached, whether they voted or not.
    said = "reminding.unreached_secret" if poll.secret else "reminding.unreached"
    return [Text(said, n=len(seats), seats=_names(seats))]


def reminded(poll: PollFacts, seats: int, people: int, unreached: Sequence[Words]) -> Card:
    """To whoever had people reminded: how many, and whom the bot cannot reach."""
    title = Translated(poll.title)
    if poll.secret and poll.voted < SECRET_TURNOUT_FROM:
        said = Text("reminding.reminded_hidden", title=title, least=SECRET_TURNOUT_FROM)
    elif seats:
        said = Text("reminding.reminded", title=title, n=people, seats=seats)
    elif poll.voted >= poll.seats:
        said = Text("reminding.all_voted", title=title)
    else:
        said = Text("reminding.nobody_reached", title=title)
    back = ((Button(Text("reminding.manage", title=title), Manage(poll.id)),),)
    return Card((said, *_unreached(poll, unreached)), back)


def too_soon(last: datetime, again: datetime) -> Text:
    """Why nobody is reminded now."""
    return Text("reminding.too_soon", last=last, again=again)
