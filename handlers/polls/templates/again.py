"""What comes after a poll: a vote on the answers to a question, a second reading of a motion."""

from __future__ import annotations

import re
from collections.abc import Sequence

from handlers.chat import Answers, Button, Join, Refusal, Text
from handlers.forms import Choice, Field, Form, Given, start
from handlers.polls import closing, forms, rules, sources
from handlers.polls.facts import ResultFacts
from handlers.polls.methods.question.proposals import Proposal, proposals
from handlers.polls.methods.registry import METHODS
from handlers.polls.reading import result_facts
from handlers.polls.refusing import refusal
from handlers.polls.rules import Broken, Rules
from handlers.polls.templates.actions import FromAnswers, SecondReading
from handlers.polls.written.method import NAME as WRITTEN
from handlers.router import Context, Role

_GROUP = re.compile(r"\d{1,3}(?:\s*\+\s*\d{1,3})+")


def ways_on(facts: ResultFacts, second_reading: bool) -> list[tuple[Button, ...]]:
    """What coordination can make of a result that is published."""
    if facts.published and facts.method == "question" and len(_answers(facts)) > 1:
        return [(Button(Text("templates.from_answers"), FromAnswers(facts.poll)),)]
    if facts.published and second_reading and _failed(facts):
        return [(Button(Text("templates.second_reading"), SecondReading(facts.poll)),)]
    return []


def _answers(facts: ResultFacts) -> list[str]:
    """What was said, as often as it was said."""
    listed = facts.counts.get("answers", ())
    return [one["text"] for one in listed for _ in range(one["n"])]


def _failed(facts: ResultFacts) -> bool:
    """Whether a motion failed for its quorum."""
    return facts.method == "resolution" and facts.counts["verdict"] == "no_decision"


def _published(ctx: Context, poll_id: int) -> ResultFacts:
    facts = result_facts(ctx.tx, closing.of_poll(ctx, poll_id))
    if facts is None or not facts.published:
        raise Refusal("polls.no_result_yet")
    return facts


# --- from the answers to a question -----------------------------------------------------------


def from_answers(ctx: Context, pressed: FromAnswers) -> Answers:
    """Make the answers to a question the options of a poll."""
    facts = _published(ctx, pressed.poll)
    if facts.method != "question" or len(_answers(facts)) < rules.FEWEST_OPTIONS:
        raise Refusal("templates.too_few_answers")
    return start(ctx, ANSWERS, {"poll": pressed.poll})


def _proposed(ctx: Context, given: Given) -> list[Proposal]:
    return proposals(_answers(_published(ctx, given["poll"])))


def _ask_merge(ctx: Context, given: Given) -> tuple[Text, ...]:
    lines = tuple(
        Text("templates.answer_numbered", number=number, text=one.text, n=len(one.of))
        for number, one in enumerate(_proposed(ctx, given), 1)
    )
    return (Text("templates.ask_merge"), Text("templates.lines", lines=Join(lines)))


def _nothing(ctx: Context, given: Given) -> list[Choice]:
    return [Choice(Text("templates.merge_nothing"), [])]


def _read_merge(ctx: Context, given: Given, text: str) -> list[list[int]]:
    """``2+5, 3+7``: the first of each group gives the words."""
    groups = [[int(number) for number in re.findall(r"\d+", part)] for part in _GROUP.findall(text)]
    numbers = [number for group in groups for number in group]
    most = len(_proposed(ctx, given))
    if not groups or len(set(numbers)) < len(numbers) or not all(1 <= n <= most for n in numbers):
        raise Refusal("templates.merge_unreadable", most=most)
    return groups


def _merged(ctx: Context, given: Given) -> list[tuple[str, int]]:
    """Options, and how many answers each stands for."""
    found = [(one.text, len(one.of)) for one in _proposed(ctx, given)]
    groups: Sequence[Sequence[int]] = given["merge"]
    for group in groups:
        first = group[0] - 1
        found[first] = (found[first][0], sum(found[number - 1][1] for number in group))
    gone = {number - 1 for group in groups for number in group[1:]}
    return [one for at, one in enumerate(found) if at not in gone]


def _keep(ctx: Context, given: Given) -> list[Choice]:
    return [
        Choice(Text("templates.answer", text=text, n=n), text) for text, n in _merged(ctx, given)
    ]


def _all(ctx: Context, given: Given) -> list[str]:
    return [text for text, _ in _merged(ctx, given)]


def _prepare(ctx: Context, given: Given) -> Answers:
    try:
        options = list(rules.check_options(given["keep"]))
    except Broken as broken:
        raise refusal(broken) from None
    known = {"source": sources.TYPED, "options": options, "known": ["source", "options"]}
    return start(ctx, forms.PREPARE, known)


ANSWERS = Form(
    name="answers",
    by=Role.CORE_TEAM,
    fields=(
        Field("merge", _ask_merge, _nothing, _read_merge),
        Field(
            "keep",
            lambda ctx, given: (Text("templates.ask_keep"),),
            _keep,
            multi=True,
            preset=_all,
        ),
    ),
    review=None,
    confirm=Text("forms.done"),
    finish=_prepare,
)


# --- a second reading -------------------------------------------------------------------------


def second_reading(ctx: Context, pressed: SecondReading) -> Answers:
    """Put a motion that failed for its quorum to the vote again: same words, same rules."""
    facts = _published(ctx, pressed.poll)
    if not _failed(facts) or not Rules.of(ctx.town.rules).second_reading:
        raise Refusal("templates.no_second_reading")
    poll = closing.of_poll(ctx, pressed.poll)
    known = ["method", "title", "body", "secrecy", "formal"]
    return start(
        ctx,
        forms.PREPARE,
        {
            "method": WRITTEN if poll.settings.get("written") else poll.method,
            "title": dict(poll.title),
            "body": poll.body_id,
            "secrecy": poll.secrecy,
            "settings": {**poll.settings, "second_of": poll.id},
            "known": [*known, *(field.name for field in METHODS[poll.method].fields)],
        },
    )
