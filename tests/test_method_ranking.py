"""Ranking: Schulze's order, stated as what holds for any ballots, and how it looks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import text
from handlers.chat import Text
from handlers.polls.methods.ranking import METHOD
from handlers.polls.methods.ranking.rules import order, stronger
from handlers.polls.rules import Base, Broken, Cast, Rules
from tests.ballots import LANGUAGES, ballot, labels, open_poll, options, reads, result
from tests.polling import GROUP, ballots, close_poll, prepare
from tests.world import Town

RULES, VIEWS = METHOD.rules, METHOD.views
BASE = Base(20, Rules())
OPTIONS = [11, 12, 13, 14, 15]
ALL = {"top": 0}
ANSWERS = json.loads((Path(__file__).parent / "data" / "schulze.json").read_text())

orders = st.permutations(OPTIONS).flatmap(lambda o: st.integers(0, 5).map(lambda n: o[:n]))
profiles = st.lists(orders, min_size=1, max_size=12)


def tally(ballots: Sequence[Sequence[int]], among: Sequence[int] = OPTIONS) -> dict[str, Any]:
    """The count of these orders."""
    casts = [Cast({"order": [str(option) for option in given]}) for given in ballots]
    return RULES.tally(ALL, among, casts, BASE)


def ranks(counts: dict[str, Any]) -> dict[int, int]:
    return {place["option"]: place["rank"] for place in counts["places"]}


def field(counts: dict[str, Any], name: str) -> dict[int, Any]:
    return {place["option"]: place[name] for place in counts["places"]}


# --- ballots --------------------------------------------------------------------------------


@given(st.lists(st.sampled_from(OPTIONS), max_size=20), st.integers(0, 5))
def test_whatever_is_tapped_the_ballot_keeps_to_the_rules(taps: list[int], top: int) -> None:
    value: dict[str, Any] = {}
    for option in taps:
        before = order(value)
        if top and len(before) == top and option not in before:
            with pytest.raises(Broken, match=r"ranking\.all_given"):
                RULES.press({"top": top}, value, option, 0, 0)
            continue
        value = RULES.press({"top": top}, value, option, 0, 0)
        after = order(value)
        # A new one stands last; a second tap takes it out, and the rest moves up in its order.
        assert after == (
            [o for o in before if o != option] if option in before else [*before, option]
        )
    assert RULES.valid({"top": top}, value, OPTIONS)
    assert {o for o in OPTIONS if RULES.answered({"top": top}, value, o)} == set(order(value))


def test_typed_numbers_set_the_whole_order_by_the_places_on_the_card() -> None:
    before = {"order": ["15"]}
    assert RULES.typed(ALL, before, OPTIONS, "3 1 2") == {"order": ["13", "11", "12"]}
    assert RULES.typed(ALL, before, OPTIONS, " 5 > 4, 1 ") == {"order": ["15", "14", "11"]}
    for words in ("3", "drei eins", "26.03.2027 18:00", "2=8", ""):
        assert RULES.typed(ALL, before, OPTIONS, words) is None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("3 1 3", "ranking.twice"),
        ("6 1", "ranking.no_such_option"),
        ("0 1", "ranking.no_such_option"),
    ],
)
def test_a_typed_order_that_cannot_be_meant_is_refused(words: str, message: str) -> None:
    with pytest.raises(Broken) as refused:
        RULES.typed(ALL, {}, OPTIONS, words)
    assert refused.value.message == message
    with pytest.raises(Broken, match=r"ranking\.too_many"):
        RULES.typed({"top": 2}, {}, OPTIONS, "1 2 3")


@pytest.mark.parametrize(
    "value",
    [{"order": ["11", "11"]}, {"order": ["99"]}, {"order": [11]}, {"order": "11"}, {"11": 1},
     {"order": ["11", "12", "13"]}],
)  # fmt: skip
def test_ballots_that_nobody_could_tap_are_not_valid(value: dict[str, Any]) -> None:
    assert not RULES.valid({"top": 2}, value, OPTIONS)


def test_more_places_than_options_are_refused() -> None:
    RULES.check({"top": 5}, 5)
    with pytest.raises(Broken):
        RULES.check({"top": 6}, 5)


# --- counting: others' answers --------------------------------------------------------------


def test_schulze_orders_as_pref_voting_does() -> None:
    assert ANSWERS["package"] == "pref_voting" and len(ANSWERS["profiles"]) >= 300
    for profile in ANSWERS["profiles"]:
        among = list(range(profile["options"]))
        counts = tally(profile["ballots"], among)
        assert counts["duels"] == profile["support"]
        assert field(counts, "beaten_by") == {o: len(profile["beaten"][o]) for o in among}
        assert counts["condorcet"] == profile["condorcet"]


def test_the_example_of_schulze_himself() -> None:
    """45 ballots, five options; M. Schulze, "A new monotonic, clone-independent … method"."""
    ballots = {
        "ACBED": 5, "ADECB": 5, "BEDAC": 8, "CABED": 3,
        "CAEBD": 7, "CBADE": 2, "DCEBA": 7, "EBADC": 8,
    }  # fmt: skip
    many = [[ord(o) for o in given] for given, times in ballots.items() for _ in range(times)]
    counts = tally(many, [ord(o) for o in "ABCDE"])
    assert [chr(place["option"]) for place in counts["places"]] == list("EACBD")
    assert [place["rank"] for place in counts["places"]] == [1, 2, 3, 4, 5]
    assert counts["condorcet"] is None


# --- counting: the definition, word by word -------------------------------------------------


def plain_duels(casts: Sequence[Cast], among: Sequence[int]) -> list[list[int]]:
    """Each pair, ballot by ballot."""
    many = range(len(among))
    duels = [[0 for _ in many] for _ in many]
    for cast in casts:
        given = [o for o in order(dict(cast.value)) if o not in cast.barred]
        place = [given.index(o) if o in given else len(among) for o in among]
        say = [o not in cast.barred for o in among]
        for i in many:
            for j in many:
                duels[i][j] += say[i] and say[j] and place[i] < place[j]
    return duels


def plain_paths(duels: Sequence[Sequence[int]]) -> list[list[int]]:
    """Strongest paths by Floyd and Warshall, as Schulze's paper has them."""
    many = range(len(duels))
    paths = [[duels[i][j] if duels[i][j] > duels[j][i] else 0 for j in many] for i in many]
    for via in many:
        for i in many:
            for j in many:
                paths[i][j] = max(paths[i][j], min(paths[i][via], paths[via][j]))
    return paths


@given(
    st.integers(2, 12).flatmap(
        lambda many: st.lists(
            st.tuples(
                st.permutations(range(many)).flatmap(
                    lambda o: st.integers(0, many).map(lambda n: o[:n])
                ),
                st.frozensets(st.integers(0, many - 1), max_size=2),
            ),
            min_size=1,
            max_size=15,
        ).map(lambda own: (many, own))
    )
)
def test_the_count_is_that_of_the_plain_definition(
    town: tuple[int, list[tuple[list[int], frozenset[int]]]],
) -> None:
    many, own = town
    among = range(many)
    casts = [Cast({"order": [str(o) for o in given]}, barred) for given, barred in own]
    counts = RULES.tally(ALL, among, casts, BASE)
    duels = plain_duels(casts, among)
    assert counts["duels"] == duels
    paths = plain_paths(duels)
    beats = {i: sum(paths[i][j] > paths[j][i] for j in among) for i in among}
    beaten = {i: sum(paths[j][i] > paths[i][j] for j in among) for i in among}
    assert field(counts, "beats") == beats and field(counts, "beaten_by") == beaten
    wins_all = [i for i in among if all(duels[i][j] > duels[j][i] for j in among if j != i)]
    assert counts["condorcet"] == (wins_all[0] if wins_all else None)
    for i in among:
        level = sum(
            i not in barred and j not in barred for _, barred in own for j in among if j != i
        ) - sum(duels[i][j] + duels[j][i] for j in among)
        assert Fraction(field(counts, "borda")[i]) == sum(duels[i]) + Fraction(level, 2)


@given(st.lists(st.lists(st.integers(0, 6), min_size=9, max_size=9), min_size=9, max_size=9))
def test_any_duels_are_ordered_by_their_strongest_paths(duels: list[list[int]]) -> None:
    """Cycles and equal strengths that no few ballots make."""
    paths, many = plain_paths(duels), range(len(duels))
    beats, beaten, won = stronger(duels)
    assert beats == [sum(paths[i][j] > paths[j][i] for j in many) for i in many]
    assert beaten == [sum(paths[j][i] > paths[i][j] for j in many) for i in many]
    assert won == [sum(duels[i][j] > duels[j][i] for j in many) for i in many]


# --- counting: what holds for any ballots ---------------------------------------------------


@given(profiles, st.randoms(use_true_random=False))
def test_who_votes_first_makes_no_difference(ballots: list[list[int]], random: Any) -> None:
    mixed = list(ballots)
    random.shuffle(mixed)
    assert tally(mixed) == tally(ballots)


@given(profiles, st.permutations(OPTIONS))
def test_the_names_of_options_make_no_difference(
    ballots: list[list[int]], renamed: list[int]
) -> None:
    names = dict(zip(OPTIONS, renamed, strict=True))
    other = ranks(tally([[names[o] for o in given] for given in ballots]))
    assert {names[o]: rank for o, rank in ranks(tally(ballots)).items()} == other


@given(profiles)
def test_a_condorcet_winner_is_alone_on_the_first_place(ballots: list[list[int]]) -> None:
    counts = tally(ballots)
    for winner in OPTIONS:
        row = counts["duels"][OPTIONS.index(winner)]
        column = [line[OPTIONS.index(winner)] for line in counts["duels"]]
        wins_all = all(row[i] > column[i] for i, o in enumerate(OPTIONS) if o != winner)
        assert (counts["condorcet"] == winner) is wins_all
        if wins_all:
            assert [o for o, rank in ranks(counts).items() if rank == 1] == [winner]


@given(profiles, st.sampled_from(OPTIONS))
def test_what_a_majority_puts_first_wins(ballots: list[list[int]], loved: int) -> None:
    majority = [[loved]] * (len(ballots) + 1)
    places = ranks(tally([*ballots, *majority]))
    assert [o for o, rank in places.items() if rank == 1] == [loved]


@given(profiles, st.data())
def test_a_winner_that_is_put_higher_still_wins(ballots: list[list[int]], data: Any) -> None:
    winner = min(ranks(tally(ballots)).items(), key=lambda one: one[1])[0]
    with_it = [i for i, given in enumerate(ballots) if winner in given]
    if not with_it:
        return
    chosen = data.draw(st.sampled_from(with_it))
    given = [o for o in ballots[chosen] if o != winner]
    given.insert(data.draw(st.integers(0, ballots[chosen].index(winner))), winner)
    better = [*ballots[:chosen], given, *ballots[chosen + 1 :]]
    assert ranks(tally(better))[winner] == 1


@given(st.lists(st.permutations(OPTIONS), min_size=1, max_size=9), st.sampled_from(OPTIONS))
def test_a_clone_takes_no_first_place_from_others_and_gives_them_none(
    ballots: list[list[int]], cloned: int
) -> None:
    clone = 99
    twice = [[x for o in given for x in ((o, clone) if o == cloned else (o,))] for given in ballots]
    before = {o for o, rank in ranks(tally(ballots)).items() if rank == 1}
    after = {o for o, rank in ranks(tally(twice, [*OPTIONS, clone])).items() if rank == 1}
    assert before - {cloned} == after - {cloned, clone}
    assert (cloned in before) == bool(after & {cloned, clone})


@given(profiles)
def test_ranks_count_those_that_are_stronger(ballots: list[list[int]]) -> None:
    counts = tally(ballots)
    found = list(ranks(counts).values())
    for place in counts["places"]:
        assert place["rank"] == 1 + place["beaten_by"]
        assert place["shared"] is (found.count(place["rank"]) > 1)
    assert found == sorted(found) and found[0] == 1


@given(profiles)
def test_every_ballot_gives_the_same_number_of_borda_points(ballots: list[list[int]]) -> None:
    counts = tally(ballots)
    each = len(OPTIONS) * (len(OPTIONS) - 1) // 2
    points = [Fraction(points) for points in field(counts, "borda").values()]
    assert sum(points) == each * len(ballots)
    assert sum(field(counts, "first").values()) == sum(bool(given) for given in ballots)
    assert sum(field(counts, "named").values()) == sum(map(len, ballots))


def test_unranked_options_share_what_is_left_of_the_borda_points() -> None:
    assert field(tally([[13]]), "borda") == {13: "4", 11: "3/2", 12: "3/2", 14: "3/2", 15: "3/2"}


@given(profiles, st.sampled_from(OPTIONS), orders)
def test_an_excluded_seats_comparisons_with_the_option_are_left_out(
    ballots: list[list[int]], barred: int, own: list[int]
) -> None:
    casts = [Cast({"order": [str(o) for o in given]}) for given in ballots]
    theirs = Cast({"order": [str(o) for o in own]}, frozenset({barred}))
    without = RULES.tally(ALL, OPTIONS, casts, BASE)["duels"]
    counted = RULES.tally(ALL, OPTIONS, [*casts, theirs], BASE)["duels"]
    at = OPTIONS.index(barred)
    assert counted[at] == without[at]
    assert [row[at] for row in counted] == [row[at] for row in without]
    rest = [o for o in OPTIONS if o != barred]
    full = tally([*ballots, [o for o in own if o != barred]], OPTIONS)["duels"]
    for a in rest:
        for b in rest:
            i, j = OPTIONS.index(a), OPTIONS.index(b)
            assert counted[i][j] == full[i][j]


def test_without_a_ballot_there_are_no_ranks_and_with_an_empty_one_all_share_the_first() -> None:
    assert set(ranks(tally([])).values()) == {0}
    empty = tally([[]])
    assert set(ranks(empty).values()) == {1} and empty["condorcet"] is None


def test_a_large_town_is_counted_in_one_go() -> None:
    """10,000 ballots on 100 options: twice as many begin at the front as at the back."""
    among = list(range(100))
    ballots = [among[i % 100 :] for i in range(6000)] + [among[::-1]] * 3000
    counts = tally(ballots, among)
    assert counts["cast"] == 9000 and len(counts["places"]) == 100
    assert counts["duels"][99][0] == 3000 + 5940 and counts["duels"][0][99] == 60


# --- how it looks ---------------------------------------------------------------------------

POLL = open_poll("ranking", {"top": 3})
CHOICES = options("Radweg", "Schwimmbad", "Solardächer", "Stadtpark")
FIRST, SECOND, *_ = (o.id for o in CHOICES)


def test_the_ballot_shows_the_places() -> None:
    mine = ballot({"order": [str(SECOND), str(FIRST)]})
    shown = labels(VIEWS.rows(POLL, CHOICES, mine))
    assert shown == ["Radweg 2.", "Schwimmbad 1.", "Solardächer", "Stadtpark"]
    left = reads(VIEWS.left(POLL, CHOICES, mine))
    assert left.startswith("✓ Gespeichert. Ihre Reihenfolge:\n1. Schwimmbad\n2. Radweg\n")
    whole = ballot({"order": [str(o.id) for o in CHOICES[:3]]})
    assert "Alle Plätze sind vergeben." in reads(VIEWS.left(POLL, CHOICES, whole))
    assert "„3 1 2“" in reads(VIEWS.left(POLL, CHOICES, ballot(None)))


def test_an_option_in_which_the_seat_has_no_say_has_no_button() -> None:
    rows = VIEWS.rows(POLL, CHOICES, ballot(None, barred={FIRST}))
    assert rows[0].buttons == () and rows[0].line is not None
    assert "persönlich beteiligt" in reads(rows[0].line)


def test_the_result_reads_like_minutes() -> None:
    counts = tally([[FIRST, SECOND], [FIRST], [SECOND, FIRST]], [o.id for o in CHOICES])
    said = "\n".join(reads(t) for t in VIEWS.result(result("ranking", POLL, CHOICES, counts)))
    assert "Gezählt wird nach der Schulze-Methode" in said
    assert "Radweg gewinnt jeden einzelnen Vergleich (Condorcet-Sieg)." in said
    assert "1. Radweg – stärker als 3 andere; Borda 8, 2 × erster Platz" in said
    assert "3.= Solardächer" in said and "geteilter Rang" in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_view_has_words_in_every_language(language: str) -> None:
    ids = [o.id for o in CHOICES]
    for settings in ({"top": 0}, {"top": 1}, {"top": 3}):
        poll = open_poll("ranking", settings)
        for own in ([], [FIRST], [SECOND, FIRST]):
            counts = tally([own, [FIRST]], ids)
            facts = result("ranking", poll, CHOICES, counts)
            mine = ballot({"order": [str(o) for o in own]} if own else {})
            said: list[Text] = [
                VIEWS.how(poll),
                VIEWS.left(poll, CHOICES, mine),
                VIEWS.saved(poll, CHOICES, mine.value, FIRST)[0],
                *VIEWS.board(poll, CHOICES, None),
                *VIEWS.board(poll, CHOICES, counts),
                *VIEWS.result(facts),
                VIEWS.ballot_text(facts, mine.value),
                *(part for bar in VIEWS.bars(facts) for part in (bar.shown, bar.label)),
                *(head for table in VIEWS.tables(facts) for head in (table.name, *table.head)),
            ]
            assert all(reads(one, language) for one in said)
    assert len(VIEWS.tables(facts)[1].rows) == len(CHOICES)
    assert set(LANGUAGES) == set(text.LANGUAGES)


# --- as people live through it --------------------------------------------------------------


async def test_a_ranking_from_preparation_to_result(town: Town) -> None:
    await prepare(town, "Offen", "Stimmungsbild", "3 Plätze", method="Rangfolge", sure=False)
    assert "bringt bis zu 3 Optionen in seine Reihenfolge" in town.coordination.newest()
    await town.coordination.press("Veröffentlichen")

    me = town.group_a
    await me.press("Photovoltaik")
    assert me.toast == "Gespeichert. 1 Option hat einen Platz."
    await me.press("Solardach")
    assert "1. M1.01 Photovoltaik" in me.newest() and "2. M1.02 Solardach" in me.newest()
    await me.press("Photovoltaik")
    assert "Ihre Reihenfolge:\n1. M1.02 Solardach" in me.newest(), "the rest moves up"
    await town.school.says("3 1 2")
    await town.nature_club.says("3 3 1")
    assert len(ballots(town)) == 2, "an option that is named twice is refused"
    first = ballots(town)[0]["order"]
    assert len(first) == 1 and len(ballots(town)[1]["order"]) == 3

    await close_poll(town)
    seen = town.parish.sees(GROUP)
    assert "Gezählt wird nach der Schulze-Methode" in seen
    assert "Keine Option gewinnt alle einzelnen Vergleiche." in seen
    assert "1.= Solardachkataster und Beratungstage für Haushalte – stärker als 5 andere" in seen
