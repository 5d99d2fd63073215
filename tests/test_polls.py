"""Prioritisations as people live through them, from preparation to result."""

from __future__ import annotations

import asyncio
import uuid
from datetime import date

import pytest
from sqlmodel import select

from bot.platforms.web.checks import Pressed
from storage import outbox, webchat
from storage.models import (
    Membership,
    Person,
    Poll,
    Posted,
    RollSeat,
)
from tests.polling import (
    DEADLINE,
    GROUP,
    ballots,
    close_poll,
    first_option,
    open_poll,
)
from tests.world import PEOPLE, Somebody, Town

# --- the whole way --------------------------------------------------------------------------


async def test_a_prioritisation_from_preparation_to_result(any_town: Town) -> None:
    town = any_town
    await open_poll(town)
    assert "19 Sitze können bis Di., 19.01.2027, 18:00 Uhr abstimmen" in town.coordination.sees()
    assert "0 von 19" in town.group_a.sees(GROUP) and "0 von 19" in town.group_a.sees(
        "Ankündigungen"
    )

    assert "Sie haben noch nicht abgestimmt" in town.group_a.newest()
    await town.group_a.press("Photovoltaik")
    assert town.group_a.toast == "Gespeichert. Noch 2 Punkte frei."
    await town.group_a.press("Photovoltaik")
    await town.group_a.press("Solardach")
    assert "Alle Punkte sind vergeben" in town.group_a.newest()
    assert "Photovoltaik auf allen geeigneten kommunalen Dächern ●●" in town.group_a.newest()
    await town.nature_club.press("Wärmeplanung")
    await town.fire_brigade.press("Solardach")
    assert "3 von 19 Sitzen haben abgestimmt" in town.sports_club.sees(GROUP)

    await close_poll(town)
    for place in (GROUP, "Ankündigungen"):
        seen = town.parish.sees(place)
        assert "Ergebnis: Klimaschutz und Energie" in seen
        assert "1. Solardachkataster" in seen and "2\u00a0Punkte, 2\u00a0Sitze" in seen
        assert (
            "2. Photovoltaik auf allen geeigneten kommunalen Dächern – 2\u00a0Punkte, 1\u00a0Sitz"
            in seen
        )
        assert "Bei gleicher Punktzahl steht vorn" in seen
        assert "Stimmungsbild, kein Beschluss" in seen and "Abgestimmt haben 3 von 19" in seen
        assert "Das Quorum ist nicht erreicht (nötig: 10 Sitze)" in seen
        assert seen.count("Ergebnis: Klimaschutz") == 1
        chart = next(m["picture"] for m in town.parish.messages(place) if m["picture"])
        assert "Balkendiagramm" in chart["alt"] and "3. Kommunale Wärmeplanung" in chart["alt"]
    assert "Für Ihren Sitz wurde eine Stimme gezählt" in town.group_a.sees()
    assert "lag keine Stimme vor" in town.sports_club.sees()


async def test_a_ballot_is_changed_and_withdrawn_until_the_end(town: Town) -> None:
    await open_poll(town)
    me = town.fire_brigade
    for _ in range(2):
        await me.press("Photovoltaik")
    await me.press("Nahwärmenetz")
    await me.press("Wärmeplanung")
    assert "Ihre 3 Punkte sind vergeben" in me.toast
    await me.press("Photovoltaik")
    assert me.toast == "Gespeichert. Noch 2 Punkte frei."
    await me.press("Stimme zurückziehen")
    assert ballots(town) == [] and "noch nicht abgestimmt" in me.newest()
    assert "0 von 19" in me.sees(GROUP)
    await me.press("Wärmeplanung")
    assert [sum(value.values()) for value in ballots(town)] == [1]


async def test_without_any_ballot_there_is_no_ranking(town: Town) -> None:
    await open_poll(town)
    await town.until(DEADLINE)
    seen = town.group_a.sees(GROUP)
    assert "Es wurde keine Stimme abgegeben" in seen and "1." not in seen.split("Ergebnis:")[1][:60]


async def test_equal_places_are_shared_and_said(town: Town) -> None:
    await open_poll(town)
    await town.group_a.press("Nahwärmenetz")
    await town.group_b.press("Wärmeplanung")
    await close_poll(town)
    seen = town.group_a.sees(GROUP)
    assert seen.count("1.=") == 2 and seen.count("3.=") == 6 and "geteilter Rang" in seen


async def test_the_result_is_said_once_however_often_it_is_closed(town: Town) -> None:
    await open_poll(town)
    await town.coordination.says("/abstimmungen")
    await town.coordination.press("Verwalten")
    await town.coordination.press("Jetzt beenden")
    message, sure = town.coordination.button("Ja, beenden")
    await asyncio.gather(
        town.coordination.presses(message, sure), town.coordination.presses(message, sure)
    )
    await town.until(DEADLINE)
    assert town.group_a.sees(GROUP).count("Ergebnis:") == 1
    assert "schon beendet" in town.coordination.toast


# --- who may vote ---------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["coordination", "adviser"])
async def test_who_advises_gets_no_ballot(town: Town, who: str) -> None:
    await open_poll(town)
    advising: Somebody = getattr(town, who)
    assert "Stimmzettel:" not in advising.sees()
    await advising.press("Jetzt abstimmen", GROUP)
    assert "kein Stimmrecht" in advising.toast or "vorbehalten" in advising.toast
    assert ballots(town) == []


async def test_a_button_of_somebody_else_does_nothing(town: Town) -> None:
    await open_poll(town)
    await town.group_a.press("Photovoltaik")
    _, hers = town.group_a.button("Wärmeplanung")
    message, _ = town.group_b.button("Wärmeplanung")
    for thief in (town.group_b, town.coordination):
        await thief.presses(thief.messages()[-1]["id"], hers)
        assert "Hier können Sie nicht abstimmen" in thief.toast
    assert len(ballots(town)) == 1 and message


async def test_the_other_town_cannot_reach_across(town: Town) -> None:
    await open_poll(town)
    poll = town.one(Poll)
    await town.neighbour.says("/menue")
    here = town.neighbour.messages()[-1]["id"]
    for action in (f"po:{poll.id}", f"pr:{poll.id}", f"pm:{poll.id}", f"pc:{poll.id}:1"):
        await town.neighbour.presses(here, action)
        assert "Klimaschutz" not in town.neighbour.toast + town.neighbour.sees()
    assert town.one(Poll).state == "open"
    assert "Zurzeit läuft keine Abstimmung" in await town.neighbour.says("/abstimmungen")


async def test_a_stranger_is_told_nothing_of_the_poll(town: Town) -> None:
    await open_poll(town)
    stranger = town.somebody("fremd")
    answered = await stranger.says("/abstimmungen")
    assert answered and "Klimaschutz" not in answered


async def test_the_holders_ballot_goes_before_the_deputys(town: Town) -> None:
    await open_poll(town)
    assert "Sie vertreten: Stadtratsfraktion A" in town.group_a_deputy.sees()
    await town.group_a_deputy.press("Photovoltaik")
    assert "Ihre Stellvertretung hat abgestimmt" in town.group_a.newest()
    await town.group_a.press("Wärmeplanung")
    assert (
        len(ballots(town)) == 1
        and "Wärmeplanung erstellen und beschließen ●○" in town.group_a.newest()
    )
    assert "hat das Mitglied selbst abgestimmt" in town.group_a_deputy.newest()
    with pytest.raises(AssertionError):
        town.group_a_deputy.button("Photovoltaik")
    # The holder's withdrawal leaves the seat without a ballot; the deputy may cast anew.
    await town.group_a.press("Stimme zurückziehen")
    assert ballots(town) == []
    await town.group_a_deputy.press("Solardach")
    assert len(ballots(town)) == 1


async def test_who_leaves_the_group_loses_the_right_at_once(town: Town) -> None:
    await open_poll(town)
    message, action = town.fire_brigade.button("Photovoltaik")
    with town.db.begin() as tx:
        person = tx.execute(select(Person).where(Person.key == PEOPLE["fire_brigade"])).scalar_one()
        of_hers = select(Membership).where(Membership.person_id == person.id)
        for membership in tx.execute(of_hers).scalars():
            membership.end_date = date(2027, 1, 11)
    await town.fire_brigade.presses(message, action)
    assert ballots(town) == [] and "gespeichert" not in town.fire_brigade.toast.lower()


async def test_who_joins_later_is_not_on_the_roll(town: Town) -> None:
    await open_poll(town)
    assert "Von Ihnen wird gerade nichts erwartet" in await town.coordination.says("/offen")


# --- many at once ---------------------------------------------------------------------------


async def test_everybody_pressing_at_once_makes_one_ballot_a_seat(any_town: Town) -> None:
    town = any_town
    await open_poll(town)
    seats = town.all(RollSeat)
    voters = [f"sg-{n:02}" for n in range(3, 22)]
    pressed = [(who, *first_option(town.somebody(who))) for who in voters]
    await asyncio.gather(
        *(
            town.somebody(who).presses(message, action)
            for who, message, action in pressed
            for _ in "12"
        )
    )
    values = ballots(town)
    assert len(seats) == len(values) == 19 and all(sum(v.values()) == 2 for v in values)
    edits = [m for m in town.group_a.messages(GROUP) if "19 von 19" in m["html"]]
    assert len(edits) == 1


async def test_holder_and_deputy_in_the_same_instant_leave_the_holders_ballot(
    any_town: Town,
) -> None:
    town = any_town
    await open_poll(town)
    holder, deputy = town.group_a, town.group_a_deputy
    hers, his = holder.button("Photovoltaik"), deputy.button("Wärmeplanung")
    for first, second in ((deputy, holder), (holder, deputy)):
        await asyncio.gather(
            *(
                town.chat.pressed(
                    who.who, Pressed(str(uuid.uuid4()), "direct", *(hers if who is holder else his))
                )
                for who in (first, second)
            )
        )
        await town.settle()
        assert len(ballots(town)) == 1 and town.one(RollSeat, voted_as=0)
        await holder.press("Stimme zurückziehen")


# --- typed ----------------------------------------------------------------------------------


async def test_numbers_and_words_do_what_buttons_do(town: Town) -> None:
    await open_poll(town)
    await town.school.says("3 3 5")
    assert ballots(town) == [{str(k): v for k, v in ballots(town)[0].items()}]
    assert sorted(ballots(town)[0].values()) == [1, 2]
    assert "Alle Punkte sind vergeben" in town.school.sees()
    await town.school.says("Stimme zurückziehen")
    assert ballots(town) == []
    assert "99" in await town.school.says("99")


async def test_everybody_reads_their_own_language(town: Town) -> None:
    await open_poll(town)
    assert "Your ballot" in town.one_world_club.sees()
    assert "Tue 19 Jan 2027, 18:00" in town.one_world_club.sees()
    await town.one_world_club.press("Solar panels")
    assert town.one_world_club.toast == "Saved. 2 dots left."
    assert "Ihr Stimm-Zettel" in town.seniors.sees()
    assert "1 of 19 seats has voted" in town.one_world_club.sees("Steering group")


async def test_nobody_is_written_to_twice(town: Town) -> None:
    await open_poll(town)
    with town.db.read() as tx:
        assert outbox.counts(tx).keys() == {"sent"}
    boards = [p for p in town.all(Posted) if p.board_kind == "ballot"]
    assert len(boards) == len({(p.place, p.board_id) for p in boards})


async def test_after_many_typed_numbers_the_next_is_still_understood(town: Town) -> None:
    await open_poll(town)
    for number in ["1", "1", "2", "2", "3", "1", "2", "1"]:
        answer = await town.school.says(number)
        assert "nicht verstanden" not in answer
    assert "Solardachkataster" in await town.school.says("2"), "the answer says what for"


async def test_the_whole_result_comes_as_a_table(town: Town) -> None:
    await open_poll(town)
    await town.group_a.press("Photovoltaik")
    await close_poll(town)
    await town.group_a.press("Als Tabelle", GROUP)
    message = town.group_a.messages(GROUP)[-1]
    assert message["file"]["name"] == "Ergebnis-1.csv"
    with town.db.read() as tx:
        data = webchat.data_of(tx, message["id"])
    assert data is not None
    lines = data.decode("utf-8-sig").split("\r\n")
    assert lines[0] == "Rang;Option;Punkte;Sitze"
    assert lines[1] == "1.;Photovoltaik auf allen geeigneten kommunalen Dächern;1;1"
