"""What a spreadsheet would change in the roster, row by row. Nothing is written here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from handlers.chat import Text
from handlers.members import changing, documents, rules
from handlers.members.changing import Lines
from storage.lines import Member
from storage.models import Municipality


@dataclass
class Plan:
    """The rows of a file with their numbers, sorted by what they would do."""

    before: Lines
    added: list[tuple[int, Member]] = field(default_factory=list)
    changed: list[tuple[int, Member]] = field(default_factory=list)
    ended: list[tuple[int, Member]] = field(default_factory=list)
    rejected: list[tuple[int, Text]] = field(default_factory=list)
    same: int = 0
    missing: list[Member] = field(default_factory=list)
    """Members whom the file does not name."""

    @property
    def new(self) -> dict[str, Member]:
        """The lines to be written, by key."""
        return {m.key: m for _, m in (*self.added, *self.changed, *self.ended)}

    def with_missing_ended(self, today: date) -> dict[str, Member]:
        """The same, and the membership of those who are missing is over."""
        yesterday = today - timedelta(days=1)
        return {**self.new, **{m.key: replace(m, end=yesterday) for m in self.missing}}


def plan(town: Municipality, before: Lines, rows: Sequence[Sequence[str]], today: date) -> Plan:
    """Judge the rows against the roster. Raises rules.Broken where there is no table in them."""
    read = documents.lines(rows, before)
    made = Plan(before)
    made.rejected = [(line.number, line.problem) for line in read if line.problem]
    good = {line.member.key: (line.number, line.member) for line in read if line.member}
    different = {k: m for k, (_, m) in good.items() if m != before.get(k)}
    made.same = len(good) - len(different)
    after = {**before, **different}
    wrong = dict(reversed(changing.problems(town, before, after, list(different), today)))
    for key, member in different.items():
        number, old = good[key][0], before.get(key)
        if key in wrong:
            made.rejected.append((number, wrong[key]))
        elif old is None or not old.bodies:
            made.added.append((number, member))
        elif member.end is not None and member.end != old.end:
            made.ended.append((number, member))
        else:
            made.changed.append((number, member))
    made.rejected.sort(key=lambda one: one[0])
    made.missing = [m for m in before.values() if m.key not in good and m.belongs(today)]
    return made


def warnings(made: Plan, today: date) -> list[tuple[int, Text]]:
    """What looks like a slip: the same designation twice in a body."""
    after = {**made.before, **made.new}
    return [
        (number, Text("members.namesake", name=m.name))
        for number, m in (*made.added, *made.changed)
        if rules.namesakes(m, after, today)
    ]
