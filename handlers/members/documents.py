"""The roster as a spreadsheet, and a spreadsheet as lines of the roster. Pure.

The words of the columns are a file format: they are the same in every language of the chat.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from handlers.chat import Text
from handlers.members import rules
from handlers.members.rules import Broken
from storage.lines import Member, free_key, slug

HEADINGS = (
    "Kennung",
    "Funktion",
    "Einrichtung",
    "Interessengruppe",
    "Gremien",
    "Rolle",
    "Stellvertretung für",
    "Sprache",
    "von",
    "bis",
)
_ENGLISH = (
    "key",
    "designation",
    "institution",
    "interest group",
    "bodies",
    "role",
    "deputy for",
    "language",
    "from",
    "until",
)
EXAMPLE = (
    "verein-1",
    "Vertretung Musterverein",
    "Musterverein",
    "Zivilgesellschaft",
    "Steuerungsgruppe",
    "Mitglied",
    "",
    "Deutsch",
    "01.01.2027",
    "",
)

_BODIES = {
    "coordination": ("Koordination", "coordination"),
    "core_team": ("Kernteam", "core team", "core_team"),
    "steering_group": ("Steuerungsgruppe", "steering group", "steering_group"),
}
_ROLES = {
    "member": ("Mitglied", "member"),
    "voteless": ("Mitglied ohne Stimmrecht", "member without vote", "voteless"),
    "deputy": ("Stellvertretung", "deputy"),
    "adviser": ("Beratung", "adviser", "advisor"),
    "facilitator": ("Moderation", "facilitator"),
    "guest": ("Gast", "guest"),
}
_GROUPS = {
    "administration": ("Verwaltung", "administration"),
    "politics": ("Politik", "politics"),
    "civil_society": ("Zivilgesellschaft", "civil society", "civil_society"),
    "economy": ("Wirtschaft", "economy"),
    "science": ("Wissenschaft", "science"),
    "education": ("Bildung", "education"),
    "church": ("Kirche", "church"),
    "advisory_board": ("Beirat", "advisory board", "advisory_board"),
    "other": ("Sonstige", "other"),
}
_LANGUAGES = {
    "de": ("Deutsch", "german", "de"),
    "en": ("Englisch", "english", "en"),
    "de-simple": ("Einfache Sprache", "plain german", "de-simple", "einfach"),
}
_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_PLACE = re.compile(r"(.*?)\s*\((\d{1,2})\)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the file: what it says, or why it is rejected."""

    number: int
    member: Member | None = None
    problem: Text | None = None


# --- writing -------------------------------------------------------------------------------


def table(members: Iterable[Member]) -> list[list[str]]:
    """The roster as rows, headings first."""
    return [list(HEADINGS), *(_row(m) for m in members)]


def template() -> list[list[str]]:
    """Headings and an example."""
    return [list(HEADINGS), list(EXAMPLE)]


def _row(member: Member) -> list[str]:
    deputy = member.deputy_of
    if deputy and member.rank > 1:
        deputy += f" ({member.rank})"
    return [
        member.key,
        member.name,
        member.institution,
        _said(_GROUPS, member.group),
        ", ".join(_said(_BODIES, b) for b in member.bodies),
        _said(_ROLES, member.role),
        deputy,
        _said(_LANGUAGES, member.language),
        f"{member.start:%d.%m.%Y}" if member.start else "",
        f"{member.end:%d.%m.%Y}" if member.end else "",
    ]


def _said(known: Mapping[str, tuple[str, ...]], code: str) -> str:
    return known[code][0] if code in known else code


# --- reading -------------------------------------------------------------------------------


def lines(rows: Sequence[Sequence[str]], standing: Mapping[str, Member]) -> list[Line]:
    """What each row says. Raises Broken where the headings are not to be found."""
    top = next((n for n, row in enumerate(rows[:10]) if "funktion" in _heads(row)), None)
    if top is None:
        top = next((n for n, row in enumerate(rows[:10]) if "designation" in _heads(row)), None)
    if top is None:
        raise Broken("members.headings_missing")
    columns = _columns(rows[top])
    reading = _Reading(columns, standing)
    read = [
        reading.line(number, row)
        for number, row in enumerate(rows[top + 1 :], top + 2)
        if any(cell.strip() for cell in row)
    ]
    if not read:
        raise Broken("members.rows_missing")
    return _with_deputies(_once(read), standing)


def _heads(row: Sequence[str]) -> list[str]:
    return [cell.strip().casefold() for cell in row]


def _columns(row: Sequence[str]) -> dict[str, int]:
    wanted = {
        name.casefold(): german
        for german, english in zip(HEADINGS, _ENGLISH, strict=True)
        for name in (german, english)
    }
    found: dict[str, int] = {}
    for at, head in enumerate(_heads(row)):
        if head in wanted:
            if wanted[head] in found:
                raise Broken("members.heading_twice", heading=wanted[head])
            found[wanted[head]] = at
        elif head:
            raise Broken("members.heading_unknown", heading=row[at].strip()[:40])
    return found


class _Reading:
    def __init__(self, columns: Mapping[str, int], standing: Mapping[str, Member]) -> None:
        self.columns, self.standing = columns, standing
        self.taken = set(standing)

    def line(self, number: int, row: Sequence[str]) -> Line:
        try:
            return Line(number, self._member(row))
        except Broken as broken:
            return Line(number, None, broken.text)

    def _member(self, row: Sequence[str]) -> Member:
        name = rules.name(self._cell(row, "Funktion"))
        key = self._key(self._cell(row, "Kennung"), name)
        old = self.standing.get(key, Member(key, name))
        role = self._one_of(row, "Rolle", _ROLES, old.role)
        institution = self._cell(row, "Einrichtung")
        group = self._one_of(row, "Interessengruppe", _GROUPS, "")
        if institution:
            institution = rules.name(institution)
        if institution and not group:
            group = next(
                (
                    m.group
                    for m in self.standing.values()
                    if m.institution.casefold() == institution.casefold()
                ),
                "other",
            )
        return Member(
            key,
            name,
            institution,
            group if institution else "",
            self._bodies(row, old.bodies),
            role,
            self._cell(row, "Stellvertretung für"),
            0,
            self._one_of(row, "Sprache", _LANGUAGES, old.language),
            self._day(row, "von"),
            self._day(row, "bis"),
        )

    def _key(self, typed: str, name: str) -> str:
        key = typed.casefold()
        if key:
            if not _KEY.fullmatch(key):
                raise Broken("members.key_unreadable", key=typed[:40])
        else:
            alike = [m.key for m in self.standing.values() if m.name.casefold() == name.casefold()]
            key = alike[0] if len(alike) == 1 else free_key(slug(name), self.taken)
        self.taken.add(key)
        return key

    def _bodies(self, row: Sequence[str], old: tuple[str, ...]) -> tuple[str, ...]:
        typed = [b for b in re.split(r"[,;/+\n]", self._cell(row, "Gremien")) if b.strip()]
        bodies = {self._code("Gremien", b, _BODIES) for b in typed}
        # Where a town has no core team, its coordination is not in one.
        return old if bodies == set(old) else rules.with_outer(bodies)

    def _one_of(
        self, row: Sequence[str], column: str, known: Mapping[str, tuple[str, ...]], usual: str
    ) -> str:
        typed = self._cell(row, column)
        return self._code(column, typed, known) if typed else usual

    def _code(self, column: str, typed: str, known: Mapping[str, tuple[str, ...]]) -> str:
        wanted = " ".join(typed.casefold().split())
        for code, names in known.items():
            if wanted in (n.casefold() for n in names):
                return code
        offered = ", ".join(names[0] for names in known.values())
        raise Broken("members.word_unknown", column=column, typed=typed[:40], offered=offered)

    def _day(self, row: Sequence[str], column: str) -> date | None:
        typed = self._cell(row, column)
        return rules.day(typed) if typed else None

    def _cell(self, row: Sequence[str], column: str) -> str:
        at = self.columns.get(column)
        return row[at].strip() if at is not None and at < len(row) else ""


def _once(read: list[Line]) -> list[Line]:
    """Rows with a key that stood further up are rejected, and those at odds on an institution."""
    seen: dict[str, int] = {}
    groups: dict[str, str] = {}
    made = []
    for line in read:
        member = line.member
        if member is None:
            made.append(line)
            continue
        if member.key in seen:
            problem = Text("members.key_twice", key=member.key, line=seen[member.key])
            made.append(Line(line.number, None, problem))
            continue
        seen[member.key] = line.number
        if member.institution:
            told = groups.setdefault(member.institution.casefold(), member.group)
            if told != member.group:
                problem = Text("members.group_differs", name=member.institution)
                made.append(Line(line.number, None, problem))
                continue
        made.append(line)
    return made


def _with_deputies(read: list[Line], standing: Mapping[str, Member]) -> list[Line]:
    """Deputies know the key of whom they stand in for, and their place in the order."""
    people = {**standing, **{line.member.key: line.member for line in read if line.member}}
    by_name: dict[str, list[str]] = {}
    for m in people.values():
        by_name.setdefault(m.name.casefold(), []).append(m.key)
    places: dict[str, set[int]] = {}
    made = []
    for line in read:
        member = line.member
        if member is None or not member.deputy_of:
            made.append(line)
            continue
        numbered = _PLACE.fullmatch(member.deputy_of)
        whom = (numbered[1] if numbered else member.deputy_of).strip()
        alike = by_name.get(whom.casefold(), [])
        key = whom.casefold() if whom.casefold() in people else alike[0] if len(alike) == 1 else ""
        if not key:
            made.append(Line(line.number, None, Text("members.holder_unknown", key=whom[:60])))
            continue
        taken = places.setdefault(key, set())
        rank = int(numbered[2]) if numbered else 1
        while rank in taken:
            rank += 1
        taken.add(rank)
        made.append(replace(line, member=replace(member, deputy_of=key, rank=rank)))
    return made
