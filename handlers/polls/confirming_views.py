"""A poll that waits for a second person to open it, as coordination sees it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from handlers.chat import Button, Card, Text, Translated
from handlers.polls import views
from handlers.polls.actions import ConfirmOpening, WithdrawPoll
from handlers.polls.facts import OptionFacts, PollFacts, Words
from handlers.polls.methods import Views

__all__ = ["Card", "confirmed", "declined", "prepared"]


def prepared(
    poll: PollFacts,
    looks: Views,
    options: Sequence[OptionFacts],
    body: Words,
    first: Words | None,
    mine: bool,
) -> Card:
    """How it goes out, to be confirmed; ``mine``: the viewer prepared it and cannot alone.

    ``poll`` counts the seats that would vote; ``first`` is who prepared it.
    """
    if poll.state == "withdrawn":
        return Card((views.headline(poll), *views.withdrawn(poll)))
    if poll.state != "prepared":
        return Card((views.headline(poll), Text("polls.was_confirmed")))
    who = Text("polls.prepared_by", name=Translated(first)) if first else Text("polls.prepared")
    said = (
        Text("polls.waits_for_confirmation") if mine else who,
        *views.poll_board(replace(poll, state="open"), looks, options, None).body,
        Text("polls.review_body", name=Translated(body)),
        Text("polls.review_formal"),
        Text("polls.opens_once_confirmed", at=poll.opens_at),
    )
    if mine:
        return Card(said, ((Button(Text("polls.withdraw_poll"), WithdrawPoll(poll.id)),),))
    return Card(
        said,
        (
            (Button(Text("polls.confirm_opening"), ConfirmOpening(poll.id), strong=True),),
            (Button(Text("polls.decline_opening"), WithdrawPoll(poll.id)),),
        ),
    )


def confirmed(poll: PollFacts) -> Text:
    """What the second person has brought about."""
    if poll.state == "planned":
        return Text("polls.confirmed_planned", at=poll.opens_at)
    return Text("polls.confirmed_opened")


def declined(poll: PollFacts, name: Words) -> Card:
    """To whoever prepared it: somebody else said no."""
    said = [Text("polls.opening_declined", title=Translated(poll.title), name=Translated(name))]
    if poll.reason:
        said.append(Text("polls.withdrawn_for", reason=poll.reason))
    return Card(tuple(said))
