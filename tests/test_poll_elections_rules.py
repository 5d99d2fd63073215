"""Elections of persons: majority, run-off, lot; every result can be recomputed by hand."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.polls.elections.rules import (
    BASES,
    Outcome,
    Procedure,
    Votes,
    decided_by_lot,
    draw_lot,
    first_round,
    run_off,
    seed_of,
)

FIRE_BRIGADE, SPORTS_CLUB, CHURCH, SCHOOL = 17, 14, 9, 4

counted = st.builds(
    Votes,
    given=st.dictionaries(st.integers(1, 12), st.integers(0, 9), min_size=2, max_size=7),
    abstentions=st.integers(0, 9),
    invalid=st.integers(0, 4),
)


def round_of(abstentions: int = 0, invalid: int = 0, **votes: int) -> Votes:
    names = {"fire": FIRE_BRIGADE, "sports": SPORTS_CLUB, "church": CHURCH, "school": SCHOOL}
    return Votes({names[n]: v for n, v in votes.items()}, 0, abstentions, invalid)


# --- the first round -----------------------------------------------------------------------


@pytest.mark.parametrize("base", BASES)
def test_nine_of_sixteen_elect_whatever_is_done_with_the_abstention(base: str) -> None:
    done = first_round(round_of(fire=9, sports=6, abstentions=1), Procedure(base))
    assert (done.verdict, done.elected) == ("elected", FIRE_BRIGADE)
    assert (done.base, done.needed) == ((15, 8) if base == "for_somebody" else (16, 9))


def test_by_the_law_an_abstention_and_an_invalid_ballot_stand_against_the_majority() -> None:
    votes = round_of(fire=8, sports=5, abstentions=2, invalid=1)
    assert first_round(votes).verdict == "run_off", "8 is not more than half of 16"
    assert first_round(votes, Procedure("valid")).elected == FIRE_BRIGADE, "8 of 15"
    assert first_round(votes, Procedure("for_somebody")).elected == FIRE_BRIGADE, "8 of 13"


@pytest.mark.parametrize(
    ("votes", "sure", "among", "places"),
    [
        (round_of(fire=7, sports=5, church=4), {FIRE_BRIGADE, SPORTS_CLUB}, set(), 0),
        (round_of(fire=6, sports=6, church=4), {FIRE_BRIGADE, SPORTS_CLUB}, set(), 0),
        (round_of(fire=8, sports=4, church=4), {FIRE_BRIGADE}, {SPORTS_CLUB, CHURCH}, 1),
        (round_of(fire=4, sports=4, church=4), set(), {FIRE_BRIGADE, SPORTS_CLUB, CHURCH}, 2),
        (round_of(fire=8, sports=8), {FIRE_BRIGADE, SPORTS_CLUB}, set(), 0),
    ],
)
def test_the_two_with_the_most_votes_go_on_and_a_tie_for_a_place_is_left_to_the_lot(
    votes: Votes, sure: set[int], among: set[int], places: int
) -> None:
    done = first_round(votes)
    assert done.verdict == "run_off" and done.elected is None
    assert (set(done.next_round), set(done.lot_among), done.lot_places) == (sure, among, places)


def test_a_single_candidate_needs_more_than_half_yes() -> None:
    assert first_round(Votes({CHURCH: 9}, 6, 1)).elected == CHURCH
    assert first_round(Votes({CHURCH: 8}, 7, 1)).verdict == "not_elected"
    assert first_round(Votes({CHURCH: 0}, 5, 0)).verdict == "not_elected"
    assert first_round(Votes({CHURCH: 8}, 7, 1), Procedure("for_somebody")).elected == CHURCH


def test_without_a_quorum_or_without_any_vote_nothing_is_decided() -> None:
    assert first_round(round_of(fire=9, sports=6), quorate=False).verdict == "no_decision"
    assert first_round(round_of(fire=0, sports=0, abstentions=5)).verdict == "no_decision"
    assert run_off(round_of(fire=0, sports=0, abstentions=5)).verdict == "no_decision"
    assert run_off(round_of(fire=3, sports=2), quorate=False).verdict == "no_decision"


@given(counted, st.sampled_from(BASES))
def test_whoever_is_elected_has_more_than_half_and_everybody_else_has_less(
    votes: Votes, base: str
) -> None:
    done = first_round(votes, Procedure(base))
    winners = [c for c, n in votes.given.items() if 2 * n > done.base]
    if any(votes.given.values()):
        assert ([done.elected] if done.verdict == "elected" else []) == winners
        assert done.needed * 2 > done.base >= (done.needed - 1) * 2
    else:
        assert done.verdict == "no_decision"


@given(counted)
def test_a_run_off_has_two_and_nobody_outside_has_more_votes(votes: Votes) -> None:
    done = first_round(votes)
    if done.verdict != "run_off":
        return
    assert len(done.next_round) + done.lot_places == 2
    assert len(done.lot_among) > done.lot_places or not done.lot_places
    fewest = min(votes.given[c] for c in (*done.next_round, *done.lot_among))
    outside = set(votes.given) - set(done.next_round) - set(done.lot_among)
    assert all(votes.given[c] < fewest for c in outside)
    level = {votes.given[c] for c in done.lot_among}
    assert len(level) <= 1, "the lot decides between equals only"


@given(counted, st.randoms(use_true_random=False))
def test_the_order_in_which_candidates_were_entered_changes_nothing(
    votes: Votes, chance: Random
) -> None:
    mixed = list(votes.given.items())
    chance.shuffle(mixed)
    again = Votes(dict(mixed), 0, votes.abstentions, votes.invalid)
    assert first_round(again) == first_round(votes)


# --- the run-off ---------------------------------------------------------------------------


def test_in_the_run_off_the_most_votes_elect_however_few() -> None:
    done = run_off(round_of(fire=5, sports=4, abstentions=7))
    assert (done.verdict, done.elected) == ("elected", FIRE_BRIGADE)


def test_a_tie_in_the_run_off_is_left_to_the_lot() -> None:
    done = run_off(round_of(fire=8, sports=8))
    assert (done.verdict, done.elected) == ("lot", None)
    assert decided_by_lot(done, "Ilmbrück / 7")[0] in (FIRE_BRIGADE, SPORTS_CLUB)


@given(st.integers(0, 40), st.integers(0, 40))
def test_no_tie_is_broken_silently(fire: int, sports: int) -> None:
    done = run_off(round_of(fire=fire, sports=sports))
    if fire == sports:
        assert done.elected is None
    else:
        assert done.elected == (FIRE_BRIGADE if fire > sports else SPORTS_CLUB)


@pytest.mark.parametrize("names", [("fire",), ("fire", "sports", "church")])
def test_a_run_off_is_between_two(names: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="between two"):
        run_off(round_of(**dict.fromkeys(names, 3)))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Votes({}),
        lambda: Votes({CHURCH: -1}),
        lambda: Votes({CHURCH: 3, SCHOOL: 2}, against=1),
        lambda: Procedure("members"),
        lambda: draw_lot([], "seed"),
        lambda: draw_lot([CHURCH], " "),
        lambda: seed_of("Ilmbrück", " "),
        lambda: decided_by_lot(run_off(round_of(fire=5, sports=4)), "seed"),
    ],
)
def test_what_is_no_election_is_refused(wrong: Callable[[], object]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each with its own words
        wrong()


# --- the lot -------------------------------------------------------------------------------


def test_anybody_can_recompute_a_lot() -> None:
    seed = seed_of("Losentscheid Sprechfunktion,  10.11.2026", "3 11 19 24 40 45\n")
    assert seed == "Losentscheid Sprechfunktion, 10.11.2026 / 3 11 19 24 40 45"
    by_hand = sorted(
        (FIRE_BRIGADE, SPORTS_CLUB),
        key=lambda number: hashlib.sha256(f"{seed}|{number}".encode()).hexdigest(),
    )
    tickets = draw_lot([SPORTS_CLUB, FIRE_BRIGADE], seed)
    assert [ticket.candidate for ticket in tickets] == by_hand
    # As `printf '%s' '…|17' | sha256sum` says on a command line.
    said = {FIRE_BRIGADE: "8e4764dd6dabefb6", SPORTS_CLUB: "75f39a38abc995cc"}
    assert {t.candidate: t.digest[:16] for t in tickets} == said


@given(st.sets(st.integers(1, 99), min_size=1, max_size=9), st.text(min_size=1))
def test_a_lot_has_everybody_once_and_is_the_same_every_time(some: set[int], seed: str) -> None:
    if not seed.strip():
        return
    tickets = draw_lot(some, seed)
    assert sorted(t.candidate for t in tickets) == sorted(some)
    assert tickets == draw_lot(sorted(some, reverse=True), seed)


def test_a_lot_favours_nobody() -> None:
    first = Counter(
        draw_lot([CHURCH, SCHOOL, SPORTS_CLUB], seed_of("Ziehung", str(n)))[0].candidate
        for n in range(3_000)
    )
    assert all(900 < times < 1_100 for times in first.values()), first


def test_the_lot_completes_a_run_off_with_those_it_was_drawn_between() -> None:
    done: Outcome = first_round(round_of(fire=8, sports=4, church=4, school=2))
    two = decided_by_lot(done, seed_of("Ziehung", "12 17"))
    assert two[0] == FIRE_BRIGADE and two[1] in (SPORTS_CLUB, CHURCH) and len(two) == 2
