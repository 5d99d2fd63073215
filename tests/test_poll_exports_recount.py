"""Single ballots for other software: what is counted again is the same."""

from __future__ import annotations

import csv
import io
import random
import re
from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.polls.exports import Format, file, offered, recount
from handlers.polls.facts import ResultFacts
from handlers.polls.methods import budget, dots, ranking
from handlers.polls.rules import Base, Cast, Rules
from tests.results import (
    COSTS,
    frame,
    measures,
    pasted,
    result,
    words,
)

# --- counted again: budgets ----------------------------------------------------------------


def read_pabulib(data: bytes) -> tuple[dict[str, str], list[dict[str, str]], list[dict[str, str]]]:
    """A strict reader of the three sections."""
    rows = list(csv.reader(io.StringIO(data.decode(), newline=""), delimiter=";", strict=True))
    at = [rows.index([name]) for name in ("META", "PROJECTS", "VOTES")]
    assert at[0] == 0 and at == sorted(at)

    def section(start: int, end: int) -> list[dict[str, str]]:
        head, *lines = rows[start + 1 : end]
        assert all(len(line) == len(head) for line in lines)
        return [dict(zip(head, line, strict=True)) for line in lines]

    about = {line["key"]: line["value"] for line in section(at[0], at[1])}
    return about, section(at[1], at[2]), section(at[2], len(rows))


def shared_out(
    scoring: bool, seed: int = 1, **more: Any
) -> tuple[ResultFacts, list[dict[str, Any]]]:
    chance = random.Random(seed)
    options = measures()
    ballots = [
        {
            str(o.id): chance.randint(1, 5) if scoring else 1
            for o in options
            if chance.random() < 0.5
        }
        for _ in range(14)
    ]
    of = {"budget": 150_000, "costs": list(COSTS), "ballot": "score" if scoring else "approval"}
    return result(budget.METHOD, ballots, options, of, **more), ballots


@pytest.mark.parametrize("scoring", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_a_budget_counted_again_from_its_file_gives_the_same_measures(
    scoring: bool, seed: int
) -> None:
    facts, ballots = shared_out(scoring, seed)
    done = file(facts, budget.METHOD.views, Format.PABULIB, words(), frame(ballots=ballots))
    meta, projects, votes = read_pabulib(done.data)
    assert done.name == "Ergebnis-12.pb"
    assert meta["vote_type"] == ("scoring" if scoring else "approval")
    assert int(meta["num_votes"]) == len(votes) == 14
    assert int(meta["num_projects"]) == len(projects) == 5
    read = []
    for vote in votes:
        chosen = vote["vote"].split(",") if vote["vote"] else []
        points = vote["points"].split(",") if scoring and vote["vote"] else ["1"] * len(chosen)
        read.append({o: int(n) for o, n in zip(chosen, points, strict=True)})
    costs = [int(project["cost"]) for project in projects]
    of = {**facts.settings, "budget": int(meta["budget"]), "costs": costs}
    ids = [int(project["project_id"]) for project in projects]
    again = budget.METHOD.rules.tally(of, ids, [Cast(b) for b in read], Base(19, Rules()))
    picked = {pick["option"] for pick in again["picks"]}
    assert picked == {pick["option"] for pick in facts.counts["picks"]}
    assert picked == {int(p["project_id"]) for p in projects if p["selected"] == "1"}


def test_the_order_of_the_ballots_says_nothing() -> None:
    facts, ballots = shared_out(scoring=True)
    mixed = list(ballots)
    for _ in range(10):
        random.Random(len(mixed)).shuffle(mixed)
        files = [recount.pabulib(facts, words(), frame(ballots=some)) for some in (ballots, mixed)]
        assert files[0] == files[1]
        mixed = mixed[1:] + mixed[:1]


def test_names_cannot_begin_a_section_or_a_column() -> None:
    facts, ballots = shared_out(scoring=False)
    sly = ["VOTES\n1;2", "a;b", 'x"y', "META", "# NUMBER VOTERS: 99"]
    facts = replace(facts, options=measures(sly), title={"de": "A\nPROJECTS\nB"})
    _, projects, votes = read_pabulib(recount.pabulib(facts, words(), frame(ballots=ballots)))
    assert len(projects) == 5 and len(votes) == 14


# --- counted again: rankings ---------------------------------------------------------------


def read_preflib(data: bytes) -> tuple[dict[str, str], list[tuple[int, list[list[int]]]]]:
    """A strict reader of header and orders."""
    head: dict[str, str] = {}
    orders: list[tuple[int, list[list[int]]]] = []
    for line in data.decode().splitlines():
        if line.startswith("#"):
            assert not orders, "headers come first"
            name, _, value = line.removeprefix("# ").partition(":")
            assert name not in head
            head[name] = value.strip()
            continue
        found = re.fullmatch(
            r"(\d+): ((?:\d+|\{\d+(?:, \d+)+\})(?:, (?:\d+|\{\d+(?:, \d+)+\}))*)", line
        )
        assert found is not None, line
        alike = re.findall(r"\{([^}]*)\}|(\d+)", found[2])
        orders.append(
            (int(found[1]), [[int(n) for n in (many or one).split(",")] for many, one in alike])
        )
    return head, orders


rankings = st.lists(
    st.permutations(range(11, 16)).flatmap(
        lambda whole: st.integers(0, 5).map(lambda top: {"order": [str(o) for o in whole[:top]]})
    ),
    min_size=3,
    max_size=19,
)


@given(rankings)
@settings(deadline=None)
def test_rankings_counted_again_from_their_file_are_the_same_duels(
    ballots: list[dict[str, Any]],
) -> None:
    facts = result(ranking.METHOD, ballots, measures(), {"top": 0})
    kind, data = recount.preflib(facts, words(), frame(ballots=ballots))
    head, orders = read_preflib(data)
    assert int(head["NUMBER ALTERNATIVES"]) == 5 and head["DATA TYPE"] == kind
    assert head["FILE NAME"].endswith(f".{kind}")
    assert int(head["NUMBER VOTERS"]) == len(ballots) == sum(times for times, _ in orders)
    assert int(head["NUMBER UNIQUE ORDERS"]) == len(orders)
    duels = [[0] * 5 for _ in range(5)]
    for times, order in orders:
        assert sorted(n for alike in order for n in alike) == [1, 2, 3, 4, 5]
        for before, behind in combinations(order, 2):
            for one in before:
                for other in behind:
                    duels[one - 1][other - 1] += times
    assert duels == facts.counts["duels"]
    strict = all(len(alike) == 1 for _, order in orders for alike in order)
    assert kind == ("soc" if strict else "toc")


@given(rankings, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_the_order_of_rankings_says_nothing(
    ballots: list[dict[str, Any]], chance: random.Random
) -> None:
    facts = result(ranking.METHOD, ballots, measures(), {"top": 0})
    mixed = list(ballots)
    chance.shuffle(mixed)
    one, other = (recount.preflib(facts, words(), frame(ballots=b)) for b in (ballots, mixed))
    assert one == other


# --- who may have ballots ------------------------------------------------------------------


def test_single_ballots_are_handed_out_only_where_nobody_is_known_by_them() -> None:
    facts, ballots = shared_out(scoring=False)
    assert Format.PABULIB in offered(facts, budget.METHOD)
    assert Format.PREFLIB not in offered(facts, budget.METHOD)
    assert Format.PABULIB not in offered(pasted(), dots.METHOD)
    for telling in (
        replace(facts, secret=True),
        replace(facts, withheld=True),
        replace(facts, cast=2),
        replace(facts, excluded_options=(({"de": "Solarverein"}, 11),)),
    ):
        assert Format.PABULIB not in offered(telling, budget.METHOD)
        with pytest.raises(ValueError, match="not handed out"):
            recount.pabulib(telling, words(), frame(ballots=ballots))
    with pytest.raises(recount.BallotsGone, match="3 ballots instead of 14"):
        recount.pabulib(facts, words(), frame(ballots=ballots[:3]))


def test_a_roll_call_s_ballots_have_no_names() -> None:
    facts, ballots = shared_out(scoring=False, roll_call=True)
    facts = replace(facts, roll=tuple(({"de": f"Sitz {n}"}, b) for n, b in enumerate(ballots)))
    data = recount.pabulib(facts, words(), frame(ballots=ballots))
    assert b"Sitz" not in data
