"""How long each method of voting counts, beside a baseline that counts the same ballots.

The baselines are the shortest plain Python that finds the order: floating-point numbers, no
exactness, no conflicts of interest, no places. For rankings and budgets, the libraries known for
them are the baseline where they happen to be installed (``pref_voting``, ``pabutools``; they are no
dependencies); the table says which it was.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from statistics import mean
from typing import Any

from handlers.polls.methods.registry import METHODS
from handlers.polls.rules import Base, Cast, Rules
from tests.benchmarks.table import Row, Value, value

Ballots = Sequence[Mapping[str, Any]]
Baseline = Callable[[Sequence[int], Ballots, Mapping[str, Any]], object]

SIZES = ((25, 250, "goal < 50 ms"), (10_000, 100, "goal < 2 s, budget < 10 s"))
"""Ballots and options: a steering group's measures, and everybody's."""

LONG = 1.0
"""Seconds; what takes longer is measured once."""


@dataclass(frozen=True)
class Case:
    """How a method's ballots are made up, its settings, and what it is compared with."""

    settings: Callable[[Sequence[int]], dict[str, Any]]
    ballot: Callable[[random.Random, Sequence[int]], dict[str, Any]]
    baseline: Baseline
    said: str = "a plain loop"


def measured(rounds: int) -> list[Row]:
    """A line for every method and size."""
    rows = []
    for method in METHODS.values():
        case = CASES[method.name]
        for voters, wanted, goal in SIZES:
            many = min(wanted, method.most_options)
            options, random_ = list(range(1, many + 1)), random.Random(many)
            settings = case.settings(options)
            ballots = [case.ballot(random_, options) for _ in range(voters)]
            casts = [Cast(ballot) for ballot in ballots]
            base = Base(voters, Rules())
            tally = method.rules.tally
            rows.append(
                Row(
                    f"counting {method.name}, {voters:,} × {many} (baseline: {case.said})",
                    _took(lambda: tally(settings, options, casts, base), rounds),  # noqa: B023
                    _took(lambda: case.baseline(options, ballots, settings), rounds),  # noqa: B023
                    goal=goal,
                )
            )
    return rows


def _took(count: Callable[[], object], rounds: int) -> Value:
    found: list[float] = []
    while len(found) < rounds and sum(found) < LONG * 1000:
        began = time.perf_counter()
        count()
        found.append((time.perf_counter() - began) * 1000)
    return value(found, "ms", 1)


# --- baselines --------------------------------------------------------------------------------


def _of_key(key: str) -> Baseline:
    return lambda options, ballots, settings: Counter(b[key] for b in ballots).most_common()


def _of_options(options: Sequence[int], ballots: Ballots, settings: Mapping[str, Any]) -> object:
    return Counter(key for ballot in ballots for key in ballot).most_common()


def _sums(options: Sequence[int], ballots: Ballots, settings: Mapping[str, Any]) -> object:
    found: Counter[str] = Counter()
    for ballot in ballots:
        found.update(ballot)
    return found.most_common()


def _means(options: Sequence[int], ballots: Ballots, settings: Mapping[str, Any]) -> object:
    found: dict[str, list[float]] = {}
    for ballot in ballots:
        for key, given in ballot.items():
            found.setdefault(key, []).append(given)
    return sorted((mean(map(float, given)), key) for key, given in found.items())


def _dates(options: Sequence[int], ballots: Ballots, settings: Mapping[str, Any]) -> object:
    return Counter(answer for ballot in ballots for answer in ballot.items()).most_common()


def _answers(options: Sequence[int], ballots: Ballots, settings: Mapping[str, Any]) -> object:
    return Counter(text.casefold() for b in ballots for text in b["answers"]).most_common()


def _schulze(options: Sequence[int], ballots: Ballots, settings: Mapping[str, Any]) -> object:
    many = len(options)
    duels = [[0] * many for _ in options]
    for ballot in ballots:
        given = [int(option) - 1 for option in ballot["order"]]
        for place, better in enumerate(given):
            for worse in given[place + 1 :]:
                duels[better][worse] += 1
    paths = [
        [duels[i][j] if duels[i][j] > duels[j][i] else 0 for j in range(many)] for i in range(many)
    ]
    for i in range(many):
        for j in range(many):
            for k in range(many):
                if i not in (j, k) and j != k:
                    paths[j][k] = max(paths[j][k], min(paths[j][i], paths[i][k]))
    return sorted(range(many), key=lambda i: sum(paths[j][i] > paths[i][j] for j in range(many)))


def _pref_voting(options: Sequence[int], ballots: Ballots, settings: Mapping[str, Any]) -> object:
    profiles = import_module("pref_voting.profiles")
    orders = [[int(option) - 1 for option in ballot["order"]] for ballot in ballots]
    return import_module("pref_voting.margin_based_methods").beat_path(profiles.Profile(orders))


def _greedy(options: Sequence[int], ballots: Ballots, settings: Mapping[str, Any]) -> object:
    votes = Counter(int(key) for ballot in ballots for key in ballot)
    left, picked = settings["budget"], []
    for option, _ in votes.most_common():
        cost = settings["costs"][option - 1]
        if cost <= left:
            left -= cost
            picked.append(option)
    return picked


def _pabutools(options: Sequence[int], ballots: Ballots, settings: Mapping[str, Any]) -> object:
    election = import_module("pabutools.election")
    projects = {str(o): election.Project(str(o), settings["costs"][o - 1]) for o in options}
    instance = election.Instance(projects.values(), budget_limit=settings["budget"])
    approved = (election.ApprovalBallot(projects[key] for key in b) for b in ballots)
    profile = election.ApprovalProfile(approved)
    shares = import_module("pabutools.rules").method_of_equal_shares
    return shares(instance, profile, sat_class=election.Cost_Sat)


# --- ballots ----------------------------------------------------------------------------------


def _some(random_: random.Random, options: Sequence[int]) -> list[str]:
    return [str(option) for option in options if random_.random() < 0.5]


def _costs(options: Sequence[int]) -> dict[str, Any]:
    costs = [10_000 + 7_919 * option % 90_000 for option in options]
    return {"budget": sum(costs) // 4, "costs": costs, "ballot": "approval"}


def _order(random_: random.Random, options: Sequence[int]) -> dict[str, Any]:
    return {"order": [str(option) for option in random_.sample(options, len(options))]}


_RANKING: tuple[Baseline, str] = (
    (_pref_voting, "pref_voting")
    if find_spec("pref_voting")
    else (_schulze, "a plain loop; pref_voting is not installed")
)
_BUDGET: tuple[Baseline, str] = (
    (_pabutools, "pabutools, without completion")
    if find_spec("pabutools")
    else (_greedy, "the simpler rule by votes; pabutools is not installed")
)

CASES: Mapping[str, Case] = {
    "resolution": Case(
        lambda options: {
            "majority": "simple",
            "base": "yes_and_no",
            "abstentions": False,
            "casting_vote": False,
        },
        lambda random_, options: {"vote": random_.choice(("yes", "no", "abstain"))},
        _of_key("vote"),
    ),
    "choice": Case(
        lambda options: {},
        lambda random_, options: {str(random_.choice(options)): 1},
        _of_options,
    ),
    "election": Case(
        lambda options: {"round": 1, "base": "present", "single": len(options) == 1},
        lambda random_, options: {str(random_.choice(options)): 1},
        _of_options,
    ),
    "approval": Case(
        lambda options: {"most": 0},
        lambda random_, options: dict.fromkeys(_some(random_, options), 1),
        _of_options,
    ),
    "dots": Case(
        lambda options: {"dots": 50, "max_per_option": 2},
        lambda random_, options: {
            str(o): random_.randint(1, 2) for o in random_.sample(options, 25)
        },
        _sums,
    ),
    "score": Case(
        lambda options: {"low": 0, "high": 5, "criteria": []},
        lambda random_, options: {str(option): random_.randint(0, 5) for option in options},
        _means,
    ),
    "ranking": Case(lambda options: {"top": 0}, _order, *_RANKING),
    "consensing": Case(
        lambda options: {"status_quo": "given"},
        lambda random_, options: {str(option): random_.randint(0, 10) for option in options},
        _means,
    ),
    "consent": Case(
        lambda options: {"turnout": "quorum"},
        lambda random_, options: {"stance": random_.choice(("consent", "concern")), "text": "–"},
        _of_key("stance"),
    ),
    "budget": Case(
        _costs,
        lambda random_, options: dict.fromkeys(_some(random_, options), 1),
        *_BUDGET,
    ),
    "date": Case(
        lambda options: {
            "moments": [f"2027-01-12T{o // 60:02}:{o % 60:02}+00:00" for o in options]
        },
        lambda random_, options: {
            str(option): random_.choice(("yes", "maybe", "no")) for option in options
        },
        _dates,
    ),
    "question": Case(
        lambda options: {"most": 5},
        lambda random_, options: {"answers": [f"Weg {random_.choice(options)}" for _ in range(3)]},
        _answers,
    ),
}
