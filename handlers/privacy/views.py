"""How the privacy notice, erasing and the report of what went look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from handlers.chat import Button, Card, Join, Text, Translated, plain
from handlers.help.actions import Run
from handlers.privacy.actions import AskAgain, Erase, KeepData, Warn

Words = Mapping[str, str]

MOST_MEANT = 8
"""People on one card."""


@dataclass(frozen=True, slots=True)
class Gone:
    """How many rows of each kind went, and how many people became anonymous."""

    deliveries: int
    invitations: int
    web_messages: int
    ballots: int
    cards: int
    former_members: int


# --- the notice ----------------------------------------------------------------------------


def notice(text: Text) -> Card:
    """The notice of a municipality."""
    return Card((text,))


def renewed_notice(text: Text) -> Card:
    """The notice, because it has changed since the reader saw it."""
    return Card((Text("privacy.notice_changed"), text))


def notice_for_strangers() -> Card:
    """The notice for an account that is linked to nobody; it names no municipality."""
    return Card((Text("privacy.stranger"),))


# --- erasing -------------------------------------------------------------------------------


def warning(person: int, name: Words, mine: bool, town: str, stays: Sequence[Text]) -> Card:
    """What goes, what stays and why; nothing has happened yet."""
    if mine:
        head = Text("privacy.erase_me", town=town)
    else:
        head = Text("privacy.erase_other", name=Translated(name), town=town)
    body = (
        head,
        Text("privacy.goes"),
        Text("privacy.votes_go"),
        Text("privacy.stays", lines=Join(tuple(stays))),
        Text("privacy.nothing_yet"),
    )
    on = Button(Text("privacy.go_on"), AskAgain(person))
    rows: list[tuple[Button, ...]] = [(_not(),), (on,)]
    if mine:
        rows.insert(1, (Button(Text("commands.meinedaten_button"), Run("meinedaten")),))
    return Card(body, tuple(rows))


def really(person: int, name: Words, mine: bool, asked: int) -> Card:
    """The second question."""
    if mine:
        question = Text("privacy.really_me")
    else:
        question = Text("privacy.really_other", name=Translated(name))
    erase = Button(Text("privacy.erase_now"), Erase(person, asked))
    return Card((question,), ((_not(),), (erase,)))


def _not() -> Button:
    return Button(Text("privacy.do_not_erase"), KeepData(), strong=True)


def kept() -> Card:
    """Nothing was erased."""
    return Card((Text("privacy.kept"),))


def which_of(found: Sequence[tuple[int, Words]]) -> Card:
    """Several former members are called so."""
    rows = tuple(
        (Button(plain(Translated(name)), Warn(person)),) for person, name in found[:MOST_MEANT]
    )
    return Card((Text("privacy.who_is_meant"),), (*rows, (_not(),)))


def erased() -> Card:
    """Farewell."""
    return Card((Text("privacy.erased"),))


def erased_other() -> Card:
    """Coordination erased somebody who had left."""
    return Card((Text("privacy.erased_other"), Text("privacy.take_out_of_file")))


def somebody_was_erased() -> Card:
    """What coordination learns of an erasure: that there was one."""
    return Card((Text("privacy.somebody_was_erased"), Text("privacy.take_out_of_file")))


# --- retention -----------------------------------------------------------------------------


def report(gone: Gone) -> Card:
    """What the nights since the last report dropped: numbers, never names."""
    lines = [
        Text(message, n=n)
        for message, n in (
            ("privacy.gone_people", gone.former_members),
            ("privacy.gone_ballots", gone.ballots),
            ("privacy.gone_web_messages", gone.web_messages),
            ("privacy.gone_deliveries", gone.deliveries),
            ("privacy.gone_cards", gone.cards),
            ("privacy.gone_invitations", gone.invitations),
        )
        if n
    ]
    return Card((Text("privacy.report", lines=Join(tuple(lines))),))
