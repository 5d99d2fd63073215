"""How the written procedure looks beside an ordinary resolution. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from handlers.chat import Button, Card, Text, Translated
from handlers.polls.facts import BallotFacts, PollFacts, ResultFacts, Words
from handlers.polls.written.actions import ObjectToProcedure


def is_written(settings: Mapping[str, Any]) -> bool:
    """Whether a poll is a written procedure."""
    return bool(settings.get("written"))


def how(poll: PollFacts) -> tuple[Text, ...]:
    """That it is one and what an objection does; that a motion comes for the second time."""
    second = (Text("written.second"),) if poll.settings.get("second_of") else ()
    return (*second, Text("written.how")) if is_written(poll.settings) else second


def rows(poll: PollFacts, mine: BallotFacts) -> list[tuple[Button, ...]]:
    """The button to object."""
    if not is_written(poll.settings):
        return []
    return [(Button(Text("written.object"), ObjectToProcedure(mine.entry)),)]


def surely(poll: PollFacts, reason: str) -> tuple[Text, ...]:
    """Ask back before one word ends the procedure for everybody."""
    said = [Text("written.surely", title=Translated(poll.title))]
    if reason:
        said.append(Text("written.reason", reason=reason))
    return tuple(said)


def objected(poll: PollFacts) -> Card:
    """To whoever objected."""
    return Card((Text("written.objected", title=Translated(poll.title)),))


def objection(poll: PollFacts, seat: Words, reason: str) -> Card:
    """To coordination: who objected and why, and what is to be done."""
    title = Translated(poll.title)
    said = [Text("written.objection", title=title, seat=Translated(seat))]
    if reason:
        said.append(Text("written.reason", reason=reason))
    said.append(Text("written.next_agenda"))
    return Card(tuple(said))


def returned(facts: ResultFacts) -> tuple[Text, ...]:
    """How many have answered, and how many have not."""
    if not is_written(facts.settings):
        return ()
    rest = facts.seats - facts.cast
    return (Text("written.returned", cast=facts.cast, seats=facts.seats, rest=rest),)


def is_stopped(facts: ResultFacts) -> bool:
    """Whether an objection ended it."""
    return bool(facts.notes.get("stopped"))


def stopped() -> tuple[Text, ...]:
    """The outcome after an objection."""
    return (Text("written.stopped"), Text("written.next_agenda"))
