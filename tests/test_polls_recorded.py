"""Ballots on paper or by phone: one person records, a second confirms, the third is told."""

from __future__ import annotations

import json
from datetime import date

import pytest
from sqlalchemy import select

from handlers.polls.recording.actions import Confirm, Mark, Record, Submit, TakeBack
from handlers.polls.recording.reading import check
from handlers.router import pack
from storage import recording
from storage.models import (
    AuditEvent,
    Ballot,
    Body,
    Membership,
    Outbox,
    Person,
    Poll,
    Recording,
    RollSeat,
    Seat,
)
from tests.deciding import ask
from tests.polling import DEADLINE, GROUP, ballots, open_poll
from tests.world import Somebody, Town

SEAT = "Stadtratsfraktion A"


async def manage(who: Somebody) -> None:
    await who.says("/abstimmungen")
    await who.press("Verwalten")


async def begin(
    town: Town, seat: str = SEAT, giver: str = "Vertretung", way: str = "Papier"
) -> None:
    """Coordination begins to record a seat's ballot."""
    who = town.coordination
    await manage(who)
    await who.press("Stimme erfassen")
    await who.says(seat)
    if any(giver in label for label in who.buttons()):
        await who.press(giver)
    await who.press(way)


async def submitted(town: Town, *options: str, **how: str) -> None:
    """Recorded and handed to a second person."""
    await begin(town, **how)
    for option in options or ("Photovoltaik",):
        await town.coordination.press(option)
    await town.coordination.press("Fertig")
    await town.coordination.press("Ja, bestätigen lassen")


def seat_of(town: Town, name: str = SEAT) -> RollSeat:
    id = next(s.id for s in town.all(Seat) if s.name["de"] == name)
    line: RollSeat = town.one(RollSeat, seat_id=id)
    return line


# --- the usual way ---------------------------------------------------------------------------


async def test_a_second_person_confirms_the_person_is_told_and_it_counts(town: Town) -> None:
    await open_poll(town)
    await begin(town, way="Telefon")
    who, second = town.coordination, town.second_coordination
    assert SEAT in who.newest() and "am Telefon" in who.newest()
    assert "Sie stimmen" not in who.newest()
    await who.press("Photovoltaik")
    await who.press("Solardach")
    assert ballots(town) == [] and "0 von 19" in town.school.sees(GROUP)
    await who.press("Fertig")
    assert "Photovoltaik" in who.newest() and "Stimmt das mit der Vorlage" in who.newest()
    await who.press("Ja, bestätigen lassen")
    assert "Wartet auf die Bestätigung" in who.newest()
    assert ballots(town) == [] and "0 von 19" in town.school.sees(GROUP), "not yet"
    assert "Bitte vergleichen Sie mit dem Papier" in second.newest()
    assert "Photovoltaik" in second.newest() and "Eingetragen von" in second.newest()
    await second.press("Bestätigen")
    assert len(ballots(town)) == 1 and "1 von 19" in town.school.sees(GROUP)
    assert "✓ Bestätigt" in second.newest()
    me = town.group_a
    assert "am Telefon abgegebene Stimme" in me.newest() and "Photovoltaik" in me.newest()
    assert "Diese Stimme hat die Koordination für Sie eingetragen" in me.sees()
    await town.until(DEADLINE)
    assert "1 Stimme hat die Koordination eingetragen" in town.school.sees(GROUP)


async def test_everybody_else_in_coordination_sees_that_it_is_done(town: Town) -> None:
    await open_poll(town)
    await submitted(town)
    others = [town.second_coordination, town.treasury]
    asked = [who for who in others if "Bitte vergleichen" in who.newest()]
    assert asked
    await asked[0].press("Bestätigen")
    for who in [town.coordination, *asked]:
        assert "✓ Bestätigt" in who.sees() and "Bestätigen" not in who.buttons()


async def test_nobody_confirms_their_own(town: Town) -> None:
    await open_poll(town)
    await submitted(town)
    who, one = town.coordination, town.one(Recording)
    assert "Bestätigen" not in who.buttons()
    await who.presses(who.messages()[-1]["id"], pack(Confirm(one.id, check(one.value))))
    assert "zweite Person" in who.toast and ballots(town) == []


async def test_what_was_read_is_what_is_confirmed(town: Town) -> None:
    await open_poll(town)
    await submitted(town)
    second, one = town.second_coordination, town.one(Recording)
    await second.presses(second.messages()[-1]["id"], pack(Confirm(one.id, "another")))
    assert "hat sich geändert" in second.toast and ballots(town) == []


async def test_seats_without_a_ballot_come_first_and_words_find_one(town: Town) -> None:
    await open_poll(town)
    await town.group_a.press("Photovoltaik")
    who = town.coordination
    await manage(who)
    await who.press("Stimme erfassen")
    assert not any(label.startswith(SEAT) for label in who.buttons()), "it has voted"
    assert "Kein Sitz passt" in await who.says("Raumfahrtbehörde")
    assert "passen 3 Sitze" in await who.says("stadtratsfraktion")
    await who.says("fraktion b")
    assert "Wie wurde" in who.newest() or "Wer hat" in who.newest()


async def test_a_written_answer_is_recorded_too(town: Town) -> None:
    await ask(town, "question", "Was fehlt in Ilmbrück?", "1", secrecy=None)
    who = town.coordination
    await begin(town)
    await who.press(next(label for label in who.buttons() if "ntwort" in label))
    await who.says("Ein Radweg an der Ilm")
    await who.press("Fertig")
    await who.press("Ja, bestätigen lassen")
    await town.second_coordination.press("Bestätigen")
    assert "Ein Radweg an der Ilm" in str(ballots(town))


async def test_typed_words_fill_the_ballot_in(town: Town) -> None:
    await ask(town, "resolution", "Die Stadt kauft ein Lastenrad", "Einfach")
    await begin(town)
    await town.coordination.says("Enthaltung")
    assert town.one(Recording).value == {"vote": "abstain"} and ballots(town) == []


async def test_it_goes_for_consent_with_a_reason(town: Town) -> None:
    await ask(town, "consent", "Wir sperren die Marktstraße.", "25")
    await submitted(town, "Konsent")
    await town.second_coordination.press("Bestätigen")
    assert ballots(town) == [{"stance": "consent"}]


# --- the person goes before the office ----------------------------------------------------------


async def test_the_persons_own_ballot_replaces_it_and_the_mark_goes(town: Town) -> None:
    await open_poll(town)
    await submitted(town)
    await town.second_coordination.press("Bestätigen")
    assert seat_of(town).recorded == "confirmed"
    await town.group_a.press("Solardach")
    line = seat_of(town)
    assert (line.recorded, line.recorded_by, line.confirmed_by) == (None, None, None)
    assert "für Sie eingetragen" not in town.group_a.messages()[0]["html"]
    await town.until(DEADLINE)
    result = town.one(Poll).result
    assert (result["cast"], result["recorded"]) == (1, 0)


async def test_a_ballot_cast_meanwhile_beats_what_was_recorded(town: Town) -> None:
    await open_poll(town)
    await submitted(town)
    await town.group_a.press("Solardach")
    before = ballots(town)
    await town.second_coordination.press("Bestätigen")
    assert ballots(town) == before and seat_of(town).recorded is None
    assert "inzwischen selbst abgestimmt" in town.second_coordination.newest()
    assert "inzwischen selbst abgestimmt" in town.coordination.sees()


async def test_for_who_has_voted_nothing_is_recorded(town: Town) -> None:
    await open_poll(town)
    await town.group_a.press("Photovoltaik")
    await begin(town)
    assert "schon eine Stimme vor" in town.coordination.toast + town.coordination.newest()
    assert town.all(Recording) == []


async def test_the_holders_paper_goes_before_the_deputys_own_ballot(town: Town) -> None:
    await open_poll(town)
    await town.group_a_deputy.press("Solardach")
    await submitted(town)
    assert len(ballots(town)) == 1 and seat_of(town).voted_as == 1, "the deputy's until confirmed"
    await town.second_coordination.press("Bestätigen")
    assert len(ballots(town)) == 1 and seat_of(town).voted_as == 0


async def test_the_deputys_paper_does_not_go_before_the_holder(town: Town) -> None:
    await open_poll(town)
    await town.group_a.press("Photovoltaik")
    await begin(town, giver="Stellvertretung)")
    assert "schon eine Stimme vor" in town.coordination.toast + town.coordination.newest()


# --- not, or not any more --------------------------------------------------------------------


async def test_what_nobody_confirmed_does_not_count_and_coordination_is_told(town: Town) -> None:
    await open_poll(town)
    await submitted(town)
    await town.until(DEADLINE)
    result = town.one(Poll).result
    assert (result["cast"], result["recorded"]) == (0, 0)
    assert result["notes"]["unconfirmed"] == [seat_of(town).seat_id]
    for who in (town.coordination, town.second_coordination):
        assert f"noch nicht bestätigt und zählt nicht: {SEAT}" in who.sees()
    assert "nicht bestätigt" not in town.group_a.sees() + town.school.sees(GROUP)
    assert (town.one(Recording).state, town.one(Recording).value) == ("expired", {})


async def test_the_preview_of_a_formal_poll_says_it_too(town: Town) -> None:
    await ask(town, "resolution", "Die Stadt kauft ein Lastenrad", "Einfach")
    await submitted(town, "Ja")
    await town.until(DEADLINE)
    preview = next(
        m["html"] for m in reversed(town.coordination.messages()) if "Veröffentlichen" in str(m)
    )
    assert "1 von der Koordination erfasste Stimme war nicht bestätigt" in preview
    await town.coordination.press("Veröffentlichen")
    assert "nicht bestätigt" not in town.school.sees(GROUP)


async def test_it_is_taken_back_before_and_after_it_counts(town: Town) -> None:
    await open_poll(town)
    await submitted(town)
    await town.second_coordination.press("Zurücknehmen")
    await town.second_coordination.press("Ja, zurücknehmen")
    assert town.one(Recording).state == "withdrawn" and ballots(town) == []
    await submitted(town, "Solardach")
    await town.second_coordination.press("Bestätigen")
    assert len(ballots(town)) == 1
    await town.coordination.press("Zurücknehmen")
    assert "zurückgenommen werden?" in town.coordination.newest()
    await town.coordination.press("Ja, zurücknehmen")
    assert ballots(town) == [] and "0 von 19" in town.school.sees(GROUP)
    assert "zurückgenommen" in town.group_a.newest()


async def test_a_ballot_of_ones_own_is_not_taken_back_with_it(town: Town) -> None:
    await open_poll(town)
    await submitted(town)
    await town.second_coordination.press("Bestätigen")
    await town.group_a.press("Solardach")
    who = town.coordination
    take = pack(TakeBack(town.one(Recording).id, True))
    await who.presses(who.messages()[-1]["id"], take)
    assert len(ballots(town)) == 1 and "schon erledigt" in who.toast


async def test_a_secret_ballot_is_never_recorded(town: Town) -> None:
    await open_poll(town, secret=True)
    who, poll = town.coordination, town.one(Poll)
    await manage(who)
    assert not any("erfassen" in label for label in who.buttons())
    await who.presses(who.messages()[-1]["id"], pack(Record(poll.id)))
    assert "geheimen" in who.toast
    with town.db.begin() as tx, pytest.raises(ValueError, match="secret"):
        recording.begin(tx, tx.get_one(Poll, poll.id), 1, 1, "paper", 1, town.now)
    assert town.all(Recording) == [] and town.all(Ballot) == []


async def test_it_takes_two_in_coordination(town: Town) -> None:
    await open_poll(town)
    alone = town.one(Person, key="sg-01").id
    body = town.one(Body, municipality_id=town.id, kind="coordination").id
    with town.db.begin() as tx:
        for other in tx.execute(select(Membership).filter_by(body_id=body)).scalars():
            if other.person_id != alone:
                other.end_date = date(2027, 1, 1)
    await manage(town.coordination)
    await town.coordination.press("Stimme erfassen")
    assert "zweite Person" in town.coordination.toast + town.coordination.newest()


async def test_members_record_nothing(town: Town) -> None:
    await open_poll(town)
    await submitted(town)
    one, me = town.one(Recording), town.school
    before = [row.value for row in town.all(Recording)]
    for action in (
        Record(one.poll_id),
        Mark(one.id, 1, 0, 1),
        Submit(one.id, True),
        Confirm(one.id, check(one.value)),
        TakeBack(one.id, True),
    ):
        await me.presses(me.messages()[-1]["id"], pack(action))
    assert [row.value for row in town.all(Recording)] == before and ballots(town) == []


async def test_after_the_deadline_nothing_is_confirmed(town: Town) -> None:
    await open_poll(town)
    await submitted(town)
    message, action = town.second_coordination.button("Bestätigen")
    await town.until(DEADLINE)
    await town.second_coordination.presses(message, action)
    assert "beendet" in town.second_coordination.toast and town.one(Poll).result["cast"] == 0


async def test_a_withdrawn_poll_forgets_what_was_recorded(town: Town) -> None:
    await open_poll(town)
    await submitted(town)
    await manage(town.coordination)
    for pressed in ("Abstimmung zurückziehen", "Ohne Begründung", "Ja, zurückziehen"):
        await town.coordination.press(pressed)
    assert (town.one(Recording).state, town.one(Recording).value) == ("expired", {})


# --- what is kept ----------------------------------------------------------------------------


async def test_the_audit_log_knows_who_did_it_and_not_what_it_says(town: Town) -> None:
    await open_poll(town)
    await submitted(town)
    await town.second_coordination.press("Bestätigen")
    events = town.all(AuditEvent)
    assert [event.action for event in events] == ["ballot_recorded", "ballot_confirmed"]
    first, second = (town.one(Person, key=key).id for key in ("sg-01", "sg-02"))
    assert [event.actor_id for event in events] == [first, second]
    assert {event.subject_id for event in events} == {town.one(Person, key="sg-08").id}
    option = next(iter(ballots(town)[0]))
    kept = json.dumps([event.details for event in events], ensure_ascii=False)
    assert "Photovoltaik" not in kept and f'"{option}"' not in kept
    await town.coordination.says("/mitglieder")
    await town.coordination.press("Verlauf")
    seen = town.coordination.newest()
    assert "erfasste Stimme eingetragen" in seen and SEAT in seen


async def test_once_it_is_settled_the_choice_lies_in_the_box_only(town: Town) -> None:
    await open_poll(town)
    await submitted(town)
    await town.second_coordination.press("Bestätigen")
    assert town.one(Recording).value == {}
    waiting = [row.content for row in town.all(Outbox) if row.state != "sent"]
    assert "Photovoltaik" not in str(waiting)
