"""How polls look: what is known about them becomes cards. Pure: no storage, no clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from handlers.chat import Button, Card, Join, Picture, Text, Translated, plain
from handlers.polls.actions import (
    AsTable,
    Close,
    Manage,
    OpenBallot,
    Prepare,
    ShowResult,
    TurnPage,
    Vote,
    WithdrawBallot,
)
from handlers.polls.rules import SECRET_TURNOUT_FROM, check_value

OPTIONS_A_PAGE = 8
"""So that a ballot is seen without scrolling (voting.md, Size)."""

MOST_BARS = 40
"""Places on a picture; a file has them all."""

MOST_PLACES = 20
"""Places in the text of a result, so that it fits into one message everywhere."""

Words = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PollFacts:
    """What every view of a poll says."""

    id: int
    title: Words
    secrecy: str
    state: str
    closes_at: datetime
    closed_at: datetime | None
    dots: int
    max_per_option: int
    seats: int
    voted: int

    @property
    def secret(self) -> bool:
        """Whether nobody may learn who chose what."""
        return self.secrecy == "secret"


@dataclass(frozen=True, slots=True)
class OptionFacts:
    """An option: its id and its words."""

    id: int
    label: Words


@dataclass(frozen=True, slots=True)
class BallotFacts:
    """A person's ballot: what is marked and what may still be given."""

    entry: int
    seat: Words
    position: int
    voted_as: int | None
    marks: Mapping[int, str]
    left: int
    cast: bool
    receipt: str | None
    page: int


def shown_turnout(poll: PollFacts) -> Text:
    """How many have voted; a secret poll keeps even that to itself at first."""
    if poll.secret and poll.voted < SECRET_TURNOUT_FROM:
        return Text("polls.turnout_hidden", seats=poll.seats, least=SECRET_TURNOUT_FROM)
    return Text("polls.turnout", n=poll.voted, seats=poll.seats, bar=_bar(poll.voted, poll.seats))


def _bar(part: int, whole: int) -> str:
    full = 0 if whole == 0 else round(Fraction(10 * part, whole))
    return "▰" * full + "▱" * (10 - full)


def poll_board(
    poll: PollFacts, options: Sequence[OptionFacts], totals: Mapping[int, int] | None
) -> Card:
    """The live card in channels: what, until when, how many have voted."""
    if poll.state == "closed":
        return Card(
            (_headline(poll), Text("polls.closed_here", at=poll.closed_at or poll.closes_at)),
            ((Button(Text("polls.show_result"), ShowResult(poll.id)),),),
        )
    if poll.state == "withdrawn":
        return Card((_headline(poll), Text("polls.withdrawn")))
    lines = []
    for option in options:
        words = Translated(option.label)
        if totals is None:
            lines.append(Text("polls.option_line", option=words))
        else:
            lines.append(Text("polls.option_line_total", option=words, n=totals.get(option.id, 0)))
    # The list comes last: a platform may have to cut a very long one.
    return Card(
        (
            _headline(poll),
            Text("polls.how", n=poll.dots, most=poll.max_per_option),
            Text("polls.until", at=poll.closes_at),
            shown_turnout(poll),
            Text("polls.options", lines=Join(tuple(lines))),
        ),
        ((Button(Text("polls.vote_now"), OpenBallot(poll.id), strong=True),),),
    )


def _headline(poll: PollFacts) -> Text:
    kind = "polls.headline_secret" if poll.secret else "polls.headline"
    return Text(kind, title=Translated(poll.title))


def ballot(poll: PollFacts, options: Sequence[OptionFacts], mine: BallotFacts) -> Card:
    """A person's ballot: one tap a choice, saved at once, open for change until the deadline."""
    head = Text("polls.ballot", title=Translated(poll.title))
    if poll.state == "withdrawn":
        return Card((head, Text("polls.withdrawn")))
    if poll.state == "closed":
        note = "polls.ballot_counted" if mine.voted_as is not None else "polls.ballot_missed"
        return Card(
            (head, Text(note, at=poll.closed_at or poll.closes_at)),
            ((Button(Text("polls.show_result"), ShowResult(poll.id)),),),
        )
    body = (
        head,
        Text("polls.ballot_how", n=poll.dots, most=poll.max_per_option, at=poll.closes_at),
        *_standing(mine),
    )
    if mine.voted_as is not None and mine.voted_as < mine.position:
        return Card(body)
    pages = max(1, -(-len(options) // OPTIONS_A_PAGE))
    page = min(mine.page, pages - 1)
    rows: list[tuple[Button, ...]] = [
        (Button(plain(Translated(o.label)), Vote(mine.entry, o.id), mark=mine.marks[o.id]),)
        for o in options[page * OPTIONS_A_PAGE : (page + 1) * OPTIONS_A_PAGE]
    ]
    if pages > 1:
        body = (*body, Text("polls.page", page=page + 1, pages=pages))
        rows.append(_paging(mine.entry, page, pages))
    if mine.cast:
        rows.append((Button(Text("polls.withdraw_ballot"), WithdrawBallot(mine.entry)),))
    secret = _secret(mine) if poll.secret else ()
    return Card((*body, _left(mine), *secret), tuple(rows))


def _standing(mine: BallotFacts) -> tuple[Text, ...]:
    """For whom the person votes here, and what the seat's others have done."""
    said = []
    if mine.position > 0:
        said.append(Text("polls.as_deputy", seat=Translated(mine.seat)))
    if mine.voted_as is not None and mine.voted_as < mine.position:
        said.append(Text("polls.holder_voted"))
    if mine.voted_as is not None and mine.voted_as > mine.position:
        said.append(Text("polls.deputy_voted"))
    return tuple(said)


def _paging(entry: int, page: int, pages: int) -> tuple[Button, ...]:
    turn = []
    if page > 0:
        turn.append(Button(Text("polls.previous_page"), TurnPage(entry, page - 1)))
    if page < pages - 1:
        turn.append(Button(Text("polls.next_page"), TurnPage(entry, page + 1)))
    return tuple(turn)


def _secret(mine: BallotFacts) -> tuple[Text, ...]:
    """What is promised, and the receipt once there is one."""
    promise = Text("polls.secret_promise")
    if mine.receipt is None:
        return (promise,)
    check = check_value(mine.receipt)
    return (promise, Text("polls.receipt", code=mine.receipt, check=check))


def _left(mine: BallotFacts) -> Text:
    if not mine.cast:
        return Text("polls.not_voted_yet")
    return Text("polls.dots_left", n=mine.left) if mine.left else Text("polls.all_dots_given")


@dataclass(frozen=True, slots=True)
class Place:
    """An option's place in a frozen result."""

    option: Words
    rank: int
    shared: bool
    score: Fraction
    seats: int

    @property
    def label(self) -> str:
        """``1.`` – or ``1.=`` where the place is shared."""
        return f"{self.rank}.=" if self.shared else f"{self.rank}."


@dataclass(frozen=True, slots=True)
class ResultFacts:
    """A frozen result with its calculation."""

    title: Words
    poll: int
    secret: bool
    withheld: bool
    """So few secret ballots that a result would tell who voted how."""
    method: str
    dots: int
    max_per_option: int
    seats: int
    cast: int
    late: int
    needed: int
    places: tuple[Place, ...]
    tiebreak_used: bool
    closes_at: datetime
    closed_at: datetime
    early: str
    """Empty, ``by_coordination`` or ``all_voted``."""
    digest: str
    receipts: tuple[str, ...]

    @property
    def quorate(self) -> bool:
        """Whether enough seats voted."""
        return self.cast >= self.needed


def frozen(
    poll: int, result: Mapping[str, Any], title: Words, options: Mapping[int, Words]
) -> ResultFacts:
    """Read a stored result (JSON) back."""
    return ResultFacts(
        title=title,
        poll=poll,
        secret=result["secret"],
        withheld=result["withheld"],
        method=result["method"],
        dots=result["dots"],
        max_per_option=result["max_per_option"],
        seats=result["seats"],
        cast=result["cast"],
        late=result["late"],
        needed=result["needed"],
        places=tuple(
            Place(options[p["option"]], p["rank"], p["shared"], Fraction(p["score"]), p["seats"])
            for p in result["places"]
        ),
        tiebreak_used=result["tiebreak_used"],
        closes_at=datetime.fromisoformat(result["closes_at"]),
        closed_at=datetime.fromisoformat(result["closed_at"]),
        early=result["early"],
        digest=result["digest"],
        receipts=tuple(result["receipts"]),
    )


_ENDS = {
    "": "polls.closed_at",
    "by_coordination": "polls.closed_early",
    "all_voted": "polls.closed_all_voted",
}


def result(facts: ResultFacts, picture: Picture | None) -> Card:
    """A result that reads like minutes: method, seats, votes, quorum, counts, tie rule.

    The places come last; of very many the text has the first, and a file has all.
    """
    body = [
        Text("polls.result", title=Translated(facts.title)),
        Text("polls.straw_poll"),
        _participation(facts),
        Text(_ENDS[facts.early], at=facts.closed_at),
    ]
    if facts.late:
        body.append(Text("polls.late_ballots", n=facts.late, at=facts.closes_at))
    if facts.receipts:
        checks = Join(tuple(Text("plain", text=r) for r in facts.receipts), " ")
        body.append(Text("polls.receipts", checks=checks))
    body.append(Text("polls.digest", digest=facts.digest[:16]))
    if not facts.cast:
        return Card((*body, Text("polls.no_ballots")))
    if facts.withheld:
        return Card((*body, Text("polls.withheld", n=SECRET_TURNOUT_FROM)))
    if any(p.shared for p in facts.places):
        body.append(Text("polls.shared_rank"))
    if facts.tiebreak_used:
        body.append(Text("polls.tiebreak_seats"))
    body.append(Text("polls.places", lines=place_lines(facts.places[:MOST_PLACES])))
    if len(facts.places) > MOST_PLACES:
        body.append(Text("polls.more_places", n=len(facts.places) - MOST_PLACES))
    table = ((Button(Text("polls.as_table"), AsTable(facts.poll)),),)
    return Card(tuple(body), table, picture)


def _participation(facts: ResultFacts) -> Text:
    verdict = Text("polls.quorate" if facts.quorate else "polls.not_quorate", n=facts.needed)
    return Text(
        "polls.participation",
        n=facts.cast,
        seats=facts.seats,
        verdict=verdict,
        method=Text("polls.how", n=facts.dots, most=facts.max_per_option),
    )


def place_lines(places: Sequence[Place]) -> Join:
    """The ranking, a line a place."""
    return Join(tuple(_line(place) for place in places))


def _line(place: Place) -> Text:
    return Text(
        "polls.place",
        rank=place.label,
        option=Translated(place.option),
        dots=Text("polls.dots", n=int(place.score)),
        seats=Text("polls.seats", n=place.seats),
    )


def overview(
    running: Sequence[tuple[PollFacts, bool, bool]], closed: Sequence[PollFacts], coordinates: bool
) -> Card:
    """Running polls (with: may I vote, have I) and closed ones."""
    body: list[Text] = [Text("polls.overview")]
    rows: list[tuple[Button, ...]] = []
    if running:
        lines = []
        for poll, mine, done in running:
            state = "polls.line_done" if done else "polls.line_open" if mine else "polls.line_other"
            lines.append(Text(state, title=Translated(poll.title), at=poll.closes_at))
            if mine:
                rows.append((_vote_button(poll, done),))
            if coordinates:
                label = Text("polls.manage_one", title=Translated(poll.title))
                rows.append((Button(label, Manage(poll.id)),))
        body.append(Text("polls.running", lines=Join(tuple(lines))))
    else:
        body.append(Text("polls.none_running"))
    if closed:
        body.append(Text("polls.closed_list"))
        rows += [
            (Button(Text("polls.result_of", title=Translated(p.title)), ShowResult(p.id)),)
            for p in closed
        ]
    if coordinates:
        rows.append((Button(Text("polls.prepare"), Prepare(), strong=True),))
    return Card(tuple(body), tuple(rows))


def _vote_button(poll: PollFacts, done: bool) -> Button:
    label = "polls.change_one" if done else "polls.vote_one"
    return Button(Text(label, title=Translated(poll.title)), OpenBallot(poll.id), strong=not done)


def todo(waiting: Sequence[tuple[PollFacts, bool]]) -> Card:
    """What is expected of me: running polls, those without my ballot first."""
    if not waiting:
        return Card((Text("polls.nothing_to_do"),))
    missing = [poll for poll, done in waiting if not done]
    lines = tuple(
        Text(
            "polls.line_done" if done else "polls.line_open",
            title=Translated(poll.title),
            at=poll.closes_at,
        )
        for poll, done in waiting
    )
    head = Text("polls.todo", n=len(missing)) if missing else Text("polls.all_done")
    rows = tuple((_vote_button(poll, done),) for poll, done in waiting)
    return Card((head, Text("polls.running", lines=Join(lines))), rows)


def manage(poll: PollFacts) -> Card:
    """Coordination's view of a running poll."""
    return Card(
        (
            _headline(poll),
            Text("polls.until", at=poll.closes_at),
            shown_turnout(poll),
        ),
        ((Button(Text("polls.close_now"), Close(poll.id, False)),),),
    )


def close_surely(poll: PollFacts) -> Card:
    """Ask back before a poll is closed ahead of its deadline."""
    return Card(
        (
            Text(
                "polls.close_surely",
                title=Translated(poll.title),
                at=poll.closes_at,
                turnout=shown_turnout(poll),
            ),
        ),
        (
            (Button(Text("polls.close_yes"), Close(poll.id, True), strong=True),),
            (Button(Text("polls.close_no"), Manage(poll.id)),),
        ),
    )


def closed_by_you(poll: PollFacts) -> Card:
    """What coordination sees in the place of the question, once a poll is closed."""
    return Card(
        (_headline(poll), Text("polls.closed_by_you", at=poll.closed_at or poll.closes_at)),
        ((Button(Text("polls.show_result"), ShowResult(poll.id)),),),
    )


def opened(poll: PollFacts) -> Card:
    """What coordination sees in the place of the preview, once a poll is open."""
    return Card(
        (_headline(poll), Text("polls.opened", n=poll.seats, at=poll.closes_at)),
        ((Button(Text("polls.manage"), Manage(poll.id)),),),
    )
