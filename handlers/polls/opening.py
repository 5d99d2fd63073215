"""Opening a poll: the rules are checked, the roll is frozen, boards and ballots go out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from handlers.chat import Answers, Board, Direct, InChannel, Post, Redraw, Refusal, Replace, Say
from handlers.polls import managing_views, rules
from handlers.polls.actions import Deadline, Opening, OpenNow
from handlers.polls.closing import of_poll, opening_key, timer_key
from handlers.polls.methods.registry import METHODS
from handlers.polls.reading import overviews, poll_facts
from handlers.polls.refusing import refusal
from handlers.polls.reminding import timing as reminding
from handlers.polls.rules import Broken, Rules
from handlers.polls.templates import gathering
from handlers.router import Context, pack
from storage import people, poll_templates, polls, timers
from storage.models import Municipality, Person, Poll, PollSeries

Words = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Plan:
    """A poll as it was prepared. ``options``: words, and the measure's id if any."""

    method: str
    settings: Mapping[str, Any]
    title: Words
    options: tuple[tuple[Words, int | None], ...]
    body_id: int
    closes_at: datetime
    opens_at: datetime | None = None
    """None: at once."""
    secrecy: str = "open"
    formal: bool = False
    """Whether it decides something, even if polls of this method usually do not."""

    def as_json(self) -> dict[str, Any]:
        """The plan for a template or a series."""
        return {
            **asdict(self),
            "options": [[dict(words), measure] for words, measure in self.options],
            "closes_at": self.closes_at.isoformat(),
            "opens_at": self.opens_at.isoformat() if self.opens_at else None,
        }

    @staticmethod
    def of_json(stored: Mapping[str, Any]) -> Plan:
        """Read a stored plan back."""
        opens_at = stored["opens_at"]
        return Plan(
            **{
                **stored,
                "options": tuple((words, measure) for words, measure in stored["options"]),
                "closes_at": datetime.fromisoformat(stored["closes_at"]),
                "opens_at": datetime.fromisoformat(opens_at) if opens_at else None,
            }
        )


def check(ctx: Context, plan: Plan) -> None:
    """Refuse a plan that the rules of procedure or the method do not allow."""
    method = METHODS[plan.method]
    options = len(options_of(plan))
    try:
        if method.rules.options != "none":
            rules.check_number(options, method.most_options, method.fewest_options)
        _check_times(ctx.now, plan)
        if plan.secrecy not in method.secrecies(Rules.of(ctx.town.rules)):
            raise Broken("polls.secrecy_not_possible")
        method.rules.check(plan.settings, options)
        _check_voters(ctx, plan.body_id, plan.secrecy)
        _check_second(ctx, method.rules.formal or plan.formal)
    except Broken as broken:
        raise refusal(broken) from None


def options_of(plan: Plan) -> tuple[tuple[Words, int | None], ...]:
    """The plan's options and what the method adds to them."""
    extra = METHODS[plan.method].extra_options(plan.settings)
    return (*plan.options, *((words, None) for words in extra))


def _check_times(now: datetime, plan: Plan) -> None:
    if plan.opens_at is not None:
        rules.check_times(now, plan.opens_at)
    rules.check_times(plan.opens_at or now, plan.closes_at)


def _check_voters(ctx: Context, body_id: int, secrecy: str) -> None:
    today = ctx.now.astimezone(ctx.zone).date()
    seats = polls.voting_seats(ctx.tx, body_id, today)
    if not seats:
        raise Broken("polls.nobody_votes")
    if secrecy == "secret":
        voters = sum(bool(fillers) for _, fillers in seats)
        rules.check_secret(voters, Rules.of(ctx.town.rules).secret_minimum_voters)


def publish(ctx: Context, plan: Plan) -> tuple[Poll, Answers]:
    """Open the poll, or have it opened at its time.

    What comes back posts its board to the body's channels and the ballots to everybody on the
    roll; of a planned poll nothing is posted yet. Refuses what ``check`` refuses.
    """
    check(ctx, plan)
    poll = _create(ctx, plan)
    if poll.formal and Rules.of(ctx.town.rules).second_person_confirms:
        return poll, _ask_second(ctx, poll)
    return poll, _open(ctx, poll) if plan.opens_at is None else []


def go(ctx: Context, poll: Poll) -> Answers:
    """Open a poll that a second person has confirmed, or have it opened at its time."""
    poll.state = "planned"
    if poll.opens_at <= ctx.now:
        return _open(ctx, poll)
    timers.put(ctx.tx, opening_key(poll.id), pack(Opening(poll.id)), poll.opens_at, ctx.town.id)
    return []


def _ask_second(ctx: Context, poll: Poll) -> Answers:
    """The poll waits; whoever else is in coordination gets it to be confirmed."""
    poll.state = "prepared"
    timers.drop(ctx.tx, opening_key(poll.id))
    return [
        Post(
            Board("prepared", poll.id, person.id),
            Direct(person.id),
            key=f"poll:{poll.id}:prepared:{person.id}",
        )
        for person in _coordination(ctx, poll.municipality_id)
        if person.id != poll.opened_by
    ]


def _coordination(ctx: Context, municipality_id: int) -> list[Person]:
    today = ctx.now.astimezone(ctx.zone).date()
    return people.coordination(ctx.tx, municipality_id, today)


def _check_second(ctx: Context, formal: bool) -> None:
    """Where two have to open what decides, there must be somebody else who can."""
    if not formal or not Rules.of(ctx.town.rules).second_person_confirms:
        return
    me = ctx.person.id if ctx.person is not None else None
    others = [one.id for one in _coordination(ctx, ctx.town.id) if one.id != me]
    if not any(people.reachable(ctx.tx, one) for one in others):
        raise Broken("polls.nobody_confirms")


def publish_together(
    ctx: Context, title: Words, plans: Sequence[Plan]
) -> tuple[PollSeries, Answers]:
    """Open several polls of one body as a series, all or none of them; at least one."""
    for plan in plans:
        check(ctx, plan)
    together = poll_templates.begin_series(ctx.tx, ctx.town.id, plans[0].body_id, title)
    made = [_create(ctx, plan, together.id) for plan in plans]
    return together, _open(ctx, made[0]) if plans[0].opens_at is None else []


def _create(ctx: Context, plan: Plan, series_id: int | None = None) -> Poll:
    """Store it; unless it opens at once, its timer is set."""
    poll = polls.create(
        ctx.tx,
        Poll(
            municipality_id=ctx.town.id,
            body_id=plan.body_id,
            title=dict(plan.title),
            method=plan.method,
            settings=dict(plan.settings),
            secrecy=plan.secrecy,
            formal=METHODS[plan.method].rules.formal or plan.formal,
            state="planned",
            opens_at=plan.opens_at or ctx.now,
            closes_at=plan.closes_at,
            opened_by=ctx.person.id if ctx.person is not None else None,
            series_id=series_id,
        ),
        options_of(plan),
    )
    if plan.opens_at is not None:
        due = pack(Opening(poll.id))
        timers.put(ctx.tx, opening_key(poll.id), due, plan.opens_at, ctx.town.id)
    return poll


def _open(ctx: Context, poll: Poll) -> Answers:
    """Open a poll and those that belong to it; what comes back goes out."""
    if poll.series_id is None:
        _freeze(ctx, poll)
        return [*boards(ctx, poll), *overviews(ctx.tx, poll), *_ballots(ctx, poll)]
    together = _together(ctx, poll)
    for one in together:
        _freeze(ctx, one)
    board = gathering.series_boards(ctx, ctx.tx.get_one(PollSeries, poll.series_id))
    # One ballot leads on to the next.
    return [*board, *overviews(ctx.tx, poll), *_ballots(ctx, together[0])]


def _together(ctx: Context, poll: Poll) -> list[Poll]:
    """The planned polls that open with this one."""
    if poll.series_id is None:
        return [poll]
    series = poll_templates.polls_of(ctx.tx, poll.series_id)
    return [one for one in series if one.state == "planned"]


def _freeze(ctx: Context, poll: Poll) -> None:
    """Freeze the rules of procedure and the roll; from here on the poll is open."""
    today = ctx.now.astimezone(ctx.zone).date()
    poll.state, poll.opens_at = "open", ctx.now
    poll.rules = asdict(Rules.of(ctx.town.rules))
    ctx.tx.flush()
    polls.freeze_roll(ctx.tx, poll, polls.voting_seats(ctx.tx, poll.body_id, today))
    timers.drop(ctx.tx, opening_key(poll.id))
    timers.put(ctx.tx, timer_key(poll.id), pack(Deadline(poll.id)), poll.closes_at, ctx.town.id)
    reminding.expect(ctx, poll)


def opening(ctx: Context, due: Opening) -> Answers:
    """The time of a planned poll has come; what does not allow it is said to coordination."""
    poll = polls.locked(ctx.tx, due.poll)
    if poll is None or poll.state != "planned":
        return []
    ctx.municipality = ctx.tx.get_one(Municipality, poll.municipality_id)
    try:
        _check_voters(ctx, poll.body_id, poll.secrecy)
        rules.check_times(ctx.now, poll.closes_at)
    except Broken as broken:
        for one in _together(ctx, poll):
            one.state, one.closed_at = "withdrawn", ctx.now
        card = managing_views.could_not_open(poll_facts(ctx.tx, poll), refusal(broken).text)
        today = ctx.now.astimezone(ctx.zone).date()
        told = people.coordination(ctx.tx, poll.municipality_id, today)
        return [Say(card, Direct(p.id), key=f"poll:{poll.id}:unopened:{p.id}") for p in told]
    return _open(ctx, poll)


def open_now(ctx: Context, pressed: OpenNow) -> Answers:
    """Coordination opens a planned poll ahead of its time."""
    of_poll(ctx, pressed.poll)
    poll = polls.locked(ctx.tx, pressed.poll)
    if poll is None or poll.state != "planned":
        raise Refusal("polls.opened_already")
    check_now(ctx, poll)
    answers = _open(ctx, poll)
    opened = Replace(managing_views.opened(poll_facts(ctx.tx, poll)))
    return [opened, Redraw("poll", poll.id), *answers]


def check_now(ctx: Context, poll: Poll) -> None:
    """Refuse to open a poll that nobody may vote in (any more), or whose deadline has come."""
    try:
        _check_voters(ctx, poll.body_id, poll.secrecy)
        rules.check_times(max(ctx.now, poll.opens_at), poll.closes_at)
    except Broken as broken:
        raise refusal(broken) from None


def boards(ctx: Context, poll: Poll) -> Answers:
    """The live board in every channel of the body, once each."""
    return [
        Post(
            Board("poll", poll.id),
            InChannel(channel),
            pin=True,
            key=f"poll:{poll.id}:board:{channel}",
        )
        for channel in polls.channels(ctx.tx, poll.body_id)
    ]


def _ballots(ctx: Context, poll: Poll) -> Answers:
    """A ballot in the direct chat of everybody on the roll who can be reached."""
    return [
        Post(
            Board("ballot", line.id, line.person_id),
            Direct(line.person_id),
            key=f"poll:{poll.id}:ballot:{line.id}",
        )
        for line in polls.entries(ctx.tx, poll.id)
    ]
