"""How the making of rooms looks, and what stands pinned in each channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from handlers.channels.actions import AskRooms, Keep, MakeRooms
from handlers.channels.views import PLATFORMS, Words, why_not
from handlers.chat import Button, Card, Join, LinkButton, Text, Translated


def ask_rooms(titles: Sequence[Text], encrypted: bool) -> Card:
    """What will be made; ``encrypted`` is what the municipality prefers."""
    made = Text("channels.ask_rooms", n=len(titles), titles=Join(tuple(titles)))
    return Card(
        (made, Text("channels.about_encryption")),
        (
            (Button(Text("channels.rooms_encrypted"), MakeRooms(False, True), strong=encrypted),),
            (Button(Text("channels.rooms_plain"), MakeRooms(False, False), strong=not encrypted),),
            (Button(Text("channels.keep"), Keep()),),
        ),
    )


def ask_network() -> Card:
    """What the room for the network of municipalities is."""
    return Card(
        (Text("channels.ask_network"),),
        (
            (Button(Text("channels.network_confirm"), MakeRooms(True, False), strong=True),),
            (Button(Text("channels.keep"), Keep()),),
        ),
    )


# --- what stands pinned in a channel -------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pinned:
    """What a channel says about itself. ``polls``: title and end, the next one first."""

    town: str
    kind: str
    body: Words
    public: bool
    polls: Sequence[tuple[Words, datetime]] = ()
    addresses: Sequence[tuple[str, str]] = ()


def pinned(facts: Pinned) -> Card:
    """Who the channel is for, what runs, when the next deadline is, how to reach the bot."""
    if facts.kind == "body":
        body = [Text("channels.pinned_body", town=facts.town, body=Translated(facts.body))]
    else:
        name = {
            "announcements": "channels.pinned_announcements",
            "network": "channels.pinned_network",
            "space": "channels.pinned_announcements",
        }[facts.kind]
        body = [Text(name, town=facts.town)]
    body.append(Text("channels.pinned_public" if facts.public else "channels.pinned_closed"))
    if facts.kind == "body" and not facts.public:
        if facts.polls:
            lines = tuple(
                Text("channels.pinned_poll", title=Translated(title), at=at)
                for title, at in facts.polls
            )
            body.append(Text("channels.pinned_polls", n=len(lines), lines=Join(lines)))
            body.append(Text("channels.pinned_next", at=min(at for _, at in facts.polls)))
        else:
            body.append(Text("channels.pinned_no_polls"))
    body.append(Text("channels.pinned_reach"))
    rows = tuple(
        (LinkButton(Text("channels.write_me", platform=PLATFORMS.get(name, name)), url),)
        for name, url in facts.addresses
    )
    return Card(tuple(body), rows)


def kept_going() -> Card:
    """The rooms are being made; the card with all channels says how far it is."""
    return Card((Text("channels.making_begun"),))


def making_failed(reason: str, network: bool) -> Card:
    """A room could not be made: why, and what to do."""
    return Card(
        (Text("channels.room_failed", why=why_not(reason)),),
        ((Button(Text("channels.make_rooms_again"), AskRooms(network), strong=True),),),
    )
