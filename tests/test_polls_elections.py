"""Elections of persons in the town: first round, run-off, a lot that everybody can recompute."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from sqlalchemy import select

from handlers.polls.elections.actions import AnnounceLot, DrawLot, OpenRunOff
from handlers.polls.elections.rules import draw_lot
from handlers.polls.exports.frozen import digest
from handlers.router import pack
from storage import ballots
from storage.models import Ballot, LotDrawing, Poll, PollOption, RollPerson, RollSeat
from tests.polling import DEADLINE, GROUP, begin, change_rules, close_poll
from tests.world import Town

NAMES = "Feuerwehr\nSportverein\nKirche"
DRAWN = "3 11 24 30 41 47"


async def elect(town: Town, names: str = NAMES, *last: str) -> None:
    """Coordination prepares an election and publishes it."""
    who = town.coordination
    await begin(who, "Wahl")
    await who.says("Wahl der Sprechfunktion")
    for pressed in (GROUP, "Sofort"):
        await who.press(pressed)
    await who.says("19.01.2027 18:00")
    for pressed in last:
        await who.press(pressed)
    await who.says(names)
    if "\n" in names:
        await who.press("Aller abgegebenen")
    await who.press("Veröffentlichen")


def newest(town: Town) -> Any:
    return max(town.all(Poll), key=lambda poll: poll.id)


def vote(town: Town, *counts: int, abstain: int = 0) -> None:
    """So many seats vote for the first candidate, the second …; as their taps would be stored."""
    poll = newest(town)
    with town.db.begin() as tx:
        options = [
            o.id
            for o in tx.execute(
                select(PollOption).filter_by(poll_id=poll.id).order_by(PollOption.position)  # type: ignore[arg-type]
            ).scalars()
        ]
        said = [str(o) for o, n in zip(options, counts, strict=False) for _ in range(n)]
        said += ["abstain"] * abstain
        seats = [s.seat_id for s in tx.execute(
            select(RollSeat).filter_by(poll_id=poll.id)
        ).scalars()]  # fmt: skip
        for seat, answer in zip(seats, said, strict=False):
            ballots.cast(tx, tx.get_one(Poll, poll.id), seat, 0, {answer: 1})


async def publish(town: Town) -> None:
    """Coordination ends the election and publishes its result."""
    await close_poll(town)
    await town.coordination.press("Veröffentlichen")


# --- the first round -------------------------------------------------------------------------


async def test_the_spokesperson_is_elected_with_nine_of_sixteen(town: Town) -> None:
    await elect(town, "Feuerwehr\nSportverein")
    assert newest(town).secrecy == "secret", "not even asked for"
    await town.school.press("Feuerwehr")
    assert town.school.toast == "Gespeichert."
    vote(town, 9, 6, abstain=1)
    await town.until(DEADLINE)
    assert "Gewählt" not in town.school.sees(GROUP), "coordination looks at it first"
    await town.coordination.press("Veröffentlichen")
    seen = town.school.sees(GROUP)
    assert "Gewählt ist Feuerwehr mit 9 Stimmen" in seen and "Sportverein – 6 Stimmen" in seen
    assert "Enthaltung – 1 Stimme" in seen and "16 von 19" in seen
    assert "Stimmungsbild" not in seen
    assert not any("Stichwahl" in label for label in town.coordination.buttons())


async def test_candidates_are_ticked_from_the_members(town: Town) -> None:
    who = town.coordination
    await begin(who, "Wahl")
    await who.says("Wahl der Sprechfunktion")
    for pressed in (GROUP, "Sofort"):
        await who.press(pressed)
    await who.says("19.01.2027 18:00")
    first, second = who.buttons()[1:3]
    await who.press(first)
    await who.press(second)
    for pressed in ("Fertig", "Stimmen ohne Enthaltungen", "Veröffentlichen"):
        await who.press(pressed)
    names = {first.split(maxsplit=1)[1], second.split(maxsplit=1)[1]}
    assert {option.label["de"] for option in town.all(PollOption)} == names
    assert newest(town).settings["base"] == "for_somebody"


async def test_with_one_candidate_everybody_votes_yes_or_no(town: Town) -> None:
    await elect(town, "Feuerwehr")
    assert [label.split()[0] for label in town.school.buttons()[:3]] == ["Ja", "Nein", "Enthaltung"]
    await town.school.press("Nein")
    vote(town, 10)
    await publish(town)
    assert "Gewählt ist Feuerwehr mit 10 Stimmen" in town.school.sees(GROUP)


async def test_the_rules_of_procedure_may_allow_an_open_election(town: Town) -> None:
    change_rules(town, open_elections=True, running_totals_visible=True)
    await elect(town, NAMES, "Offen")
    await town.school.press("Kirche")
    assert newest(town).secrecy == "open"
    assert "Kirche – 1 Stimme" in town.group_a.sees(GROUP)


async def test_nobody_is_kept_from_an_election_for_being_involved(town: Town) -> None:
    await elect(town)
    assert not any("persönlich beteiligt" in label for label in town.school.buttons())
    await town.coordination.says("/abstimmungen")
    await town.coordination.press("Verwalten")
    await town.coordination.press("Persönliche Beteiligung")
    assert "Bei Wahlen dürfen alle mitstimmen" in (
        town.coordination.toast + town.coordination.newest()
    )


async def test_below_the_quorum_it_can_be_held_again(town: Town) -> None:
    await elect(town)
    vote(town, 5)
    await publish(town)
    seen = town.school.sees(GROUP)
    assert "Nicht beschlussfähig" in seen and "kann wiederholt werden" in seen
    assert not any("Stichwahl" in label for label in town.coordination.buttons())


# --- run-off and lot -------------------------------------------------------------------------


async def to_the_run_off(town: Town) -> None:
    await elect(town)
    vote(town, 8, 5, 3)
    await publish(town)
    who = town.coordination
    await who.press("Stichwahl eröffnen")
    await who.says("26.01.2027 18:00")
    await who.press("Stichwahl eröffnen")


async def test_a_run_off_between_two_a_tie_and_the_lot(town: Town) -> None:
    await to_the_run_off(town)
    first, second = sorted(town.all(Poll), key=lambda poll: poll.id)
    assert second.title["de"] == "Stichwahl: Wahl der Sprechfunktion"
    assert second.settings["first"] == first.id and second.secrecy == "secret"
    assert len(town.all(PollOption, poll_id=second.id)) == 2
    assert "mehr Stimmen erhält" in town.school.newest() and "Kirche" not in town.school.newest()
    vote(town, 8, 8)
    await publish(town)
    assert "Es entscheidet das Los" in town.school.sees(GROUP)
    frozen = newest(town).result
    who = town.coordination
    await who.press("Losentscheid ankündigen")
    assert "die heute niemand wissen kann" in who.newest() or "niemand wissen kann" in who.newest()
    await who.says("Lotto 6 aus 49 am Samstag, 30.01.2027, aufsteigend")
    await who.press("Ankündigen")
    said = town.school.newest(GROUP)
    assert "Lotto 6 aus 49" in said and "Nummer 1: Feuerwehr" in said
    await town.pass_time(days=5)
    await town.second_coordination.says("/abstimmungen")
    await who.press("Los ziehen")
    await who.says(DRAWN)
    assert "Das Los fiel" not in who.newest(), "nobody can try until it suits"
    await who.press("Los ziehen")
    seed = f"Lotto 6 aus 49 am Samstag, 30.01.2027, aufsteigend / {DRAWN}"
    lots = {n: hashlib.sha256(f"{seed}|{n}".encode()).hexdigest() for n in (1, 2)}
    won = ["Feuerwehr", "Sportverein"][min(lots, key=lots.__getitem__) - 1]
    told = town.school.sees(GROUP)
    assert f"Das Los fiel auf {won}. Damit gewählt." in told and seed in told
    assert min(lots.values())[:12] in told
    assert newest(town).result == frozen, "what was announced stays as it was"
    assert digest(newest(town).id, newest(town).title, frozen) == frozen["digest"]
    lot = town.one(LotDrawing)
    assert len(lot.digest) == 64 and lot.digest != frozen["digest"]
    assert not any("Los" in label for label in who.buttons())


async def test_a_lot_is_announced_and_drawn_once_and_in_that_order(town: Town) -> None:
    await to_the_run_off(town)
    vote(town, 8, 8)
    await publish(town)
    who, poll = town.coordination, newest(town)
    message = who.messages()[-1]["id"]
    await who.presses(message, pack(DrawLot(poll.id)))
    assert "kündigen Sie den Losentscheid zuerst an" in who.toast
    await who.press("Losentscheid ankündigen")
    await who.says("Ziehung am Samstag")
    await who.press("Ankündigen")
    await who.presses(message, pack(AnnounceLot(poll.id)))
    assert "ein Los wird nur einmal gezogen" in who.toast
    await who.press("Los ziehen")
    await who.says("1 2 3")
    other = town.second_coordination
    await other.presses(other.messages()[-1]["id"], pack(DrawLot(poll.id)))
    await other.says("4 5 6")
    await other.press("Los ziehen")
    await who.press("Los ziehen")
    assert town.one(LotDrawing).drawn == "4 5 6", "who comes second draws no other lot"
    assert "nur einmal" in who.toast + who.newest()
    await who.presses(message, pack(OpenRunOff(poll.id)))
    assert "keine Stichwahl" in who.toast


async def test_the_lot_decides_who_goes_into_the_run_off(town: Town) -> None:
    await elect(town)
    vote(town, 8, 4, 4)
    await publish(town)
    who = town.coordination
    assert "entscheidet das Los zwischen Sportverein, Kirche" in town.school.sees(GROUP)
    assert not any("Stichwahl eröffnen" in label for label in who.buttons())
    await who.press("Losentscheid ankündigen")
    await who.says("Ziehung am Samstag")
    await who.press("Ankündigen")
    await who.press("Los ziehen")
    await who.says(DRAWN)
    await who.press("Los ziehen")
    drawn = draw_lot((2, 3), f"Ziehung am Samstag / {DRAWN}")[0].candidate
    name = {2: "Sportverein", 3: "Kirche"}[drawn]
    await who.press("Stichwahl eröffnen")
    await who.says("26.01.2027 18:00")
    await who.press("Stichwahl eröffnen")
    poll = newest(town)
    names = [o.label["de"] for o in town.all(PollOption, poll_id=poll.id)]
    assert names == ["Feuerwehr", name]


async def test_two_coordinators_open_one_run_off(town: Town) -> None:
    await elect(town)
    vote(town, 8, 5, 3)
    await publish(town)
    both = (town.coordination, town.second_coordination)
    for who in both:
        await who.press("Stichwahl eröffnen")
        await who.says("26.01.2027 18:00")
    for who in both:
        await who.press("Stichwahl eröffnen")
    assert len(town.all(Poll)) == 2
    assert "schon eröffnet" in both[1].toast + both[1].newest()


@pytest.mark.parametrize("words", ["x" * 301])
async def test_a_seed_that_is_too_long_is_refused_and_asked_again(town: Town, words: str) -> None:
    await to_the_run_off(town)
    vote(town, 8, 8)
    await publish(town)
    who = town.coordination
    await who.press("Losentscheid ankündigen")
    assert "300 Zeichen" in await who.says(words)
    await who.says("Ziehung am Samstag")
    await who.press("Ankündigen")
    assert town.one(LotDrawing).announced == "Ziehung am Samstag"


async def test_members_cannot_take_the_next_step(town: Town) -> None:
    await to_the_run_off(town)
    vote(town, 8, 8)
    await publish(town)
    me, poll = town.school, newest(town)
    for action in (AnnounceLot(poll.id), DrawLot(poll.id), OpenRunOff(poll.id)):
        await me.presses(me.messages()[-1]["id"], pack(action))
    assert town.all(LotDrawing) == [] and len(town.all(Poll)) == 2


async def test_a_secret_election_keeps_its_secret(town: Town) -> None:
    await elect(town)
    vote(town, 8, 5, 3)
    await publish(town)
    assert {ballot.voter for ballot in town.all(Ballot)}.isdisjoint(
        str(line.seat_id) for line in town.all(RollPerson)
    )
