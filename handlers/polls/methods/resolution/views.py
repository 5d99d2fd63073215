"""How a resolution looks: three buttons, and a result that reads like minutes. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from handlers.chat import Text
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
from handlers.polls.methods.resolution.rules import ANSWERS, measure
from handlers.polls.written import views as written

_WORDS = {
    "yes": "resolution.yes",
    "no": "resolution.no",
    "abstain": "resolution.abstain",
}
_VERDICTS = {
    "adopted": "resolution.adopted",
    "rejected": "resolution.rejected",
    "no_decision": "resolution.no_decision",
    "stopped": "written.verdict_stopped",
}
_MAJORITIES = {
    "absolute": "resolution.rule_absolute",
    "two_thirds": "resolution.rule_two_thirds",
}
_CALCULATIONS = {
    "absolute": "resolution.calculated_absolute",
    "two_thirds": "resolution.calculated_two_thirds",
}
_MEASURES = {
    "yes_and_no": "resolution.of_yes_and_no",
    "ballots": "resolution.of_ballots",
    "all_seats": "resolution.of_all_seats",
}
CHOSEN, FREE = "◉", "○"


class ResolutionViews:
    """Cards and results of resolutions."""

    def a_page(self, settings: Mapping[str, Any], options: int) -> int:
        """There are no options; the three answers stand on one card."""
        return 8

    def how(self, poll: PollFacts) -> Text:
        """When the motion is adopted."""
        casting = bool(poll.settings.get("casting_vote")) and not poll.secret
        return Text("resolution.how", rule=_rule(poll.settings, casting))

    def rows(
        self, poll: PollFacts, options: Sequence[OptionFacts], mine: BallotFacts
    ) -> Sequence[Row]:
        """Yes, no, abstain, one below the other."""
        chosen = mine.value.get("vote")
        return [
            Row(
                tuple(
                    (tap(mine, 0, Text(_WORDS[a]), value, mark=CHOSEN if a == chosen else FREE),)
                    for value, a in ANSWERS.items()
                )
            )
        ]

    def left(self, poll: PollFacts, options: Sequence[OptionFacts], mine: BallotFacts) -> Text:
        """What this ballot says."""
        if "vote" not in mine.value:
            return Text("polls.not_voted_yet")
        return Text("resolution.your_vote", vote=Text(_WORDS[mine.value["vote"]]))

    def saved(
        self,
        poll: PollFacts,
        options: Sequence[OptionFacts],
        value: Mapping[str, Any],
        option: int,
    ) -> tuple[Text, str]:
        """The vote; a secret one is not named, because a message is kept until delivered."""
        if poll.secret:
            return Text("resolution.saved_secret"), ""
        return Text("resolution.saved", vote=Text(_WORDS[value["vote"]])), ""

    def board(
        self, poll: PollFacts, options: Sequence[OptionFacts], counts: Mapping[str, Any] | None
    ) -> tuple[Text, ...]:
        """Running totals, where they are shown."""
        if counts is None:
            return ()
        return tuple(
            Text("resolution.total", answer=Text(word), n=counts[answer])
            for answer, word in _WORDS.items()
        )

    def result(self, facts: ResultFacts) -> tuple[Text, ...]:
        """Outcome, quorum, calculation, and the tie rule where it was used."""
        if written.is_stopped(facts):
            return written.stopped()
        counts = facts.counts
        if not counts["cast"]:
            return (Text("resolution.nobody_voted"), *_quorum(counts))
        said = (Text(_VERDICTS[counts["verdict"]], counts=_counted(counts)), *_quorum(counts))
        if counts["verdict"] == "no_decision":
            return said
        tie = (_tie(counts["casting"]),) if counts["tie"] else ()
        return (*said, _calculation(facts), *tie)

    def bars(self, facts: ResultFacts) -> tuple[Bar, ...]:
        """Yes, no, abstain; none where an objection ended it."""
        if written.is_stopped(facts):
            return ()
        return tuple(
            Bar(
                "",
                Text(word),
                Fraction(facts.counts[answer]),
                Text("resolution.votes", n=facts.counts[answer]),
            )
            for answer, word in _WORDS.items()
        )

    def tables(self, facts: ResultFacts) -> tuple[Table, ...]:
        """The votes, and the calculation."""
        counts = facts.counts
        votes = tuple((Text(word), int(counts[answer])) for answer, word in _WORDS.items())
        verdict = Text(_VERDICTS[counts["verdict"]], counts=_counted(counts))
        calculation = (
            (Text("resolution.row_seats"), int(counts["seats"])),
            (Text("resolution.row_cast"), int(counts["cast"])),
            (Text("resolution.row_quorum"), int(counts["quorum"])),
            (Text("resolution.row_base"), int(counts["base"])),
            (Text("resolution.row_needed"), int(counts["needed"])),
            (Text("resolution.row_rule"), _rule(facts.settings, _casting(facts))),
            (Text("resolution.row_outcome"), verdict),
        )
        head = (Text("resolution.col_answer"), Text("resolution.col_votes"))
        about = (Text("resolution.col_what"), Text("resolution.col_number"))
        return (
            Table(Text("polls.sheet_result"), head, votes),
            Table(Text("resolution.sheet_calculation"), about, calculation),
        )

    def ballot_text(self, facts: ResultFacts, value: Mapping[str, Any]) -> Text:
        """Yes, no or abstention."""
        return Text(_WORDS[value["vote"]])


def _casting(facts: ResultFacts) -> bool:
    return bool(facts.settings.get("casting_vote")) and not facts.secret


def _rule(settings: Mapping[str, Any], casting: bool) -> Text:
    """The majority in a sentence or two."""
    by = measure(settings)
    if by == "simple":
        tie = Text("resolution.tie_by_chair" if casting else "resolution.tie_rejects")
        return Text("resolution.rule_simple", tie=tie)
    return Text(_MAJORITIES[settings["majority"]], whole=Text(_MEASURES[by]))


def _counted(counts: Mapping[str, Any]) -> Text:
    return Text(
        "resolution.counted",
        yes=counts["yes"],
        no=counts["no"],
        abstain=Text("resolution.abstentions", n=counts["abstain"]),
    )


def _quorum(counts: Mapping[str, Any]) -> tuple[Text, ...]:
    if not counts["quorum"]:
        return ()
    id = "resolution.quorate" if counts["quorate"] else "resolution.not_quorate"
    return (Text(id, cast=counts["cast"], seats=counts["seats"], needed=counts["quorum"]),)


def _calculation(facts: ResultFacts) -> Text:
    counts, majority = facts.counts, facts.settings["majority"]
    if majority == "simple":
        return Text("resolution.calculated_simple", yes=counts["yes"], no=counts["no"])
    numbers = {name: counts[name] for name in ("base", "needed", "yes")}
    return Text(_CALCULATIONS[majority], **numbers)


def _tie(casting: str) -> Text:
    if not casting:
        return Text("resolution.tied")
    return Text("resolution.tied_by_chair", vote=Text(_WORDS[casting]))
