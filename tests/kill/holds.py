"""What holds after any number of kills."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import make_url, select

from bot.drawing import drawing
from bot.text import Reader, plain
from handlers.chat import Board
from storage.models import Ballot, BallotKey, Outbox, Poll, Posted, RollSeat
from tests.kill.victim import ROUTES
from tests.kill.vote import Vote

ANNOUNCEMENTS = ("card", "board", "file")
"""Kinds of outbox rows that are a message of their own."""


def meanwhile(vote: Vote, shown: Counter[str]) -> None:
    """At any moment.

    Confirmed votes ⊆ counted votes ⊆ cast votes, at most one ballot a seat, and nothing that was
    to be said stands anywhere twice.
    """
    counted = vote.box()
    confirmed, cast = vote.dots(vote.way.confirmed()), vote.dots(vote.presses)
    assert confirmed <= counted <= cast, (confirmed, counted, cast)
    ballots = vote.rows(select(Ballot))
    voted = [seat for seat in vote.rows(select(RollSeat)) if seat.voted_as is not None]
    assert len({ballot.voter for ballot in ballots}) == len(ballots) == len(voted)
    _nothing_twice(vote, shown)


def in_the_end(vote: Vote, shown: Counter[str], results: list[str]) -> None:
    """When nothing is left to do.

    Whatever the platform took before the poll was to be closed is counted, what was refused is
    not, everything was handled, the result says what lies in the box, and is said once.
    """
    meanwhile(vote, shown)
    stored, counted = vote.stored(), vote.box()
    assert not stored.busy and not stored.quarantined, stored
    assert vote.dots(vote.early) <= counted
    refused, confirmed = set(vote.way.refused()), set(vote.way.confirmed())
    assert not refused & confirmed
    assert counted <= vote.dots([press for press in vote.presses if press not in refused])

    (poll,) = vote.rows(select(Poll))
    assert poll.state == "closed"
    by_option: Counter[int] = Counter()
    for (_, option), dots in counted.items():
        by_option[option] += dots
    places = poll.result["counts"]["places"]
    assert {p["option"]: int(p["score"]) for p in places if p["score"] != "0"} == by_option
    assert poll.result["cast"] == len(vote.rows(select(Ballot)))

    rows = vote.rows(select(Outbox))
    unknown = [row for row in rows if row.state == "unknown"]
    assert {row.state for row in rows} <= {"sent", "unknown"}
    assert len(unknown) == vote.under_way, "unknown is what was under way at a kill, and only that"
    said = [row for row in rows if (row.key or "").startswith(f"poll:{poll.id}:result:")]
    assert len(said) == 1
    assert len(results) == 1 or (said[0].state == "unknown" and not results)
    if vote.secret:
        _forgotten(vote)


def shows_what_is_stored(vote: Vote) -> None:
    """Every live card that stands in a chat says what is true now."""
    draw, reader = drawing(ROUTES, vote.clock), Reader("de", ZoneInfo("Europe/Berlin"))
    for copy in vote.rows(select(Posted)):
        words = vote.way.card(copy.place, copy.message)
        if copy.board_kind is None or copy.board_id is None or words is None:
            continue
        with vote.db.read() as tx:
            board = Board(copy.board_kind, copy.board_id, copy.board_viewer)
            card = draw(tx, board, copy.language)
        assert card is not None and not copy.gone
        lines = [line for text in card.body for line in plain(text, reader).splitlines()]
        assert lines and all(line.strip() in words for line in lines), (lines, words)


def _nothing_twice(vote: Vote, shown: Counter[str]) -> None:
    """Each row is one message, or one at most if it is not known whether it was sent."""
    sure: Counter[str] = Counter()
    perhaps: Counter[str] = Counter()
    for row in vote.rows(select(Outbox).where(Outbox.kind.in_(ANNOUNCEMENTS))):  # type: ignore[attr-defined]
        if row.state == "sent":
            sure[row.place] += 1
        if row.state in ("sent", "sending", "unknown") or vote.way.repeats:
            perhaps[row.place] += 1
    assert sure <= shown <= perhaps, (sure, shown, perhaps)


def _forgotten(vote: Vote) -> None:
    """The key that linked ballots to seats is gone, from the files as well."""
    assert vote.key is not None
    assert not vote.rows(select(BallotKey))
    if not vote.db.is_sqlite:
        return
    path = Path(str(make_url(vote.db.url).database))
    for file in (path, path.with_name(f"{path.name}-wal")):
        assert vote.key.encode() not in file.read_bytes()
