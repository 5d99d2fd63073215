"""Counting a poll out: the result with its calculation, as it is frozen (JSON)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from handlers.polls import rules
from handlers.polls.exports.frozen import digest
from handlers.polls.methods import Method
from handlers.polls.reading import base_of, method_of
from handlers.polls.rules import Base, Cast
from storage import ballots, conflicts, polls
from storage.ballots import Counted
from storage.db import Tx
from storage.models import Poll


def count(
    tx: Tx, poll: Poll, now: datetime, early: str, notes: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The result of a poll that closes now; the ballots of a withheld one are thrown away, and
    so are those of a procedure that was stopped (``notes``: it has no count).

    Seats are named by their ids, so that an erased person's name is in no result.
    """
    method, options = method_of(poll), polls.option_ids(tx, poll.id)
    turnout, base = polls.turnout(tx, poll.id), base_of(tx, poll)
    secret = poll.secrecy == "secret"
    withheld = secret and 0 < turnout.voted < rules.SECRET_TURNOUT_FROM
    stopped = bool(notes and notes.get("stopped"))
    box = [] if withheld or stopped else ballots.counted(tx, poll)
    casts = [Cast(ballot.value, ballot.barred) for ballot in box]
    groups = {} if secret else _by_group(tx, poll, box)
    result: dict[str, Any] = {
        "method": poll.method,
        "settings": poll.settings,
        "rules": poll.rules,
        "options": [
            {"id": o.id, "label": o.label, "code": o.code, "cost": o.cost}
            for o in polls.options(tx, poll.id)
        ],
        "secret": secret,
        "roll_call": poll.secrecy == "roll_call",
        "formal": poll.formal,
        "withheld": withheld,
        "seats": turnout.seats,
        "cast": turnout.voted,
        "late": len(poll.late),
        "needed": method.needed(poll.settings, base),
        "counts": method.rules.tally(poll.settings, options, casts, base),
        "excluded": conflicts.excluded(tx, poll.id),
        "excluded_options": [list(one) for one in conflicts.of_poll(tx, poll.id)],
        "recorded": ballots.recorded(tx, poll.id),
        "groups": _group_counts(method, poll, options, groups, base),
        "dominant": _dominant(groups, turnout.voted),
        "roll": _roll(tx, poll, box),
        "notes": dict(notes or {}),
        "closes_at": poll.closes_at.isoformat(),
        "closed_at": now.isoformat(),
        "early": early,
        "receipts": sorted(rules.check_value(code) for code in ballots.receipts(tx, poll.id)),
    }
    if stopped:
        result["counts"]["verdict"] = "stopped"
        ballots.discard(tx, poll.id)
    if withheld:
        # So few ballots would say who voted how: they are not even kept.
        ballots.discard(tx, poll.id)
        result["receipts"] = []
    result["digest"] = digest(poll.id, poll.title, result)
    return result


def _by_group(tx: Tx, poll: Poll, box: Sequence[Counted]) -> dict[str, list[Counted]]:
    """The ballots by interest group; a person's own seat belongs to none."""
    group_of = {line.seat_id: group for line, _, group in polls.seats_of(tx, poll.id)}
    groups: dict[str, list[Counted]] = defaultdict(list)
    for ballot in box:
        group = group_of.get(ballot.seat_id) if ballot.seat_id is not None else None
        if group is not None:
            groups[group].append(ballot)
    return dict(groups)


def _group_counts(
    method: Method,
    poll: Poll,
    options: Sequence[int],
    groups: Mapping[str, Sequence[Counted]],
    base: Base,
) -> list[dict[str, Any]]:
    """The same count for each group that is large enough for nobody to be recognised in it."""
    counted = []
    for group, box in sorted(groups.items()):
        if len(box) < base.rules.small_group_minimum:
            continue
        casts = [Cast(ballot.value, ballot.barred) for ballot in box]
        of_group = Base(len(box), base.rules)
        tally = method.rules.tally(poll.settings, options, casts, of_group)
        # Promised to stand without names: a group's few texts would tell whose they are.
        for written in getattr(method.rules, "written", ()):
            del tally[written]
        counted.append({"group": group, "cast": len(box), "counts": tally})
    return counted


def _dominant(groups: Mapping[str, Sequence[Counted]], cast: int) -> list[Any] | None:
    for group, box in sorted(groups.items()):
        if rules.is_dominant(len(box), cast):
            return [group, len(box)]
    return None


def _roll(tx: Tx, poll: Poll, box: Sequence[Counted]) -> list[list[Any]]:
    """Who voted how, where that belongs into the minutes: in the order of seats."""
    if poll.secrecy != "roll_call":
        return []
    said = {ballot.seat_id: ballot.value for ballot in box}
    seats = [line.seat_id for line, _, _ in polls.seats_of(tx, poll.id)]
    return [[seat, said[seat]] for seat in seats if seat in said]
