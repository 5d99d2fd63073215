"""The demo's votes: those that Ilmbrück has held, the one that runs, and those that are planned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot import answers
from bot.importing import MunicipalityFile
from bot.loading import Summary
from handlers.chat import Due, Event, Place, PlaceKind
from handlers.polls import closing
from handlers.polls.actions import Deadline, Release
from handlers.polls.methods.registry import METHODS
from handlers.polls.opening import Plan, publish
from handlers.router import Context, Role, Routes
from storage import ballots, measures, polls
from storage.db import Tx
from storage.models import Municipality, Person, Poll

TODAY = date(2027, 1, 12)
"""The day on which the demo's data begins: the past lies before it, what is planned after it."""

OPEN_FOR = timedelta(days=7)
"""How long the first vote stays open, at least; it ends in the evening."""

COORDINATION = "sg-01"

Words = Mapping[str, str]
Value = dict[str, Any]


def moved_by(now: datetime) -> timedelta:
    """By how much the data's days are moved, so that today is in the week after ``TODAY``."""
    return timedelta(weeks=(now.date() - TODAY).days // 7)


def moved_in(file: MunicipalityFile, now: datetime) -> MunicipalityFile:
    """The town with its members' first and last days moved."""
    by = moved_by(now)
    people = [
        person.model_copy(
            update={
                "from_": person.from_ + by if person.from_ else None,
                "until": person.until + by if person.until else None,
            }
        )
        for person in file.people
    ]
    return file.model_copy(update={"people": people})


class Votes:
    """The town's votes, held and opened as coordination does."""

    def __init__(self, tx: Tx, routes: Routes, loaded: Summary, now: datetime) -> None:
        self.tx, self.routes, self.loaded, self.now = tx, routes, loaded, now
        self.town = tx.get_one(Municipality, loaded.municipality_id)
        self.zone = ZoneInfo(self.town.timezone)
        self.body = next(b.id for b in polls.bodies(tx, self.town.id) if b.kind == "steering_group")

    def hold(self, vote: Mapping[str, Any]) -> Poll:
        """A vote of the past, from its opening to its published result.

        Nothing is announced: that was then.
        """
        opened, closed = self._moved(vote["opened_at"]), self._moved(vote["closed_at"])
        names = options_of(vote)
        plan = Plan(
            method=vote["method"],
            settings=settings_of(vote),
            title=vote["question"],
            options=tuple((self._named(name), None) for name in names),
            body_id=self.body,
            closes_at=closed,
            secrecy=vote["secrecy"],
        )
        poll, _ = publish(self._at(opened), plan)
        seats = [line.seat_id for line, _, _ in polls.seats_of(self.tx, poll.id)]
        options = dict(zip(names, polls.option_ids(self.tx, poll.id), strict=True))
        # The first seats are the administration's: other ones stayed away.
        for seat, value in zip(reversed(seats), values_of(vote, options), strict=False):
            if not METHODS[poll.method].rules.valid(poll.settings, value, list(options.values())):
                raise ValueError(f"{vote['key']}: {value} is no ballot of this vote")
            ballots.cast(self.tx, poll, seat, 0, value)
        at_the_end = self._at(closed)
        closing.deadline(at_the_end, Deadline(poll.id))
        if poll.published_at is None:
            closing.release(at_the_end, Release(poll.id))
        return poll

    def open_now(self, vote: Mapping[str, Any]) -> Poll:
        """A planned vote that is open for whoever looks at the demo."""
        until = (self.now + OPEN_FOR).astimezone(self.zone).date()
        closes_at = datetime.combine(until, time(18), self.zone).astimezone(UTC)
        ctx = self._at(self.now)
        poll, said = publish(ctx, self._plan(vote, None, closes_at))
        answers.keep(ctx, said)
        return poll

    def plan(self, vote: Mapping[str, Any]) -> Poll:
        """A vote that opens by itself, in the meeting for which it is planned."""
        opens_at, closes_at = self._moved(vote["opens_at"]), self._moved(vote["closes_at"])
        poll, _ = publish(self._at(self.now), self._plan(vote, opens_at, closes_at))
        return poll

    def _plan(
        self, vote: Mapping[str, Any], opens_at: datetime | None, closes_at: datetime
    ) -> Plan:
        return Plan(
            method=vote["method"],
            settings=settings_of(vote),
            title=vote["question"],
            options=tuple(self._measure(code) for code in options_of(vote)),
            body_id=self.body,
            closes_at=closes_at,
            opens_at=opens_at,
            secrecy=vote["secrecy"],
        )

    def _at(self, moment: datetime) -> Context:
        """Coordination, at that moment."""
        nowhere = Place("demo", "demo", PlaceKind.CHANNEL)
        event = Event(nowhere, None, Due("", moment), moment)
        ctx = Context(self.tx, self.routes, event, moment, moment)
        ctx.municipality, ctx.role = self.town, Role.COORDINATION
        ctx.person = self.tx.get_one(Person, self.loaded.people[COORDINATION])
        return ctx

    def _moved(self, written: str) -> datetime:
        """The same time of day, in summer as in winter."""
        local = datetime.fromisoformat(written).astimezone(self.zone)
        day = local.date() + moved_by(self.now)
        return datetime.combine(day, local.time(), self.zone).astimezone(UTC)

    def _named(self, name: str) -> Words:
        """An option's words; a key is a person's."""
        person = self.loaded.people.get(name)
        return self.tx.get_one(Person, person).name if person is not None else {"de": name}

    def _measure(self, code: str) -> tuple[Words, int]:
        measure = next(m for m in measures.of_town(self.tx, self.town.id) if m.code == code)
        return measure.title, measure.id


# --- what the file says of a vote ------------------------------------------------------------


def options_of(vote: Mapping[str, Any]) -> list[str]:
    """A vote's options as the file names them; a resolution has its own answers."""
    if vote["method"] == "resolution":
        return []
    named = vote["options"] if "options" in vote else list(vote["tally"])
    return [name for name in named if name != "abstain"]


def settings_of(vote: Mapping[str, Any]) -> dict[str, Any]:
    """The method's settings; the last option of a consensing is its status quo."""
    match vote["method"]:
        case "dots":
            return {"dots": vote["dots_per_seat"], "max_per_option": vote["max_dots_per_option"]}
        case "consensing":
            return {"status_quo": "given"}
        case "election":
            return {"round": 1, "base": "present", "single": len(options_of(vote)) == 1}
    usual = {"majority": "simple", "base": "yes_and_no", "abstentions": False}
    written = {"written": True} if vote.get("procedure") == "written" else {}
    return {**usual, "casting_vote": False, **written}


def values_of(vote: Mapping[str, Any], options: Mapping[str, int]) -> list[Value]:
    """Ballots, one for each who voted, that add up to the count that was announced."""
    voters, tally = vote.get("voters_present", vote.get("returned")), vote["tally"]
    match vote["method"]:
        case "dots":
            dots = [options[name] for name, number in tally.items() for _ in range(number)]
            return [_pasted(dots[voter::voters]) for voter in range(voters)]
        case "consensing":
            shares = {name: spread(total, voters) for name, total in tally.items()}
            return [
                {str(options[name]): share[voter] for name, share in shares.items()}
                for voter in range(voters)
            ]
        case "election":
            votes = [str(options.get(name, name)) for name in tally for _ in range(tally[name])]
            return [{vote: 1} for vote in votes]
    return [{"vote": answer} for answer, number in tally.items() for _ in range(number)]


def _pasted(dots: Sequence[int]) -> Value:
    return {str(option): dots.count(option) for option in dict.fromkeys(dots)}


def spread(total: int, voters: int) -> list[int]:
    """Resistance (0 to 10) of so many that adds up to ``total``, and not the same for all."""
    least, more = divmod(total, voters)
    shares = [least + (voter < more) for voter in range(voters)]
    for voter in range(0, voters - 1, 2):
        differ = min(voter % 5, shares[voter], 10 - shares[voter + 1])
        shares[voter], shares[voter + 1] = shares[voter] - differ, shares[voter + 1] + differ
    return shares
