"""How a frozen result looks: text that reads like minutes, chart, files. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from handlers.chat import Button, Card, Join, Picture, Text, Translated, plain
from handlers.polls import views
from handlers.polls.actions import AsFile, Release, ShowResult
from handlers.polls.correcting_views import afterwards
from handlers.polls.facts import Bar, GroupFacts, PollFacts, ResultFacts, Words
from handlers.polls.methods import Views
from handlers.polls.rules import SECRET_TURNOUT_FROM
from handlers.polls.written import views as written

MOST_BARS = 40
"""Bars on a picture; a file has them all."""

MOST_OF_ROLL = 40
"""Seats of a roll call in the text; a file has them all."""

BARS_OF_GROUP = 3
"""What is said of an interest group's count."""

_ENDS = {
    "": "polls.closed_at",
    "by_coordination": "polls.closed_early",
    "all_voted": "polls.closed_all_voted",
    "objection": "written.ended",
}
GROUPS = {
    "administration": "polls.group_administration",
    "politics": "polls.group_politics",
    "civil_society": "polls.group_civil_society",
    "economy": "polls.group_economy",
    "science": "polls.group_science",
    "education": "polls.group_education",
    "church": "polls.group_church",
    "advisory_board": "polls.group_advisory_board",
    "other": "polls.group_other",
}
FILES = {
    "docx": "polls.as_docx",
    "xlsx": "polls.as_xlsx",
    "ods": "polls.as_ods",
    "csv": "polls.as_csv",
    "json": "polls.as_json",
    "pb": "polls.as_pb",
    "preflib": "polls.as_preflib",
    "png": "polls.as_matrix",
}
"""What the buttons for files say, by format."""


def result(
    facts: ResultFacts, looks: Views, picture: Picture | None, formats: Sequence[str] = ()
) -> Card:
    """A result that reads like minutes: method, seats, votes, quorum, counts, tie rule.

    The places come late; of very many the text has the first, and a file has all.
    """
    body = [
        Text("polls.result", title=Translated(facts.title)),
        Text("polls.formal" if facts.formal else "polls.straw_poll"),
        _participation(facts, looks),
        *written.returned(facts),
        Text(_ENDS[facts.early], at=facts.closed_at),
        *_circumstances(facts),
    ]
    if facts.receipts:
        checks = Join(tuple(Text("plain", text=r) for r in facts.receipts), " ")
        body.append(Text("polls.receipts", checks=checks))
    body.append(Text("polls.digest", digest=facts.digest[:16]))
    if not facts.published:
        body.insert(0, Text("polls.not_published"))
    body[1:1] = afterwards(facts)
    if not facts.cast:
        body += [Text("polls.no_ballots"), *_outcome_without_ballots(facts, looks)]
    elif facts.withheld:
        body.append(Text("polls.withheld", n=SECRET_TURNOUT_FROM))
    else:
        body += [*looks.result(facts), *_groups(facts, looks), *_roll(facts, looks)]
    return Card(tuple(body), _files(facts, formats), picture)


def _outcome_without_ballots(facts: ResultFacts, looks: Views) -> tuple[Text, ...]:
    """Of what decides something, the outcome is said even where nobody voted."""
    return looks.result(facts) if facts.formal else ()


def _participation(facts: ResultFacts, looks: Views) -> Text:
    said = Text(
        "polls.participation",
        n=facts.cast,
        seats=facts.seats,
        method=views.method_name(facts.method, facts.settings),
        how=looks.how(_as_poll(facts)),
    )
    if "quorate" in facts.counts:
        # Where the quorum is part of the outcome, the method says it.
        return said
    if not facts.needed:
        verdict = Text("polls.no_quorum")
    else:
        verdict = Text("polls.quorate" if facts.quorate else "polls.not_quorate", n=facts.needed)
    return Text("polls.with_quorum", said=said, verdict=verdict)


def _as_poll(facts: ResultFacts) -> PollFacts:
    """The poll of a result, for what a method says of its rules."""
    secrecy = "secret" if facts.secret else "roll_call" if facts.roll_call else "open"
    return PollFacts(
        id=facts.poll,
        title=facts.title,
        method=facts.method,
        settings=facts.settings,
        secrecy=secrecy,
        formal=facts.formal,
        state="closed",
        published=facts.published,
        opens_at=facts.closes_at,
        closes_at=facts.closes_at,
        closed_at=facts.closed_at,
        seats=facts.seats,
        voted=facts.cast,
    )


def _circumstances(facts: ResultFacts) -> list[Text]:
    """What was not as usual: late ballots, exclusions, the office, one group's weight."""
    said = []
    if facts.late:
        said.append(Text("polls.late_ballots", n=facts.late, at=facts.closes_at))
    if facts.excluded:
        said.append(Text("polls.excluded", n=len(facts.excluded), seats=_names(facts.excluded)))
    without: dict[int, list[Words]] = defaultdict(list)
    for seat, option in facts.excluded_options:
        without[option].append(seat)
    for option, seats in without.items():
        words = Translated(facts.label(option))
        said.append(Text("polls.excluded_option", option=words, seats=_names(seats)))
    if facts.recorded:
        said.append(Text("polls.recorded", n=facts.recorded))
    if facts.dominant is not None and not facts.withheld:
        group, ballots = facts.dominant
        said.append(Text("polls.dominant", group=group_name(group), n=ballots, cast=facts.cast))
    return said


def _names(seats: Sequence[Words]) -> Join:
    return Join(tuple(plain(Translated(name)) for name in seats), ", ")


def group_name(group: str) -> Text:
    """An interest group's name; what this version does not know is shown as it is."""
    return Text(GROUPS[group]) if group in GROUPS else plain(group)


def _groups(facts: ResultFacts, looks: Views) -> tuple[Text, ...]:
    lines = tuple(
        Text(
            "polls.group_line",
            group=group_name(group.group),
            n=group.cast,
            counts=Join(tuple(_short(bar) for bar in bars), "; "),
        )
        for group in facts.groups
        if (bars := group_bars(facts, looks, group)[:BARS_OF_GROUP])
    )
    return (Text("polls.by_group", lines=Join(lines)),) if lines else ()


def group_bars(facts: ResultFacts, looks: Views, group: GroupFacts) -> tuple[Bar, ...]:
    """The bars of one interest group's count."""
    return looks.bars(replace(facts, counts=group.counts, cast=group.cast, seats=group.cast))


def _short(bar: Bar) -> Text:
    if not bar.rank:
        return Text("polls.bar", label=bar.label, shown=bar.shown)
    return Text("polls.bar_ranked", rank=bar.rank, label=bar.label, shown=bar.shown)


def bar_lines(bars: Sequence[Bar]) -> Join:
    """The bars of a chart in words, a line each."""
    return Join(tuple(_short(bar) for bar in bars))


def _roll(facts: ResultFacts, looks: Views) -> tuple[Text, ...]:
    if not facts.roll:
        return ()
    lines = tuple(
        Text("polls.roll_line", seat=Translated(seat), ballot=looks.ballot_text(facts, value))
        for seat, value in facts.roll[:MOST_OF_ROLL]
    )
    said = [Text("polls.roll_call_list", lines=Join(lines))]
    if len(facts.roll) > MOST_OF_ROLL:
        said.append(Text("polls.more_of_roll", n=len(facts.roll) - MOST_OF_ROLL))
    return tuple(said)


def _files(facts: ResultFacts, formats: Sequence[str]) -> tuple[tuple[Button, ...], ...]:
    buttons = [Button(file_name(format), AsFile(facts.poll, format)) for format in formats]
    return tuple(tuple(buttons[at : at + 3]) for at in range(0, len(buttons), 3))


def file_name(format: str) -> Text:
    """What a button for this format says."""
    return Text(FILES[format]) if format in FILES else plain(format.upper())


# --- before it is published -------------------------------------------------------------------


def preview(shown: Card, facts: ResultFacts, second: bool, first: Words | None) -> Card:
    """Coordination's copy of a result: to be checked, then published.

    ``second``: two persons have to; ``first`` is who has already.
    """
    if facts.notes.get("unconfirmed"):
        lost = Text("recording.unconfirmed", n=len(facts.notes["unconfirmed"]))
        shown = replace(shown, body=(*shown.body, lost))
    if facts.notes.get("void"):
        return shown
    if facts.published:
        return Card((*shown.body, Text("polls.published_now")), shown.buttons, shown.picture)
    if first is not None:
        note = Text("polls.waits_for_second", name=Translated(first))
        label = Text("polls.confirm_second")
    else:
        note = Text("polls.check_and_publish_two" if second else "polls.check_and_publish")
        label = Text("polls.publish")
    rows = ((Button(label, Release(facts.poll), strong=True),), *shown.buttons)
    return Card((*shown.body, note), rows, shown.picture)


def table_caption(title: Words) -> Text:
    """What stands with a result's file."""
    return Text("polls.table_of", title=Translated(title))


def closed_by_you(poll: PollFacts) -> Card:
    """What coordination sees in the place of the question, once a poll is closed."""
    note = "polls.closed_by_you" if poll.published else "polls.closed_by_you_formal"
    rows = ((Button(Text("polls.show_result"), ShowResult(poll.id)),),) if poll.published else ()
    return Card((views.headline(poll), Text(note, at=poll.closed_at or poll.closes_at)), rows)
