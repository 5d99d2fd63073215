"""Makes ``schulze.json``: random profiles, and what pref_voting 1.18.2 says of them.

Not part of the tests. In an environment of its own: ``pip install pref_voting==1.18.2``, then
``python tests/data/schulze.py > tests/data/schulze.json``. A ballot lists options, the best one
first; what it leaves out shares its last place. ``beaten``: for each option those that beat it by
Schulze's rule (beat path) with winning votes.
"""

from __future__ import annotations

import json
import random
from importlib.metadata import version
from typing import Any

PROFILES = 400


def ask(options: int, ballots: list[list[int]]) -> dict[str, Any]:
    """What the package says of one profile."""
    from pref_voting.margin_based_methods import (  # type: ignore[import-not-found]
        beat_path_defeat,
    )
    from pref_voting.profiles_with_ties import (  # type: ignore[import-not-found]
        ProfileWithTies,
    )

    places = [
        {
            option: (ballot.index(option) if option in ballot else options)
            for option in range(options)
        }
        for ballot in ballots
    ]
    profile = ProfileWithTies(places, candidates=list(range(options)))
    defeats = beat_path_defeat(profile, strength_function=profile.support)
    return {
        "options": options,
        "ballots": ballots,
        "beaten": [sorted(int(by) for by, _ in defeats.in_edges(o)) for o in range(options)],
        "condorcet": profile.condorcet_winner(),
        "support": [[profile.support(a, b) for b in range(options)] for a in range(options)],
    }


def main() -> None:
    """Small ones with many equal ballots and ties, and some larger ones."""
    dice = random.Random(2011)
    answers = []
    for _ in range(PROFILES):
        options = dice.randint(2, 9)
        seats = dice.choice([1, 2, 3, 4, 5, 8, 12, 25])
        answers.append(
            ask(
                options,
                [dice.sample(range(options), dice.randint(0, options)) for _ in range(seats)],
            )
        )
    made = {"package": "pref_voting", "version": version("pref_voting"), "profiles": answers}
    print(json.dumps(made, separators=(",", ":"), default=int))


if __name__ == "__main__":
    main()
