"""How an election looks: one tap for one person, and a result that reads like minutes. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any

from handlers.chat import Join, Text, Translated, plain
from handlers.polls.facts import (
    BallotFacts,
    Bar,
    OptionFacts,
    PollFacts,
    ResultFacts,
    Row,
    Table,
    tap,
)
from handlers.polls.methods.election.rules import ABSTAIN, NO, WITHOUT_NAME

CHOSEN, FREE = "◉", "○"
_ANSWERS = {ABSTAIN: "election.abstain", NO: "election.no"}
_BASES = {
    "present": "election.of_present",
    "valid": "election.of_present",
    "for_somebody": "election.of_for_somebody",
}


class ElectionViews:
    """Cards and results of elections."""

    def a_page(self, settings: Mapping[str, Any], options: int) -> int:
        """So many are seen without scrolling (voting.md, Size)."""
        return 8

    def how(self, poll: PollFacts) -> Text:
        """How one votes and who is elected."""
        if poll.settings["round"] == 2:
            return Text("election.how_run_off")
        id = "election.how_single" if poll.settings["single"] else "election.how"
        return Text(id, base=Text(_BASES[poll.settings["base"]]))

    def rows(
        self, poll: PollFacts, options: Sequence[OptionFacts], mine: BallotFacts
    ) -> Sequence[Row]:
        """The candidates, and on every page the answers without a name."""
        single = bool(poll.settings["single"])
        named = [
            Row(
                (
                    (
                        tap(
                            mine,
                            option.id,
                            Text("election.yes") if single else plain(Translated(option.label)),
                            mark=_mark(mine, str(option.id)),
                        ),
                    ),
                ),
                Text("election.stands", name=Translated(option.label)) if single else None,
            )
            for option in options
        ]
        answers = sorted(WITHOUT_NAME.items(), reverse=True)
        others = [
            Row(((tap(mine, 0, Text(_ANSWERS[answer]), value, mark=_mark(mine, answer)),),))
            for value, answer in answers
            if answer != NO or single
        ]
        return [*named, *others]

    def left(self, poll: PollFacts, options: Sequence[OptionFacts], mine: BallotFacts) -> Text:
        """What this ballot says."""
        if not mine.value:
            return Text("polls.not_voted_yet")
        return Text("election.your_vote", vote=_said(poll.settings, options, mine.value))

    def saved(
        self,
        poll: PollFacts,
        options: Sequence[OptionFacts],
        value: Mapping[str, Any],
        option: int,
    ) -> tuple[Text, str]:
        """The vote; a secret one is not named, because a message is kept until delivered."""
        if poll.secret:
            return Text("election.saved_secret"), ""
        return Text("election.saved", vote=_said(poll.settings, options, value)), ""

    def board(
        self, poll: PollFacts, options: Sequence[OptionFacts], counts: Mapping[str, Any] | None
    ) -> tuple[Text, ...]:
        """Who stands, with the votes where running totals are shown."""
        votes = {line["option"]: line["votes"] for line in counts["votes"]} if counts else {}
        return tuple(
            Text("election.line", name=Translated(o.label), votes=_votes(votes[o.id]))
            if o.id in votes
            else Text("polls.option_line", option=Translated(o.label))
            for o in options
        )

    def result(self, facts: ResultFacts) -> tuple[Text, ...]:
        """Outcome, quorum, calculation, votes, and the lot where one was drawn."""
        counts = facts.counts
        if not counts["cast"]:
            return (Text("election.nobody_voted"), *_quorum(counts))
        said = [_outcome(facts), *_quorum(counts)]
        if counts["round"] == 1 and counts["verdict"] != "no_decision":
            said.append(_calculation(facts))
        said.append(Text("polls.places", lines=Join(tuple(_lines(facts)))))
        return (*said, *_lot(facts))

    def bars(self, facts: ResultFacts) -> tuple[Bar, ...]:
        """Votes, in the order of the list."""
        return tuple(
            Bar("", _name(facts, v["option"]), Fraction(v["votes"]), _votes(v["votes"]))
            for v in facts.counts["votes"]
        )

    def tables(self, facts: ResultFacts) -> tuple[Table, ...]:
        """The votes, and the calculation."""
        counts = facts.counts
        rows = [(v["number"], _name(facts, v["option"]), v["votes"]) for v in counts["votes"]]
        if facts.settings["single"]:
            rows.append((None, Text("election.no"), counts["against"]))
        rows.append((None, Text("election.abstain"), counts["abstain"]))
        head = (
            Text("election.col_number"),
            Text("election.col_name"),
            Text("election.col_votes"),
        )
        calculation = (
            (Text("election.row_seats"), counts["seats"]),
            (Text("election.row_cast"), counts["cast"]),
            (Text("election.row_quorum"), counts["quorum"]),
            (Text("election.row_base"), counts["base"]),
            (Text("election.row_needed"), counts["needed"]),
            (Text("election.row_outcome"), _outcome(facts)),
        )
        about = (Text("election.col_what"), Text("election.col_value"))
        return (
            Table(Text("polls.sheet_result"), head, tuple(rows)),
            Table(Text("election.sheet_calculation"), about, calculation),
        )

    def ballot_text(self, facts: ResultFacts, value: Mapping[str, Any]) -> Text:
        """For whom, or that there was none."""
        return _said(facts.settings, facts.options, value)


def _mark(mine: BallotFacts, answer: str) -> str:
    return CHOSEN if answer in mine.value else FREE


def _said(
    settings: Mapping[str, Any], options: Sequence[OptionFacts], value: Mapping[str, Any]
) -> Text:
    for answer, id in _ANSWERS.items():
        if answer in value:
            return Text(id)
    if settings["single"]:
        return Text("election.yes")
    return next(plain(Translated(o.label)) for o in options if str(o.id) in value)


def _votes(votes: int) -> Text:
    return Text("election.votes", n=votes)


def _name(facts: ResultFacts, option: int) -> Text:
    return plain(Translated(facts.label(option)))


def _names(facts: ResultFacts, options: Sequence[int]) -> Join:
    return Join(tuple(_name(facts, option) for option in options), ", ")


def _outcome(facts: ResultFacts) -> Text:
    counts = facts.counts
    match counts["verdict"]:
        case "elected":
            won = next(v for v in counts["votes"] if v["option"] == counts["elected"])
            name = _name(facts, counts["elected"])
            return Text("election.elected", name=name, votes=_votes(won["votes"]))
        case "not_elected":
            return Text("election.not_elected", name=_name(facts, counts["votes"][0]["option"]))
        case "lot":
            return Text("election.tied", names=_names(facts, counts["lot_among"]))
        case "run_off":
            return _second_round(facts)
    return Text("election.no_decision")


def _second_round(facts: ResultFacts) -> Text:
    counts = facts.counts
    if not counts["lot_places"]:
        return Text("election.run_off", names=_names(facts, counts["next_round"]))
    among = _names(facts, counts["lot_among"])
    if not counts["next_round"]:
        return Text("election.run_off_both_by_lot", among=among)
    name = _name(facts, counts["next_round"][0])
    return Text("election.run_off_one_by_lot", name=name, among=among)


def _quorum(counts: Mapping[str, Any]) -> tuple[Text, ...]:
    if not counts["quorum"]:
        return ()
    id = "election.quorate" if counts["quorate"] else "election.not_quorate"
    return (Text(id, cast=counts["cast"], seats=counts["seats"], needed=counts["quorum"]),)


def _calculation(facts: ResultFacts) -> Text:
    counts = facts.counts
    of = Text(_BASES[facts.settings["base"]])
    return Text("election.calculated", of=of, base=counts["base"], needed=counts["needed"])


def _lines(facts: ResultFacts) -> list[Text]:
    counts = facts.counts
    said = [
        Text("election.line", name=_name(facts, v["option"]), votes=_votes(v["votes"]))
        for v in counts["votes"]
    ]
    if facts.settings["single"]:
        said.append(
            Text("election.line", name=Text("election.no"), votes=_votes(counts["against"]))
        )
    said.append(
        Text("election.line", name=Text("election.abstain"), votes=_votes(counts["abstain"]))
    )
    return said


def _lot(facts: ResultFacts) -> tuple[Text, ...]:
    """How a lot came about, as it is told with the result (``facts.notes["lot"]``)."""
    lot = facts.notes.get("lot")
    if lot is None:
        return ()
    at = datetime.fromisoformat(lot["announced_at"])
    announced = Text("election.lot_announced", at=at, words=lot["announced"])
    if not lot["chosen"]:
        return (announced,)
    tickets = tuple(
        Text(
            "election.lot_ticket",
            number=ticket["number"],
            name=_name(facts, ticket["option"]),
            digest=ticket["digest"][:12],
        )
        for ticket in lot["tickets"]
    )
    chosen = _names(facts, lot["chosen"])
    id = "election.lot_elected" if facts.counts["verdict"] == "lot" else "election.lot_run_off"
    return (
        announced,
        Text("election.lot_drawn", at=datetime.fromisoformat(lot["drawn_at"]), words=lot["drawn"]),
        Text(id, names=chosen),
        Text("election.lot_how", seed=lot["seed"], lines=Join(tickets)),
        Text("election.lot_digest", digest=lot["digest"][:16]),
    )
