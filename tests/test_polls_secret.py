"""Secret polls: what is promised on the ballot, and kept."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from sqlmodel import select

from storage.models import (
    Ballot,
    BallotKey,
    Inbox,
    Membership,
    Outbox,
    Person,
    Poll,
    Posted,
    RollSeat,
    WebMessage,
)
from tests.polling import (
    DEADLINE,
    GROUP,
    change_rules,
    open_poll,
)
from tests.world import Town


async def test_a_secret_poll_says_nothing_before_its_end(town: Town) -> None:
    await open_poll(town, secret=True)
    assert "(geheim)" in town.group_a.sees(GROUP)
    await town.group_a.press("Photovoltaik")
    await town.group_b.press("Solardach")
    assert "ab 3 Stimmen" in town.school.sees(GROUP)
    await town.school.press("Wärmeplanung")
    assert "3 von 19" in town.school.sees(GROUP) and "Beleg:" in town.school.newest()


async def test_nothing_joins_a_secret_ballot_to_a_person_after_the_close(town: Town) -> None:
    await open_poll(town, secret=True)
    await town.group_a.press("Photovoltaik")
    await town.group_b.says("2 2")
    await town.school.press("Nahwärmenetz")
    check = town.group_a.newest().split("Prüfwert ")[1].split(".")[0]
    pseudonyms = [b.voter.encode() for b in town.all(Ballot)]
    town.pages.close()
    await town.until(DEADLINE)
    assert check in town.school.sees(GROUP), "the voter finds their check value with the result"
    assert town.all(BallotKey) == [] and all(b.receipt is None for b in town.all(Ballot))
    voters = {b.voter for b in town.all(Ballot)}
    assert len(voters) == 3 and not voters & {str(s.seat_id) for s in town.all(RollSeat)}
    assert all(row.payload is None for row in town.all(Inbox))
    assert "2 2" not in town.group_b.sees()
    kept = json.dumps(
        [row.content for row in town.all(Outbox)]
        + [row.labels for row in town.all(Posted)]
        + [row.content for row in town.all(WebMessage)]
    )
    assert "●" not in kept and "Beleg" not in kept
    # Not even in what the database has freed: the file itself holds no pseudonym any more.
    path = Path(town.db.url.removeprefix("sqlite:///"))
    for file in (path, path.with_name(f"{path.name}-wal")):
        data = file.read_bytes()
        assert all(trace not in data for trace in pseudonyms) and b'"action": "pv:' not in data


async def test_a_secret_poll_needs_enough_voters(town: Town) -> None:
    change_rules(town, secret_minimum_voters=20)
    await open_poll(town, secret=True, sure=False)
    assert "nur 19 stimmberechtigte Sitze, nötig sind 20" in town.coordination.toast
    assert town.all(Poll) == []
    for pressed in ("Zurück", "Zurück", "Offen", "3 (Ihre", "2 (Ihre", "Veröffentlichen"):
        await town.coordination.press(pressed)
    assert town.one(Poll).secrecy == "open"


async def test_a_secret_poll_with_too_few_ballots_has_no_result(town: Town) -> None:
    await open_poll(town, secret=True)
    await town.group_a.press("Photovoltaik")
    await town.group_b.press("Photovoltaik")
    await town.until(DEADLINE)
    seen = town.school.sees(GROUP)
    assert "weniger als 3 Stimmen" in seen and "Photovoltaik" not in seen.split("Ergebnis:")[1]
    places = town.one(Poll).result["counts"]["places"]
    assert town.all(Ballot) == [] and all(place["rank"] == 0 for place in places)


async def test_seats_that_nobody_fills_do_not_make_a_secret_poll_possible(town: Town) -> None:
    change_rules(town, secret_minimum_voters=19)
    with town.db.begin() as tx:
        person = tx.execute(select(Person).where(Person.key == "sg-13")).scalar_one()
        for membership in tx.execute(
            select(Membership).where(Membership.person_id == person.id)
        ).scalars():
            membership.end_date = date(2027, 1, 11)
    await open_poll(town, secret=True, sure=False)
    assert "nur 18 stimmberechtigte Sitze" in town.coordination.toast
