"""From answers to the options of a next poll: what says nearly the same becomes one. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from handlers.polls.methods.question.rules import alike
from handlers.polls.rules import LONGEST_OPTION

NEAR = 0.85
"""Share of equal characters from which two answers count as nearly the same (difflib)."""

_NOT = re.compile(r"\b(?:nicht|nichts|kein\w*|nie|niemals|ohne|no|not|never|without)\b|n[’']t\b")
_NUMBERS = re.compile(r"\d+(?:[.,:]\d+)*")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposed option, and the positions of the answers that it stands for (from 0)."""

    text: str
    of: tuple[int, ...]


def proposals(answers: Sequence[str]) -> list[Proposal]:
    """Answers merged where they are equal or nearly equal; each is in exactly one proposal.

    Two answers are never merged if they differ in a number or in a "not": „30 km/h“ and „50 km/h“
    look alike and mean different things. A proposal's words are those that most of its answers
    have, then the shortest. Most answers first, then in the order of the alphabet. Coordination
    changes the proposals as it likes before they are put to the vote.
    """
    groups: list[list[int]] = []
    # In an order of their own, so that who answered first makes no difference.
    for at in sorted(range(len(answers)), key=lambda i: (alike(answers[i]), answers[i], i)):
        # Near to all of a group, so that no chain of small steps joins what is far apart.
        home = next((g for g in groups if all(near(answers[at], answers[i]) for i in g)), None)
        if home is None:
            groups.append([at])
        else:
            home.append(at)
    made = [Proposal(_words([answers[i] for i in g]), tuple(sorted(g))) for g in groups]
    return sorted(made, key=lambda p: (-len(p.of), p.text.casefold(), p.text, p.of))


def near(one: str, other: str) -> bool:
    """Whether two answers say the same or nearly the same."""
    first, second = sorted((alike(one), alike(other)))
    if first == second:
        return True
    if _NUMBERS.findall(first) != _NUMBERS.findall(second):
        return False
    if bool(_NOT.search(first)) != bool(_NOT.search(second)):
        return False
    return SequenceMatcher(None, first, second, autojunk=False).ratio() >= NEAR


def _words(texts: Sequence[str]) -> str:
    same = [alike(text) for text in texts]
    text = min(texts, key=lambda text: (-same.count(alike(text)), len(text), text))
    if len(text) <= LONGEST_OPTION:
        return text
    return text[: LONGEST_OPTION - 2].rsplit(" ", 1)[0] + " …"
