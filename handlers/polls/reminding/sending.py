"""Reminding those entitled who have not voted: by themselves, and when coordination wants it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from handlers.chat import Answers, Direct, Refusal, Replace, Say
from handlers.polls import closing
from handlers.polls.reading import base_of, method_of, poll_facts
from handlers.polls.reminding import rules, views
from handlers.polls.reminding.actions import Remind, RemindNow
from handlers.polls.reminding.rules import BEFORE, Reminder, bundle, forecast, remind_at
from handlers.polls.reminding.timing import BY_HAND, hours, key
from handlers.polls.reminding.views import Missing, Outlook
from handlers.router import Context, pack
from storage import people, polls, timers
from storage.models import Municipality, Poll, Seat

LATE = timedelta(minutes=30)
"""From which delay on a reminder says that it is late."""

BETWEEN = timedelta(hours=6)
"""How long coordination waits between two reminders of a poll."""

MOST_RUNNING = 500


@dataclass(frozen=True, slots=True)
class Silent:
    """A seat without a ballot, and who is reminded of it: the holder, or the first deputy that
    can be reached where the holder cannot (None: nobody can)."""

    seat: Seat
    person: int | None
    as_deputy: bool


@dataclass(frozen=True, slots=True)
class DueNow:
    """A poll of which people are reminded now, and by which of its reminders."""

    poll: Poll
    names: tuple[int, ...]
    at: datetime


def remind(ctx: Context, due: Remind) -> Answers:
    """The time has come; all polls of the municipality that are due within the hour go along."""
    poll = polls.locked(ctx.tx, due.poll)
    if poll is None or poll.state != "open" or str(due.hours) in poll.reminded:
        return []
    ctx.municipality = ctx.tx.get_one(Municipality, poll.municipality_id)
    at = remind_at(poll.opens_at, poll.closes_at, ctx.zone, timedelta(hours=due.hours))
    now = max(ctx.now, closing.due_at(ctx))
    if at is None or now >= poll.closes_at:
        return []
    waits = max(at, rules.next_allowed(now, ctx.zone))
    if waits > now:
        # The deadline was put off, or the bot was away until it had become quiet.
        if waits < poll.closes_at:
            timers.put(ctx.tx, key(poll.id, due.hours), pack(due), waits, poll.municipality_id)
        return []
    together = _due_together(ctx, now)
    late = any(now - one.at > LATE for one in together)
    said = _to_people(ctx, together, late, f"remind:{poll.id}:{due.hours}:{at.isoformat()}")
    day_before = [one.poll for one in together if max(one.names) == hours(max(BEFORE))]
    if day_before:
        said += _to_coordination(ctx, day_before, f"outlook:{poll.id}:{at.isoformat()}")
    for one in together:
        for name in one.names:
            timers.drop(ctx.tx, key(one.poll.id, name))
        done = {str(name): ctx.now.isoformat() for name in one.names}
        one.poll.reminded = {**one.poll.reminded, **done}
    return said


def _due_together(ctx: Context, now: datetime) -> list[DueNow]:
    found = []
    for poll in polls.of_town(ctx.tx, ctx.town.id, "open", MOST_RUNNING):
        if now >= poll.closes_at:
            continue
        due = {
            hours(before): at
            for before in BEFORE
            if (at := remind_at(poll.opens_at, poll.closes_at, ctx.zone, before)) is not None
            and at <= now + rules.TOGETHER
            and str(hours(before)) not in poll.reminded
        }
        if due:
            found.append(DueNow(poll, tuple(due), max(due.values())))
    return found


def silent(ctx: Context, poll: Poll, *, voted_too: bool = False) -> list[Silent]:
    """The seats of a poll without a ballot; the excluded ones are not asked for one."""
    today = ctx.now.astimezone(ctx.zone).date()
    fillers: dict[int, list[tuple[int, int]]] = {}
    for line in polls.entries(ctx.tx, poll.id):
        fillers.setdefault(line.seat_id, []).append((line.position, line.person_id))
    found = []
    for on_roll, seat, _ in polls.seats_of(ctx.tx, poll.id):
        if on_roll.excluded is not None or (on_roll.voted_as is not None and not voted_too):
            continue
        position, person = next(
            (
                (position, person)
                for position, person in fillers.get(seat.id, [])
                if polls.is_member(ctx.tx, poll.body_id, person, today)
                and people.reachable(ctx.tx, person) is not None
            ),
            (0, None),
        )
        found.append(Silent(seat, person, position > 0))
    return found


def _to_people(ctx: Context, together: Sequence[DueNow], late: bool, named: str) -> Answers:
    wanted: list[Reminder] = []
    missing: dict[tuple[int, int], Missing] = {}
    for one in together:
        facts = poll_facts(ctx.tx, one.poll)
        for seat in silent(ctx, one.poll):
            if seat.person is None:
                continue
            wanted.append(Reminder(max(one.at, ctx.now), seat.person, one.poll.id))
            known = missing.get((seat.person, one.poll.id), Missing(facts))
            seats = (*known.seats, seat.seat.name) if seat.as_deputy else known.seats
            missing[seat.person, one.poll.id] = Missing(facts, seats)
    said: Answers = []
    for message in bundle(wanted):
        about = [missing[message.person, poll] for poll in message.polls]
        about.sort(key=lambda m: (m.poll.closes_at, m.poll.id))
        card = views.reminder(ctx.town.name, about, late)
        said.append(Say(card, Direct(message.person), key=f"{named}:{message.person}"))
    return said


def _to_coordination(ctx: Context, running: Sequence[Poll], named: str) -> Answers:
    card = views.outlook(ctx.town.name, [_outlook(ctx, poll) for poll in running])
    today = ctx.now.astimezone(ctx.zone).date()
    told = people.coordination(ctx.tx, ctx.town.id, today)
    return [Say(card, Direct(p.id), key=f"{named}:{p.id}") for p in told]


def _outlook(ctx: Context, poll: Poll) -> Outlook:
    facts, base = poll_facts(ctx.tx, poll), base_of(ctx.tx, poll)
    needed = method_of(poll).needed(poll.settings, base)
    told = forecast(facts.seats, facts.voted, needed, poll.closes_at, ctx.now)
    return Outlook(facts, told, needed, _unreached(ctx, poll))


def _unreached(ctx: Context, poll: Poll) -> tuple[dict[str, str], ...]:
    # Who of a secret poll has not voted is nobody's to know: there all seats are looked at.
    seats = silent(ctx, poll, voted_too=poll.secrecy == "secret")
    return tuple(one.seat.name for one in seats if one.person is None)


# --- by hand ----------------------------------------------------------------------------------


def remind_now(ctx: Context, pressed: RemindNow) -> Answers:
    """Coordination has those reminded who have not voted; not again within six hours."""
    poll = closing.locked(ctx, pressed.poll)
    now = ctx.now
    if now >= poll.closes_at:
        raise Refusal("polls.closed_already")
    times = [datetime.fromisoformat(at) for at in poll.reminded.values() if at]
    if times and now < max(times) + BETWEEN:
        raise Refusal(views.too_soon(max(times), max(times) + BETWEEN))
    allowed = rules.next_allowed(now, ctx.zone)
    if allowed > now:
        raise Refusal("reminding.quiet_now", at=allowed)
    seats = [one for one in silent(ctx, poll) if one.person is not None]
    named = f"remind:{poll.id}:{BY_HAND}:{now.isoformat()}"
    said = _to_people(ctx, [DueNow(poll, (), now)], False, named)
    if said:
        poll.reminded = {**poll.reminded, BY_HAND: now.isoformat()}
    facts = poll_facts(ctx.tx, poll)
    card = views.reminded(facts, len(seats), len(said), _unreached(ctx, poll))
    return [Replace(card), *said]
