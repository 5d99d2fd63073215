"""How a vote goes while the bot is killed: announced, voted in, closed, until all is said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from handlers.polls.actions import Close, OpenBallot
from handlers.router import pack
from tests.kill.holds import in_the_end, meanwhile, shows_what_is_stored
from tests.kill.vote import OPEN_FOR, START, Vote

KILLS = 12
"""In one vote, at points that were passed."""

VOTING = ("fetched", "received", "handling", "handled", "toasted", "drawing", "drawn")
SEVERAL = ("sending", "sent", "drawing", "drawn")
"""Points that are passed several times at once."""

_MOST_LIVES = 20
"""Until everything is done, when nobody kills any more."""


async def goes(vote: Vote, kills: int = KILLS) -> None:
    """A whole vote; after each kill it is looked at."""
    # Where a number is typed into a ballot, the ballot has to be there first.
    await _killed(vote, ("sending", "sent"), 2, votes=1 if vote.way.has_buttons else 0)
    await _announced(vote)
    await _killed(vote, VOTING, kills - 6)
    await vote.enough_have_voted()
    await _on_until_done(vote)
    meanwhile(vote, await vote.way.shown())
    shows_what_is_stored(vote)
    vote.early = [press for press in vote.presses if press.accepted]
    way_in = await _wants_to_close(vote)
    # A number typed into a closed ballot means something else.
    votes = 2 if vote.way.has_buttons else 0
    await _killed(vote, (*way_in, "handling", "closing"), 1, votes=votes)
    for _ in range(_MOST_LIVES):
        if not vote.closed():
            await _killed(vote, ("closed", *vote.pending()), 1, votes=votes)
    assert vote.closed(), f"after {_MOST_LIVES} lives the poll is not closed"
    for _ in range(2):
        if pending := vote.pending():
            await _killed(vote, pending, 1, votes=votes)
    await _on_until_done(vote)
    in_the_end(vote, await vote.way.shown(), await vote.way.results())
    shows_what_is_stored(vote)


async def _wants_to_close(vote: Vote) -> tuple[str, ...]:
    """Coordination, or the deadline; returns the points that this passes on its way in."""
    if vote.way.has_buttons and vote.chance.random() < 0.5:
        await vote.way.closes(pack(Close(vote.poll, True)))
        return ("fetched", "received")
    # It passes while nobody is there to notice.
    vote.now = START + OPEN_FOR + timedelta(minutes=1)
    return ("due",)


async def _killed(vote: Vote, points: Sequence[str], times: int, *, votes: int = 2) -> None:
    """So many lives that end by a kill at one of these points; as many again may end idle.

    In each life up to so many votes are cast, before it begins and while it lasts.
    """
    hits = 0
    for _ in range(2 * times):
        if hits < times:
            hits += await _life(vote, points, votes) != "idle"


async def _life(vote: Vote, points: Sequence[str], votes: int) -> str:
    point = vote.chance.choice([p for p in points if p in vote.way.points])
    nth = vote.chance.choice((1, 1, 2)) if point in SEVERAL else 1
    votes = min(votes, vote.chance.choice((1, 1, 2)))
    early = vote.chance.randint(0, votes)
    for _ in range(early):
        await vote.somebody_votes()
    life = await vote.begins(point, nth)
    if await life.up():
        await vote.way.lived(life)
        for _ in range(votes - early):
            await vote.somebody_votes()
    ended = await vote.ends(life)
    meanwhile(vote, await vote.way.shown())
    return ended


async def _announced(vote: Vote) -> None:
    """Who has no ballot asks for it, as people do; this life nothing ends before they have it."""
    await vote.way.asks(pack(OpenBallot(vote.poll)))
    await _quiet_life(vote)


async def _quiet_life(vote: Vote) -> None:
    life = await vote.begins()
    if await life.up():
        await vote.way.lived(life)
    await vote.ends(life)


async def _on_until_done(vote: Vote) -> None:
    for _ in range(_MOST_LIVES):
        await _quiet_life(vote)
        if not vote.stored().busy and vote.way.settled():
            return
    raise AssertionError(f"after {_MOST_LIVES} lives there is still to do: {vote.stored()}")
