"""How the binding of channels looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from handlers.channels.actions import Bind, Keep
from handlers.chat import Button, Card, Text, Translated, plain

Words = Mapping[str, str]


def how_to() -> Card:
    """In a direct chat: where the command belongs."""
    return Card((Text("channels.how_to"),))


def hello() -> Card:
    """Said when coordination brings the bot into a group or room."""
    return Card((Text("channels.hello"),))


def goodbye() -> Card:
    """Said before the bot leaves a group that coordination did not bring it into."""
    return Card((Text("channels.goodbye"),))


def choice(bodies: Sequence[tuple[int, Words]], bound: tuple[int, Words] | None) -> Card:
    """Which body this place is for; ``bound`` is the one it is bound to now."""
    rows: list[tuple[Button, ...]] = [
        (Button(plain(Translated(name)), Bind(id, False)),)
        for id, name in bodies
        if bound is None or id != bound[0]
    ]
    if bound is None:
        return Card((Text("channels.which_body"),), tuple(rows))
    rows.append((Button(Text("channels.keep"), Keep(), strong=True),))
    return Card((Text("channels.bound_to", body=Translated(bound[1])),), tuple(rows))


def surely(now: Words, then: tuple[int, Words]) -> Card:
    """Ask back before a binding is changed."""
    return Card(
        (Text("channels.surely", now=Translated(now), then=Translated(then[1])),),
        (
            (Button(Text("channels.change"), Bind(then[0], True)),),
            (Button(Text("channels.keep"), Keep(), strong=True),),
        ),
    )


def bound(body: Words, polls: int) -> Card:
    """What will appear here from now on."""
    texts = [Text("channels.bound", body=Translated(body))]
    if polls:
        texts.append(Text("channels.running_polls", n=polls))
    return Card(tuple(texts))


def kept() -> Card:
    """Nothing was changed."""
    return Card((Text("channels.kept"),))


def lost(title: Words, body: Words) -> Card:
    """Coordination learns that the bot was removed from a channel."""
    return Card((Text("channels.lost", channel=Translated(title), body=Translated(body)),))
