"""What may stand in the roster, and what a change of it causes. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from handlers.chat import Argument, Join, Text, Translated, plain
from storage.lines import BODIES, Member

LONGEST_NAME = 120
FARTHEST = 20
"""Years ahead that a membership may begin or end."""

ROLES = ("member", "voteless", "deputy", "adviser", "facilitator", "guest")
GROUPS = (
    "administration",
    "politics",
    "civil_society",
    "economy",
    "science",
    "education",
    "church",
    "advisory_board",
    "other",
)
LANGUAGES = ("de", "en", "de-simple")

_DATE = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4}|\d{2})")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")


class Broken(Exception):
    """What somebody wrote cannot be; ``text`` says why."""

    def __init__(self, message: str, /, **args: Argument) -> None:
        super().__init__(message)
        self.text = Text(message, **args)


# --- what people write ---------------------------------------------------------------------


def name(typed: str) -> str:
    """A designation without what cannot be seen. Raises Broken for nothing, or too much."""
    kept = "".join(
        " " if char.isspace() else char
        for char in unicodedata.normalize("NFC", typed)
        if char.isspace() or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn")
    )
    words = " ".join(kept.split())
    if not any(char.isalnum() for char in words):
        raise Broken("members.name_missing")
    if len(words) > LONGEST_NAME:
        raise Broken("members.name_too_long", most=LONGEST_NAME, n=len(words))
    return words


def day(typed: str) -> date:
    """A day such as 01.02.2027. Raises Broken."""
    words = typed.strip()
    german = _DATE.fullmatch(words)
    try:
        if german:
            year = int(german[3])
            return date(year if year > 99 else 2000 + year, int(german[2]), int(german[1]))
        if _ISO.fullmatch(words):
            return date.fromisoformat(words)
    except ValueError:
        pass
    raise Broken("members.day_unreadable", typed=words[:40])


def with_outer(bodies: Collection[str]) -> tuple[str, ...]:
    """The bodies with those that they are part of, the innermost first."""
    inner = min((BODIES.index(b) for b in bodies), default=len(BODIES))
    return BODIES[inner:]


# --- what may be ---------------------------------------------------------------------------


def problems(
    before: Mapping[str, Member],
    after: Mapping[str, Member],
    changed: Collection[str],
    today: date,
    coordination_votes: bool,
) -> list[tuple[str, Text]]:
    """What is wrong with the roster as it would be, each with the key of a changed line."""
    found = [
        (key, problem)
        for key in changed
        if key in after
        for problem in _of_line(before.get(key), after[key], after, today, coordination_votes)
    ]
    found += _left_alone(before, after, changed, today)
    lonely = _no_coordination(before, after, today)
    if lonely is not None:
        blamed = [k for k in changed if k in before and "coordination" in before[k].bodies]
        found.append((blamed[0] if blamed else next(iter(changed)), lonely))
    return found


def _of_line(
    old: Member | None,
    new: Member,
    after: Mapping[str, Member],
    today: date,
    coordination_votes: bool,
) -> Iterator[Text]:
    if not new.bodies:
        yield Text("members.no_body")
    yield from _of_role(new, coordination_votes)
    if new.deputy_of:
        yield from _of_deputy(new, after, today)
    yield from _of_days(old, new, today)


def _of_role(new: Member, coordination_votes: bool) -> Iterator[Text]:
    if new.role == "member" and "coordination" in new.bodies and not coordination_votes:
        yield Text("members.coordination_has_no_vote")
    if new.role == "deputy" and not new.deputy_of:
        yield Text("members.deputy_of_whom")
    if new.role not in ("deputy", "voteless") and new.deputy_of:
        yield Text("members.seat_or_deputy")
    if new.role == "guest" and new.end is None:
        yield Text("members.guest_until_when")


def _of_deputy(new: Member, after: Mapping[str, Member], today: date) -> Iterator[Text]:
    if new.deputy_of == new.key:
        yield Text("members.own_deputy")
        return
    holder = after.get(new.deputy_of)
    if holder is None or not holder.bodies:
        yield Text("members.holder_unknown", key=new.deputy_of)
    elif holder.role != "member":
        yield Text("members.holder_has_no_seat", name=holder.name)


def _of_days(old: Member | None, new: Member, today: date) -> Iterator[Text]:
    first, last = today - timedelta(days=1), date(today.year + FARTHEST, 12, 31)
    if new.end is not None and (old is None or old.end != new.end):
        if new.end < first:
            yield Text("members.end_is_past", day=new.end)
        if new.end > last:
            yield Text("members.day_too_far", day=new.end)
    begins = new.start if old is None or old.start != new.start else None
    if begins is not None and (begins > last or begins.year < 1990):
        yield Text("members.day_too_far", day=begins)
    if new.start and new.end and new.end < new.start and new.end != first:
        yield Text("members.end_before_start")


def _left_alone(
    before: Mapping[str, Member], after: Mapping[str, Member], changed: Collection[str], today: date
) -> list[tuple[str, Text]]:
    """Deputies whose member has no seat any more (an end leaves the seat where it is)."""
    return [
        (key, Text("members.has_deputies", name=after[key].name))
        for key in changed
        if key in before
        and before[key].role == "member"
        and key in after
        and after[key].role != "member"
        and any(
            m.deputy_of == key and m.belongs(today) and k not in changed for k, m in after.items()
        )
    ]


def _no_coordination(
    before: Mapping[str, Member], after: Mapping[str, Member], today: date
) -> Text | None:
    """Coordination may be without anybody on no day on which it had somebody before."""
    days = {today} | {m.end + timedelta(days=1) for m in after.values() if m.end}
    for on in sorted(d for d in days if d >= today):
        if _coordinators(before, on) and not _coordinators(after, on):
            return Text("members.last_coordinator")
    return None


def _coordinators(roster: Mapping[str, Member], on: date) -> int:
    return sum(
        "coordination" in m.bodies
        and m.role in ("member", "voteless", "deputy")
        and (m.start is None or m.start <= on)
        and (m.end is None or m.end >= on)
        for m in roster.values()
    )


def namesakes(member: Member, roster: Mapping[str, Member], today: date) -> list[Member]:
    """Others of the same designation in one of the person's bodies."""
    wanted = member.name.casefold()
    return [
        m
        for m in roster.values()
        if m.key != member.key
        and m.name.casefold() == wanted
        and m.belongs(today)
        and set(m.bodies) & set(member.bodies)
    ]


# --- words ---------------------------------------------------------------------------------


def role(code: str) -> Text:
    """A role's name."""
    return {
        "member": Text("members.role_member"),
        "voteless": Text("members.role_voteless"),
        "deputy": Text("members.role_deputy"),
        "adviser": Text("members.role_adviser"),
        "facilitator": Text("members.role_facilitator"),
        "guest": Text("members.role_guest"),
    }.get(code, plain(code))


def body(kind: str) -> Text:
    """A body's name."""
    return {
        "coordination": Text("members.body_coordination"),
        "core_team": Text("members.body_core_team"),
        "steering_group": Text("members.body_steering_group"),
    }[kind]


def group(code: str) -> Text:
    """An interest group's name."""
    return {
        "administration": Text("members.group_administration"),
        "politics": Text("members.group_politics"),
        "civil_society": Text("members.group_civil_society"),
        "economy": Text("members.group_economy"),
        "science": Text("members.group_science"),
        "education": Text("members.group_education"),
        "church": Text("members.group_church"),
        "advisory_board": Text("members.group_advisory_board"),
        "other": Text("members.group_other"),
    }.get(code, plain(code))


def language(code: str) -> Text:
    """A language's name."""
    return {
        "de": Text("members.language_de"),
        "en": Text("members.language_en"),
        "de-simple": Text("members.language_simple"),
    }.get(code, plain(code))


def listed(parts: Sequence[Text]) -> Argument:
    """Texts with commas between them, a dash for none."""
    return Join(tuple(parts), ", ") if parts else Text("members.nothing")


# --- what a change causes ------------------------------------------------------------------


def differences(old: Member | None, new: Member, roster: Mapping[str, Member]) -> tuple[Text, ...]:
    """What is different, a sentence each."""
    if old is None or not old.bodies:
        return (
            Text(
                "members.is_new",
                name=new.name,
                role=role(new.role),
                bodies=listed([body(b) for b in new.bodies]),
            ),
        )
    return (*_of_who(old, new), *_of_place(old, new, roster))


def _of_who(old: Member, new: Member) -> Iterator[Text]:
    if old.name != new.name:
        yield Text("members.changes_name", old=old.name, new=new.name)
    if old.institution.casefold() != new.institution.casefold():
        was, is_ = _or_none(old.institution), _or_none(new.institution)
        yield Text("members.changes_institution", old=was, new=is_)
    elif old.group != new.group:
        was, is_ = group(old.group), group(new.group)
        yield Text("members.changes_group", name=new.institution, old=was, new=is_)
    if old.language != new.language:
        yield Text(
            "members.changes_language", old=language(old.language), new=language(new.language)
        )


def _of_place(old: Member, new: Member, roster: Mapping[str, Member]) -> Iterator[Text]:
    if old.bodies != new.bodies:
        was, is_ = (listed([body(b) for b in m.bodies]) for m in (old, new))
        yield Text("members.changes_bodies", old=was, new=is_)
    if old.role != new.role:
        yield Text("members.changes_role", old=role(old.role), new=role(new.role))
    if (old.deputy_of, old.rank) != (new.deputy_of, new.rank):
        yield Text("members.changes_deputy", old=_deputy(old, roster), new=_deputy(new, roster))
    if old.start != new.start:
        yield Text("members.changes_start", old=_day(old.start), new=_day(new.start))
    if old.end != new.end:
        yield Text("members.changes_end", old=_day(old.end), new=_day(new.end))


def _or_none(words: str) -> Text:
    return plain(words) if words else Text("members.nothing")


def _day(on: date | None) -> Text:
    return Text("members.day", day=on) if on else Text("members.open")


def _deputy(member: Member, roster: Mapping[str, Member]) -> Text:
    if not member.deputy_of:
        return Text("members.nothing")
    holder = roster.get(member.deputy_of)
    return Text(
        "members.deputy_place",
        name=holder.name if holder else member.deputy_of,
        rank=max(member.rank, 1),
    )


def causes(
    old: Member,
    new: Member,
    roster: Mapping[str, Member],
    today: date,
    running: int,
    channels: Sequence[tuple[str, Mapping[str, str]]],
) -> Iterator[Text]:
    """What follows from a change. ``running``: polls whose frozen roll has the person.

    ``channels``: those that the person reads, as body ("" for none) and title.
    """
    ending = new.end is not None and new.end != old.end
    left = [b for b in old.bodies if b not in new.bodies]
    if ending and new.end is not None:
        after = max(new.end + timedelta(days=1), today)
        if running:
            yield Text("members.loses_votes", name=new.name, day=after, n=running)
        else:
            yield Text("members.belongs_no_more", name=new.name, day=after)
        yield from _leaves([title for _, title in channels])
        if old.role == "member":
            next_up = [m.name for m in deputies(new.key, roster) if m.belongs(after)]
            yield (
                Text("members.seat_passes", name=next_up[0])
                if next_up
                else Text("members.seat_stays_empty")
            )
    elif left:
        yield Text("members.leaves_bodies", bodies=listed([body(b) for b in left]))
        yield from _leaves([title for kind, title in channels if kind in left])
    if old.role != new.role and "member" in (old.role, new.role):
        yield Text("members.vote_from_next_poll")
    if old.bodies != new.bodies and "coordination" in new.bodies:
        yield Text("members.gets_coordination", name=new.name)


def _leaves(channels: Sequence[Mapping[str, str]]) -> Iterator[Text]:
    if channels:
        names = listed([plain(Translated(title)) for title in channels])
        yield Text("members.channels_meant", n=len(channels), channels=names)


def deputies(key: str, roster: Mapping[str, Member]) -> list[Member]:
    """Who stands in for a member, in order."""
    return sorted((m for m in roster.values() if m.deputy_of == key), key=lambda m: m.rank)


def in_order(first: str, holder: str, roster: Mapping[str, Member]) -> dict[str, Member]:
    """The deputies' lines with this one first."""
    order = sorted(deputies(holder, roster), key=lambda m: m.key != first)
    return {m.key: replace(m, rank=rank) for rank, m in enumerate(order, 1)}
