"""The rules of procedure, stated as what holds for any votes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.polls import rules, times
from handlers.polls.methods.dots.rules import Dots, left, mark
from handlers.polls.rules import Base, Broken, Cast, Count, Rules

DOTS = Dots()
BASE = Base(19, Rules())
OPTIONS = list(range(1, 9))
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2027, 1, 12, 8, 0, tzinfo=UTC)

settings_of_dots = st.integers(1, 6).flatmap(
    lambda dots: st.fixed_dictionaries(
        {"dots": st.just(dots), "max_per_option": st.integers(1, dots)}
    )
)
presses = st.lists(st.sampled_from(OPTIONS), max_size=30)


def pressed(settings: dict[str, int], options: list[int]) -> dict[str, int]:
    """The ballot after these presses, refused ones left out."""
    ballot: dict[str, int] = {}
    for option in options:
        try:
            ballot = DOTS.press(settings, ballot, option, 0, 0)
        except Broken:
            assert left(settings, ballot) == 0
    return ballot


# --- ballots --------------------------------------------------------------------------------


@given(settings_of_dots, presses)
def test_whatever_is_pressed_the_ballot_keeps_to_the_rules(
    settings: dict[str, int], options: list[int]
) -> None:
    ballot = pressed(settings, options)
    assert DOTS.valid(settings, ballot, OPTIONS)
    assert left(settings, ballot) == settings["dots"] - sum(ballot.values()) >= 0


@given(settings_of_dots, presses)
def test_every_ballot_can_be_emptied_again_by_presses(
    settings: dict[str, int], options: list[int]
) -> None:
    ballot = pressed(settings, options)
    for _ in range(settings["dots"] * (settings["max_per_option"] + 1)):
        if not ballot:
            break
        ballot = DOTS.press(settings, ballot, int(next(iter(ballot))), 0, 0)
    assert ballot == {}


@given(settings_of_dots, presses, st.sampled_from(OPTIONS))
def test_the_mark_shows_each_dot_that_could_be_there(
    settings: dict[str, int], options: list[int], option: int
) -> None:
    ballot = pressed(settings, options)
    drawn = mark(settings, ballot, option)
    assert len(drawn) == settings["max_per_option"]
    assert drawn.count("●") == ballot.get(str(option), 0)


@pytest.mark.parametrize(
    "ballot", [{"99": 1}, {"1": 0}, {"1": 3}, {"1": 2, "2": 2}, {"1": -1}, {"1": "2"}]
)
def test_ballots_that_nobody_could_press_are_not_valid(ballot: dict[str, int]) -> None:
    assert not DOTS.valid({"dots": 3, "max_per_option": 2}, ballot, OPTIONS)


@pytest.mark.parametrize(
    ("dots", "most", "options"), [(0, 1, 8), (51, 1, 60), (3, 0, 8), (3, 4, 8), (9, 1, 8)]
)
def test_settings_that_make_no_sense_are_refused(dots: int, most: int, options: int) -> None:
    with pytest.raises(Broken):
        DOTS.check({"dots": dots, "max_per_option": most}, options)


# --- counting -------------------------------------------------------------------------------

ballots = st.lists(
    st.dictionaries(st.sampled_from([str(o) for o in OPTIONS]), st.integers(1, 2), max_size=3),
    max_size=25,
)


def tally(cast: list[dict[str, int]], barred: frozenset[int] = frozenset()) -> dict[str, Any]:
    return DOTS.tally({}, OPTIONS, [Cast(ballot, barred) for ballot in cast], BASE)


def ranks(cast: list[dict[str, int]]) -> dict[int, int]:
    return {place["option"]: place["rank"] for place in tally(cast)["places"]}


@given(ballots)
def test_no_dot_is_lost_and_none_is_made_up(cast: list[dict[str, int]]) -> None:
    places = tally(cast)["places"]
    assert sum(Fraction(p["score"]) for p in places) == sum(sum(b.values()) for b in cast)
    assert sorted(p["option"] for p in places) == OPTIONS


@given(ballots, st.randoms())
def test_who_votes_first_makes_no_difference(cast: list[dict[str, int]], random: object) -> None:
    mixed = list(cast)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert tally(mixed) == tally(cast)


@given(ballots, st.permutations(OPTIONS))
def test_the_names_of_options_make_no_difference(
    cast: list[dict[str, int]], renamed: list[int]
) -> None:
    names = dict(zip(OPTIONS, renamed, strict=True))
    other = [{str(names[int(o)]): n for o, n in ballot.items()} for ballot in cast]
    assert {names[option]: rank for option, rank in ranks(cast).items()} == ranks(other)


@given(ballots, st.sampled_from(OPTIONS))
def test_one_more_dot_never_makes_an_option_worse(cast: list[dict[str, int]], one: int) -> None:
    if cast:
        assert ranks([*cast, {str(one): 1}])[one] <= ranks(cast)[one]


def test_without_ballots_nothing_has_a_rank() -> None:
    counted = tally([])
    assert not any(p["rank"] or p["shared"] or p["seats"] for p in counted["places"])
    assert not counted["tiebreak_used"]


@given(ballots, st.sampled_from(OPTIONS))
def test_dots_of_a_seat_without_a_say_in_the_option_do_not_count(
    cast: list[dict[str, int]], one: int
) -> None:
    without = [{o: n for o, n in ballot.items() if o != str(one)} for ballot in cast]
    assert tally(cast, frozenset([one])) == tally(without)


counts = st.lists(
    st.builds(
        Count,
        option=st.integers(1, 99),
        score=st.fractions(0, 5, max_denominator=3),
        seats=st.integers(0, 5),
        tiebreak=st.fractions(0, 2, max_denominator=2),
    ),
    max_size=12,
    unique_by=lambda count: count.option,
)


@given(counts)
def test_a_place_is_one_more_than_the_number_of_better_ones(counted: list[Count]) -> None:
    for ranked in rules.rank(counted):
        mine = (ranked.count.score, ranked.count.tiebreak)
        better = [c for c in counted if (c.score, c.tiebreak) > mine]
        equal = [c for c in counted if (c.score, c.tiebreak) == mine]
        level = [c for c in counted if c.score == ranked.count.score]
        assert ranked.rank == len(better) + 1
        assert ranked.shared == (len(equal) > 1)
        assert ranked.by_tiebreak == (len(level) > len(equal))


# --- procedure ------------------------------------------------------------------------------


@given(st.integers(0, 200))
def test_a_quorum_is_the_smallest_number_that_meets_it(seats: int) -> None:
    meets: dict[str, Callable[[int], bool]] = {
        "none": lambda n: True,
        "half": lambda n: 2 * n >= seats,
        "more_than_half": lambda n: 2 * n > seats,
        "two_thirds": lambda n: 3 * n >= 2 * seats,
    }
    for quorum, met in meets.items():
        needed = rules.seats_needed(quorum, seats)
        assert met(needed) and (needed == 0 or not met(needed - 1))


def test_nineteen_seats_need_ten() -> None:
    assert rules.seats_needed("more_than_half", 19) == 10


@pytest.mark.parametrize(
    ("mine", "standing", "may"),
    [(0, None, True), (0, 1, True), (1, 0, False), (1, 1, True), (2, 1, False), (1, 2, True)],
)
def test_the_holder_goes_before_the_deputies(mine: int, standing: int | None, may: bool) -> None:
    assert rules.may_replace(mine, standing) is may


@pytest.mark.parametrize(
    ("state", "received", "started", "is_open"),
    [
        ("open", -1, -60, True),
        ("open", 0, -60, False),
        ("open", 5, 3, True),
        ("open", 5, -1, False),
        ("closed", -1, -60, False),
        ("withdrawn", -1, -60, False),
    ],
)
def test_a_ballot_counts_until_the_deadline_or_until_a_late_bot_really_closes(
    state: str, received: int, started: int, is_open: bool
) -> None:
    at, up = NOW + timedelta(minutes=received), NOW + timedelta(minutes=started)
    assert rules.is_open(state, NOW, at, up) is is_open


@pytest.mark.parametrize(
    "labels", [[], ["eine"], ["eine", " "], ["Rad", "rad"], ["x" * 201, "y"], ["a"] * 101]
)
def test_lists_of_options_that_cannot_be_voted_on(labels: list[str]) -> None:
    with pytest.raises(Broken):
        rules.check_options(labels)


def test_options_are_tidied_but_not_changed() -> None:
    assert rules.check_options([" Rad  weg ", "", "Dach"]) == ("Rad weg", "Dach")


# --- times ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "utc"),
    [
        ("26.03.2027 18:00", datetime(2027, 3, 26, 17, tzinfo=UTC)),
        ("Fr., 26.03.2027, 18:00 Uhr", datetime(2027, 3, 26, 17, tzinfo=UTC)),
        ("26.3.27 18 Uhr", datetime(2027, 3, 26, 17, tzinfo=UTC)),
        ("2027-07-01 9.30", datetime(2027, 7, 1, 7, 30, tzinfo=UTC)),
        ("11.01. 12:00", datetime(2028, 1, 11, 11, tzinfo=UTC)),
        ("heute 18 Uhr", datetime(2027, 1, 12, 17, tzinfo=UTC)),
        ("morgen um 12:00", datetime(2027, 1, 13, 11, tzinfo=UTC)),
        ("Übermorgen, 8:05", datetime(2027, 1, 14, 7, 5, tzinfo=UTC)),
        ("tomorrow at 12:00", datetime(2027, 1, 13, 11, tzinfo=UTC)),
        ("31.10.2027 02:30 Sommerzeit", datetime(2027, 10, 31, 0, 30, tzinfo=UTC)),
        ("31.10.2027 02:30 Winterzeit", datetime(2027, 10, 31, 1, 30, tzinfo=UTC)),
    ],
)
def test_times_are_read_as_people_write_them(typed: str, utc: datetime) -> None:
    assert times.read(typed, BERLIN, NOW) == utc


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("bald", "polls.time_unreadable"),
        ("31.02.2027 18:00", "polls.time_unreadable"),
        ("26.03.2027", "polls.time_unreadable"),
        ("26.03.2027 25:00", "polls.time_unreadable"),
        ("28.03.2027 02:30", "polls.time_missing"),
        ("31.10.2027 02:30", "polls.time_twice"),
    ],
)
def test_times_that_cannot_be_meant_are_asked_about(typed: str, message: str) -> None:
    with pytest.raises(Broken) as broken:
        times.read(typed, BERLIN, NOW)
    assert broken.value.message == message


@given(st.datetimes(NOW.replace(tzinfo=None) + timedelta(days=1), timezones=st.just(BERLIN)))
def test_a_written_time_is_read_back(at: datetime) -> None:
    written = f"{at:%d.%m.%Y %H:%M}"
    try:
        read = times.read(written, BERLIN, NOW)
    except Broken as broken:
        read = None
        why = broken.message
    if read is None:
        assert why in ("polls.time_missing", "polls.time_twice")
    else:
        assert f"{read.astimezone(BERLIN):%d.%m.%Y %H:%M}" == written


def test_suggested_deadlines_are_evenings_at_least_an_hour_away() -> None:
    late = datetime(2027, 3, 25, 16, 30, tzinfo=UTC)
    suggested = times.suggestions(BERLIN, late)
    assert all(f"{at.astimezone(BERLIN):%H:%M}" == "18:00" for at in suggested)
    assert all(at > late + timedelta(hours=1) for at in suggested) and len(suggested) == 4


def test_the_check_value_of_a_receipt_is_the_same_for_everybody_who_counts_it() -> None:
    assert rules.check_value("ABCD-EFGH-JKMN") == rules.check_value("ABCD-EFGH-JKMN")
    assert rules.check_value("ABCD-EFGH-JKMN") != rules.check_value("ABCD-EFGH-JKMP")


def test_scores_are_exact() -> None:
    third = Fraction(1, 3)
    ranked = rules.rank([Count(1, third + third + third, 1), Count(2, Fraction(1), 1)])
    assert [r.rank for r in ranked] == [1, 1]


# --- what the frame decides -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ballots", "cast", "dominant"),
    [(0, 0, False), (49, 100, False), (50, 100, True), (1, 2, True)],
)
def test_a_group_with_more_than_49_percent_is_named(
    ballots: int, cast: int, dominant: bool
) -> None:
    assert rules.is_dominant(ballots, cast) is dominant


def test_options_that_differ_by_a_slip_are_alike_and_others_are_not() -> None:
    typed = ["Radweg am Bach", "radweg am bach!", "Solardach", "Solarpark Nord", "Solarpark Süd"]
    assert rules.alike(typed) == (("Radweg am Bach", "radweg am bach!"),)


def test_times_to_open_at_are_mornings_to_come() -> None:
    offered = times.mornings(BERLIN, NOW)
    assert [f"{at.astimezone(BERLIN):%d.%m. %H:%M}" for at in offered] == [
        "13.01. 08:00",
        "14.01. 08:00",
        "19.01. 08:00",
    ]
