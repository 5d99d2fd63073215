"""Polls under abuse: wrong buttons, floods, races, numbers and words that cannot be meant.

Deadlines that do not exist are in ``test_polls_prepared.py``, buttons of other people and of the
other town in ``test_polls.py``; here is what is left.
"""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from bot.app import App
from bot.platforms.web.checks import Pressed
from handlers.chat import AccountRef, Event, Place, PlaceKind, Press, Text
from handlers.polls.actions import Close, Vote
from handlers.polls.rules import seats_needed
from handlers.router import pack
from storage.inbox import Arrival
from storage.models import (
    Account,
    Ballot,
    Membership,
    Outbox,
    Person,
    Poll,
    PollOption,
    RollPerson,
    RollSeat,
    Seat,
)
from tests.messenger import Messenger
from tests.methods import said
from tests.polling import (
    DEADLINE,
    GROUP,
    ballots,
    begin,
    change_rules,
    close_poll,
    first_option,
    open_poll,
    prepare,
)
from tests.world import Town

# --- buttons of polls that are not open ---------------------------------------------------------


async def test_a_button_of_a_closed_poll_says_that_it_was_counted(town: Town) -> None:
    await open_poll(town)
    me = town.group_a
    held = me.button("Photovoltaik")
    await me.presses(*held)
    await close_poll(town)
    result = town.one(Poll).result
    await me.presses(*held)
    assert "Die letzte gespeicherte Stimme Ihres Sitzes gilt" in me.toast
    assert town.one(Poll).result == result


async def test_a_button_of_a_withdrawn_poll_says_so_and_stores_nothing(town: Town) -> None:
    await open_poll(town)
    held = town.group_a.button("Photovoltaik")
    await town.coordination.says("/abstimmungen")
    for pressed in ("Verwalten", "Abstimmung zurückziehen", "Ohne Begründung", "Ja, zurück"):
        await town.coordination.press(pressed)
    await town.group_a.presses(*held)
    assert "zurückgezogen" in town.group_a.toast and ballots(town) == []


async def test_a_planned_poll_takes_no_vote_from_a_guessed_button(town: Town) -> None:
    await prepare(town, "Offen", "3 (Ihre", "2 (Ihre", opens="13.01.2027")
    assert town.one(Poll).state == "planned" and town.all(RollPerson) == []
    option = town.all(PollOption)[0].id
    me = town.group_a
    await me.says("/offen")
    for entry in range(4):
        await me.presses(me.messages()[-1]["id"], pack(Vote(entry, option, 0, 1)))
        assert me.toast == said(Text("polls.not_yours"))
    assert ballots(town) == []


@pytest.mark.parametrize("value", [-1, 0, 3, 2**31, 10**11])
async def test_a_forged_number_on_ones_own_ballot_never_breaks_the_rules(
    town: Town, value: int
) -> None:
    await open_poll(town)
    me = town.group_a
    person = town.one(Person, key="sg-08").id
    entry = town.one(RollPerson, person_id=person).id
    option = town.all(PollOption)[0].id
    for part in (0, 7):
        await me.presses(me.messages()[-1]["id"], pack(Vote(entry, option, part, value)))
    assert all(0 <= dots <= 2 for ballot in ballots(town) for dots in ballot.values())
    assert "Fehler" not in me.toast


# --- floods and races ----------------------------------------------------------------------------


async def test_five_hundred_presses_are_one_ballot_and_few_drawings(town: Town) -> None:
    await open_poll(town)
    me = town.group_a
    message, action = first_option(me)
    before = len(town.all(Outbox))
    presses = [Pressed(str(uuid.uuid4()), "direct", message, action) for _ in range(500)]
    for press in presses:
        await town.chat.pressed(me.who, press)
    await town.settle()
    assert len(ballots(town)) == 1 and len(town.all(RollSeat, voted_as=0)) == 1
    drawn = [row for row in town.all(Outbox)[before:] if row.kind in ("edit", "post")]
    assert len(drawn) <= 25, "cards are drawn at most every two seconds"
    boards = [m for m in town.school.messages(GROUP) if "1 von 19" in m["html"]]
    assert len(boards) == 1
    assert "1 von 19" in town.school.sees(GROUP)


async def test_two_coordinators_close_at_once(any_town: Town) -> None:
    town = any_town
    await open_poll(town)
    await town.group_a.press("Photovoltaik")
    poll = town.one(Poll)
    both = (town.coordination, town.second_coordination)
    for who in both:
        await who.says("/abstimmungen")
    await asyncio.gather(
        *(
            town.chat.pressed(
                who.who,
                Pressed(
                    str(uuid.uuid4()),
                    "direct",
                    who.messages()[-1]["id"],
                    pack(Close(poll.id, sure=True)),
                ),
            )
            for who in both
        )
    )
    await town.settle()
    assert sorted(["schon beendet" in who.toast for who in both]) == [False, True]
    results = [m for m in town.school.messages(GROUP) if "Prüfsumme" in m["html"]]
    assert len(results) == 1 and town.one(Poll).result["cast"] == 1


class SecondMessenger:
    """Group A has another messenger beside the web page; both are one person."""

    def __init__(self, town: Town) -> None:
        self.town, self.messenger = town, Messenger()
        web = town.one(Account, platform="web", external_id="sg-08")
        with town.db.begin() as tx:
            tx.add(
                Account(
                    municipality_id=web.municipality_id,
                    person_id=web.person_id,
                    platform=self.messenger.name,
                    external_id="group_a",
                    direct="d-group_a",
                    linked_at=town.now,
                    used_at=town.now - timedelta(days=1),
                )
            )
        town.app = App(town.db, town.routes, [town.chat, self.messenger], town.clock)

    async def presses(self, action: str) -> None:
        name, key = self.messenger.name, str(uuid.uuid4())
        place = Place(name, "d-group_a", PlaceKind.DIRECT)
        account = AccountRef(name, "group_a", language="de")
        event = Event(place, account, Press(action), self.town.now, "1", "token")
        self.messenger.happened[key] = replace(event)
        await self.town.app.receive(name, [Arrival(key, place.id, "{}")])


@pytest.mark.parametrize("web_first", [True, False])
async def test_one_person_on_two_platforms_in_the_same_second_has_one_voice(
    any_town: Town, web_first: bool
) -> None:
    town = any_town
    await open_poll(town)
    other = SecondMessenger(town)
    me = town.group_a
    message, solar = me.button("Photovoltaik")
    _, roof = me.button("Solardach")

    async def on_the_web() -> None:
        await town.chat.pressed("sg-08", Pressed(str(uuid.uuid4()), "direct", message, solar))

    async def elsewhere() -> None:
        await other.presses(roof)

    for vote in (on_the_web, elsewhere) if web_first else (elsewhere, on_the_web):
        await vote()
    await town.settle()
    [ballot] = ballots(town)
    assert sorted(ballot.values()) == [1, 1], "both taps count, on one ballot"
    assert len(town.all(RollSeat, voted_as=0)) == 1
    assert "1 von 19" in town.school.sees(GROUP)
    await asyncio.gather(on_the_web(), elsewhere())
    await town.settle()
    [ballot] = ballots(town)
    assert sum(ballot.values()) <= 3 and len(town.all(Ballot)) == 1


async def test_who_is_removed_while_the_ballot_is_on_the_way_has_no_vote(town: Town) -> None:
    await open_poll(town)
    held = town.group_a.button("Photovoltaik")
    await town.chat.pressed("sg-08", Pressed(str(uuid.uuid4()), "direct", *held))
    person = town.one(Person, key="sg-08").id
    with town.db.begin() as tx:
        for line in tx.execute(select(Membership).filter_by(person_id=person)).scalars():
            line.end_date = date(2027, 1, 11)
    await town.settle()
    assert ballots(town) == [] and "0 von 19" in town.school.sees(GROUP)
    assert town.group_a.toast


async def test_an_excluded_seat_votes_on_no_way(town: Town) -> None:
    await open_poll(town)
    me, deputy = town.group_a, town.group_a_deputy
    held, theirs = me.button("Solardach"), deputy.button("Solardach")
    for pressed in ("Ich bin persönlich beteiligt", "An der ganzen", "Ja, eintragen"):
        await me.press(pressed)
    await me.presses(*held)
    await deputy.presses(*theirs)
    await me.says("1 2 3")
    assert ballots(town) == [] and "0 von 18" in town.school.sees(GROUP)


# --- numbers and words that cannot be meant ---------------------------------------------------


async def typed_options(town: Town, words: str) -> str:
    who = town.coordination
    await begin(who, "Klebepunkte")
    await who.press("Eigene Optionen")
    return await who.says(words)


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("Nur eine", "mindestens zwei"),
        ("\n".join(f"Vorschlag Nummer {n}" for n in range(300)), "höchstens 250"),
        ("Radweg\nradweg ", "radweg“ steht zweimal"),
        ("Radweg\n" + "x" * 201, "200"),
        (" \n\n\t", "zwei"),
        ("\u200b\n\u200b", "zwei"),
    ],
)
async def test_lists_of_options_that_make_no_vote_are_refused_and_asked_again(
    town: Town, words: str, answer: str
) -> None:
    told = await typed_options(town, words)
    assert answer in told + town.coordination.toast
    await town.coordination.says("Radweg\nSolardach")
    assert "Frage oder Überschrift" in town.coordination.newest()


async def test_two_hundred_and_fifty_options_can_be_voted_on(town: Town) -> None:
    await typed_options(
        town, "\n".join(f"Idee {n:03} {uuid.UUID(int=n * 2**90)}" for n in range(250))
    )
    who = town.coordination
    if "So lassen" in " ".join(who.buttons()):
        await who.press("So lassen")
    await who.says("Alles, was uns einfällt")
    for pressed in (GROUP, "Sofort"):
        await who.press(pressed)
    await who.says("19.01.2027 18:00")
    for pressed in ("Offen", "3 (Ihre", "1", "Veröffentlichen"):
        await who.press(pressed)
    assert len(town.all(PollOption)) == 250
    await town.school.press("Idee 000")
    await town.school.press("Weiter")
    await town.school.press("Idee 009")
    await town.until(DEADLINE)
    assert "Idee 000" in town.group_a.sees(GROUP)
    assert town.one(Poll).result["counts"]["places"][0]["rank"] == 1


async def test_options_of_the_longest_length_fit_everywhere(town: Town) -> None:
    long = ["Ä" * 199 + end for end in "ab"]
    await typed_options(town, "\n".join(long))
    who = town.coordination
    if any("So lassen" in label for label in who.buttons()):
        await who.press("So lassen")
    await who.says("x" * 150)
    for pressed in (GROUP, "Sofort"):
        await who.press(pressed)
    await who.says("19.01.2027 18:00")
    for pressed in ("Offen", "1", "1", "Veröffentlichen"):
        await who.press(pressed)
    await town.school.press("Ä" * 10)
    assert len(ballots(town)) == 1


@pytest.mark.parametrize("quorum", ["none", "half", "more_than_half", "two_thirds"])
def test_no_quorum_asks_for_more_seats_than_there_are(quorum: str) -> None:
    assert all(seats_needed(quorum, seats) <= seats for seats in range(1, 300))


async def test_a_poll_whose_seats_are_all_out_ends_without_a_fault(town: Town) -> None:
    change_rules(town, quorum="two_thirds")
    await open_poll(town)
    with town.db.begin() as tx:
        for line in tx.execute(select(RollSeat)).scalars():
            line.excluded = "coordination"
    await town.until(DEADLINE)
    result = town.one(Poll).result
    assert (result["seats"], result["needed"], result["cast"]) == (0, 0, 0)
    assert "Es wurde keine Stimme abgegeben" in town.school.sees(GROUP)


async def test_four_voters_are_too_few_for_a_secret_poll(town: Town) -> None:
    with town.db.begin() as tx:
        seats = tx.execute(select(Seat).where(Seat.voting_right)).scalars().all()  # type: ignore[arg-type]
        for seat in seats[4:]:
            seat.voting_right = False
    await open_poll(town, secret=True, sure=False)
    told = town.coordination.newest() + town.coordination.toast
    assert "nur 4 stimmberechtigte Sitze, nötig sind 5" in told and town.all(Poll) == []
