"""How quick polls look. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from handlers.chat import Button, Card, Join, Text, Translated, plain
from handlers.quickpolls.actions import Choose, End

Words = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class QuickFacts:
    """What a quick poll shows."""

    id: int
    question: str
    options: Sequence[str]
    counts: Sequence[int]
    closes_at: datetime
    closed_at: datetime | None
    body: Words


def board(facts: QuickFacts, *, buttons: bool) -> Card:
    """The live count; with buttons where there is no poll of the platform's own."""
    cast = sum(facts.counts)
    over = facts.closed_at is not None
    lines = tuple(
        Text("quickpolls.line", answer=plain(option), n=n, bar=_bar(n, cast))
        for option, n in zip(facts.options, facts.counts, strict=True)
    )
    body = (
        Text("quickpolls.headline", question=facts.question),
        Text("quickpolls.straw"),
        Text("quickpolls.over", at=facts.closed_at, n=cast)
        if facts.closed_at is not None
        else Text("quickpolls.until", at=facts.closes_at, n=cast),
        Text("quickpolls.counts", lines=Join(lines)),
        *(() if over else (Text("quickpolls.who_counts", body=Translated(facts.body)),)),
    )
    if over or not buttons:
        return Card(body)
    return Card(
        body,
        tuple(
            (Button(plain(option), Choose(facts.id, position)),)
            for position, option in enumerate(facts.options)
        ),
    )


def _bar(part: int, whole: int) -> str:
    full = 0 if whole == 0 else round(Fraction(10 * part, whole))
    return "▰" * full + "▱" * (10 - full)


def asked(facts: QuickFacts, channels: int) -> Card:
    """What whoever asked sees in their direct chat: where it runs, and how to end it."""
    return Card(
        (
            Text("quickpolls.headline", question=facts.question),
            Text("quickpolls.asked", body=Translated(facts.body), n=channels, at=facts.closes_at),
        ),
        ((Button(Text("quickpolls.end"), End(facts.id)),),),
    )


def ended(facts: QuickFacts) -> Card:
    """In the place of the button that ended it."""
    return board(facts, buttons=False)


def preview(question: str, answers: Sequence[str], body: Words, channels: int) -> tuple[Text, ...]:
    """What is about to be asked, before it is."""
    lines = tuple(Text("quickpolls.answer_line", answer=answer) for answer in answers)
    return (
        Text("quickpolls.headline", question=question),
        Text("quickpolls.answers", lines=Join(lines)),
        Text("quickpolls.goes_to", body=Translated(body), n=channels),
        Text("quickpolls.open_note"),
    )
