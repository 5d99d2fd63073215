"""Changes of the roster: checked, written, recorded, taken back. All within one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from handlers.channels.actions import comparison
from handlers.chat import Answers, Redraw, Text
from handlers.members import rules
from storage import audit, members, polls, timers
from storage.db import Tx
from storage.lines import Change, Member
from storage.members import Standing
from storage.models import AuditEvent, Municipality

UNDOABLE = ("added", "changed", "ended", "imported")

Lines = Mapping[str, Member]


class Impossible(Exception):
    """The change cannot be made; ``text`` says why."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.message)
        self.text = text


def today_in(town: Municipality, now: datetime) -> date:
    """The day there."""
    return now.astimezone(ZoneInfo(town.timezone)).date()


def standing(tx: Tx, town: Municipality, now: datetime) -> dict[str, Standing]:
    """Everybody, by key."""
    return members.roster(tx, town, today_in(town, now))


def lines(people: Mapping[str, Standing]) -> dict[str, Member]:
    """Only the lines."""
    return {key: one.member for key, one in people.items()}


def problems(
    town: Municipality, before: Lines, after: Lines, changed: Collection[str], today: date
) -> list[tuple[str, Text]]:
    """What is wrong with a change, by the key of the changed line."""
    return rules.problems(before, after, changed, today, coordination_votes(town))


def check(town: Municipality, before: Lines, new: Lines, today: date) -> None:
    """Raises Impossible with the first thing that is wrong."""
    wrong = problems(town, before, {**before, **new}, list(new), today)
    if wrong:
        raise Impossible(wrong[0][1])


def carry_out(
    tx: Tx, town: Municipality, now: datetime, actor: int | None, action: str, new: Lines
) -> AuditEvent:
    """Write the lines and record what was and what is. Raises Impossible."""
    people = standing(tx, town, now)
    before = lines(people)
    check(town, before, new, today_in(town, now))
    changes: list[Change] = [(before.get(key), line) for key, line in new.items()]
    return _write(tx, town, now, actor, action, changes)


def undo(tx: Tx, town: Municipality, now: datetime, actor: int | None, event: AuditEvent) -> None:
    """Put the lines back. Raises Impossible where somebody changed them since."""
    back = undoing(tx, town, now, event)
    _write(tx, town, now, actor, "undone", back)
    audit.undone(event, now)


def undoing(tx: Tx, town: Municipality, now: datetime, event: AuditEvent) -> list[Change]:
    """What taking back would change. Raises Impossible."""
    current = lines(standing(tx, town, now))
    changes = changes_of(event)
    if (
        not changes
        or event.undone_at is not None
        or any(after is None or current.get(after.key) != after for _, after in changes)
    ):
        raise Impossible(Text("members.changed_meanwhile"))
    after = dict(current)
    for before, now_there in changes:
        if before is not None:
            after[before.key] = before
        elif now_there is not None:
            del after[now_there.key]
    today = today_in(town, now)
    for key, problem in problems(town, current, after, [c.key for _, c in changes if c], today):
        if problem.message != "members.end_is_past" and key in after:
            raise Impossible(problem)
    return [(there, before) for before, there in changes]


def changes_of(event: AuditEvent) -> list[Change]:
    """The lines before and after, as the event keeps them; none of people who were erased."""
    return [
        (_line(change["before"]), _line(change["after"]))
        for change in event.details.get("changes", ())
    ]


def about(event: AuditEvent) -> tuple[dict[str, str], dict[str, str]] | None:
    """Poll and seat of a recorded ballot."""
    details = event.details
    return (details["poll"], details["seat"]) if {"poll", "seat"} <= details.keys() else None


def _line(made: Mapping[str, Any] | None) -> Member | None:
    return Member.of_json(made) if made and made["key"] else None


def _write(
    tx: Tx,
    town: Municipality,
    now: datetime,
    actor: int | None,
    action: str,
    changes: list[Change],
) -> AuditEvent:
    members.write(tx, town, changes)
    timers.put(tx, *comparison(town.id), now, town.id)
    people = standing(tx, town, now)
    told = []
    keys = []
    for before, after in changes:
        line = after or before
        if line is None:
            continue
        keys.append(line.key)
        # As it reads now: a place among deputies may have moved up.
        there = people[line.key].member if after is not None else None
        told.append(
            {
                "before": before.as_json() if before else None,
                "after": there.as_json() if there else None,
            }
        )
    subject = people[keys[0]].id if len(keys) == 1 else None
    return audit.record(tx, town.id, now, actor, action, subject, {"changes": told})


def redraws(tx: Tx, town: Municipality, now: datetime, keys: Iterable[str]) -> Answers:
    """The boards and ballots of running polls that these people could vote in."""
    people = standing(tx, town, now)
    made: dict[Redraw, None] = {}
    for key in keys:
        if key in people:
            for poll, line, _ in polls.waiting_for(tx, people[key].id):
                made[Redraw("poll", poll.id)] = None
                made[Redraw("ballot", line.id)] = None
    return list(made)


def coordination_votes(town: Municipality) -> bool:
    """Whether people of the coordination may have a seat that votes."""
    return bool(town.rules.get("coordination_votes", False))
