"""How menu and help look."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.chat import Button, Card, Join, Text
from handlers.help.actions import Run

Described = tuple[str, Text]
"""A command's word and a text about it."""


def menu(offered: Sequence[Described]) -> Card:
    """Buttons for everything that a person may do here."""
    rows = tuple((Button(label, Run(word)),) for word, label in offered)
    return Card((Text("help.menu"),), rows)


def overview(commands: Sequence[Described]) -> Card:
    """What the bot does, and the commands that this person may use."""
    lines = tuple(Text("help.line", word=word, hint=hint) for word, hint in commands)
    body = (Text("help.what"), Text("help.commands", lines=Join(lines)), Text("help.more"))
    return Card(body, ((Button(Text("help.to_menu"), Run("menue"), strong=True),),))


def explained(words: Sequence[str], more: Text, runs: bool) -> Card:
    """One command; ``runs``: it can be tried with a button."""
    names = Join(tuple(Text("help.name", word=word) for word in words), ", ")
    rows = ((Button(Text("help.try"), Run(words[0])),),) if runs else ()
    return Card((Text("help.explained", names=names, more=more),), rows)


def for_strangers() -> Card:
    """For an account that is linked to nobody: what to do, and nothing of any municipality."""
    return Card(
        (Text("help.stranger"),),
        (
            (Button(Text("commands.sprache_button"), Run("sprache")),),
            (Button(Text("commands.datenschutz_button"), Run("datenschutz")),),
        ),
    )
