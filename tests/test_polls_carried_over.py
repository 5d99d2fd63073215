"""Polls of an earlier version: running ones go on, results stay what was announced."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

from handlers.polls.reading import poll_facts, result_facts, totals
from storage import ballots, polls
from storage.ballots import Counted
from storage.db import Database
from storage.models import Poll, Posted
from storage.upgrading import MIGRATIONS, upgrade

BEFORE = import_module("storage.migrations.versions.0007_poll_methods").down_revision

_OLD = """
INSERT INTO municipality (id, slug, name, timezone, default_language, contact, rules, settings)
 VALUES (1, 'ilm', 'Ilm', 'Europe/Berlin', 'de', '{}', '{"quorum": "half"}', '{}');
INSERT INTO body (id, municipality_id, kind, name) VALUES (1, 1, 'steering_group', '{}');
INSERT INTO seat (id, municipality_id, body_id, key, name, voting_right)
 VALUES (1, 1, 1, 's', '{"de": "Sitz"}', true);
INSERT INTO field_of_action (id, municipality_id, code, title, position)
 VALUES (1, 1, 'TF1', '{}', 0);
INSERT INTO measure (id, municipality_id, field_id, code, title, description, lead_office,
 one_off_eur, details, position) VALUES (1, 1, 1, 'M1', '{}', '{}', '{}', 9000, '{}', 0);
INSERT INTO poll (id, municipality_id, body_id, title, method, settings, secrecy, state, opens_at,
 closes_at, closed_at, result) VALUES
 (1, 1, 1, '{"de": "Läuft"}', 'dots', '{"dots": 3, "max_per_option": 2, "totals": false,
  "late": [1]}', 'open', 'open', '2027-01-12 08:00:00', '2027-01-19 17:00:00', NULL, 'null'),
 (2, 1, 1, '{"de": "Vorbei"}', 'dots', '{"dots": 3, "max_per_option": 2, "totals": true}', 'open',
  'closed', '2027-01-02 08:00:00', '2027-01-09 17:00:00', '2027-01-09 17:00:00',
  '{"method": "dots", "secret": false, "withheld": false, "dots": 3, "max_per_option": 2,
  "seats": 1, "cast": 1, "late": 0, "needed": 1, "places": [{"option": 2, "rank": 1,
  "shared": false, "score": "2", "seats": 1}], "tiebreak_used": false,
  "closes_at": "2027-01-09T17:00:00+00:00", "closed_at": "2027-01-09T17:00:00+00:00",
  "early": "", "receipts": [], "digest": "abc"}');
INSERT INTO poll_option (id, municipality_id, poll_id, position, label, measure_id) VALUES
 (1, 1, 1, 0, '{"de": "Rad"}', 1), (2, 1, 2, 0, '{"de": "Dach"}', NULL);
INSERT INTO roll_seat (poll_id, seat_id, municipality_id, voted_as) VALUES (1, 1, 1, 0);
INSERT INTO ballot (key, municipality_id, poll_id, voter, value)
 VALUES ('k', 1, 1, '1', '{"1": 2}');
INSERT INTO posted (id, municipality_id, platform, place, message, language, board_kind, board_id,
 actions, labels, gone) VALUES (1, 1, 'telegram', '5', '7', 'de', 'ballot', 1, '[]', '[]', false)
"""


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database as the version before had it, with a running and a closed poll."""
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/b.sqlite3" if sqlite else request.getfixturevalue("postgres_url")
    db = Database(url)
    with db.engine.connect().execution_options(bare=True) as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, BEFORE)
        for statement in _OLD.split(";\n"):
            connection.exec_driver_sql(statement)
        connection.commit()
    upgrade(db)
    yield db
    db.close()


def test_a_running_poll_goes_on_by_the_rules_of_its_opening(old: Database) -> None:
    with old.read() as tx:
        poll = tx.get_one(Poll, 1)
        assert poll.settings == {"dots": 3, "max_per_option": 2} and poll.late == [1]
        assert poll.rules == {"quorum": "half", "running_totals_visible": False}
        assert totals(tx, poll) is None and not poll.formal
        assert ballots.counted(tx, poll) == [Counted(1, {"1": 2})]
        (option,) = polls.options(tx, 1)
        assert (option.code, option.cost) == ("M1", 9000)
        assert poll_facts(tx, poll).voted == 1


def test_an_announced_result_reads_as_before(old: Database) -> None:
    with old.read() as tx:
        facts = result_facts(tx, tx.get_one(Poll, 2))
    assert facts is not None and facts.published and facts.digest == "abc"
    assert facts.counts["places"][0]["score"] == "2" and facts.settings["dots"] == 3
    assert facts.label(2) == {"de": "Dach"} and facts.quorate


def test_cards_with_buttons_of_the_earlier_version_are_drawn_anew(old: Database) -> None:
    with old.read() as tx:
        assert tx.get_one(Posted, 1).stale_at is not None
        assert tx.execute(text("SELECT count(*) FROM conflict")).scalar_one() == 0
