"""How polls look: the board in channels, ballots, the lists. Pure: no storage, no clock.

What differs from method to method comes from its ``Views``, which are handed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from handlers.chat import Button, Card, Join, Text, Translated, plain
from handlers.polls.actions import (
    Declare,
    Involved,
    ListPolls,
    Manage,
    MyBallots,
    OpenBallot,
    Prepare,
    ShowResult,
    TurnPage,
    WithdrawBallot,
)
from handlers.polls.facts import BallotFacts, OptionFacts, PollFacts, Row
from handlers.polls.methods import Views
from handlers.polls.methods.places import in_short
from handlers.polls.rules import SECRET_TURNOUT_FROM, check_value
from handlers.polls.templates import views as series
from handlers.polls.written import views as written

Rows = list[tuple[Button, ...]]

LIST_PAGE = 8
"""Options on one page of a list to choose from."""

MOST_ON_BOARD = 40
MOST_LETTERS, BESIDE = 3400, 25
"""Options on a board, and how long they may be together, each with its numbers beside it: a
message of Telegram has 4096 characters."""

METHODS = {
    "resolution": ("polls.method_resolution", "polls.about_resolution"),
    "written": ("written.name", "written.about"),
    "choice": ("polls.method_choice", "polls.about_choice"),
    "approval": ("polls.method_approval", "polls.about_approval"),
    "dots": ("polls.method_dots", "polls.about_dots"),
    "score": ("polls.method_score", "polls.about_score"),
    "ranking": ("polls.method_ranking", "polls.about_ranking"),
    "consensing": ("polls.method_consensing", "polls.about_consensing"),
    "consent": ("polls.method_consent", "polls.about_consent"),
    "budget": ("polls.method_budget", "polls.about_budget"),
    "date": ("polls.method_date", "polls.about_date"),
    "question": ("polls.method_question", "polls.about_question"),
    "election": ("election.name", "election.about"),
}
"""What each method is called, and in one line what it does; in the order in which it is offered."""


def method_name(method: str, settings: Mapping[str, Any] | None = None) -> Text:
    """What people call the method, or the procedure that its settings make of it."""
    if settings is not None and written.is_written(settings):
        method = "written"
    return Text(METHODS[method][0])


def methods(offered: Iterable[str]) -> tuple[Text, ...]:
    """The methods to choose from, a line each."""
    lines = tuple(
        Text("polls.method_line", name=Text(name), about=Text(about))
        for method, (name, about) in METHODS.items()
        if method in set(offered)
    )
    return (Text("polls.ask_method"), Text("polls.options", lines=Join(lines)))


# --- the board --------------------------------------------------------------------------------


def shown_turnout(poll: PollFacts) -> Text:
    """How many have voted; a secret poll keeps even that to itself at first."""
    if poll.secret and poll.voted < SECRET_TURNOUT_FROM:
        return Text("polls.turnout_hidden", seats=poll.seats, least=SECRET_TURNOUT_FROM)
    return Text("polls.turnout", n=poll.voted, seats=poll.seats, bar=_bar(poll.voted, poll.seats))


def _bar(part: int, whole: int) -> str:
    full = 0 if whole == 0 else round(Fraction(10 * part, whole))
    return "▰" * full + "▱" * (10 - full)


def poll_board(
    poll: PollFacts,
    looks: Views,
    options: Sequence[OptionFacts],
    counts: dict[str, Any] | None,
) -> Card:
    """The live card in channels: what, until when, how many have voted."""
    if poll.state == "withdrawn":
        return Card((headline(poll), *withdrawn(poll)))
    if poll.state == "closed":
        ended = Text(
            "written.stopped_here" if poll.stopped else "polls.closed_here",
            at=poll.closed_at or poll.closes_at,
        )
        return Card((headline(poll), ended, *_not_yet(poll)), _result_button(poll))
    if poll.state == "planned":
        return Card((headline(poll), Text("polls.opens", at=poll.opens_at)))
    # The list comes last: a platform may have to cut a very long one.
    return Card(
        (
            headline(poll),
            *written.how(poll),
            looks.how(poll),
            until(poll),
            shown_turnout(poll),
            *_lines(in_short(looks.board(poll, options, counts), _room(options))),
        ),
        ((Button(Text("polls.vote_now"), OpenBallot(poll.id), strong=True),),),
    )


def _room(options: Sequence[OptionFacts]) -> int:
    """How many options a board lists, so that the message is not too long for any platform."""
    left, many = MOST_LETTERS, 0
    for option in options[:MOST_ON_BOARD]:
        left -= max(map(len, option.label.values()), default=0) + BESIDE
        if left < 0:
            break
        many += 1
    # Without options a method lists its own answers, which are few.
    return many if options else MOST_ON_BOARD


def labelled(card: Card, poll: PollFacts) -> Card:
    """A board that says, below its headline, that nothing is decided by it."""
    if poll.formal:
        return card
    head, *rest = card.body
    return Card((head, Text("polls.straw_poll"), *rest), card.buttons, card.picture)


def headline(poll: PollFacts) -> Text:
    """The title, and whether it is more than an open poll."""
    kinds = {"secret": "polls.headline_secret", "roll_call": "polls.headline_roll_call"}
    return Text(kinds.get(poll.secrecy, "polls.headline"), title=Translated(poll.title))


def until(poll: PollFacts) -> Text:
    """The deadline, and whether it was put off."""
    return Text("polls.until_extended" if poll.extended else "polls.until", at=poll.closes_at)


def withdrawn(poll: PollFacts) -> tuple[Text, ...]:
    """That it was withdrawn, and why."""
    if not poll.reason:
        return (Text("polls.withdrawn"),)
    return (Text("polls.withdrawn"), Text("polls.withdrawn_for", reason=poll.reason))


def _not_yet(poll: PollFacts) -> tuple[Text, ...]:
    if poll.void:
        return (Text("polls.void"),)
    return () if poll.published else (Text("polls.result_waits"),)


def _result_button(poll: PollFacts) -> tuple[tuple[Button, ...], ...]:
    if not poll.published:
        return ()
    return ((Button(Text("polls.show_result"), ShowResult(poll.id)),),)


def _lines(lines: Sequence[Text]) -> tuple[Text, ...]:
    return (Text("polls.options", lines=Join(tuple(lines))),) if lines else ()


# --- the ballot -------------------------------------------------------------------------------


def ballot(
    poll: PollFacts, looks: Views, options: Sequence[OptionFacts], mine: BallotFacts
) -> Card:
    """A person's ballot: one tap a choice, saved at once, open for change until the deadline."""
    head = Text("polls.ballot", title=Translated(poll.title))
    if poll.state == "withdrawn":
        return Card((head, *withdrawn(poll)))
    if poll.state == "closed":
        note = "polls.ballot_counted" if mine.voted_as is not None else "polls.ballot_missed"
        note = "written.stopped_here" if poll.stopped else note
        ended = Text(note, at=poll.closed_at or poll.closes_at)
        return Card((head, ended, *_not_yet(poll)), _result_button(poll))
    if mine.excluded:
        return Card((head, Text("polls.ballot_excluded")))
    how = Text("polls.ballot_how", at=poll.closes_at)
    body = (head, *series.part(mine.way), *written.how(poll), looks.how(poll), how)
    body = (*body, *_standing(mine))
    if mine.voted_as is not None and mine.voted_as < mine.position:
        return Card(body)
    one_by_one = looks.a_page(poll.settings, len(options)) == 1
    page = _one_option if one_by_one and options else _page
    said, rows = page(poll, looks, options, mine)
    if mine.cast:
        rows.append((Button(Text("polls.withdraw_ballot"), WithdrawBallot(mine.entry)),))
    if mine.may_declare:
        rows.append((Button(Text("polls.involved"), Involved(mine.entry, 0)),))
    rows += [*written.rows(poll, mine), *series.onwards(mine.way)]
    secret = _secret(mine) if poll.secret else ()
    return Card((*body, *said, looks.left(poll, options, mine), *secret), tuple(rows))


def _page(
    poll: PollFacts, looks: Views, options: Sequence[OptionFacts], mine: BallotFacts
) -> tuple[tuple[Text, ...], Rows]:
    """One page of a list."""
    at_once = looks.a_page(poll.settings, len(options))
    pages = max(1, -(-len(options) // at_once))
    page = min(mine.page, pages - 1)
    shown = looks.rows(poll, options[page * at_once : (page + 1) * at_once], mine)
    rows = _buttons(shown)
    said = _row_lines(shown)
    if pages > 1:
        said = (*said, Text("polls.page", page=page + 1, pages=pages))
        rows.append(_paging(mine.entry, page, pages))
    return said, rows


def _one_option(
    poll: PollFacts, looks: Views, options: Sequence[OptionFacts], mine: BallotFacts
) -> tuple[tuple[Text, ...], Rows]:
    """One option a card; after the last one comes what was left out."""
    number = min(mine.page, len(options))
    if number == len(options):
        return _after_the_last(options, mine)
    shown = looks.rows(poll, options[number : number + 1], mine)
    rows, said = _buttons(shown), _row_lines(shown)
    if len(options) == 1:
        return said, rows
    done = options[number].id in mine.answered or options[number].id in mine.barred
    onwards = Text("polls.next_option" if done else "polls.skip_option")
    way = [Button(onwards, TurnPage(mine.entry, number + 1))]
    if number > 0:
        way.insert(0, Button(Text("polls.previous_option"), TurnPage(mine.entry, number - 1)))
    rows.append(tuple(way))
    return (Text("polls.progress", number=number + 1, of=len(options)), *said), rows


def _after_the_last(
    options: Sequence[OptionFacts], mine: BallotFacts
) -> tuple[tuple[Text, ...], Rows]:
    back = Button(Text("polls.previous_option"), TurnPage(mine.entry, len(options) - 1))
    left_out = [
        number
        for number, option in enumerate(options)
        if option.id not in mine.answered and option.id not in mine.barred
    ]
    if not left_out:
        return (Text("polls.all_through", n=len(options)),), [(back,)]
    again = Button(Text("polls.to_skipped"), TurnPage(mine.entry, left_out[0]), strong=True)
    return (Text("polls.skipped", n=len(left_out), of=len(options)),), [(again,), (back,)]


def _buttons(rows: Sequence[Row]) -> Rows:
    return [buttons for row in rows for buttons in row.buttons]


def _row_lines(rows: Sequence[Row]) -> tuple[Text, ...]:
    return _lines([row.line for row in rows if row.line is not None])


def _standing(mine: BallotFacts) -> tuple[Text, ...]:
    """For whom the person votes here, and what the seat's others and the office have done."""
    said = []
    if mine.position > 0:
        said.append(Text("polls.as_deputy", seat=Translated(mine.seat)))
    if mine.voted_as is not None and mine.voted_as < mine.position:
        said.append(Text("polls.holder_voted"))
    if mine.voted_as is not None and mine.voted_as > mine.position:
        said.append(Text("polls.deputy_voted"))
    if mine.recorded:
        said.append(Text("polls.recorded_for_you"))
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


# --- a conflict of interest -------------------------------------------------------------------


def involved(poll: PollFacts, options: Sequence[OptionFacts], mine: BallotFacts, page: int) -> Card:
    """In what the member has a conflict of interest; ``options`` where single ones are possible."""
    body = [Text("polls.involved_in_what", title=Translated(poll.title))]
    if poll.secret:
        body.append(Text("polls.involved_secret"))
    whole = Button(Text("polls.involved_whole"), Declare(mine.entry, 0, False))
    rows: Rows = [(whole,)]
    pages = max(1, -(-len(options) // LIST_PAGE))
    page = max(0, min(page, pages - 1))
    rows += [
        (Button(plain(Translated(option.label)), Declare(mine.entry, option.id, False)),)
        for option in options[page * LIST_PAGE : (page + 1) * LIST_PAGE]
        if option.id not in mine.barred
    ]
    turn = []
    if page > 0:
        turn.append(Button(Text("polls.previous_page"), Involved(mine.entry, page - 1)))
    if page < pages - 1:
        turn.append(Button(Text("polls.next_page"), Involved(mine.entry, page + 1)))
    return Card(tuple(body), tuple([*rows, tuple(turn)] if turn else rows))


def involved_surely(poll: PollFacts, option: OptionFacts | None, mine: BallotFacts) -> Card:
    """Ask back before a seat loses its vote."""
    if option is None:
        asked = Text("polls.involved_surely", title=Translated(poll.title))
    else:
        asked = Text("polls.involved_surely_option", option=Translated(option.label))
    sure = Declare(mine.entry, option.id if option is not None else 0, True)
    return Card(
        (asked,),
        (
            (Button(Text("polls.involved_yes"), sure, strong=True),),
            (Button(Text("polls.involved_no"), OpenBallot(poll.id)),),
        ),
    )


def involved_done(poll: PollFacts, option: OptionFacts | None, emptied: bool) -> Card:
    """What the member's declaration has changed."""
    if option is None:
        return Card((Text("polls.involved_done", title=Translated(poll.title)),))
    said = [Text("polls.involved_done_option", option=Translated(option.label))]
    if emptied:
        said.append(Text("polls.involved_vote_again"))
    return Card(tuple(said))


# --- lists ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Overview:
    """What the list of polls shows. ``running`` says of each: may I vote, have I."""

    running: Sequence[tuple[PollFacts, bool, bool]]
    planned: Sequence[PollFacts]
    closed: Sequence[PollFacts]
    manages: bool
    search: str = ""
    page: int = 0
    """Of the running polls: which page, of how many, with how many polls in all."""
    pages: int = 1
    found: int = 0


def overview(shown: Overview) -> Card:
    """Running polls, planned and closed ones; after the first page the running ones alone."""
    body: list[Text] = [Text("polls.overview")]
    if shown.search:
        body = [Text("polls.overview_of", words=shown.search)]
    rows: Rows = []
    _add_running(shown, body, rows)
    if shown.page == 0:
        _add_others(shown, body, rows)
    return Card(tuple(body), tuple(rows))


def _add_running(shown: Overview, body: list[Text], rows: Rows) -> None:
    if not shown.running:
        if not shown.search:
            body.append(Text("polls.none_running"))
        elif not shown.planned and not shown.closed:
            body.append(Text("polls.none_found"))
        return
    body.append(Text("polls.running", lines=Join(tuple(_line(*one) for one in shown.running))))
    rows += [button for one in shown.running for button in _running_rows(shown, *one)]
    if shown.pages > 1:
        body.append(_which_page(shown))
    if shown.pages > 1 and not shown.search:
        rows.append(_turn_list(shown))


def _add_others(shown: Overview, body: list[Text], rows: Rows) -> None:
    if shown.planned:
        opening = tuple(
            Text("polls.line_planned", title=Translated(p.title), at=p.opens_at)
            for p in shown.planned
        )
        body.append(Text("polls.planned", lines=Join(opening)))
        rows += [(_manage_button(poll),) for poll in shown.planned if shown.manages]
    if shown.closed:
        body.append(Text("polls.closed_list"))
        rows += [_closed_button(poll, shown.manages) for poll in shown.closed]
    if not shown.search:
        rows.append((Button(Text("polls.my_ballots"), MyBallots()),))
        if shown.manages:
            rows.append((Button(Text("polls.prepare"), Prepare(), strong=True),))


def _which_page(shown: Overview) -> Text:
    if shown.search:
        return Text("polls.search_closer", n=shown.found - len(shown.running))
    return Text("polls.page", page=shown.page + 1, pages=shown.pages)


def _turn_list(shown: Overview) -> tuple[Button, ...]:
    turn = []
    if shown.page > 0:
        turn.append(Button(Text("polls.previous_page"), ListPolls(shown.page - 1)))
    if shown.page < shown.pages - 1:
        turn.append(Button(Text("polls.next_page"), ListPolls(shown.page + 1)))
    return tuple(turn)


def _line(poll: PollFacts, mine: bool, done: bool) -> Text:
    state = "polls.line_done" if done else "polls.line_open" if mine else "polls.line_other"
    return Text(state, title=Translated(poll.title), at=poll.closes_at)


def _running_rows(shown: Overview, poll: PollFacts, mine: bool, done: bool) -> Rows:
    votes = [(vote_button(poll, done),)] if mine else []
    return [*votes, *([(_manage_button(poll),)] if shown.manages else [])]


def _closed_button(poll: PollFacts, manages: bool) -> tuple[Button, ...]:
    if not poll.published and manages and not poll.void:
        return (Button(Text("polls.release_of", title=Translated(poll.title)), Manage(poll.id)),)
    return (Button(Text("polls.result_of", title=Translated(poll.title)), ShowResult(poll.id)),)


def _manage_button(poll: PollFacts) -> Button:
    return Button(Text("polls.manage_one", title=Translated(poll.title)), Manage(poll.id))


def vote_button(poll: PollFacts, done: bool) -> Button:
    """To one's ballot, by the poll's title."""
    label = "polls.change_one" if done else "polls.vote_one"
    return Button(Text(label, title=Translated(poll.title)), OpenBallot(poll.id), strong=not done)


def my_ballots(cast: Sequence[tuple[PollFacts, Text]]) -> Card:
    """What I cast in closed polls; what was secret is nobody's to tell."""
    if not cast:
        return Card((Text("polls.no_ballots_of_mine"),))
    lines = tuple(
        Text("polls.ballot_of_mine", title=Translated(poll.title), ballot=said)
        for poll, said in cast
    )
    return Card((Text("polls.ballots_of_mine", lines=Join(lines, "\n\n")),))
