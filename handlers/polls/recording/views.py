"""How recording looks: the ballot for whoever fills it in, the check for the second. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from handlers.chat import Action, Button, Card, Join, Text, Translated, plain
from handlers.polls import views
from handlers.polls.actions import Manage, TurnPage, Vote, Write
from handlers.polls.facts import BallotFacts, OptionFacts, PollFacts, Words
from handlers.polls.methods import Views
from handlers.polls.recording.actions import (
    BackToBallot,
    Confirm,
    Mark,
    MarkPage,
    MarkWritten,
    Submit,
    TakeBack,
)

_OF_THE_PERSON = ("polls.ballot", "polls.ballot_how")
"""Sentences of a ballot card that speak to whoever votes."""

_STATES = {
    "unconfirmed": "recording.waits",
    "confirmed": "recording.confirmed",
    "withdrawn": "recording.withdrawn",
    "overtaken": "recording.overtaken",
    "expired": "recording.expired",
}


@dataclass(frozen=True, slots=True)
class Recorded:
    """A ballot that is recorded. ``said`` is what it says, while somebody has to check it."""

    id: int
    poll: Words
    poll_id: int
    seat: Words
    giver: Words
    way: str
    state: str
    said: Text | None = None
    check: str = ""
    recorder: Words | None = None
    counts: bool = False
    """Whether it lies in the box now."""


def _whose(recorded: Recorded) -> Text:
    id = "recording.by_phone" if recorded.way == "phone" else "recording.on_paper"
    return Text(id, seat=Translated(recorded.seat), giver=Translated(recorded.giver))


def _head(recorded: Recorded) -> tuple[Text, ...]:
    return (Text("recording.head", title=Translated(recorded.poll)), _whose(recorded))


def draft(
    recorded: Recorded,
    poll: PollFacts,
    looks: Views,
    options: Sequence[OptionFacts],
    ballot: BallotFacts,
) -> Card:
    """The ballot, with taps that record instead of voting."""
    shown = views.ballot(poll, looks, options, ballot)
    body = tuple(
        text
        for text in shown.body
        if text.message not in _OF_THE_PERSON and not text.message.startswith("written.")
    )
    rows = [
        tuple(
            Button(button.label, turned, strong=button.strong, mark=button.mark)
            for button in row
            if isinstance(button, Button) and (turned := _turned(recorded.id, button.action))
        )
        for row in shown.buttons
    ]
    ways = [(Button(Text("recording.submit"), Submit(recorded.id, False), strong=True),)]
    drop = (Button(Text("recording.drop"), TakeBack(recorded.id, True)),)
    given = ways if ballot.cast else []
    return Card((*_head(recorded), *body), tuple(row for row in [*rows, *given, drop] if row))


def _turned(recording: int, action: Action) -> Action | None:
    match action:
        case Vote():
            return Mark(recording, action.option, action.part, action.value)
        case Write():
            return MarkWritten(recording, action.part)
        case TurnPage():
            return MarkPage(recording, action.page)
    return None


def submit_surely(recorded: Recorded) -> Card:
    """What was filled in, once more, before a second person gets it."""
    said = recorded.said or plain("")
    return Card(
        (*_head(recorded), Text("recording.said", ballot=said), Text("recording.submit_surely")),
        (
            (Button(Text("recording.submit_yes"), Submit(recorded.id, True), strong=True),),
            (Button(Text("recording.not_yet"), BackToBallot(recorded.id)),),
        ),
    )


def to_confirm(recorded: Recorded) -> Card:
    """To a second person: compare with the paper, or ask back, then confirm."""
    body = list(_head(recorded))
    if recorded.recorder:
        body.append(Text("recording.recorder", name=Translated(recorded.recorder)))
    body.append(Text("recording.said", ballot=recorded.said or plain("")))
    body.append(Text("recording.please_confirm"))
    return Card(
        tuple(body),
        (
            (Button(Text("recording.confirm"), Confirm(recorded.id, recorded.check), strong=True),),
            (Button(Text("recording.take_back"), TakeBack(recorded.id, False)),),
        ),
    )


def stands(recorded: Recorded) -> Card:
    """How it stands, for whoever recorded it and for everybody once it is settled."""
    body = (*_head(recorded), Text(_STATES[recorded.state]))
    if recorded.state == "unconfirmed" and recorded.said is not None:
        body = (*_head(recorded), Text("recording.said", ballot=recorded.said), body[-1])
    back = (Button(Text("recording.take_back"), TakeBack(recorded.id, False)),)
    open_still = recorded.state == "unconfirmed" or recorded.counts
    return Card(body, (back,) if open_still else ())


def take_back_surely(recorded: Recorded) -> Card:
    """Ask back before it goes."""
    return Card(
        (*_head(recorded), Text("recording.take_back_surely")),
        (
            (Button(Text("recording.take_back_yes"), TakeBack(recorded.id, True), strong=True),),
            (Button(Text("polls.back_to_manage"), Manage(recorded.poll_id)),),
        ),
    )


def taken_back(recorded: Recorded) -> Card:
    """In the place of the question."""
    return Card((*_head(recorded), Text("recording.withdrawn")))


def begun(seat: Words) -> Card:
    """In the place of the dialog, once the ballot is there."""
    return Card((Text("recording.begun", seat=Translated(seat)),))


def told(poll: Words, seat: Words, said: Text, way: str) -> Card:
    """To whoever gave it: this was recorded, and you may still vote yourself."""
    id = "recording.told_phone" if way == "phone" else "recording.told_paper"
    return Card(
        (
            Text(id, title=Translated(poll), seat=Translated(seat)),
            Text("recording.said", ballot=said),
            Text("recording.may_replace"),
        )
    )


def told_taken_back(poll: Words, seat: Words) -> Card:
    """To whoever gave it: it does not count any more."""
    return Card((Text("recording.told_taken_back", title=Translated(poll), seat=Translated(seat)),))


def not_counted(poll: Words, seats: Sequence[Words]) -> Card:
    """To coordination at the close: these waited for a second person and do not count."""
    names = Join(tuple(plain(Translated(seat)) for seat in seats), ", ")
    said = Text("recording.not_counted", title=Translated(poll), n=len(seats), seats=names)
    return Card((said,))
