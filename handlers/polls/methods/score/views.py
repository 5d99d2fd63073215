"""How scoring looks: a card an option, a row of values, and exact numbers at the end. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from handlers.chat import Button, Join, Money, Text, Translated, plain
from handlers.polls.facts import (
    BallotFacts,
    Bar,
    Cell,
    OptionFacts,
    PollFacts,
    ResultFacts,
    Row,
    Table,
    tap,
)
from handlers.polls.methods.places import Place, lines, rank_label
from handlers.polls.methods.score import criteria
from handlers.polls.methods.score.criteria import LETTERS, Criterion
from handlers.polls.methods.score.rules import TAKE_BACK, Score, deviation

GIVEN = "✓"
NOTHING = "–"
A_ROW = 6
"""Values in one row; more go into two of the same length."""

_RULES = Score()


class ScoreViews:
    """An option a card, with a button for each value of the scale."""

    def a_page(self, settings: Mapping[str, Any], options: int) -> int:
        """Each option has a card of its own."""
        return 1

    def how(self, poll: PollFacts) -> Text:
        """The scale, which end of it is good, and what skipping means."""
        return _how(poll.settings)

    def rows(
        self, poll: PollFacts, options: Sequence[OptionFacts], mine: BallotFacts
    ) -> Sequence[Row]:
        """The option with its value, then the scale – with criteria, one for each of them."""
        return [row for option in options for row in self._option(poll, option, mine)]

    def _option(self, poll: PollFacts, option: OptionFacts, mine: BallotFacts) -> Sequence[Row]:
        if option.id in mine.barred:
            return [Row((), Text("score.barred", option=_named(option)))]
        given = mine.value.get(str(option.id))
        weighed = criteria.of_settings(poll.settings)
        take_back = (tap(mine, option.id, Text("score.take_back"), part=TAKE_BACK),)
        more = () if given is None else (take_back,)
        if not weighed:
            scale = _scale(poll, option, mine, given)
            return [Row((*scale, *more), _headline(option, given))]
        values = given if isinstance(given, list) else [None] * len(weighed)
        blocks = [
            Row(
                _scale(poll, option, mine, value, part, f"{LETTERS[part]} "),
                Text(
                    "score.criterion_line",
                    letter=LETTERS[part],
                    criterion=_criterion(criterion),
                    value=NOTHING if value is None else str(value),
                ),
            )
            for part, (criterion, value) in enumerate(zip(weighed, values, strict=True))
        ]
        last = [Row(more)] if more else []
        return [Row((), Text("score.option", option=_named(option))), *blocks, *last]

    def left(self, poll: PollFacts, options: Sequence[OptionFacts], mine: BallotFacts) -> Text:
        """How many options are scored, and of how many a criterion is missing."""
        if not mine.cast:
            return Text("polls.not_voted_yet")
        open_to_me = [option for option in options if option.id not in mine.barred]
        done = _done(poll, open_to_me, mine.value)
        begun = sum(str(option.id) in mine.value for option in open_to_me) - done
        if begun:
            return Text("score.left_begun", done=done, all=len(open_to_me), n=begun)
        if done == len(open_to_me):
            return Text("score.all_scored", n=done)
        return Text("score.left", n=done, all=len(open_to_me))

    def saved(
        self,
        poll: PollFacts,
        options: Sequence[OptionFacts],
        value: Mapping[str, Any],
        option: int,
    ) -> tuple[Text, str]:
        """How far one is, or that nothing is left of a score; never the value itself."""
        given = value.get(str(option))
        if option and given is None:
            return Text("score.taken_back"), NOTHING
        return Text("score.saved", n=_done(poll, options, value)), _mark(given)

    def board(
        self, poll: PollFacts, options: Sequence[OptionFacts], counts: Mapping[str, Any] | None
    ) -> tuple[Text, ...]:
        """The options, with their means where running totals are shown."""
        found = {p["option"]: p for p in counts["places"]} if counts else {}
        return tuple(
            Text(
                "score.line",
                option=Translated(o.label),
                mean=Fraction(found[o.id]["mean"]),
                scores=Text("score.scores", n=found[o.id]["n"]),
            )
            if o.id in found and found[o.id]["mean"] is not None
            else Text("polls.option_line", option=Translated(o.label))
            for o in options
        )

    def result(self, facts: ResultFacts) -> tuple[Text, ...]:
        """What the numbers are, the tie rule where it decided, places."""
        if not facts.cast:
            return ()
        places = facts.counts["places"]
        said = [Text("score.numbers")]
        if facts.counts["tiebreak"]:
            said.append(Text("score.tiebreak_median"))
        partial = sum(p["partial"] for p in places)
        if partial:
            said.append(Text("score.partial", n=partial))

        def line(place: Place) -> Text:
            named = Translated(facts.label(place["option"]))
            if place["mean"] is None:
                return Text("score.place_without", option=named)
            return Text(
                "score.place",
                rank=rank_label(place),
                option=named,
                mean=Fraction(place["mean"]),
                median=Fraction(place["median"]),
                spread=deviation(Fraction(place["variance"])),
                scores=Text("score.scores", n=place["n"]),
            )

        return (*said, *lines(places, line))

    def bars(self, facts: ResultFacts) -> tuple[Bar, ...]:
        """Means, with median and number beside them."""
        if not facts.cast:
            return ()
        return tuple(
            Bar(
                rank_label(p),
                plain(Translated(facts.label(p["option"]))),
                Fraction(p["mean"]),
                Text("score.mean", mean=Fraction(p["mean"])),
                Text(
                    "score.bar_note",
                    median=Fraction(p["median"]),
                    scores=Text("score.scores", n=p["n"]),
                ),
            )
            if p["mean"] is not None
            else Bar("", plain(Translated(facts.label(p["option"]))), Fraction(0), plain(NOTHING))
            for p in facts.counts["places"]
        )

    def tables(self, facts: ResultFacts) -> tuple[Table, ...]:
        """All numbers of each option, exact but for the deviation, and each criterion's mean."""
        weighed = criteria.of_settings(facts.settings)
        head = (
            Text("polls.col_rank"),
            Text("polls.col_option"),
            Text("score.col_mean"),
            Text("score.col_median"),
            Text("score.col_deviation"),
            Text("score.col_scores"),
            Text("score.col_without"),
            *(Text("score.col_partial") for _ in weighed[:1]),
            *(Text("score.col_criterion", criterion=_criterion(c)) for c in weighed),
        )
        rows = tuple(self._row(facts, place, weighed) for place in facts.counts["places"])
        return (Table(Text("polls.sheet_result"), head, rows),)

    def _row(
        self, facts: ResultFacts, place: Place, weighed: Sequence[Criterion]
    ) -> tuple[Cell, ...]:
        variance = _exact(place["variance"])
        means: Sequence[Cell] = [Fraction(mean) for mean in place["criteria"]]
        return (
            rank_label(place),
            plain(Translated(facts.label(place["option"]))),
            _exact(place["mean"]),
            _exact(place["median"]),
            None if variance is None else deviation(variance),
            int(place["n"]),
            int(place["ballots"] - place["n"] - place["partial"]),
            *([int(place["partial"])] if weighed else []),
            *(means or [None] * len(weighed)),
        )

    def ballot_text(self, facts: ResultFacts, value: Mapping[str, Any]) -> Text:
        """Each scored option with its value or values."""
        given = tuple(
            Text("score.given", option=Translated(o.label), value=_mark(value[str(o.id)]))
            for o in facts.options
            if str(o.id) in value
        )
        return Text("polls.option_list", options=Join(given, "; ")) if given else Text("score.none")


def _how(settings: Mapping[str, Any]) -> Text:
    low, high = settings["low"], settings["high"]
    weighed = criteria.of_settings(settings)
    if not weighed:
        return Text("score.how", low=low, high=high)
    said = Join(tuple(_criterion(criterion) for criterion in weighed), ", ")
    return Text("score.how_criteria", low=low, high=high, criteria=said)


def _criterion(criterion: Criterion) -> Text:
    said = "score.criterion_less" if criterion.less else "score.criterion"
    return Text(said, name=Translated(criterion.name), weight=criterion.weight * 100)


def _named(option: OptionFacts) -> Text:
    named = plain(Translated(option.label))
    if option.code:
        named = Text("score.coded", code=option.code, option=named)
    if option.cost is not None:
        named = Text("score.with_cost", option=named, cost=Money(option.cost))
    return named


def _headline(option: OptionFacts, given: int | None) -> Text:
    if given is None:
        return Text("score.option", option=_named(option))
    return Text("score.option_scored", option=_named(option), value=str(given))


def _scale(
    poll: PollFacts,
    option: OptionFacts,
    mine: BallotFacts,
    given: int | None,
    part: int = 0,
    before: str = "",
) -> tuple[tuple[Button, ...], ...]:
    values = range(poll.settings["low"], poll.settings["high"] + 1)
    buttons = tuple(
        tap(mine, option.id, plain(f"{before}{v}"), v, part, GIVEN if v == given else "")
        for v in values
    )
    a_row = len(buttons) if len(buttons) <= A_ROW else -(-len(buttons) // 2)
    return tuple(buttons[at : at + a_row] for at in range(0, len(buttons), a_row))


def _done(poll: PollFacts, options: Sequence[OptionFacts], value: Mapping[str, Any]) -> int:
    return sum(_RULES.answered(poll.settings, dict(value), option.id) for option in options)


def _mark(given: Any) -> str:
    """``4``, ``4/3``, ``4/–`` – or a dash."""
    values = given if isinstance(given, list) else [given]
    return "/".join(NOTHING if value is None else str(value) for value in values)


def _exact(stored: str | None) -> Fraction | None:
    return None if stored is None else Fraction(stored)
