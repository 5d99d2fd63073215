"""What is expected of somebody, as a card. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.chat import Button, Card, Join, Text, Translated
from handlers.polls.actions import Manage
from handlers.polls.facts import PollFacts
from handlers.polls.views import Rows, vote_button

MOST_TO_DO = 12
"""Polls in one list of what is to be done."""


def todo(
    waiting: Sequence[tuple[PollFacts, bool]],
    missing: int,
    running: int,
    decisions: Sequence[PollFacts] = (),
) -> Card:
    """What is expected of me: running polls, those without my ballot first (``missing`` of all
    ``running``), and what coordination has to confirm or publish."""
    if not waiting and not decisions:
        return Card((Text("polls.nothing_to_do"),))
    body: list[Text] = []
    rows: Rows = []
    if decisions:
        listed = decisions[:MOST_TO_DO]
        lines = tuple(
            Text(
                "polls.line_prepared" if poll.state == "prepared" else "polls.line_waits",
                title=Translated(poll.title),
                at=poll.opens_at if poll.state == "prepared" else poll.closed_at or poll.closes_at,
            )
            for poll in listed
        )
        body.append(Text("polls.to_decide", n=len(decisions), lines=Join(lines)))
        rows += [
            (Button(Text("polls.check_one", title=Translated(p.title)), Manage(p.id), strong=True),)
            for p in listed
        ]
    if waiting:
        lines = tuple(
            Text(
                "polls.line_done" if done else "polls.line_open",
                title=Translated(poll.title),
                at=poll.closes_at,
            )
            for poll, done in waiting
        )
        body.append(Text("polls.todo", n=missing) if missing else Text("polls.all_done"))
        body.append(Text("polls.running", lines=Join(lines)))
        rows += [(vote_button(poll, done),) for poll, done in waiting]
    if running > len(waiting):
        body.append(Text("polls.more_running", n=running - len(waiting)))
    return Card(tuple(body), tuple(rows))
