"""A result that turned out wrong, as it is told. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from handlers.chat import Button, Card, Text, Translated
from handlers.polls.actions import CorrectResult, ShowResult, VoidResult
from handlers.polls.facts import PollFacts, ResultFacts
from handlers.polls.views import headline


def afterwards(facts: ResultFacts) -> tuple[Text, ...]:
    """What coordination said after the result was frozen: it stands before everything else."""
    said = []
    void = facts.notes.get("void")
    if void is not None:
        at = datetime.fromisoformat(void["at"])
        said.append(Text("polls.void_result", at=at, reason=void["reason"]))
    said += [
        Text(
            "polls.corrected_result",
            at=datetime.fromisoformat(one["at"]),
            text=one["text"],
            digest=one["digest"][:16],
        )
        for one in facts.notes.get("corrections", ())
    ]
    return tuple(said)


def with_ways(card: Card, facts: ResultFacts) -> Card:
    """Coordination's copy of a result, with what can be done about a wrong one."""
    if facts.notes.get("void"):
        return card
    void = Button(Text("polls.set_aside"), VoidResult(facts.poll))
    row: tuple[Button, ...] = (void,)
    if facts.published:
        row = (Button(Text("polls.correct"), CorrectResult(facts.poll)), void)
    return replace(card, buttons=(*card.buttons, row))


def voided(poll: PollFacts) -> Card:
    """To whoever set it aside."""
    told = "polls.voided_told" if poll.published else "polls.voided"
    return Card((headline(poll), Text(told)))


def voided_here(poll: PollFacts, reason: str) -> Card:
    """To the channels: a published result does not hold."""
    return Card(
        (
            Text("polls.voided_here", title=Translated(poll.title), at=_ended(poll)),
            Text("polls.withdrawn_for", reason=reason),
        ),
        ((Button(Text("polls.show_result"), ShowResult(poll.id)),),),
    )


def correction_here(poll: PollFacts, text: str, digest: str) -> Card:
    """To the channels: what was wrong in a published result."""
    return Card(
        (
            Text("polls.correction_here", title=Translated(poll.title), at=_ended(poll)),
            Text("plain", text=text),
            Text("polls.correction_digest", digest=digest[:16]),
        ),
        ((Button(Text("polls.show_result"), ShowResult(poll.id)),),),
    )


def corrected(poll: PollFacts) -> Card:
    """To whoever corrected it."""
    return Card((headline(poll), Text("polls.corrected_told")))


def _ended(poll: PollFacts) -> datetime:
    return poll.closed_at or poll.closes_at
