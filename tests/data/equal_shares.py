"""Makes ``equal_shares.json``: random budgets, and what pabutools 1.2.3 says of them.

Not part of the tests. In an environment of its own: ``pip install pabutools==1.2.3``, then
``python tests/data/equal_shares.py > tests/data/equal_shares.json``. Utility is score times cost,
as in voting.md. Every measure is supported and within the budget; kept are only instances that
come out alike whatever the measures are called, so that no tie decides. ``equal``: the method of
equal shares alone; ``raised``: completed by add-one, one euro a seat.
"""

from __future__ import annotations

import json
import random
from importlib.metadata import version
from typing import Any

INSTANCES = 300
NAMINGS = 4
"""At random, besides the list's order and its reverse: the package breaks ties by name."""


def ask(
    costs: list[int], votes: list[dict[int, int]], budget: int, names: list[str]
) -> tuple[list[int], list[int]]:
    """What the package picks, with these names for the measures."""
    from pabutools.election import (  # type: ignore[import-not-found]
        Additive_Cardinal_Sat,
        CardinalBallot,
        CardinalProfile,
        Instance,
        Project,
    )
    from pabutools.rules import (  # type: ignore[import-not-found]
        exhaustion_by_budget_increase,
        method_of_equal_shares,
    )

    projects = [Project(name, cost) for name, cost in zip(names, costs, strict=True)]
    instance = Instance(projects, budget_limit=budget)
    profile = CardinalProfile(
        [
            CardinalBallot({projects[m]: value * costs[m] for m, value in seat.items()})
            for seat in votes
        ]
    )
    equal = method_of_equal_shares(instance, profile, sat_class=Additive_Cardinal_Sat)
    raised = exhaustion_by_budget_increase(
        instance,
        profile,
        method_of_equal_shares,
        {"sat_class": Additive_Cardinal_Sat},
        budget_step=len(votes),
    )
    return (
        sorted(names.index(project.name) for project in equal),
        sorted(names.index(project.name) for project in raised),
    )


def main() -> None:
    """Half of them approval, half scores up to 5."""
    dice = random.Random(2021)
    answers: list[dict[str, Any]] = []
    while len(answers) < INSTANCES:
        seats, measures = dice.randint(2, 9), dice.randint(3, 8)
        most = 1 if len(answers) < INSTANCES // 2 else 5
        costs = [dice.randint(5, 120) for _ in range(measures)]
        budget = dice.randint(max(costs), sum(costs))
        chance = dice.choice([0.3, 0.5, 0.7])
        votes = [
            {m: dice.randint(1, most) for m in range(measures) if dice.random() < chance}
            for _ in range(seats)
        ]
        if {m for seat in votes for m in seat} != set(range(measures)):
            continue
        found = set()
        orders = [list(range(measures)), list(range(measures))[::-1]]
        orders += [dice.sample(range(100), measures) for _ in range(NAMINGS)]
        for order in orders:
            names = [f"{number:02}" for number in order]
            equal, raised = ask(costs, votes, budget, names)
            found.add((tuple(equal), tuple(raised)))
        if len(found) == 1:
            answers.append(
                {
                    "costs": costs,
                    "votes": votes,
                    "budget": budget,
                    "equal": equal,
                    "raised": raised,
                }
            )
    made = {"package": "pabutools", "version": version("pabutools"), "instances": answers}
    print(json.dumps(made, separators=(",", ":")))


if __name__ == "__main__":
    main()
