"""How the roster, a person's card, previews and the audit log look."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from handlers.chat import Button, Card, Join, Text, Translated, plain
from handlers.members import rules
from handlers.members.actions import (
    AddMember,
    AskUndo,
    EditMember,
    Export,
    Files,
    History,
    HistoryFile,
    ListMembers,
    ShowMember,
    Undo,
)
from handlers.people.actions import Invite, ShowAccess
from storage.lines import BODIES, Member

A_PAGE = 8
"""People, or events, on one card."""

MOST_ROWS = 12
"""Rows of a kind that a preview shows."""

_PLATFORMS = {"telegram": "Telegram", "matrix": "Matrix", "web": "Web"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A person with what the list says about them."""

    id: int
    member: Member
    platforms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of the audit log. ``changes``: the lines before and after."""

    id: int
    at: datetime
    actor: Mapping[str, str]
    action: str
    changes: Sequence[tuple[Member | None, Member | None]]
    undone: bool
    subject: Mapping[str, str] = field(default_factory=dict)
    """Whom it is about, where no line was changed."""
    channel: Mapping[str, str] = field(default_factory=dict)
    """Where it happened."""
    about: tuple[Mapping[str, str], Mapping[str, str]] | None = None
    """Of a recorded ballot: the poll and the seat."""


# --- the list ------------------------------------------------------------------------------


def in_order(people: Iterable[Shown]) -> list[Shown]:
    """By body, the innermost first, then by institution and designation."""
    return sorted(people, key=lambda p: (_rank(p), p.member.institution, p.member.name, p.id))


def _rank(shown: Shown) -> int:
    return BODIES.index(shown.member.bodies[0]) if shown.member.bodies else len(BODIES)


def roster(people: Sequence[Shown], names: Mapping[str, Member], page: int, today: date) -> Card:
    """A page of everybody who belongs, with what else there is to do."""
    pages = max(1, -(-len(people) // A_PAGE))
    page = min(max(page, 0), pages - 1)
    on_it = people[page * A_PAGE : (page + 1) * A_PAGE]
    waiting = sum(not p.platforms for p in people)
    body = [Text("members.list", n=len(people), waiting=waiting, page=page + 1, pages=pages)]
    body += _grouped(on_it, names, today)
    turn = []
    if page > 0:
        turn.append(Button(Text("members.previous_page"), ListMembers(page - 1)))
    if page < pages - 1:
        turn.append(Button(Text("members.next_page"), ListMembers(page + 1)))
    rows = [*_buttons(on_it), *([tuple(turn)] if turn else [])]
    rows.append((Button(Text("members.add"), AddMember()),))
    rows.append(
        (Button(Text("members.files"), Files()), Button(Text("members.history"), History(0)))
    )
    return Card(tuple(body), tuple(rows))


def found(people: Sequence[Shown], names: Mapping[str, Member], today: date) -> Card:
    """What a search found."""
    body = [Text("members.found", n=len(people))]
    body += _grouped(people[:A_PAGE], names, today)
    if len(people) > A_PAGE:
        body.append(Text("members.found_more", n=len(people) - A_PAGE))
    return Card(tuple(body), tuple(_buttons(people[:A_PAGE])))


def _buttons(people: Sequence[Shown]) -> list[tuple[Button, ...]]:
    return [(Button(plain(p.member.name), ShowMember(p.id)),) for p in people]


def _grouped(people: Sequence[Shown], names: Mapping[str, Member], today: date) -> list[Text]:
    """A paragraph for each body, a line for each person."""
    made = []
    for rank in sorted({_rank(p) for p in people}):
        lines = [_line(p, names, today) for p in people if _rank(p) == rank]
        title = rules.body(BODIES[rank]) if rank < len(BODIES) else Text("members.left")
        made.append(Text("members.body_group", title=title, lines=Join(tuple(lines))))
    return made


def _line(shown: Shown, names: Mapping[str, Member], today: date) -> Text:
    member = shown.member
    parts = [plain(member.institution)] if member.institution else []
    if member.role not in ("member", "deputy"):
        parts.append(rules.role(member.role))
    if member.deputy_of:
        parts.append(_deputy(member, names))
    if member.start and member.start > today:
        parts.append(Text("members.from_day", day=member.start))
    if member.end:
        parts.append(Text("members.until_day", day=member.end))
    parts.append(_linked(shown))
    return Text("members.line", name=member.name, facts=Join(tuple(parts), " · "))


def _linked(shown: Shown) -> Text:
    if not shown.platforms:
        return Text("members.not_joined")
    return plain(", ".join(_PLATFORMS.get(p, p) for p in shown.platforms))


def _deputy(member: Member, names: Mapping[str, Member]) -> Text:
    holder = names.get(member.deputy_of)
    return Text(
        "members.stands_in",
        name=holder.name if holder else member.deputy_of,
        rank=max(member.rank, 1),
    )


# --- one person ----------------------------------------------------------------------------


def person(shown: Shown, names: Mapping[str, Member], today: date) -> Card:
    """Everything about a person that coordination may change."""
    member = shown.member
    body = [Text("members.card", name=member.name, key=member.key)]
    facts = [
        Text("members.card_bodies", bodies=rules.listed([rules.body(b) for b in member.bodies]))
    ]
    if member.institution:
        group = rules.group(member.group)
        facts.append(Text("members.card_institution", name=member.institution, group=group))
    facts.append(Text("members.card_role", role=rules.role(member.role)))
    if member.deputy_of:
        facts.append(_deputy(member, names))
    deputies = rules.deputies(member.key, names)
    if deputies:
        listed = rules.listed([plain(m.name) for m in deputies])
        facts.append(Text("members.card_deputies", names=listed))
    facts.append(Text("members.card_language", language=rules.language(member.language)))
    if member.start:
        facts.append(Text("members.from_day", day=member.start))
    if member.end:
        facts.append(Text("members.until_day", day=member.end))
    facts.append(Text("members.card_accounts", linked=_linked(shown)))
    body.append(Text("members.facts", lines=Join(tuple(facts))))
    return Card(tuple(body), _ways(shown, len(deputies), today))


def _ways(shown: Shown, deputies: int, today: date) -> tuple[tuple[Button, ...], ...]:
    id, member = shown.id, shown.member
    rows = [
        (
            Button(Text("members.edit_name"), EditMember(id, "name")),
            Button(Text("members.edit_institution"), EditMember(id, "institution")),
        ),
        (
            Button(Text("members.edit_bodies"), EditMember(id, "bodies")),
            Button(Text("members.edit_role"), EditMember(id, "role")),
        ),
        (Button(Text("members.edit_language"), EditMember(id, "language")),),
    ]
    if member.role in ("deputy", "voteless"):
        rows.append((Button(Text("members.edit_deputy"), EditMember(id, "deputy")),))
    if deputies > 1:
        rows.append((Button(Text("members.edit_order"), EditMember(id, "order")),))
    if member.belongs(today):
        rows.append((Button(Text("members.edit_end"), EditMember(id, "end")),))
        if not shown.platforms:
            rows.append((Button(Text("members.invite"), Invite(id)),))
    else:
        rows.append((Button(Text("members.edit_return"), EditMember(id, "end")),))
    rows.append((Button(Text("members.accounts"), ShowAccess(id)),))
    rows.append((Button(Text("members.to_list"), ListMembers(0)),))
    return tuple(rows)


# --- what was done -------------------------------------------------------------------------


def said(text: Text) -> Card:
    """A sentence, and the way to the list."""
    return Card((text,), ((Button(Text("members.to_list"), ListMembers(0)),),))


def done(shown: Shown, event: int, *, new: bool) -> Card:
    """A change was made; it can be taken back."""
    member = shown.member
    text = Text("members.added" if new else "members.changed", name=member.name)
    rows: list[tuple[Button, ...]] = []
    if new and not shown.platforms:
        rows.append((Button(Text("members.invite"), Invite(shown.id), strong=True),))
    rows.append((Button(Text("members.to_card"), ShowMember(shown.id)),))
    rows.append((Button(Text("members.undo"), AskUndo(event)),))
    rows.append((Button(Text("members.to_list"), ListMembers(0)),))
    return Card((text,), tuple(rows))


def undoing(changes: Sequence[tuple[Member | None, Member | None]], event: int) -> Card:
    """What taking back would do."""
    body = [Text("members.undo_sure"), *_told(changes)]
    return Card(tuple(body), ((Button(Text("members.undo_confirm"), Undo(event), strong=True),),))


def _told(changes: Sequence[tuple[Member | None, Member | None]]) -> list[Text]:
    made = []
    for before, after in changes[:MOST_ROWS]:
        line = after or before
        if line is None:
            continue
        what = (
            rules.differences(before, after, {})
            if after is not None
            else (Text("members.taken_out"),)
        )
        made.append(Text("members.told", name=line.name, what=Join(what, " ")))
    if len(changes) > MOST_ROWS:
        made.append(Text("members.more_rows", n=len(changes) - MOST_ROWS))
    return made


# --- files ---------------------------------------------------------------------------------


def files(most_rows: int, most_mb: int) -> Card:
    """How the roster comes in and out as a spreadsheet."""
    return Card(
        (Text("members.files_how", rows=most_rows, mb=most_mb),),
        (
            (
                Button(Text("members.as_xlsx"), Export("xlsx", False)),
                Button(Text("members.as_ods"), Export("ods", False)),
                Button(Text("members.as_csv"), Export("csv", False)),
            ),
            (Button(Text("members.template"), Export("xlsx", True)),),
            (Button(Text("members.to_list"), ListMembers(0)),),
        ),
    )


def rejected(rows: Sequence[tuple[int, Text]]) -> Card:
    """The file cannot be taken as it is."""
    body = [Text("members.import_rejected", n=len(rows)), _rows(rows)]
    return Card(tuple(body), ((Button(Text("members.files"), Files()),),))


def _rows(rows: Sequence[tuple[int, Text]]) -> Text:
    lines = [Text("members.row", number=number, text=text) for number, text in rows[:MOST_ROWS]]
    if len(rows) > MOST_ROWS:
        lines.append(Text("members.more_rows", n=len(rows) - MOST_ROWS))
    return Text("members.rows", lines=Join(tuple(lines)))


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would do: rows with their numbers and sentences."""

    added: Sequence[tuple[int, Text]]
    changed: Sequence[tuple[int, Text]]
    ended: Sequence[tuple[int, Text]]
    warnings: Sequence[tuple[int, Text]]
    same: int
    missing: Sequence[str]
    ends_missing: bool


def preview(shown: Preview) -> tuple[Text, ...]:
    """The paragraphs of an import's preview."""
    body = [Text("members.import_preview")]
    if shown.added:
        body += [Text("members.import_added", n=len(shown.added)), _rows(shown.added)]
    if shown.changed:
        body += [Text("members.import_changed", n=len(shown.changed)), _rows(shown.changed)]
    if shown.ended:
        body += [Text("members.import_ended", n=len(shown.ended)), _rows(shown.ended)]
    if shown.warnings:
        body += [Text("members.import_warnings", n=len(shown.warnings)), _rows(shown.warnings)]
    if shown.missing:
        body.append(missing(shown.missing))
        body.append(
            Text("members.missing_are_ended" if shown.ends_missing else "members.missing_are_kept")
        )
    if shown.same:
        body.append(Text("members.import_same", n=shown.same))
    body.append(Text("members.import_at_once"))
    return tuple(body)


def missing(names: Sequence[str]) -> Text:
    """Whom the file does not name."""
    listed = rules.listed([plain(name) for name in names[:MOST_ROWS]])
    return Text("members.import_missing", n=len(names), names=listed)


def imported(number: int, event: int) -> Card:
    """An import was carried out; it can be taken back."""
    return Card(
        (Text("members.imported", n=number),),
        (
            (Button(Text("members.to_list"), ListMembers(0)),),
            (Button(Text("members.undo"), AskUndo(event)),),
        ),
    )


# --- the audit log -------------------------------------------------------------------------


def history(events: Sequence[Happened], total: int, page: int, last: int | None) -> Card:
    """A page of what was changed, the newest first. ``last``: the event that can be undone."""
    body = [Text("members.history_head", n=total)]
    body += [_event(e) for e in events]
    pages = max(1, -(-total // A_PAGE))
    turn = []
    if page > 0:
        turn.append(Button(Text("members.newer"), History(page - 1)))
    if page < pages - 1:
        turn.append(Button(Text("members.older"), History(page + 1)))
    rows: list[tuple[Button, ...]] = [tuple(turn)] if turn else []
    if last is not None:
        rows.append((Button(Text("members.undo_last"), AskUndo(last)),))
    if total:
        rows.append((Button(Text("members.as_csv"), HistoryFile()),))
    rows.append((Button(Text("members.to_list"), ListMembers(0)),))
    return Card(tuple(body), tuple(rows))


def _event(event: Happened) -> Text:
    lines = _told(event.changes[:3])
    if not event.changes and event.about is None:
        lines = _about(event)
    if len(event.changes) > 3:
        lines.append(Text("members.more_rows", n=len(event.changes) - 3))
    if event.about is not None:
        poll, seat = event.about
        lines.append(Text("recording.audit", poll=Translated(poll), seat=Translated(seat)))
    return Text(
        "members.event",
        at=event.at,
        actor=actor(event),
        what=what(event.action),
        undone=Text("members.event_undone" if event.undone else "members.event_stands"),
        lines=Join(tuple(lines)),
    )


def _about(event: Happened) -> list[Text]:
    """Whom something was done to, where that changed no line."""
    who = plain(Translated(event.subject)) if event.subject else Text("members.somebody")
    if event.channel:
        return [Text("members.in_channel", who=who, channel=Translated(event.channel))]
    return [who]


def actor(event: Happened) -> Text:
    """Who did it."""
    return plain(Translated(event.actor)) if event.actor else Text("members.by_machine")


def what(action: str) -> Text:
    """What was done."""
    return {
        "added": Text("members.did_add"),
        "changed": Text("members.did_change"),
        "ended": Text("members.did_end"),
        "imported": Text("members.did_import"),
        "undone": Text("members.did_undo"),
        "invited": Text("members.did_invite"),
        "revoked": Text("members.did_revoke"),
        "unlinked": Text("members.did_unlink"),
        "brought_in": Text("members.did_bring_in"),
        "put_out": Text("members.did_put_out"),
        "let_in": Text("members.did_let_in"),
        "turned_away": Text("members.did_turn_away"),
        "result_voided": Text("polls.did_void"),
        "result_corrected": Text("polls.did_correct"),
        "ballot_recorded": Text("recording.did_record"),
        "ballot_confirmed": Text("recording.did_confirm"),
        "ballot_taken_back": Text("recording.did_take_back"),
    }.get(action, plain(action))


def history_rows(events: Sequence[Happened]) -> list[tuple[Text, ...]]:
    """The audit log for a file: headings, then a row for each line that was changed."""
    head = (
        Text("members.column_at"),
        Text("members.column_actor"),
        Text("members.column_action"),
        Text("members.column_person"),
        Text("members.column_change"),
        Text("members.column_undone"),
    )
    return [head, *(row for event in events for row in _file_rows(event))]


def _file_rows(event: Happened) -> Iterator[tuple[Text, ...]]:
    if not event.changes:
        yield (
            Text("members.at", at=event.at),
            actor(event),
            what(event.action),
            plain(Translated(event.subject)) if event.subject else Text("members.somebody"),
            plain(Translated(event.channel)) if event.channel else plain(""),
            Text("members.no"),
        )
    for before, after in event.changes:
        line = after or before
        if line is None:
            continue
        changed = rules.differences(before, after, {}) if after else (Text("members.taken_out"),)
        yield (
            Text("members.at", at=event.at),
            actor(event),
            what(event.action),
            plain(line.name),
            Text("members.facts", lines=Join(changed, " ")),
            Text("members.yes" if event.undone else "members.no"),
        )
