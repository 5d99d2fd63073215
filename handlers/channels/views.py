"""How channels look: binding one, all of them, one with what is to be settled there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from handlers.channels.actions import (
    AskRooms,
    Bind,
    BindAs,
    CheckChannel,
    Confide,
    Keep,
    Release,
    Settle,
    ShowChannel,
    ShowDifference,
)
from handlers.chat import Button, Card, Join, LinkButton, Text, Translated, plain
from handlers.help.actions import Run
from handlers.people.actions import ListToInvite

Words = Mapping[str, str]

MOST = 8
"""Differences, or names, on one card."""

PLATFORMS = {"telegram": "Telegram", "matrix": "Matrix", "web": "Web"}


@dataclass(frozen=True, slots=True)
class Facts:
    """A channel as the cards show it. ``inside`` of ``wanted`` people are there."""

    id: int
    title: Words
    kind: str
    body: Words
    platform: str
    managed: bool
    public: bool
    inside: int = 0
    wanted: int = 0
    missing: tuple[str, ...] = ()
    checked_at: datetime | None = None
    to_settle: int = 0


@dataclass(frozen=True, slots=True)
class Making:
    """How far the making of rooms is: ``possible`` | ``running`` | ``failed`` | ``done``."""

    state: str
    made: int
    of: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Differing:
    """An account that should not be in a channel, or should. ``why`` as in ``rules``."""

    id: int
    at: int
    why: str
    person: Words
    """Whose it is; empty: a stranger's."""
    name: str
    """What the platform calls a stranger, or the account's own id."""
    channel: Words
    platform: str


def how_to() -> Text:
    """Where the command belongs."""
    return Text("channels.how_to")


def hello() -> Card:
    """Said when coordination brings the bot into a group or room."""
    return Card((Text("channels.hello"),))


def goodbye() -> Card:
    """Said before the bot leaves a group that coordination did not bring it into."""
    return Card((Text("channels.goodbye"),))


# --- binding -------------------------------------------------------------------------------

Purpose = tuple[int, Words] | str
"""A body (id, name), or ``announcements`` or ``network``."""

OTHERS = ("announcements", "network")


def purpose(of: Purpose) -> Text:
    """What a channel is for, as a name."""
    return plain(Translated(of[1])) if isinstance(of, tuple) else kind(of)


def kind(name: str) -> Text:
    """The name of what is no body's."""
    return {
        "announcements": Text("channels.kind_announcements"),
        "network": Text("channels.kind_network"),
        "space": Text("channels.kind_space"),
    }[name]


def _bind(of: Purpose, sure: bool) -> Bind | BindAs:
    return Bind(of[0], sure) if isinstance(of, tuple) else BindAs(of, sure)


def choice(bodies: Sequence[tuple[int, Words]], bound: Purpose | None, others: bool) -> Card:
    """What this place is for; ``bound`` is what it is for now. ``others``: not only bodies."""
    offered: list[Purpose] = [*bodies, *(OTHERS if others else ())]
    rows: list[tuple[Button, ...]] = [
        (Button(purpose(of), _bind(of, False)),) for of in offered if of != bound
    ]
    if bound is None:
        return Card((Text("channels.which_body"),), tuple(rows))
    rows.append((Button(Text("channels.keep"), Keep(), strong=True),))
    return Card((Text("channels.bound_to", body=purpose(bound)),), tuple(rows))


def surely(now: Purpose, then: Purpose) -> Card:
    """Ask back before a binding is changed."""
    return Card(
        (Text("channels.surely", now=purpose(now), then=purpose(then)),),
        (
            (Button(Text("channels.change"), _bind(then, True)),),
            (Button(Text("channels.keep"), Keep(), strong=True),),
        ),
    )


def bound(of: Purpose, polls: int, channel: int | None = None) -> Card:
    """What will appear here from now on; ``channel``: offer to call it a public one."""
    texts = [
        Text("channels.bound", body=purpose(of))
        if isinstance(of, tuple)
        else Text("channels.bound_other", kind=purpose(of))
    ]
    if polls:
        texts.append(Text("channels.running_polls", n=polls))
    if channel is None:
        return Card(tuple(texts))
    texts.append(Text("channels.is_closed"))
    public = Button(Text("channels.to_public"), Confide(channel, True, False))
    return Card(tuple(texts), ((public,),))


def kept() -> Card:
    """Nothing was changed."""
    return Card((Text("channels.kept"),))


def lost(title: Words, of: Text) -> Card:
    """Coordination learns that the bot was removed from a channel."""
    return Card((Text("channels.lost", channel=Translated(title), body=of),))


# --- all channels --------------------------------------------------------------------------


def overview(channels: Sequence[Facts], making: Making | None, network: bool) -> Card:
    """All channels with their state. ``network``: there is one for all municipalities."""
    body = [Text("channels.overview")]
    body += [_line(facts) for facts in channels]
    if not channels:
        body.append(Text("channels.none_yet"))
    rows: list[tuple[Button, ...]] = [
        (Button(plain(Translated(f.title)), ShowChannel(f.id), mark=PLATFORMS[f.platform]),)
        for f in channels
        if f.managed
    ]
    if making is not None:
        body += _making(making)
        if making.state != "running" and making.made < making.of:
            again = making.state == "failed"
            label = Text("channels.make_rooms_again" if again else "channels.make_rooms")
            rows.append((Button(label, AskRooms(False), strong=True),))
        if making.state != "running" and not network and making.made:
            rows.append((Button(Text("channels.make_network"), AskRooms(True)),))
    body.append(how_to())
    return Card(tuple(body), tuple(rows))


def _making(making: Making) -> list[Text]:
    if making.state == "running":
        return [Text("channels.making", made=making.made, of=making.of)]
    if making.state == "failed":
        return [Text("channels.making_failed", made=making.made, of=making.of,
                     why=why_not(making.reason))]  # fmt: skip
    return []


def why_not(reason: str) -> Text:
    """Why a room could not be made, and whom to ask."""
    if reason.startswith("no_right"):
        return Text("channels.server_forbids")
    if reason == "not_possible":
        return Text("channels.server_cannot")
    return Text("channels.server_silent")


def _line(facts: Facts) -> Text:
    parts = [plain(PLATFORMS.get(facts.platform, facts.platform))]
    if facts.managed and facts.kind != "network":
        parts.append(Text("channels.inside", inside=facts.inside, wanted=facts.wanted))
    if not facts.managed:
        parts.append(Text("channels.by_itself"))
    parts.append(Text("channels.public" if facts.public else "channels.closed"))
    if facts.checked_at is not None:
        parts.append(Text("channels.checked", at=facts.checked_at))
    if facts.missing:
        parts.append(Text("channels.rights_missing", n=len(facts.missing)))
    if facts.to_settle:
        parts.append(Text("channels.to_settle", n=facts.to_settle))
    return Text("channels.line", title=Translated(facts.title), facts=Join(tuple(parts), " · "))


# --- one channel ---------------------------------------------------------------------------


def channel(facts: Facts, unlinked: Sequence[Words], differing: Sequence[Differing]) -> Card:
    """Everything about one channel, with what is to be settled."""
    body = [_line(facts)]
    if facts.kind == "body":
        body.append(Text("channels.for_body", body=Translated(facts.body)))
    else:
        body.append(Text("channels.for_kind", kind=kind(facts.kind)))
    body += rights(facts.missing, facts.platform)
    if unlinked:
        shown = [plain(Translated(name)) for name in unlinked[:MOST]]
        if len(unlinked) > MOST:
            shown.append(Text("channels.more_names", n=len(unlinked) - MOST))
        names = Join(tuple(shown), " · ")
        body.append(Text("channels.not_linked", n=len(unlinked), names=names))
    rows = []
    if differing:
        body.append(Text("channels.differs", lines=_lines(differing)))
        rows += [_difference_button(one) for one in differing[:MOST]]
    if unlinked:
        rows.append((Button(Text("channels.invite"), ListToInvite(0, False)),))
    rows.append((Button(Text("channels.check"), CheckChannel(facts.id)),))
    if facts.kind != "space":
        label = Text("channels.to_closed" if facts.public else "channels.to_public")
        rows.append((Button(label, Confide(facts.id, not facts.public, False)),))
    rows.append((Button(Text("channels.release"), Release(facts.id, False)),))
    rows.append((Button(Text("channels.to_overview"), Run("kanal")),))
    return Card(tuple(body), tuple(rows))


def ask_public(title: Words, id: int) -> Card:
    """What it means that a channel is public."""
    return Card(
        (Text("channels.ask_public", channel=Translated(title)),),
        (
            (Button(Text("channels.public_confirm"), Confide(id, True, True)),),
            (Button(Text("channels.keep"), Keep(), strong=True),),
        ),
    )


def confided(title: Words, public: bool) -> Card:
    """It is one or the other now."""
    name = "channels.now_public" if public else "channels.now_closed"
    return Card((Text(name, channel=Translated(title)),))


def is_public(title: Words) -> Card:
    """The platform lets anybody read: coordination learns what that means."""
    return Card((Text("channels.found_public", channel=Translated(title)),))


def ask_release(title: Words, id: int) -> Card:
    """What giving a channel up means."""
    return Card(
        (Text("channels.ask_release", channel=Translated(title)),),
        (
            (Button(Text("channels.release_confirm"), Release(id, True)),),
            (Button(Text("channels.keep"), Keep(), strong=True),),
        ),
    )


def released(title: Words) -> Card:
    """The channel is none of the bot's any more."""
    return Card((Text("channels.released", channel=Translated(title)),))


def checked(title: Words, missing: Sequence[str], platform: str) -> Card:
    """What the bot found when it was asked to look."""
    if not missing:
        return Card((Text("channels.all_rights", channel=Translated(title)),))
    return Card((Text("channels.lacks", channel=Translated(title)), *rights(missing, platform)))


def not_checked(title: Words) -> Card:
    """It could not look."""
    return Card((Text("channels.not_checked", channel=Translated(title)),))


def lacks(title: Words, missing: Sequence[str], platform: str) -> Card:
    """Coordination learns which rights the bot misses, all at once."""
    return Card((Text("channels.lacks", channel=Translated(title)), *rights(missing, platform)))


def rights(missing: Sequence[str], platform: str) -> list[Text]:
    """A sentence for each missing right, and where to give them on that platform."""
    if not missing:
        return []
    sentences = {
        "send": Text("channels.right_send"),
        "invite": Text("channels.right_invite"),
        "remove": Text("channels.right_remove"),
        "title": Text("channels.right_title"),
        "topic": Text("channels.right_topic"),
        "pin": Text("channels.right_pin"),
        "levels": Text("channels.right_levels"),
        "link": Text("channels.right_link"),
        "tag": Text("channels.right_tag"),
        "topics": Text("channels.right_topics"),
    }
    lines = tuple(sentences[right] for right in missing if right in sentences)
    where = {
        "telegram": Text("channels.where_telegram"),
        "matrix": Text("channels.where_matrix"),
    }.get(platform)
    return [Text("channels.rights", lines=Join(lines)), *([where] if where else [])]


# --- differences ---------------------------------------------------------------------------


def to_settle(differing: Sequence[Differing]) -> Card:
    """Coordination learns of what differs, each once."""
    if len(differing) == 1:
        return difference(differing[0])
    lines = _lines(differing)
    body = [Text("channels.differences", n=len(differing)), Text("channels.list", lines=lines)]
    rows = [_difference_button(one) for one in differing[:MOST]]
    return Card(tuple(body), (*rows, (Button(Text("channels.to_overview"), Run("kanal")),)))


def _lines(differing: Sequence[Differing]) -> Join:
    lines = [Text("channels.item", text=_what(one)) for one in differing[:MOST]]
    if len(differing) > MOST:
        lines.append(Text("channels.more", n=len(differing) - MOST))
    return Join(tuple(lines))


def _difference_button(one: Differing) -> tuple[Button, ...]:
    return (Button(Text("channels.settle", who=_who(one)), ShowDifference(one.id, one.at)),)


def _who(one: Differing) -> Text:
    return plain(Translated(one.person) if one.person else one.name)


def _what(one: Differing) -> Text:
    sentence = {
        "ended": "channels.is_ended",
        "misplaced": "channels.is_misplaced",
        "strangers": "channels.is_stranger",
        "asking": "channels.is_asking",
        "left": "channels.has_left",
        "failed": "channels.could_not_come",
    }[one.why]
    return Text(
        sentence,
        who=_who(one),
        channel=Translated(one.channel),
        platform=PLATFORMS.get(one.platform, one.platform),
    )


def difference(one: Differing) -> Card:
    """One difference with what can be done."""

    def button(label: Text, way: str, strong: bool = False) -> tuple[Button, ...]:
        return (Button(label, Settle(one.id, one.at, way), strong=strong),)

    if one.why == "asking":
        rows = [
            button(Text("channels.admit"), "admit"),
            button(Text("channels.decline"), "decline"),
        ]
    elif one.why in ("left", "failed"):
        rows = [
            button(Text("channels.bring"), "bring"),
            button(Text("channels.let_be"), "let_be"),
        ]
    else:
        rows = [
            button(Text("channels.remove"), "remove", one.why == "ended"),
            button(Text("channels.let_be"), "let_be"),
        ]
    if one.why in ("strangers", "asking"):
        rows.append((Button(Text("channels.invite_to_link"), ListToInvite(0, False)),))
    return Card((_what(one),), tuple(rows))


def settled(way: str, who: Words, name: str, channel: Words) -> Card:
    """What was decided, and what happens now."""
    shown = plain(Translated(who) if who else name)
    said = {
        "remove": "channels.is_being_removed",
        "let_be": "channels.stays",
        "bring": "channels.is_being_brought",
        "admit": "channels.is_admitted",
        "decline": "channels.is_declined",
    }[way]
    return Card((Text(said, who=shown, channel=Translated(channel)),))


def not_removed(one: Differing) -> Card:
    """The platform did not let the bot remove somebody."""
    return Card((Text("channels.not_removed", who=_who(one), channel=Translated(one.channel)),))


def join_link(title: Words, link: str) -> Card:
    """A person is told how to come into a channel."""
    return Card(
        (Text("channels.join_link", channel=Translated(title)),),
        ((LinkButton(Text("channels.join"), link),),),
    )
