"""A municipality's file becomes rows, again and again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import func, select, text

from bot.importing import MunicipalityFile, read_municipality
from bot.loading import Summary, load
from handlers.polls.rules import Rules
from storage import people, polls, webchat
from storage.db import Database
from storage.loading import AnotherTown, web_account
from storage.models import (
    Body,
    Channel,
    Measure,
    Membership,
    Municipality,
    Person,
    Seat,
)

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DEMO = Path(__file__).resolve().parent.parent / "bot" / "demo"


def town(name: str = "ilmbrueck", change: Callable[[Any], None] | None = None) -> MunicipalityFile:
    """A demo town's file, changed before it is read."""
    raw = (DEMO / f"{name}.yaml").read_text("utf-8")
    if change is None:
        return read_municipality(raw)
    made = yaml.safe_load(raw)
    change(made)
    return read_municipality(yaml.safe_dump(made, allow_unicode=True))


def write(db: Database, file: MunicipalityFile) -> Summary:
    with db.begin() as tx:
        return load(tx, file, NOW)


def count(db: Database, kind: Any) -> int:
    with db.read() as tx:
        return int(tx.execute(select(func.count()).select_from(kind)).scalar_one())


def test_a_whole_town_is_written(db: Database) -> None:
    done = write(db, town())
    assert done.name == "Stadt Ilmbrück"
    assert done.counts["measures"].added == 40 == count(db, Measure)
    with db.read() as tx:
        stored = tx.execute(select(Municipality)).scalar_one()
        rules = Rules.of(stored.rules)
        assert (rules.dots_per_seat, rules.max_dots_per_option) == (3, 2)
        assert rules.running_totals_visible is False
        assert "Stabsstelle" in stored.contact["de"] and "de-simple" in stored.contact
        first = tx.execute(select(Measure).filter_by(code="M1.01")).scalar_one()
        assert first.details["total_eur"] and first.lead_office["de"]
        body = tx.execute(select(Body).filter_by(kind="steering_group")).scalar_one()
        seats = polls.voting_seats(tx, body.id, NOW.date())
        assert len(seats) == 19
        assert all(fillers and fillers[0].position == 0 for _, fillers in seats)


def test_who_only_deputises_belongs_to_the_body_as_a_deputy(db: Database) -> None:
    done = write(db, town("tannwiesen"))
    with db.read() as tx:
        bodies = people.bodies_of(tx, done.people["tw-05-d"], NOW.date())
    assert bodies == {"steering_group": "deputy"}


def test_importing_again_changes_nothing(db: Database) -> None:
    write(db, town())
    write(db, town("tannwiesen"))
    for name in ("ilmbrueck", "tannwiesen"):
        again = write(db, town(name))
        assert not any(again.counts.values()), again.counts


def test_changes_are_written_and_counted(db: Database) -> None:
    first = write(db, town("tannwiesen"))

    def change(made: Any) -> None:
        made["people"][1]["name"]["de"] = "Vertretung Bauhof und Technik"
        made["rules"]["dots_per_seat"] = 4

    again = write(db, town("tannwiesen", change))
    changed = {what: c.changed for what, c in again.counts.items() if c}
    assert changed["people"] == 1 and changed["municipality"] == 1
    assert again.people == first.people
    with db.read() as tx:
        person = tx.get_one(Person, again.people["tw-02"])
        assert person.name["de"] == "Vertretung Bauhof und Technik"


def test_the_language_chosen_in_the_chat_outlives_an_import(db: Database) -> None:
    done = write(db, town("tannwiesen"))
    with db.begin() as tx:
        tx.get_one(Person, done.people["tw-02"]).language = "de-simple"
    write(db, town("tannwiesen"))
    with db.read() as tx:
        assert tx.get_one(Person, done.people["tw-02"]).language == "de-simple"


def test_what_the_file_no_longer_names_ends_and_is_not_deleted(db: Database) -> None:
    write(db, town("tannwiesen"))
    before = {kind: count(db, kind) for kind in (Person, Membership, Seat, Channel)}

    def change(made: Any) -> None:
        gone = made["seats"].pop()
        names = {gone["holder"], *gone.get("deputies", [])}
        made["people"] = [p for p in made["people"] if p["key"] not in names]
        made["channels"].pop()

    again = write(db, town("tannwiesen", change))
    assert {kind: count(db, kind) for kind in before} == before
    assert again.counts["seats"].ended == 1
    assert again.counts["memberships"].ended >= 1
    assert again.counts["channels"].ended == 1
    assert not any(write(db, town("tannwiesen", change)).counts.values())


def test_other_deputies_take_their_places(db: Database) -> None:
    write(db, town("tannwiesen"))

    def swap(made: Any) -> None:
        seat = next(s for s in made["seats"] if s.get("deputies"))
        seat["holder"], seat["deputies"] = seat["deputies"][0], [seat["holder"]]
        for person in made["people"]:
            if person["key"] == seat["holder"]:
                person["bodies"] = ["steering_group"]

    write(db, town("tannwiesen", swap))
    with db.read() as tx:
        rows = tx.execute(
            text(
                "SELECT key, position FROM seat_filler JOIN person ON person.id = person_id"
                " WHERE key LIKE 'tw-05%' ORDER BY position"
            )
        ).all()
    assert [tuple(row) for row in rows] == [("tw-05-d", 0), ("tw-05", 1)]


def test_another_towns_short_name_is_refused(db: Database) -> None:
    write(db, town("tannwiesen"))

    def steal(made: Any) -> None:
        made["municipality"]["slug"] = "tannwiesen"

    with pytest.raises(AnotherTown) as refused:
        write(db, town("ilmbrueck", steal))
    assert refused.value.name == "Landgemeinde Tannwiesen"
    assert count(db, Municipality) == 1


def test_two_towns_share_no_channel_and_no_person(db: Database) -> None:
    first, second = write(db, town()), write(db, town("tannwiesen"))
    with db.begin() as tx:
        web_account(tx, first.people["sg-08"], "sg-08", NOW)
        web_account(tx, second.people["tw-02"], "tw-02", NOW)
        web_account(tx, second.people["tw-02"], "tw-02", NOW)
    with db.read() as tx:
        here = {c.id for c in webchat.channels_of(tx, "sg-08", date(2026, 11, 24))}
        there = {c.id for c in webchat.channels_of(tx, "tw-02", date(2026, 11, 24))}
    assert here and there and not here & there


def test_nothing_refers_to_nothing(db: Database) -> None:
    write(db, town())
    with db.read() as tx:
        if db.is_sqlite:
            assert tx.execute(text("PRAGMA foreign_key_check")).first() is None
        empty = "SELECT id FROM seat WHERE id NOT IN (SELECT seat_id FROM seat_filler)"
        assert tx.execute(text(empty)).all() == []
