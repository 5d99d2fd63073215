"""Resolutions: what majority, base, abstentions, quorum and casting vote decide."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import text
from handlers.chat import Text
from handlers.polls.facts import ResultFacts
from handlers.polls.methods.resolution import METHOD
from handlers.polls.methods.resolution.views import ResolutionViews
from handlers.polls.rules import Base, Broken, Cast, Rules, seats_needed
from tests.deciding import ask, prepare
from tests.deciding import result as outcome
from tests.methods import ballot_of, poll_of, readers, result_of, said
from tests.polling import GROUP, change_rules
from tests.world import Town

RULES, LOOKS = METHOD.rules, METHOD.views
SIMPLE = {"majority": "simple", "base": "yes_and_no", "abstentions": False, "casting_vote": False}
SETTINGS: list[dict[str, Any]] = [
    {"majority": majority, "base": base, "abstentions": abstentions, "casting_vote": casting}
    for majority, base, abstentions, casting in product(
        ("simple", "absolute", "two_thirds"),
        ("yes_and_no", "present", "all_seats"),
        (False, True),
        (False, True),
    )
    if majority != "simple" or (base == "yes_and_no" and not abstentions)
]
QUORUMS = ("none", "half", "more_than_half", "two_thirds")
votes = st.lists(st.sampled_from(("yes", "no", "abstain")), max_size=12)


def with_(majority: str, base: str = "yes_and_no", **more: Any) -> dict[str, Any]:
    return {**SIMPLE, "majority": majority, "base": base, **more}


def count(
    settings: dict[str, Any],
    yes: int,
    no: int,
    abstain: int,
    *,
    seats: int = 19,
    quorum: str = "more_than_half",
    chair: str = "",
) -> dict[str, Any]:
    """The result of so many votes."""
    cast = ["yes"] * yes + ["no"] * no + ["abstain"] * abstain
    return tally(settings, cast, seats=seats, quorum=quorum, chair=chair)


def tally(
    settings: dict[str, Any], cast: list[str], *, seats: int, quorum: str, chair: str = ""
) -> dict[str, Any]:
    base = Base(seats, Rules(quorum=quorum), {"vote": chair} if chair else None)
    return RULES.tally(settings, [], [Cast({"vote": vote}) for vote in cast], base)


def result(
    counts: dict[str, Any], settings: dict[str, Any] = SIMPLE, *, secret: bool = False
) -> ResultFacts:
    made = result_of(METHOD, settings, counts, cast=counts["cast"], options=[])
    return replace(made, seats=counts["seats"], secret=secret)


def minutes(counts: dict[str, Any], settings: dict[str, Any] = SIMPLE) -> str:
    """The result as the minutes say it."""
    return "\n".join(said(line) for line in LOOKS.result(result(counts, settings)))


# --- what Ilmbrück decided before ------------------------------------------------------------


def test_the_ten_guidelines_were_recommended() -> None:
    counts = count(SIMPLE, 14, 1, 1)
    assert counts["verdict"] == "adopted"
    assert minutes(counts) == (
        "Der Antrag ist angenommen: 14 Ja, 1 Nein, 1 Enthaltung.\n"
        "Beschlussfähig (abgestimmt: 16 von 19 Sitzen, nötig: 10).\n"
        "Einfache Mehrheit: 14 Ja gegen 1 Nein; Enthaltungen zählen nicht mit."
    )


def test_thirty_kilometres_an_hour_everywhere_failed_by_a_tie() -> None:
    counts = count(SIMPLE, 7, 7, 2)
    assert (counts["verdict"], counts["tie"], counts["casting"]) == ("rejected", True, "")
    assert "abgelehnt: 7 Ja, 7 Nein, 2 Enthaltungen." in minutes(counts)
    assert "Stimmengleichheit: Damit ist der Antrag abgelehnt." in minutes(counts)


def test_the_minutes_were_approved_in_writing() -> None:
    counts = count(SIMPLE, 13, 0, 1)
    assert counts["verdict"] == "adopted" and counts["cast"] == 14


# --- the table of verdicts -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "yes", "no", "abstain", "verdict"),
    [
        # Simple: more yes than no, however many abstain.
        (with_("simple"), 1, 0, 15, "adopted"),
        (with_("simple"), 0, 0, 16, "rejected"),
        (with_("simple"), 8, 8, 0, "rejected"),
        (with_("simple"), 5, 6, 5, "rejected"),
        # Absolute: more than half.
        (with_("absolute"), 6, 5, 5, "adopted"),
        (with_("absolute"), 7, 7, 2, "rejected"),
        (with_("absolute"), 0, 0, 16, "rejected"),
        (with_("absolute", abstentions=True), 8, 3, 5, "rejected"),
        (with_("absolute", abstentions=True), 9, 3, 4, "adopted"),
        (with_("absolute", "present"), 8, 3, 5, "rejected"),
        (with_("absolute", "present"), 9, 7, 0, "adopted"),
        (with_("absolute", "all_seats"), 9, 0, 1, "rejected"),
        (with_("absolute", "all_seats"), 10, 0, 0, "adopted"),
        # Two thirds: at least 2/3.
        (with_("two_thirds"), 8, 4, 4, "adopted"),
        (with_("two_thirds"), 7, 4, 5, "rejected"),
        (with_("two_thirds"), 0, 0, 16, "rejected"),
        (with_("two_thirds", abstentions=True), 8, 4, 4, "rejected"),
        (with_("two_thirds", "present"), 10, 1, 4, "adopted"),
        (with_("two_thirds", "present"), 10, 1, 5, "rejected"),
        (with_("two_thirds", "all_seats"), 12, 0, 0, "rejected"),
        (with_("two_thirds", "all_seats"), 13, 6, 0, "adopted"),
        # The quorum is missed, whatever the votes.
        (with_("simple"), 9, 0, 0, "no_decision"),
        (with_("absolute", "all_seats"), 0, 9, 0, "no_decision"),
        (with_("simple"), 0, 0, 0, "no_decision"),
    ],
)
def test_verdicts(settings: dict[str, Any], yes: int, no: int, abstain: int, verdict: str) -> None:
    assert count(settings, yes, no, abstain)["verdict"] == verdict


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda s: "-".join(map(str, s.values())))
@pytest.mark.parametrize("quorum", QUORUMS)
@pytest.mark.parametrize("chair", ["", "yes", "no", "abstain"])
def test_every_rule_as_it_is_written_down(
    settings: dict[str, Any], quorum: str, chair: str
) -> None:
    """The rules again in their own words, for every count of up to 6 seats."""
    for seats in range(7):
        for yes, no, abstain in product(range(seats + 1), repeat=3):
            cast = yes + no + abstain
            if cast > seats or (chair and not {"yes": yes, "no": no, "abstain": abstain}[chair]):
                continue
            counts = count(settings, yes, no, abstain, seats=seats, quorum=quorum, chair=chair)
            base = {"yes_and_no": yes + no, "present": cast, "all_seats": seats}[settings["base"]]
            if settings["abstentions"] and settings["base"] == "yes_and_no":
                base += abstain
            if settings["majority"] == "simple":
                carried = yes > no or (yes == no and settings["casting_vote"] and chair == "yes")
            elif settings["majority"] == "absolute":
                carried = 2 * yes > base
            else:
                carried = 3 * yes >= 2 * base and yes > 0
            if cast == 0 or cast < seats_needed(quorum, seats):
                expected = "no_decision"
            else:
                expected = "adopted" if carried else "rejected"
            assert counts["verdict"] == expected, (seats, yes, no, abstain)
            assert counts["base"] == base
            assert counts["yes"] + counts["no"] + counts["abstain"] == counts["cast"] == cast


def test_the_chair_decides_a_tie_and_nothing_else() -> None:
    casting = with_("simple", casting_vote=True)
    assert count(casting, 7, 7, 2, chair="yes")["verdict"] == "adopted"
    assert count(casting, 7, 7, 2, chair="no")["verdict"] == "rejected"
    assert count(casting, 7, 7, 2, chair="abstain")["casting"] == ""
    assert count(casting, 7, 7, 2)["verdict"] == "rejected"
    assert count(casting, 6, 8, 2, chair="yes")["verdict"] == "rejected"
    half = with_("absolute", "present", casting_vote=True)
    assert count(half, 8, 8, 0, chair="yes")["verdict"] == "rejected"
    told = minutes(count(casting, 7, 7, 2, chair="yes"), casting)
    assert "Entschieden hat die Stimme des Vorsitzes (Ja)." in told


def test_a_conflict_of_interest_shrinks_quorum_and_majority() -> None:
    absolute = with_("absolute", "all_seats")
    assert count(absolute, 9, 0, 1, seats=19)["verdict"] == "rejected"
    assert count(absolute, 9, 0, 1, seats=17)["verdict"] == "adopted"
    assert count(SIMPLE, 9, 0, 0, seats=17)["verdict"] == "adopted"


# --- what holds for any votes ----------------------------------------------------------------


@given(votes, st.sampled_from(SETTINGS), st.sampled_from(QUORUMS), st.randoms())
def test_who_votes_first_makes_no_difference(
    cast: list[str], settings: dict[str, Any], quorum: str, random: Random
) -> None:
    mixed = list(cast)
    random.shuffle(mixed)
    one = tally(settings, cast, seats=12, quorum=quorum)
    assert tally(settings, mixed, seats=12, quorum=quorum) == one


@given(votes, st.sampled_from(SETTINGS), st.sampled_from(QUORUMS), st.data())
def test_a_vote_turned_to_yes_never_hurts(
    cast: list[str], settings: dict[str, Any], quorum: str, data: st.DataObject
) -> None:
    before = tally(settings, cast, seats=12, quorum=quorum)
    if not cast:
        return
    at = data.draw(st.integers(0, len(cast) - 1))
    turned = [*cast[:at], "yes", *cast[at + 1 :]]
    after = tally(settings, turned, seats=12, quorum=quorum)
    assert not (before["verdict"] == "adopted" and after["verdict"] != "adopted")


@given(votes)
def test_yes_and_no_are_treated_alike_by_a_simple_majority(cast: list[str]) -> None:
    swap = {"yes": "no", "no": "yes", "abstain": "abstain"}
    one = tally(SIMPLE, cast, seats=12, quorum="none")
    other = tally(SIMPLE, [swap[vote] for vote in cast], seats=12, quorum="none")
    if one["verdict"] == "adopted":
        assert other["verdict"] == "rejected"
    assert one["tie"] == other["tie"]


# --- ballots ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "vote"),
    [
        ("Ja", "yes"),
        ("  nein. ", "no"),
        ("Enthaltung!", "abstain"),
        ("yes", "yes"),
        ("NO", "no"),
        ("abstain", "abstain"),
        ("dafür", "yes"),
        ("Dagegen", "no"),
        ("Ich enthalte mich.", "abstain"),
    ],
)
def test_a_vote_may_be_typed(typed: str, vote: str) -> None:
    assert RULES.typed(SIMPLE, {}, [], typed) == {"vote": vote}


@pytest.mark.parametrize("typed", ["1", "ja aber", "hilfe", "", "ja nein", "/ja"])
def test_other_words_are_no_vote(typed: str) -> None:
    assert RULES.typed(SIMPLE, {"vote": "no"}, [], typed) is None


@given(st.lists(st.integers(1, 3), min_size=1, max_size=6))
def test_the_last_tap_counts(taps: list[int]) -> None:
    ballot: dict[str, Any] = {}
    for tapped in taps:
        ballot = RULES.press(SIMPLE, ballot, 0, 0, tapped)
        assert RULES.valid(SIMPLE, ballot, []) and RULES.answered(SIMPLE, ballot, 0)
    assert ballot == {"vote": ("yes", "no", "abstain")[taps[-1] - 1]}


@pytest.mark.parametrize("ballot", [{}, {"vote": "maybe"}, {"vote": "yes", "text": "x"}, {"1": 1}])
def test_ballots_that_nobody_could_press_are_not_valid(ballot: dict[str, Any]) -> None:
    assert not RULES.valid(SIMPLE, ballot, [])


def test_what_is_not_on_the_card_is_refused() -> None:
    with pytest.raises(Broken, match=r"resolution\.choose"):
        RULES.press(SIMPLE, {}, 0, 0, 4)
    with pytest.raises(Broken, match=r"polls\.nothing_to_write"):
        RULES.write(SIMPLE, {}, 1, "Ja!")


@pytest.mark.parametrize(
    "settings",
    [
        with_("simple", "present"),
        with_("simple", "all_seats"),
        with_("simple", abstentions=True),
        with_("qualified"),
        with_("absolute", "town"),
        {},
    ],
)
def test_rules_that_make_no_sense_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(Broken):
        RULES.check(settings, 0)


def test_all_other_rules_may_be_set() -> None:
    for settings in SETTINGS:
        RULES.check(settings, 0)


# --- looks -----------------------------------------------------------------------------------


def test_the_ballot_has_three_buttons_below_each_other() -> None:
    poll = poll_of(METHOD, SIMPLE)
    (row,) = LOOKS.rows(poll, [], ballot_of({"vote": "no"}))
    labels = [[(said(b.label), b.mark) for b in line] for line in row.buttons]
    assert labels == [[("Ja", "○")], [("Nein", "◉")], [("Enthaltung", "○")]]
    assert said(LOOKS.left(poll, [], ballot_of({}, cast=False))).startswith("Sie haben noch nicht")
    assert said(LOOKS.left(poll, [], ballot_of({"vote": "no"}))).endswith("Ihre Stimme: Nein")


def test_the_board_counts_where_totals_are_shown() -> None:
    poll = poll_of(METHOD, SIMPLE)
    assert LOOKS.board(poll, [], None) == ()
    lines = [said(line) for line in LOOKS.board(poll, [], count(SIMPLE, 2, 1, 0))]
    assert lines == ["• Ja – 2 Stimmen", "• Nein – 1 Stimme", "• Enthaltung – 0 Stimmen"]


def test_a_secret_vote_is_never_named_in_a_confirmation() -> None:
    secret = poll_of(METHOD, with_("simple", casting_vote=True), secrecy="secret")
    toasts = {said(LOOKS.saved(secret, [], {"vote": v}, 0)[0]) for v in ("yes", "no", "abstain")}
    assert toasts == {"Ihre Stimme ist gespeichert."}
    assert "Vorsitz" not in said(LOOKS.how(secret))


def test_a_missed_quorum_says_that_the_motion_may_come_back() -> None:
    told = minutes(count(SIMPLE, 9, 0, 0))
    assert "Kein Beschluss" in told and "erneut zur Abstimmung" in told
    assert "Nicht beschlussfähig (abgestimmt: 9 von 19 Sitzen, nötig: 10)." in told
    assert "keine Stimme abgegeben" in minutes(count(SIMPLE, 0, 0, 0))


def test_the_calculation_is_shown() -> None:
    two_thirds = with_("two_thirds", "present")
    told = minutes(count(two_thirds, 10, 1, 5), two_thirds)
    assert "Nötig: 11 Ja, mindestens zwei Drittel von 16. Erreicht: 10." in told
    assert "zwei Dritteln der abgegebenen Stimmen" in said(LOOKS.how(poll_of(METHOD, two_thirds)))


def test_every_look_has_words_in_every_language() -> None:
    for settings, secrecy in product(SETTINGS, ("open", "roll_call", "secret")):
        poll = poll_of(METHOD, settings, secrecy=secrecy)
        for yes, no, chair in ((0, 0, ""), (9, 0, ""), (8, 8, "yes"), (12, 2, ""), (3, 13, "")):
            counts = count(settings, yes, no, 0, chair=chair)
            facts = result(counts, settings, secret=secrecy == "secret")
            texts = [
                LOOKS.how(poll),
                *LOOKS.result(facts),
                *LOOKS.board(poll, [], counts),
                *(x for bar in LOOKS.bars(facts) for x in (bar.label, bar.shown)),
                *(c for t in LOOKS.tables(facts) for c in (t.name, *t.head)),
                LOOKS.ballot_text(facts, {"vote": "abstain"}),
            ]
            for reader in readers():
                for words in texts:
                    assert text.plain(words, reader).strip(), (words, reader.language)
    assert isinstance(LOOKS, ResolutionViews) and LOOKS.a_page(SIMPLE, 0) == 8


def test_the_table_holds_numbers_and_the_calculation() -> None:
    votes_table, calculation = LOOKS.tables(result(count(SIMPLE, 14, 1, 1)))
    assert [row[1] for row in votes_table.rows] == [14, 1, 1]
    assert [row[1] for row in calculation.rows][:5] == [19, 16, 10, 15, 2]
    assert [int(bar.value) for bar in LOOKS.bars(result(count(SIMPLE, 14, 1, 1)))] == [14, 1, 1]


# --- conversations ---------------------------------------------------------------------------


async def test_a_motion_is_prepared_voted_on_and_adopted(town: Town) -> None:
    change_rules(town, quorum="none", running_totals_visible=True)
    await ask(town, "resolution", "Die zehn Leitlinien werden empfohlen.", "Einfach")
    assert "mehr Ja als Nein" in town.group_a.newest()
    await town.group_a.press("Nein")
    assert town.group_a.toast == "Gespeichert: Nein."
    await town.group_a.press("Ja")
    assert "Ja ◉" in town.group_a.buttons()
    assert "Ihre Stimme: Ja" in town.group_a.newest()
    await town.group_b.says("dagegen")
    assert "Ihre Stimme: Nein" in town.group_b.sees()
    await town.parish.says("Ja")
    await town.one_world_club.press("Abstain")
    await town.seniors.press("Ja")
    assert "• Ja – 3 Stimmen" in town.group_a.newest(GROUP)
    told = await outcome(town, formal=True)
    assert "Der Antrag ist angenommen: 3 Ja, 1 Nein, 1 Enthaltung." in told
    assert "Einfache Mehrheit: 3 Ja gegen 1 Nein" in told


async def test_the_chair_breaks_a_tie(town: Town) -> None:
    change_rules(town, quorum="none", chair_casting_vote=True)
    await ask(town, "resolution", "Tempo 30 überall.", "Einfach", "Stadtratsfraktion A")
    assert "entscheidet die Stimme des Vorsitzes" in town.group_a.newest()
    await town.group_a.press("Ja")
    await town.group_b.press("Nein")
    told = await outcome(town, formal=True)
    assert "Der Antrag ist angenommen: 1 Ja, 1 Nein, 0 Enthaltungen." in told
    assert "Entschieden hat die Stimme des Vorsitzes (Ja)." in told


async def test_too_few_votes_are_no_decision(town: Town) -> None:
    answers = ("Mindestens zwei Drittel", "Alle stimmberechtigten Sitze")
    await ask(town, "resolution", "Die Satzung wird geändert.", *answers)
    assert "zwei Dritteln aller stimmberechtigten Sitze" in town.group_a.newest()
    await town.group_a.press("Ja")
    told = await outcome(town, formal=True)
    assert "Kein Beschluss" in told and "Nicht beschlussfähig" in told


async def test_a_secret_motion_shows_no_choice_before_the_end(town: Town) -> None:
    change_rules(town, quorum="none", chair_casting_vote=True)
    await ask(town, "resolution", "Der Vorstand wird entlastet.", "Einfach", secrecy="secret")
    for who in (town.group_a, town.group_b, town.parish):
        await who.press("Ja")
        assert who.toast == "Ihre Stimme ist gespeichert."
    assert "3 Stimmen" not in town.group_a.newest(GROUP)
    told = await outcome(town, formal=True)
    assert "Der Antrag ist angenommen: 3 Ja, 0 Nein, 0 Enthaltungen." in told


async def test_the_rules_of_procedure_come_first_in_the_dialog(town: Town) -> None:
    change_rules(town, majority="two_thirds", abstentions_count=True)
    await prepare(town, "resolution", "Die Satzung wird geändert.")
    assert town.coordination.buttons()[0] == "Mindestens zwei Drittel (Ihre Geschäftsordnung)"
    await town.coordination.press("Mindestens zwei Drittel")
    usual = "Abgegebene Stimmen, auch Enthaltungen (Ihre Geschäftsordnung)"
    assert town.coordination.buttons()[0] == usual
    await town.coordination.press(usual)
    assert "zwei Dritteln der abgegebenen Stimmen" in town.coordination.newest()


async def test_a_roll_call_says_who_voted_how(town: Town) -> None:
    change_rules(town, quorum="none", running_totals_visible=True)
    await ask(town, "resolution", "Die Halle wird gebaut.", "Einfach", secrecy="roll_call")
    await town.group_a.press("Ja")
    await town.school.press("Enthaltung")
    assert "• Ja" not in town.group_a.newest(GROUP)
    told = await outcome(town, formal=True)
    assert "Stadtratsfraktion A: Ja\nRegelschule: Enthaltung" in told


async def test_a_secret_motion_warns_whoever_prepares_it(town: Town) -> None:
    await prepare(town, "resolution", "Der Vorstand wird entlastet.", "Einfach", secrecy="secret")
    assert said(Text("polls.unanimous_reveals")) in town.coordination.newest()
