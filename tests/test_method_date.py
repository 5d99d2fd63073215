"""Finding a date: most yes, then most "if need be", then the earlier date."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import text
from handlers.chat import Text
from handlers.polls.facts import OptionFacts, ResultFacts
from handlers.polls.methods.date import METHOD
from handlers.polls.methods.date.reading import read_dates, words
from handlers.polls.methods.date.rules import letter
from handlers.polls.rules import Base, Broken, Cast, Rules
from tests.deciding import prepare
from tests.deciding import result as outcome
from tests.methods import ballot_of, poll_of, readers, result_of, said
from tests.polling import GROUP, change_rules
from tests.world import Town

RULES, LOOKS = METHOD.rules, METHOD.views
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2027, 1, 12, 8, 0, tzinfo=UTC)
FIRST = datetime(2027, 3, 26, 17, 0, tzinfo=UTC)
OPTIONS = [31, 12, 53, 24]
"""Ids say nothing about the order; the position does."""


def moments(number: int) -> list[str]:
    return [(FIRST + timedelta(days=day)).isoformat() for day in range(number)]


SETTINGS = {"moments": moments(4)}
ballots = st.lists(
    st.dictionaries(
        st.sampled_from([str(o) for o in OPTIONS]), st.sampled_from(("yes", "maybe", "no"))
    ),
    max_size=10,
)


def facts_of(number: int) -> list[OptionFacts]:
    ids = OPTIONS if number == 4 else range(1, number + 1)
    times = [datetime.fromisoformat(at) for at in moments(number)]
    return [OptionFacts(id, words(at, BERLIN)) for id, at in zip(ids, times, strict=True)]


def tally(cast: list[dict[str, str]], barred: frozenset[int] = frozenset()) -> dict[str, Any]:
    casts = [Cast(ballot, barred) for ballot in cast]
    return RULES.tally(SETTINGS, OPTIONS, casts, Base(19, Rules()))


def order(cast: list[dict[str, str]]) -> list[int]:
    return [place["option"] for place in tally(cast)["places"]]


def result(cast: list[dict[str, str]]) -> ResultFacts:
    return result_of(METHOD, SETTINGS, tally(cast), cast=len(cast), options=facts_of(4))


def told(cast: list[dict[str, str]]) -> list[str]:
    return [said(line) for line in LOOKS.result(result(cast))]


# --- dates that are typed --------------------------------------------------------------------


def test_pasted_lines_become_dates_in_their_order() -> None:
    typed = """
        - Fr., 26.03.2027, 18:00 Uhr
        2. 25.3.2027 19 Uhr
        2027-03-24 17:30

        26.03.2027 18:00
        1. 4. um 18 Uhr
    """
    read = [words(at, BERLIN)["de"] for at in read_dates(typed, BERLIN, NOW)]
    assert read == [
        "Mi., 24.03.2027, 17:30 Uhr",
        "Do., 25.03.2027, 19:00 Uhr",
        "Fr., 26.03.2027, 18:00 Uhr",
        "Do., 01.04.2027, 18:00 Uhr",
    ]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("irgendwann im März", r"date\.line_unreadable"),
        ("31.02.2027 18:00", r"date\.line_unreadable"),
        ("28.03.2027 02:30", r"polls\.time_missing"),
        ("31.10.2027 02:30", r"polls\.time_twice"),
        ("11.01.2027 18:00", r"date\.line_past"),
        ("26.03.2072 18:00", r"date\.line_far"),
    ],
)
def test_a_line_that_cannot_be_meant_is_asked_about(line: str, why: str) -> None:
    with pytest.raises(Broken, match=why) as refused:
        read_dates(f"26.03.2027 18:00\n{line}", BERLIN, NOW)
    said_back = said(Text(refused.value.message, **refused.value.named))
    assert line in said_back or "31.10.2027" in said_back or "28.03.2027" in said_back


def test_whoever_names_summer_or_winter_time_has_answered() -> None:
    both = "31.10.2027 02:30 Sommerzeit\n31.10.2027 02:30 Winterzeit"
    first, second = read_dates(both, BERLIN, NOW)
    assert second - first == timedelta(hours=1)


def test_one_date_is_no_choice() -> None:
    with pytest.raises(Broken, match=r"polls\.too_few_options"):
        read_dates("26.03.2027 18:00\n26.03.2027, 18 Uhr", BERLIN, NOW)


@given(st.integers(1, 700 * 24 * 60))
def test_dates_are_written_as_everywhere_else_and_read_again(minutes: int) -> None:
    at = NOW + timedelta(minutes=minutes)
    written = words(at, BERLIN)
    elsewhere = Text("date.ends_too_late", at=at)
    assert written["de"] in text.plain(elsewhere, text.Reader("de", BERLIN))
    assert written["en"] in text.plain(elsewhere, text.Reader("en", BERLIN))
    assert written["de-simple"].endswith(written["de"].split(", ", 1)[1])
    season = "Sommerzeit" if at.astimezone(BERLIN).dst() else "Winterzeit"
    typed = f"{written['de']} {season}\n01.07.2027 12:00\n02.07.2027 12:00"
    assert at in read_dates(typed, BERLIN, NOW)


# --- ballots ---------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.sampled_from(OPTIONS), st.integers(1, 3)), max_size=12))
def test_the_last_tap_on_a_date_counts(taps: list[tuple[int, int]]) -> None:
    ballot: dict[str, Any] = {}
    for option, value in taps:
        ballot = RULES.press(SETTINGS, ballot, option, 0, value)
        assert RULES.valid(SETTINGS, ballot, OPTIONS)
    last = dict(taps)
    assert ballot == {str(o): ("yes", "maybe", "no")[v - 1] for o, v in last.items()}
    assert all(RULES.answered(SETTINGS, ballot, o) == (o in last) for o in OPTIONS)


@pytest.mark.parametrize(
    ("typed", "ballot"),
    [
        ("A ja, B zur Not, C nein", {"31": "yes", "12": "maybe", "53": "no"}),
        ("a=yes; d: if need be", {"31": "yes", "24": "maybe"}),
        ("alle ja", dict.fromkeys(("31", "12", "53", "24"), "yes")),
        ("alle nein, b ja", {"31": "no", "12": "yes", "53": "no", "24": "no"}),
        ("B ✗", {"12": "no"}),
    ],
)
def test_answers_may_be_typed(typed: str, ballot: dict[str, str]) -> None:
    assert RULES.typed(SETTINGS, {}, OPTIONS, typed) == ballot


@pytest.mark.parametrize(
    "typed", ["1", "A", "ja", "a jawohl", "na ja", "aja", "hilfe", "A ja und so", ""]
)
def test_other_words_are_no_answer(typed: str) -> None:
    assert RULES.typed(SETTINGS, {}, OPTIONS, typed) is None


def test_a_letter_that_is_not_there_changes_nothing() -> None:
    with pytest.raises(Broken, match=r"date\.no_such_date"):
        RULES.typed(SETTINGS, {"31": "no"}, OPTIONS, "A ja, E ja")


def test_letters_go_on_after_z() -> None:
    assert [letter(at) for at in (0, 7, 25, 26, 27, 51, 52)] == [
        "A",
        "H",
        "Z",
        "AA",
        "AB",
        "AZ",
        "BA",
    ]


@pytest.mark.parametrize("ballot", [{"99": "yes"}, {"31": "perhaps"}, {"31": 1}])
def test_ballots_that_nobody_could_press_are_not_valid(ballot: dict[str, Any]) -> None:
    assert not RULES.valid(SETTINGS, ballot, OPTIONS)


@pytest.mark.parametrize(
    "settings",
    [{"moments": moments(3)}, {"moments": moments(4)[::-1]}, {"moments": moments(1) * 4}, {}],
)
def test_options_without_their_moments_in_order_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(Broken):
        RULES.check(settings, 4)
    RULES.check(SETTINGS, 4)


# --- counting --------------------------------------------------------------------------------


def test_yes_goes_before_if_need_be_and_that_before_the_earlier_date() -> None:
    a, b, c, d = map(str, OPTIONS)
    cast = [
        {a: "maybe", b: "yes", c: "yes", d: "maybe"},
        {a: "maybe", b: "no", c: "maybe", d: "maybe"},
    ]
    counts = tally(cast)
    assert [p["option"] for p in counts["places"]] == [53, 12, 31, 24]
    assert [p["rank"] for p in counts["places"]] == [1, 2, 3, 4]
    assert counts["by_maybe"] and counts["by_date"]
    clear = tally([{a: "yes", b: "yes", c: "yes"}, {a: "yes", b: "yes"}, {a: "yes"}])
    assert not clear["by_maybe"] and not clear["by_date"]


def test_without_any_ballot_there_is_no_order() -> None:
    counts = tally([])
    assert {p["rank"] for p in counts["places"]} == {0}
    assert not counts["by_date"]
    assert told([]) == ["Es wurde keine Antwort gegeben. Es gibt keine Reihenfolge."]


@given(ballots)
def test_no_answer_is_lost_and_none_is_made_up(cast: list[dict[str, str]]) -> None:
    counts = tally(cast)
    assert sum(p["yes"] + p["maybe"] + p["no"] for p in counts["places"]) == sum(map(len, cast))
    assert sorted(p["option"] for p in counts["places"]) == sorted(OPTIONS)


@given(ballots, st.randoms())
def test_who_votes_first_makes_no_difference(cast: list[dict[str, str]], random: Random) -> None:
    mixed = list(cast)
    random.shuffle(mixed)
    assert tally(mixed) == tally(cast)


@given(ballots, st.permutations(range(1, 5)))
def test_the_ids_of_dates_make_no_difference(
    cast: list[dict[str, str]], renamed: list[int]
) -> None:
    names = dict(zip(OPTIONS, renamed, strict=True))
    other = [Cast({str(names[int(o)]): answer for o, answer in b.items()}) for b in cast]
    places = RULES.tally(SETTINGS, renamed, other, Base(19, Rules()))["places"]
    assert [p["option"] for p in places] == [names[o] for o in order(cast)]


@given(ballots, st.sampled_from(OPTIONS), st.data())
def test_a_better_answer_never_hurts_a_date(
    cast: list[dict[str, str]], option: int, data: st.DataObject
) -> None:
    if not cast:
        return
    at = data.draw(st.integers(0, len(cast) - 1))
    better = {"no": "maybe", "maybe": "yes"}.get(cast[at].get(str(option), "no"), "yes")
    raised = [*cast[:at], {**cast[at], str(option): better}, *cast[at + 1 :]]
    assert order(raised).index(option) <= order(cast).index(option)


@given(ballots, st.frozensets(st.sampled_from(OPTIONS)))
def test_each_answer_is_counted_where_the_seat_has_a_say(
    cast: list[dict[str, str]], barred: frozenset[int]
) -> None:
    casts = [Cast(one, barred if at % 2 else frozenset()) for at, one in enumerate(cast)]
    counts = RULES.tally(SETTINGS, OPTIONS, casts, Base(19, Rules()))
    for place in counts["places"]:
        for answer in ("yes", "maybe", "no"):
            said = [
                one.value.get(str(place["option"])) == answer
                for one in casts
                if place["option"] not in one.barred
            ]
            assert place[answer] == sum(said)


def test_a_seat_without_a_say_in_a_date_does_not_count_there() -> None:
    places = tally([{"31": "yes", "12": "yes"}], frozenset({31}))["places"]
    assert {p["option"]: p["yes"] for p in places} == {31: 0, 12: 1, 53: 0, 24: 0}


# --- looks -----------------------------------------------------------------------------------


def test_each_date_has_three_buttons_in_one_row_and_its_letter() -> None:
    poll = poll_of(METHOD, SETTINGS)
    mine = ballot_of({"12": "maybe"}, barred={53})
    rows = LOOKS.rows(poll, facts_of(4), mine)
    lines = [said(row.line) for row in rows]
    assert lines[:3] == [
        "A Fr., 26.03.2027, 18:00 Uhr",
        "B Sa., 27.03.2027, 18:00 Uhr – (✓) zur Not",
        "C So., 28.03.2027, 19:00 Uhr – hier ohne Ihre Stimme",
    ]
    assert [[said(b.label) for b in line] for line in rows[1].buttons] == [
        ["B ✓ ja", "B (✓) zur Not", "B ✗ nein"]
    ]
    assert rows[2].buttons == ()
    assert said(LOOKS.left(poll, facts_of(4), mine)).endswith("1 von 3 Terminen beantwortet.")


def test_letters_go_on_over_the_pages() -> None:
    poll = poll_of(METHOD, {"moments": moments(10)})
    options = facts_of(10)
    for page in (1, 7):
        rows = LOOKS.rows(poll, options[8:], replace(ballot_of({}), page=page))
        assert [said(row.line)[0] for row in rows] == ["I", "J"]


def test_the_board_shows_dates_in_their_order_with_running_totals() -> None:
    poll = poll_of(METHOD, SETTINGS)
    lines = [said(x) for x in LOOKS.board(poll, facts_of(4), tally([{"12": "yes", "31": "no"}]))]
    assert lines[0] == "• Fr., 26.03.2027, 18:00 Uhr – 0 ja, 0 zur Not, 1 nein"
    assert said(LOOKS.board(poll, facts_of(4), None)[0]) == "• Fr., 26.03.2027, 18:00 Uhr"


def test_the_result_names_the_best_date_and_the_tie_rule() -> None:
    lines = told([{"31": "yes", "12": "yes"}, {"24": "no"}])
    assert lines[0] == "Am besten passt: Fr., 26.03.2027, 18:00 Uhr"
    assert "Bei völligem Gleichstand steht der frühere Termin vorn." in lines
    assert lines[-1].startswith("1. Fr., 26.03.2027, 18:00 Uhr – 1 ja, 0 zur Not, 0 nein\n2. Sa.")
    assert told([{"31": "no"}])[0] == "Keiner dieser Termine passt jemandem."


def test_a_secret_answer_is_never_named_in_a_confirmation() -> None:
    secret = poll_of(METHOD, SETTINGS, secrecy="secret")
    toasts = {
        said(LOOKS.saved(secret, facts_of(4), {"31": answer}, 31)[0])
        for answer in ("yes", "maybe", "no")
    }
    assert toasts == {"Ihre Antwort ist gespeichert."}


def test_every_look_has_words_in_every_language() -> None:
    poll, options = poll_of(METHOD, SETTINGS), facts_of(4)
    for cast in ([], [{"31": "no"}], [{"31": "yes", "12": "maybe"}, {"12": "yes"}, {}]):
        facts = result(cast)
        texts = [
            LOOKS.how(poll),
            *LOOKS.result(facts),
            *LOOKS.board(poll, options, dict(facts.counts)),
            *(x for bar in LOOKS.bars(facts) for x in (bar.label, bar.shown, bar.note)),
            *(c for t in LOOKS.tables(facts) for c in (t.name, *t.head)),
            *(LOOKS.ballot_text(facts, ballot) for ballot in cast),
            *(LOOKS.saved(poll, options, ballot, 31)[0] for ballot in cast),
            *(LOOKS.left(poll, options, ballot_of(b)) for b in cast),
            *(row.line for b in cast for row in LOOKS.rows(poll, options, ballot_of(b))),
        ]
        for reader in readers():
            for one in texts:
                assert one is not None
                assert text.plain(one, reader).strip(), (one, reader.language)
    assert len(LOOKS.tables(result([]))[0].rows) == 4


# --- conversations ---------------------------------------------------------------------------


def test_all_leaves_out_dates_in_which_the_seat_has_no_say() -> None:
    options = [11, -12, 13, 14]
    typed = METHOD.rules.typed
    assert typed(SETTINGS, {}, options, "alle ja") == {"11": "yes", "13": "yes", "14": "yes"}
    named = typed(SETTINGS, {}, options, "B ja, C nein")
    assert named is not None and not METHOD.rules.valid(SETTINGS, named, [11, 13, 14])
    assert typed(SETTINGS, {}, options, "C ja") == {"13": "yes"}


async def test_a_date_is_found(town: Town) -> None:
    change_rules(town, running_totals_visible=True)
    await prepare(town, "date", "Wann tagen wir?")
    who = town.coordination
    assert "irgendwann" in await who.says("26.03.2027 18:00\nirgendwann")
    assert "zweimal" in await who.says("26.03.2027 18:00\n31.10.2027 02:30")
    assert "muss vorher enden" in await who.says("26.03.2027 18:00\n14.01.2027 18:00")
    review = await who.says("27.03.2027 18:00\n26.03.2027 18:00\n30.03.2027 9 Uhr")
    assert "• Fr., 26.03.2027, 18:00 Uhr\n• Sa., 27.03.2027, 18:00 Uhr" in review
    await who.press("Veröffentlichen")
    await town.group_a.press("A ✓ ja")
    assert town.group_a.toast == "Gespeichert: ✓ ja."
    await town.group_a.says("b zur Not, c nein")
    assert "B Sa., 27.03.2027, 18:00 Uhr – (✓) zur Not" in town.group_a.sees()
    assert "Alle Termine sind beantwortet" in town.group_a.sees()
    assert "Termin D gibt es hier nicht" in await town.group_b.says("D ja")
    await town.group_b.says("alle ja")
    await town.one_world_club.press("C ✗ no")
    assert "• Fr., 26.03.2027, 18:00 Uhr – 2 ja, 0 zur Not, 0 nein" in town.group_a.newest(GROUP)
    told = await outcome(town)
    assert "Am besten passt: Fr., 26.03.2027, 18:00 Uhr" in told
    assert "2. Sa., 27.03.2027, 18:00 Uhr – 1 ja, 1 zur Not, 0 nein" in told
