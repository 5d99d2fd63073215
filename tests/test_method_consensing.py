"""Systemic consensing: the lowest mean resistance, stated as what holds for any ballots."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.chat import Text
from handlers.polls.methods.consensing import METHOD
from handlers.polls.methods.consensing.fields import STATUS_QUO
from handlers.polls.methods.consensing.rules import TAKE_BACK
from handlers.polls.rules import Base, Broken, Cast, Rules
from tests.ballots import LANGUAGES, ballot, labels, open_poll, options, reads, result
from tests.polling import GROUP, ballots, close_poll, prepare
from tests.world import Town

RULES, VIEWS = METHOD.rules, METHOD.views
BASE = Base(20, Rules())
OPTIONS = [31, 32, 33, 34]
SETTINGS = {"status_quo": "given"}

values = st.dictionaries(st.sampled_from([str(o) for o in OPTIONS]), st.integers(0, 10))
several = st.lists(values, min_size=1, max_size=12)


def tally(cast: list[dict[str, int]]) -> dict[str, Any]:
    return RULES.tally(SETTINGS, OPTIONS, [Cast(value) for value in cast], BASE)


def of(counts: dict[str, Any], name: str) -> dict[int, Any]:
    return {place["option"]: place[name] for place in counts["places"]}


# --- ballots --------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.sampled_from(OPTIONS), st.integers(0, 10)), max_size=20))
def test_the_last_tap_on_an_option_counts_and_a_second_one_changes_nothing(
    taps: list[tuple[int, int]],
) -> None:
    given: dict[str, Any] = {}
    for option, value in taps:
        given = RULES.press(SETTINGS, given, option, 0, value)
        assert RULES.press(SETTINGS, given, option, 0, value) == given
    assert given == {str(option): value for option, value in taps}
    assert RULES.valid(SETTINGS, given, OPTIONS)
    for option in OPTIONS:
        taken = RULES.press(SETTINGS, given, option, TAKE_BACK, 0)
        assert not RULES.answered(SETTINGS, taken, option)


def test_values_are_typed_by_the_number_of_the_option() -> None:
    before = {"31": 4}
    assert RULES.typed(SETTINGS, before, OPTIONS, "2=8") == {"31": 4, "32": 8}
    assert RULES.typed(SETTINGS, before, OPTIONS, "1 = 0, 4=10") == {"31": 0, "34": 10}
    assert RULES.typed(SETTINGS, before, OPTIONS, "0 8 3 10") == {
        "31": 0,
        "32": 8,
        "33": 3,
        "34": 10,
    }
    assert RULES.typed(SETTINGS, {}, [33], "8") == {"33": 8}
    for words in ("8", "acht", "26.03.2027 18:00", ""):
        assert RULES.typed(SETTINGS, before, OPTIONS, words) is None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("2=11", "consensing.out_of_range"),
        ("5=3", "consensing.no_such_option"),
        ("0=3", "consensing.no_such_option"),
        ("1 2 3", "consensing.values_for_all"),
        ("0 8 3 11", "consensing.out_of_range"),
    ],
)
def test_typed_values_that_cannot_be_meant_are_refused(words: str, message: str) -> None:
    before = {"31": 4}
    with pytest.raises(Broken) as refused:
        RULES.typed(SETTINGS, before, OPTIONS, words)
    assert refused.value.message == message and before == {"31": 4}


@pytest.mark.parametrize("value", [{"99": 1}, {"31": -1}, {"31": 11}, {"31": "3"}, {"31": True}])
def test_ballots_that_nobody_could_tap_are_not_valid(value: dict[str, Any]) -> None:
    assert not RULES.valid(SETTINGS, value, OPTIONS)
    assert RULES.valid(SETTINGS, {"31": 0}, OPTIONS)


def test_the_status_quo_is_always_an_option() -> None:
    own = {"de": "Kein Motto (Passivlösung)"}
    assert METHOD.extra_options({"status_quo": "last"}) == (STATUS_QUO,)
    assert METHOD.extra_options({"status_quo": "last", "words": own}) == (own,)
    assert METHOD.extra_options({"status_quo": "given"}) == ()
    with pytest.raises(Broken):
        RULES.check({"status_quo": "none"}, 4)
    assert set(STATUS_QUO) == set(LANGUAGES)


# --- counting -------------------------------------------------------------------------------


def motto() -> list[dict[str, int]]:
    """16 ballots on four mottos: the sums are 38, 61, 74 and 112."""
    sums = {"31": 38, "32": 61, "33": 74, "34": 112}
    return [
        {option: total // 16 + (seat < total % 16) for option, total in sums.items()}
        for seat in range(16)
    ]


def test_the_motto_of_the_strategy() -> None:
    counts = tally(motto())
    assert of(counts, "sum") == {31: 38, 32: 61, 33: 74, 34: 112}
    assert of(counts, "rank") == {31: 1, 32: 2, 33: 3, 34: 4}
    assert of(counts, "count") == dict.fromkeys(OPTIONS, 16)
    assert of(counts, "mean")[31] == "19/8"
    assert of(counts, "acceptance")[31] == "61/80"
    assert counts["status_quo"] == 34


@given(several)
def test_the_order_is_that_of_the_means(cast: list[dict[str, int]]) -> None:
    counts = tally(cast)
    means = {o: None if m is None else Fraction(m) for o, m in of(counts, "mean").items()}
    for option in OPTIONS:
        given = [value[str(option)] for value in cast if str(option) in value]
        assert means[option] == (Fraction(sum(given), len(given)) if given else None)
        assert of(counts, "sum")[option] == sum(given)
        assert of(counts, "strong")[option] == sum(value >= 8 for value in given)
    for place in counts["places"]:
        mean = means[place["option"]]
        if mean is None:
            assert place["rank"] == 0
        else:
            lower = sum(other is not None and other < mean for other in means.values())
            assert place["rank"] == 1 + lower
            assert place["shared"] is (list(means.values()).count(mean) > 1)
            assert Fraction(place["acceptance"]) == 1 - mean / 10


@given(st.lists(st.tuples(values, st.frozensets(st.sampled_from(OPTIONS))), max_size=12))
def test_the_numbers_are_those_of_the_plain_definition(
    cast: list[tuple[dict[str, int], frozenset[int]]],
) -> None:
    counts = RULES.tally(SETTINGS, OPTIONS, [Cast(*one) for one in cast], BASE)
    for option in OPTIONS:
        said = [
            value[str(option)]
            for value, barred in cast
            if str(option) in value and option not in barred
        ]
        assert of(counts, "sum")[option] == sum(said)
        assert of(counts, "count")[option] == len(said)
        assert of(counts, "strong")[option] == sum(8 <= one <= 10 for one in said)
        mean = of(counts, "mean")[option]
        assert mean == (str(Fraction(sum(said), len(said))) if said else None)
        acceptance = of(counts, "acceptance")[option]
        assert acceptance == (str(1 - Fraction(mean) / 10) if said else None)


@given(several, st.randoms(use_true_random=False))
def test_who_votes_first_makes_no_difference(cast: list[dict[str, int]], random: Any) -> None:
    mixed = list(cast)
    random.shuffle(mixed)
    assert tally(mixed) == tally(cast)


@given(several, st.permutations(OPTIONS))
def test_the_names_of_options_make_no_difference(
    cast: list[dict[str, int]], renamed: list[int]
) -> None:
    names = {str(o): str(other) for o, other in zip(OPTIONS, renamed, strict=True)}
    ranks = of(tally([{names[o]: v for o, v in value.items()} for value in cast]), "rank")
    assert {int(names[str(o)]): r for o, r in of(tally(cast), "rank").items()} == ranks


@given(several, st.sampled_from(OPTIONS))
def test_less_resistance_never_makes_an_option_worse(
    cast: list[dict[str, int]], option: int
) -> None:
    key = str(option)
    milder = [{**v, key: v[key] - 1} if v.get(key, 0) > 0 else v for v in cast]
    assert of(tally(milder), "rank")[option] <= of(tally(cast), "rank")[option]


@given(several, values, st.sampled_from(OPTIONS))
def test_an_excluded_seat_has_no_say_in_the_option(
    cast: list[dict[str, int]], own: dict[str, int], barred: int
) -> None:
    casts = [*(Cast(value) for value in cast), Cast(own, frozenset({barred}))]
    counts = RULES.tally(SETTINGS, OPTIONS, casts, BASE)
    rest = {o: v for o, v in own.items() if int(o) != barred}
    assert {**counts} == tally([*cast, rest])


def test_being_skipped_is_no_advantage() -> None:
    counts = tally([{"31": 2, "32": 5}, {"31": 2}, {"31": 2}])
    assert of(counts, "sum")[32] < of(counts, "sum")[31]
    assert of(counts, "rank") == {31: 1, 32: 2, 33: 0, 34: 0}


def test_without_a_ballot_there_are_no_ranks() -> None:
    counts = tally([])
    assert set(of(counts, "rank").values()) == {0} and set(of(counts, "count").values()) == {0}


# --- how it looks ---------------------------------------------------------------------------

POLL = open_poll("consensing", SETTINGS)
CHOICES = options("Global denken", "Wird grün", "Zukunftsstadt", "Kein Motto (Passivlösung)")


def test_an_option_is_a_card_with_eleven_buttons_in_two_rows() -> None:
    assert VIEWS.a_page(SETTINGS, 4) == 1
    (row,) = VIEWS.rows(POLL, CHOICES[:1], ballot({"31": 7}))
    assert [len(line) for line in row.buttons] == [6, 5, 1]
    assert labels([row]) == [
        *["0", "1", "2", "3", "4", "5", "6"],
        "7 ✓",
        *["8", "9", "10"],
        "Wert zurücknehmen",
    ]
    assert row.line is not None
    assert reads(row.line) == "Global denken\nIhr Widerstand: 7 von 10"
    (untouched,) = VIEWS.rows(POLL, CHOICES[:1], ballot(None))
    assert [len(line) for line in untouched.buttons] == [6, 5]
    (barred,) = VIEWS.rows(POLL, CHOICES[:1], ballot(None, barred={31}))
    assert barred.buttons == ()


def test_the_ballot_warns_of_skipped_options() -> None:
    assert "Achtung: 3 von 4 Optionen sind noch ohne Wert." in reads(
        VIEWS.left(POLL, CHOICES, ballot({"31": 0}))
    )
    whole = {str(o.id): 5 for o in CHOICES}
    assert "Alle 4 Optionen haben einen Wert." in reads(VIEWS.left(POLL, CHOICES, ballot(whole)))
    mine = ballot(dict.fromkeys(("31", "32", "33"), 5), barred={34})
    assert "Alle 3 Optionen" in reads(VIEWS.left(POLL, CHOICES, mine))


def test_the_result_reads_like_minutes() -> None:
    facts = result("consensing", POLL, CHOICES, tally(motto()))
    said = "\n".join(reads(one) for one in VIEWS.result(facts))
    assert "Den geringsten Widerstand hat: Global denken." in said
    assert (
        "1. Global denken – Mittelwert 2,38 (Summe 38, 16 Werte), stark: 0 %, Akzeptanz 76 %"
        in said
    )
    assert "4. Kein Motto (Passivlösung) – Mittelwert 7 (Summe 112, 16 Werte)" in said
    assert "nicht die Summe" not in said
    assert next(bar.value for bar in VIEWS.bars(facts)) == Fraction(19, 8)


def test_a_status_quo_in_front_is_named() -> None:
    facts = result("consensing", POLL, CHOICES, tally([{"31": 9, "34": 1}, {"31": 9}]))
    said = "\n".join(reads(one) for one in VIEWS.result(facts))
    assert "Keine Option hat weniger Widerstand als die Passivlösung." in said
    assert "Deshalb entscheidet der Mittelwert und nicht die Summe." in said
    assert "– Wird grün – kein Wert, kein Rang" in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_view_has_words_in_every_language(language: str) -> None:
    casts: list[list[dict[str, int]]] = [motto(), [{"31": 1, "32": 1}], [{"34": 0}], [{}]]
    for cast in casts:
        counts = tally(cast)
        facts = result("consensing", POLL, CHOICES, counts)
        mine = ballot(cast[0])
        said: list[Text] = [
            VIEWS.how(POLL),
            VIEWS.left(POLL, CHOICES, mine),
            VIEWS.saved(POLL, CHOICES, mine.value, 31)[0],
            *(row.line for row in VIEWS.rows(POLL, CHOICES, mine) if row.line),
            *VIEWS.board(POLL, CHOICES, None),
            *VIEWS.board(POLL, CHOICES, counts),
            *VIEWS.result(facts),
            VIEWS.ballot_text(facts, mine.value),
            *(part for bar in VIEWS.bars(facts) for part in (bar.shown, bar.note) if part),
            *(head for table in VIEWS.tables(facts) for head in (table.name, *table.head)),
        ]
        assert all(reads(one, language) for one in said)


# --- as people live through it --------------------------------------------------------------


async def test_consensing_from_preparation_to_result(town: Town) -> None:
    method = "Systemisches Konsensieren"
    await prepare(town, "Offen", "Stimmungsbild", "Alles bleibt", method=method, sure=False)
    assert "Alles bleibt, wie es ist (Passivlösung)" in town.coordination.newest()
    await town.coordination.press("Veröffentlichen")

    me = town.group_a
    assert "1 von 9" in me.newest(), "eight measures and the status quo"
    await me.press("3")
    assert "2 von 9" in me.newest()
    assert "8 von 9 Optionen sind noch ohne Wert" in me.newest()
    await town.school.says("8")
    assert list(ballots(town)[1].values()) == [8], "a number is a value, not a button's place"
    await town.school.says("1=0 9=10")
    assert sorted(ballots(town)[1].values()) == [0, 10]
    await town.nature_club.says("2=11")
    assert len(ballots(town)) == 2

    await close_poll(town)
    seen = town.parish.sees(GROUP)
    assert "kleinste mittlere Widerstand" in seen
    assert "Mittelwert 1,5 (Summe 3, 2" in seen and "kein Wert, kein Rang" in seen
