"""How it goes on after an election, for coordination and the channels. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.chat import Button, Card, Join, Text, Translated, plain
from handlers.polls.actions import Manage, ShowResult
from handlers.polls.elections.actions import AnnounceLot, DrawLot, OpenRunOff
from handlers.polls.facts import Words

Candidate = tuple[int, Words]
"""Number on the list, and name."""


def with_next_step(card: Card, poll: int, step: str) -> Card:
    """Coordination's copy of a result, with what is to be done next (``steps.next_step``)."""
    match step:
        case "run_off":
            said, label = "election.run_off_waits", "election.open_run_off"
            row = (Button(Text(label), OpenRunOff(poll), strong=True),)
        case "announce":
            said, label = "election.lot_waits", "election.announce_lot"
            row = (Button(Text(label), AnnounceLot(poll), strong=True),)
        case "draw":
            said, label = "election.draw_waits", "election.draw_lot"
            row = (Button(Text(label), DrawLot(poll), strong=True),)
        case "run_off_open":
            return Card((*card.body, Text("election.run_off_open")), card.buttons, card.picture)
        case _:
            return card
    return Card((*card.body, Text(said)), (row, *card.buttons), card.picture)


def names(candidates: Sequence[Candidate]) -> Join:
    """The names alone."""
    return Join(tuple(plain(Translated(name)) for _, name in candidates), ", ")


def lines(candidates: Sequence[Candidate]) -> Join:
    """Number and name, a line each."""
    return Join(
        tuple(
            Text("election.candidate_line", number=number, name=Translated(name))
            for number, name in candidates
        )
    )


def announced_here(title: Words, words: str, among: Sequence[Candidate]) -> Card:
    """To the channels: from what the lot will be drawn, and between whom."""
    said = Text("election.announced_here", title=Translated(title), words=words, lines=lines(among))
    return Card((said,))


def announced_by_you(poll: int) -> Card:
    """To whoever announced it."""
    row = (Button(Text("election.draw_lot"), DrawLot(poll)),)
    return Card((Text("election.announced_by_you"),), (row,))


def drawn_here(poll: int, title: Words, chosen: Sequence[Candidate]) -> Card:
    """To the channels: on whom the lot fell."""
    said = Text("election.drawn_here", title=Translated(title), names=names(chosen))
    return Card((said,), ((Button(Text("polls.show_result"), ShowResult(poll)),),))


def drawn_by_you(poll: int, chosen: Sequence[Candidate], step: str) -> Card:
    """To whoever drew it, with what is next."""
    return with_next_step(Card((Text("election.drawn_by_you", names=names(chosen)),)), poll, step)


def run_off_opened(poll: int) -> Card:
    """To whoever opened the run-off."""
    row = (Button(Text("polls.manage"), Manage(poll)),)
    return Card((Text("election.run_off_open"),), (row,))
