"""Budget: the method of equal shares, beside others' answers and a plain way to count it."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.chat import Text
from handlers.polls.methods.budget import METHOD
from handlers.polls.methods.budget.equal_shares import Shares, equal_shares
from handlers.polls.methods.budget.fields import read_costs
from handlers.polls.methods.budget.rules import TAKE_BACK, euros
from handlers.polls.rules import Base, Broken, Cast, Rules
from tests.ballots import LANGUAGES, ballot, labels, open_poll, options, reads, result
from tests.polling import GROUP, ballots, close_poll
from tests.world import Town

RULES, VIEWS = METHOD.rules, METHOD.views
BASE = Base(20, Rules())
ANSWERS = json.loads((Path(__file__).parent / "data" / "equal_shares.json").read_text())

Votes = list[dict[int, int]]
Paid = tuple[int, Fraction | None, int]
"""A measure, the price of a point, and how many seats paid in full."""


# --- the same, step by step -----------------------------------------------------------------


def one_run(costs: Sequence[int], votes: Votes, share: Fraction) -> list[Paid]:
    """Equal shares as the paper says it."""
    money = [share] * len(votes)
    left = set(range(len(costs)))
    picks: list[Paid] = []
    while True:
        found = []
        for measure in left:
            seats = [i for i, seat in enumerate(votes) if seat.get(measure)]
            rest, points = Fraction(costs[measure]), sum(votes[i][measure] for i in seats)
            for i in sorted(seats, key=lambda i: money[i] / votes[i][measure]):
                if money[i] * points >= rest * votes[i][measure]:
                    price = rest / points
                    rho = price / costs[measure]
                    found.append((rho, -len(seats), costs[measure], measure, price))
                    break
                rest, points = rest - money[i], points - votes[i][measure]
        if not found:
            return picks
        _, _, _, picked, price = min(found)
        payers = [i for i, seat in enumerate(votes) if seat.get(picked)]
        full = sum(money[i] >= price * votes[i][picked] for i in payers)
        for i in payers:
            money[i] -= min(money[i], price * votes[i][picked])
        picks.append((picked, price, full))
        left.remove(picked)


def euro_by_euro(costs: Sequence[int], votes: Votes, budget: int) -> tuple[list[Paid], int]:
    """All picks, and by how many euros the share was raised, one after the other."""
    supported = {m for seat in votes for m in seat if costs[m] <= budget}
    votes = [{m: v for m, v in seat.items() if m in supported} for seat in votes]
    share, raised = Fraction(budget, len(votes)), 0
    picks = one_run(costs, votes, share)

    def left(run: list[Paid]) -> int:
        return budget - sum(costs[m] for m, _, _ in run)

    while any(costs[m] <= left(picks) for m in supported - {m for m, _, _ in picks}):
        following = one_run(costs, votes, share + raised + 1)
        if left(following) < 0:
            break
        picks, raised = following, raised + 1
    rest = supported - {m for m, _, _ in picks}
    for m in sorted(rest, key=lambda m: (-sum(m in seat for seat in votes), costs[m], m)):
        if costs[m] <= left(picks):
            picks.append((m, None, 0))
    return picks, raised


@st.composite
def towns(draw: st.DrawFn) -> tuple[list[int], Votes, int]:
    """Costs, ballots and a budget; small numbers, so that there are many ties."""
    most = draw(st.sampled_from([3, 12, 60]))
    costs = draw(st.lists(st.integers(1, most), min_size=1, max_size=7))
    points = st.integers(1, draw(st.sampled_from([1, 5])))
    seat = st.dictionaries(st.integers(0, len(costs) - 1), points)
    votes = draw(st.lists(seat, min_size=1, max_size=7))
    return costs, votes, draw(st.integers(1, sum(costs) + 1))


@given(towns())
def test_the_next_share_at_which_anything_changes_is_never_missed(
    town: tuple[list[int], Votes, int],
) -> None:
    picks, raised = euro_by_euro(*town)
    outcome = equal_shares(*town)
    assert [(p.measure, p.price, p.full) for p in outcome.picks] == picks
    assert outcome.raised == raised


@given(towns())
def test_estimates_of_what_many_seats_pay_make_no_difference(
    town: tuple[list[int], Votes, int],
) -> None:
    assert equal_shares(*town, many=2) == equal_shares(*town, many=1000)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([1, 5]))
def test_a_larger_town_is_counted_as_euro_by_euro(seed: int, most: int) -> None:
    """Sums of a municipality's size, so that prices are long fractions and ties are rare."""
    chance = random.Random(seed)
    costs = [chance.randint(30, 900) for _ in range(12)]
    votes = [
        {m: chance.randint(1, most) for m in range(12) if chance.random() < 0.3} for _ in range(15)
    ]
    budget = sum(costs) // 3
    picks, raised = euro_by_euro(costs, votes, budget)
    for many in (2, 1000):
        outcome = equal_shares(costs, votes, budget, many)
        assert [(p.measure, p.price, p.full) for p in outcome.picks] == picks
        assert outcome.raised == raised


@given(towns())
def test_the_budget_is_never_overspent_and_nothing_that_fits_is_left(
    town: tuple[list[int], Votes, int],
) -> None:
    costs, votes, budget = town
    picked = [p.measure for p in equal_shares(costs, votes, budget).picks]
    spent = sum(costs[m] for m in picked)
    supported = {m for seat in votes for m in seat}
    assert spent <= budget and len(set(picked)) == len(picked) and set(picked) <= supported
    assert all(spent + costs[m] > budget for m in supported - set(picked))


@given(towns(), st.randoms(use_true_random=False))
def test_who_votes_first_makes_no_difference(
    town: tuple[list[int], Votes, int], random: Any
) -> None:
    costs, votes, budget = town
    mixed = list(votes)
    random.shuffle(mixed)
    assert equal_shares(costs, mixed, budget) == equal_shares(costs, votes, budget)


@given(towns(), st.data())
def test_without_a_tie_the_order_of_the_list_makes_no_difference(
    town: tuple[list[int], Votes, int], data: Any
) -> None:
    costs, votes, budget = town
    outcome = equal_shares(costs, votes, budget)
    if any(pick.tie == "place" for pick in outcome.picks):
        return
    at = data.draw(st.permutations(range(len(costs))))
    moved = [costs[at.index(m)] for m in range(len(costs))]
    renamed = [{at[m]: v for m, v in seat.items()} for seat in votes]
    other = equal_shares(moved, renamed, budget)
    assert [p.measure for p in other.picks] == [at[p.measure] for p in outcome.picks]


@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=4),
    st.integers(1, 6),
    st.lists(st.sets(st.integers(4, 7)), max_size=6),
    st.lists(st.integers(1, 60), min_size=4, max_size=4),
    st.integers(0, 60),
)
def test_a_group_gets_what_its_share_of_the_budget_affords(
    wanted: list[int], group: int, others: list[set[int]], costs: list[int], more: int
) -> None:
    """Seats with one and the same ballot, whose shares together pay all that they want."""
    seats = group + len(others)
    budget = -(-sum(wanted) * seats // group) + more
    all_costs = [*wanted, *[1] * (4 - len(wanted)), *costs]
    theirs = dict.fromkeys(range(len(wanted)), 1)
    votes = [theirs] * group + [dict.fromkeys(other, 1) for other in others]
    picked = {p.measure for p in equal_shares(all_costs, votes, budget).picks}
    assert set(theirs) <= picked


# --- others' answers ------------------------------------------------------------------------


def test_equal_shares_picks_what_pabutools_picks() -> None:
    assert ANSWERS["package"] == "pabutools" and len(ANSWERS["instances"]) >= 300
    for known in ANSWERS["instances"]:
        costs, budget = known["costs"], known["budget"]
        votes = [{int(m): value for m, value in seat.items()} for seat in known["votes"]]
        alone = Shares(costs, votes, budget).run(Fraction(budget, len(votes)))
        assert sorted(p.measure for p in alone.picks) == known["equal"]
        completed = equal_shares(costs, votes, budget)
        raised = sorted(p.measure for p in completed.picks if p.price is not None)
        assert raised == known["raised"]


def test_half_of_the_town_gets_half_of_the_projects() -> None:
    """https://en.wikipedia.org/wiki/Method_of_Equal_Shares, Motivation: 51 % support 10 red
    projects, 49 % support 10 blue ones, and there is money for 10."""
    red, blue = dict.fromkeys(range(10), 1), dict.fromkeys(range(10, 20), 1)
    outcome = equal_shares([100] * 20, [red] * 51 + [blue] * 49, 1000)
    picked = [p.measure for p in outcome.picks]
    assert sum(m < 10 for m in picked) == 5 and sum(m >= 10 for m in picked) == 5


def test_supporters_who_have_too_little_together_pay_nothing() -> None:
    """https://equalshares.net/explanation: a million for 100,000 voters; 500 of them, with 10
    each, cannot pay 10,000."""
    town = Shares([10_000, 5_000], [{0: 1, 1: 1}] * 500 + [{}] * 99_500, 1_000_000)
    assert [p.measure for p in town.run(Fraction(10)).picks] == [1]


def test_what_the_minutes_say_of_a_pick() -> None:
    """Three seats share 90 euros: two of them pay 30 for the first; one is then too poor."""
    outcome = equal_shares([30, 50], [{0: 1}, {0: 1, 1: 1}, {1: 1}], 90)
    first, second = outcome.picks
    assert (first.seats, first.full, first.price, first.tie) == (2, 2, Fraction(15), "cost")
    # 30 − 15 = 15 and 30 are less than 50: the share is raised by 3 euros, and one gives all.
    assert (second.seats, second.full, second.price) == (2, 1, Fraction(32))
    assert outcome.raised == 3 and outcome.share == 33


# --- ballots --------------------------------------------------------------------------------

IDS = [31, 32, 33, 34]
COSTS = [36_000, 250_000, 12_000, 400_000]
APPROVAL = {"budget": 300_000, "costs": COSTS, "ballot": "approval"}
POINTS = {**APPROVAL, "ballot": "score"}


def test_a_tap_chooses_a_measure_and_another_one_takes_it_back() -> None:
    given = RULES.press(APPROVAL, {}, 32, 0, 0)
    assert given == {"32": 1} and RULES.answered(APPROVAL, given, 32)
    assert RULES.press(APPROVAL, given, 32, 0, 0) == {}


def test_the_last_points_count_and_the_same_tap_twice_changes_nothing() -> None:
    given = RULES.press(POINTS, {}, 32, 0, 4)
    assert RULES.press(POINTS, given, 32, 0, 4) == given == {"32": 4}
    assert RULES.press(POINTS, given, 32, TAKE_BACK, 0) == {}
    with pytest.raises(Broken):
        RULES.press(POINTS, {}, 32, 0, 6)


def test_a_choice_may_be_typed() -> None:
    assert RULES.typed(APPROVAL, {"34": 1}, IDS, "1 3") == {"31": 1, "33": 1}
    assert RULES.typed(POINTS, {"34": 1}, IDS, "1=5 4=0") == {"31": 5}
    for words in ("2", "250.000", "2=4", "zwei"):
        assert RULES.typed(APPROVAL, {}, IDS, words) is None
    for chosen, words in ((APPROVAL, "1 5"), (POINTS, "5=1"), (POINTS, "1=6")):
        with pytest.raises(Broken):
            RULES.typed(chosen, {}, IDS, words)


@pytest.mark.parametrize("value", [{"99": 1}, {"31": 0}, {"31": 2}, {"31": True}, {"31": "1"}])
def test_ballots_that_nobody_could_tap_are_not_valid(value: dict[str, Any]) -> None:
    assert not RULES.valid(APPROVAL, value, IDS)
    assert RULES.valid(POINTS, {"31": 5}, IDS) and not RULES.valid(POINTS, {"31": 6}, IDS)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"budget": 0}, "budget.budget_out_of_range"),
        ({"costs": COSTS[:3]}, "budget.costs_missing"),
        ({"costs": [0, *COSTS[1:]]}, "budget.costs_missing"),
        ({"budget": 11_999}, "budget.nothing_fits"),
    ],
)
def test_settings_that_make_no_sense_are_refused(changed: dict[str, Any], message: str) -> None:
    RULES.check(APPROVAL, 4)
    with pytest.raises(Broken) as refused:
        RULES.check({**APPROVAL, **changed}, 4)
    assert refused.value.message == message


@pytest.mark.parametrize(
    "typed",
    ["250.000", "250 000", "250000", "250.000 €", "EUR 250,000", "250,000.00", "250.000,00 Euro"],
)
def test_an_amount_is_read_as_people_write_it(typed: str) -> None:
    assert euros(typed) == 250_000


@pytest.mark.parametrize("typed", ["", "viel", "250.00", "12,50", "0", "-5", "1.2.3", "2500.000"])
def test_an_amount_that_is_none_is_refused(typed: str) -> None:
    with pytest.raises(Broken):
        euros(typed)


def test_costs_are_typed_in_the_order_of_the_measures() -> None:
    assert read_costs("36.000\n250.000 €\n\n- 12.000", [None] * 3) == [36_000, 250_000, 12_000]
    assert read_costs("Radweg: 36.000\nBad: 250.000", [None, None]) == [36_000, 250_000]
    assert read_costs("5.000", [100, None, 300]) == [100, 5_000, 300]
    assert read_costs("2=7.000; 3=1", [100, None, 300]) == [100, 7_000, 1]
    for typed in ("1.000\n2.000", "3=5.000", "4=1.000", ""):
        with pytest.raises(Broken):
            read_costs(typed, [None, None, None])


# --- counting -------------------------------------------------------------------------------


def tally(
    cast: Sequence[Mapping[str, int]], settings: Mapping[str, Any] = APPROVAL
) -> dict[str, Any]:
    return RULES.tally(settings, IDS, [Cast(value) for value in cast], BASE)


CAST: list[dict[str, int]] = [{"31": 1, "32": 1}, {"31": 1, "33": 1}, {"32": 1, "34": 1}]


def test_the_result_says_what_is_paid_and_what_is_left() -> None:
    counts = tally(CAST)
    assert counts["too_dear"] == [34]
    assert [pick["option"] for pick in counts["picks"]] == [31, 32, 33]
    assert counts["spent"] == 298_000 and counts["left"] == 2_000
    assert [m["seats"] for m in counts["measures"]] == [2, 2, 1, 1]


def test_an_excluded_seat_has_no_say_in_the_measure() -> None:
    barred = [Cast(value, frozenset({33})) for value in CAST]
    counts = RULES.tally(APPROVAL, IDS, barred, BASE)
    assert 33 not in [pick["option"] for pick in counts["picks"]]
    assert next(m for m in counts["measures"] if m["option"] == 33)["seats"] == 0


def test_without_a_ballot_nothing_is_paid() -> None:
    empty: list[list[dict[str, int]]] = [[], [{}, {}]]
    for cast in empty:
        counts = tally(cast)
        assert counts["picks"] == [] and counts["left"] == 300_000


# --- how it looks ---------------------------------------------------------------------------

CHOICES = options("Radweg", "Schwimmbad", "Bänke", "Brücke", costs=COSTS)


def test_measures_are_shown_with_what_they_cost() -> None:
    poll = open_poll("budget", APPROVAL)
    mine = ballot({"31": 1, "32": 1}, barred={34})
    shown = labels(VIEWS.rows(poll, CHOICES, mine))
    assert shown == [
        "Radweg (36.000\u00a0€) ☑",
        "Schwimmbad (250.000\u00a0€) ☑",
        "Bänke (12.000\u00a0€) ☐",
    ]
    left = reads(VIEWS.left(poll, CHOICES, mine))
    assert "2 Maßnahmen für zusammen 286.000\u00a0€" in left and "begrenzt Ihre Wahl nicht" in left


def test_points_are_given_on_a_card_of_its_own() -> None:
    poll = open_poll("budget", POINTS)
    assert VIEWS.a_page(POINTS, 4) == 1 and VIEWS.a_page(APPROVAL, 4) == 8
    (row,) = VIEWS.rows(poll, CHOICES[:1], ballot({"31": 4}))
    assert labels([row]) == ["1", "2", "3", "4 ✓", "5", "Punkte zurücknehmen"]
    assert row.line is not None
    assert reads(row.line) == "Radweg (36.000\u00a0€)\nIhre Punkte: 4"


def test_each_pick_is_explained_in_one_sentence() -> None:
    poll = open_poll("budget", APPROVAL)
    said = "\n".join(reads(t) for t in VIEWS.result(result("budget", poll, CHOICES, tally(CAST))))
    assert "einzeln" not in said
    assert "weil sie allein mehr kostet als das ganze Budget: Brücke" in said
    assert (
        "3 Maßnahmen werden finanziert; sie kosten zusammen 298.000\u00a0€. "
        "Übrig bleiben 2.000\u00a0€." in said
    )
    assert "1. Radweg: 2 Sitze zahlen zusammen 36.000\u00a0€, je 18.000 €." in said
    assert "(Gleichstand: geringere Kosten)" in said
    assert "1 je 134.000 €, 1 nur noch den Rest des Anteils" in said


def test_the_chart_and_the_table_have_every_measure() -> None:
    facts = result("budget", open_poll("budget", APPROVAL), CHOICES, tally(CAST))
    assert [bar.rank for bar in VIEWS.bars(facts)] == ["1.", "2.", "3.", ""]
    (table,) = VIEWS.tables(facts)
    assert [row[0] for row in table.rows] == [1, 2, 3, None]
    assert all(len(row) == len(table.head) for row in table.rows)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("settings", [APPROVAL, POINTS])
def test_every_view_has_words_in_every_language(language: str, settings: dict[str, Any]) -> None:
    poll = open_poll("budget", settings)
    left_over = [{"31": 1}, {"32": 1}, {"33": 1}]
    casts: list[list[dict[str, int]]] = [CAST, left_over, [{}], [{"34": 1}]]
    for cast in casts:
        counts = tally(cast, settings)
        facts = result("budget", poll, CHOICES, counts)
        mine = ballot(cast[0])
        said: list[Text] = [
            VIEWS.how(poll),
            VIEWS.left(poll, CHOICES, mine),
            VIEWS.saved(poll, CHOICES, mine.value, 31)[0],
            *(row.line for row in VIEWS.rows(poll, CHOICES, mine) if row.line),
            *VIEWS.board(poll, CHOICES, None),
            *VIEWS.board(poll, CHOICES, counts),
            *VIEWS.result(facts),
            VIEWS.ballot_text(facts, mine.value),
            *(part for bar in VIEWS.bars(facts) for part in (bar.shown, bar.note) if part),
            *(head for table in VIEWS.tables(facts) for head in (table.name, *table.head)),
        ]
        assert all(reads(one, language) for one in said)


# --- as people live through it --------------------------------------------------------------


async def test_a_budget_from_preparation_to_result(town: Town) -> None:
    who = town.coordination
    await who.says("/abstimmung")
    if "Neue Abstimmung vorbereiten" in who.buttons():
        await who.press("Neue Abstimmung vorbereiten")
    for pressed in ("Weitere", "Budget", "TF1", "Fertig", "Klimaschutz und Energie", GROUP):
        await who.press(pressed)
    await who.press("Sofort")
    await who.says("19.01.2027 18:00")
    for pressed in ("Offen", "Stimmungsbild"):
        await who.press(pressed)
    assert "8. " in who.newest(), "every measure with what it costs"
    await who.says("\n".join(f"{n}=1{n}.000" for n in range(1, 9)))
    await who.says("fünfzigtausend")
    assert "kein Betrag in ganzen Euro" in who.newest()
    await who.says("50.000 €")
    await who.press("ankreuzen")
    assert "Das Budget von 50.000\u00a0€ begrenzt die Wahl nicht" in who.newest()
    await who.press("Veröffentlichen")

    assert "(11.000\u00a0€)" in " ".join(town.group_a.buttons())
    await town.group_a.press("Photovoltaik")
    await town.school.says("1 2 3")
    await town.nature_club.says("8 1")
    assert [len(value) for value in ballots(town)] == [1, 3, 2]

    await close_poll(town)
    seen = town.parish.sees(GROUP)
    assert "Methode der gleichen Anteile" in seen
    assert "3 Sitze zahlen zusammen 11.000\u00a0€, je 3.666,67" in seen
    assert "Übrig bleiben" in seen
