"""Single ballots for software that counts again: Pabulib for budgets, PrefLib for rankings. Pure.

Formats: https://pabulib.org/format (UTF-8, three sections, separated by semicolons) and
https://preflib.github.io/PrefLib-Jekyll/format (header lines with ``#``, then orders with how
often they were given). Both are in the same order for the same ballots, whatever the order in
which they were cast or stored: by how often a ballot was given, then by its content.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from handlers.chat import Translated, plain
from handlers.polls.exports.content import Frame
from handlers.polls.exports.picture import Words
from handlers.polls.facts import OptionFacts, ResultFacts, Value
from handlers.polls.rules import SECRET_TURNOUT_FROM

Points = tuple[tuple[int, int], ...]
"""A budget ballot: option and points, the options ascending."""

Order = tuple[tuple[int, ...], ...]
"""A ranking: classes of equally good options, by their numbers in the file, the best first."""


class BallotsGone(Exception):
    """Single ballots are kept for a while only: fewer are there than were counted."""


def may_be_given(facts: ResultFacts) -> bool:
    """Whether single ballots may be handed out without telling who chose what.

    Of a secret poll only totals are published (voting.md, Secrecy): a ballot of many options can
    be made up so that its voter is known by it. Three ballots are the least; and where a seat had
    no say in one option, its ballot would be known by the gap.
    """
    return (
        not facts.secret
        and not facts.withheld
        and facts.cast >= SECRET_TURNOUT_FROM
        and not facts.excluded_options
    )


def _checked(facts: ResultFacts, frame: Frame) -> Sequence[Value]:
    if not may_be_given(facts):
        raise ValueError("single ballots of this poll are not handed out")
    if len(frame.ballots) != facts.cast:
        raise BallotsGone(f"{len(frame.ballots)} ballots instead of {facts.cast}")
    return frame.ballots


def _line(words: str) -> str:
    """On one line, so that nobody's words begin a section or a header."""
    return " ".join(words.split())


def _name(option: OptionFacts, words: Words) -> str:
    label = _line(words(plain(Translated(option.label))))
    return f"{option.code} {label}" if option.code else label


# --- budgets -------------------------------------------------------------------------------


def points(value: Value) -> Points:
    """What a budget ballot gives to which option; what it gives nothing to is left out."""
    given = ((int(option), int(n)) for option, n in value.items() if option.isdecimal())
    return tuple(sorted((option, n) for option, n in given if n > 0))


def pabulib(facts: ResultFacts, words: Words, frame: Frame) -> bytes:
    """A ``.pb`` file: ``vote_type`` is ``approval``, or ``scoring`` where there are points."""
    ballots = _in_no_order(map(points, _checked(facts, frame)))
    scoring = facts.settings["ballot"] == "score"
    seats = Counter(option for ballot in ballots for option, _ in ballot)
    sums: Counter[int] = Counter()
    for ballot in ballots:
        sums.update(dict(ballot))
    written = io.StringIO()
    table = csv.writer(written, delimiter=";", lineterminator="\n")
    table.writerows([("META",), ("key", "value"), *_about(facts, words, frame, scoring)])
    picked = {int(pick["option"]) for pick in facts.counts["picks"]}
    more = ("votes", "score") if scoring else ("votes",)
    table.writerows([("PROJECTS",), ("project_id", "cost", *more, "selected", "name")])
    for option, cost in zip(facts.options, facts.settings["costs"], strict=True):
        counted = (seats[option.id], sums[option.id]) if scoring else (seats[option.id],)
        table.writerow((option.id, cost, *counted, int(option.id in picked), _name(option, words)))
    table.writerows([("VOTES",), ("voter_id", "vote", *(("points",) if scoring else ()))])
    for number, ballot in enumerate(ballots, 1):
        vote = ",".join(str(option) for option, _ in ballot)
        given = ",".join(str(n) for _, n in ballot) or _NOTHING
        table.writerow((number, vote, given) if scoring else (number, vote))
    return written.getvalue().encode()


_NOTHING = "none"
"""How pabutools reads that a ballot gives no points; an empty field ends it with an error."""


def _about(facts: ResultFacts, words: Words, frame: Frame, scoring: bool) -> list[tuple[str, Any]]:
    title = _line(words(plain(Translated(facts.title))))
    return [
        ("description", title),
        ("country", "Germany"),
        ("unit", _line(frame.town)),
        ("instance", f"{facts.closed_at.astimezone(frame.zone):%Y}, {facts.poll}"),
        ("num_projects", len(facts.options)),
        ("num_votes", facts.cast),
        ("budget", facts.settings["budget"]),
        ("vote_type", "scoring" if scoring else "approval"),
        ("rule", "equalshares/add1"),
        ("date_begin", _day(frame.opened_at, frame)),
        ("date_end", _day(facts.closed_at, frame)),
        ("language", frame.language.partition("-")[0]),
        ("comment", f"sha256 {facts.digest}"),
    ]


def _day(at: datetime, frame: Frame) -> str:
    return f"{at.astimezone(frame.zone):%d.%m.%Y}"


def _in_no_order(ballots: Iterable[Points]) -> list[Points]:
    counted = Counter(ballots)
    return sorted(counted.elements(), key=lambda ballot: (-counted[ballot], ballot))


# --- rankings ------------------------------------------------------------------------------


def order(value: Value, options: Sequence[OptionFacts]) -> Order:
    """A ranking by the options' numbers in the file (1, 2 …): all that it leaves out comes last,
    as in the count itself."""
    numbers = {str(option.id): number for number, option in enumerate(options, 1)}
    given = [numbers.pop(str(option)) for option in value.get("order", ())]
    last = (tuple(sorted(numbers.values())),) if numbers else ()
    return (*((number,) for number in given), *last)


def preflib(facts: ResultFacts, words: Words, frame: Frame) -> tuple[str, bytes]:
    """The ending and the bytes: ``soc`` where all ballots are strict, else ``toc`` (with ties)."""
    counted = Counter(order(value, facts.options) for value in _checked(facts, frame))
    strict = all(len(alike) == 1 for one in counted for alike in one)
    kind = "soc" if strict else "toc"
    day = f"{facts.closed_at.astimezone(frame.zone):%Y-%m-%d}"
    head = [
        ("FILE NAME", f"{facts.poll:05}-00000001.{kind}"),
        ("TITLE", _line(words(plain(Translated(facts.title))))),
        ("DESCRIPTION", _line(f"{frame.town}, sha256 {facts.digest}")),
        ("DATA TYPE", kind),
        ("MODIFICATION TYPE", "original" if strict else "imbued"),
        ("RELATES TO", ""),
        ("RELATED FILES", ""),
        ("PUBLICATION DATE", day),
        ("MODIFICATION DATE", day),
        ("NUMBER ALTERNATIVES", len(facts.options)),
        ("NUMBER VOTERS", facts.cast),
        ("NUMBER UNIQUE ORDERS", len(counted)),
        *_alternatives(facts.options, words),
    ]
    lines = [f"# {name}: {value}".rstrip() for name, value in head]
    lines += [
        f"{counted[one]}: {', '.join(map(_alike, one))}"
        for one in sorted(counted, key=lambda one: (-counted[one], one))
    ]
    return kind, ("\n".join(lines) + "\n").encode()


def _alternatives(options: Sequence[OptionFacts], words: Words) -> list[tuple[str, str]]:
    """Names, unlike each other, as the format wants them."""
    names = [_name(option, words) for option in options]
    often = Counter(names)
    return [
        (f"ALTERNATIVE NAME {number}", f"{name} ({number})" if often[name] > 1 else name)
        for number, name in enumerate(names, 1)
    ]


def _alike(numbers: tuple[int, ...]) -> str:
    return str(numbers[0]) if len(numbers) == 1 else "{" + ", ".join(map(str, numbers)) + "}"
