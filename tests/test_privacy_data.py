"""What is stored about a person: every table is known, and everybody may read their own."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest
from sqlalchemy import Column, MetaData, Table
from sqlmodel import SQLModel

from handlers.chat import Text
from handlers.privacy.documents import FIELDS, Section, as_json, page
from storage import invitations, personal_data
from storage.models import Person, WebMessage
from tests.messenger import Meeting
from tests.polling import GROUP, close_poll, open_poll
from tests.world import MORNING, Somebody, Town

_ACCOUNTS = ("external_id", "account", "author")
"""Columns that hold an account's own id."""


def unaccounted(metadata: MetaData) -> list[str]:
    """One sentence for each table that the registry does not account for."""
    kept = {entry.table for entry in personal_data.KEPT}
    found = []
    for name, table in metadata.tables.items():
        refers = {key.column.table.name for key in table.foreign_keys} & {"person", "account"}
        named = [c.name for c in table.columns if c.name in _ACCOUNTS]
        if name not in kept and name not in personal_data.NOBODY:
            found.append(f"storage/personal_data.py does not say what {name} keeps of a person.")
        elif name not in kept and (refers or (named and name != "channel")):
            found.append(f"{name} leads to people: it needs a Kept in storage/personal_data.py.")
    return found


def test_every_table_says_what_it_keeps_of_a_person() -> None:
    assert unaccounted(SQLModel.metadata) == []
    told = [*(entry.table for entry in personal_data.KEPT), *personal_data.NOBODY]
    assert sorted(told) == sorted(SQLModel.metadata.tables)


@pytest.mark.parametrize("column", ["external_id", "account", "anything"])
def test_a_new_table_without_an_entry_is_named_in_one_sentence(column: str) -> None:
    metadata = MetaData()
    Table("meeting_reply", metadata, Column(column))
    [complaint] = unaccounted(metadata)
    assert "meeting_reply" in complaint


# --- the files -----------------------------------------------------------------------------


async def my_data(who: Somebody, command: str = "/meinedaten") -> tuple[str, dict[str, Any]]:
    """What the page says, without tags, and the JSON."""
    await who.says(command)
    files = [m for m in who.town.all(WebMessage, place=who.who) if "file" in (m.content or {})]
    html, data = sorted(files, key=lambda m: m.id)[-2:]
    assert html.content["file"]["name"].endswith(".html")
    assert data.content["file"]["name"].endswith(".json")
    assert html.data is not None and data.data is not None
    text = re.sub(r"<[^>]+>", "\n", html.data.decode())
    return unescape(text), json.loads(data.data)


async def test_everybody_gets_what_is_stored_about_them(any_town: Town) -> None:
    town = any_town
    with town.db.begin() as tx:
        person = tx.get_one(Person, town.one(Person, key="sg-08").id)
        code = invitations.create(tx, person.id, town.id, town.now)
    await town.group_a.says("/datenschutz")
    await open_poll(town)
    await town.group_a.press("Photovoltaik")
    text, data = await my_data(town.group_a)
    tables = data["tables"]
    assert set(tables) == {entry.table for entry in personal_data.KEPT}
    assert tables["person"][0]["name"]["de"] == "Vertretung Stadtratsfraktion A"
    assert [a["account"] for a in tables["account"]] == ["sg-08"]
    assert tables["ballot"][0]["option"]["de"].startswith("Photovoltaik")
    [line] = tables["roll_person"]
    assert line["voted"] and line["voted_by_me"] and line["poll_state"] == "open"
    assert tables["notice_shown"] and tables["web_message"] and tables["outbox"]
    assert len(tables["invitation"]) == 1 and code not in text + json.dumps(data)
    for words in (
        "Was über mich gespeichert ist",
        "Stadt Ilmbrück",
        "Vertretung Stadtratsfraktion A",
        "Steuerungsgruppe",
        "Ihre offenen Stimmzettel",
        "Photovoltaik",
        "12.01.2027",
        "Nichts gespeichert ist unter",
    ):
        assert words in text, words


async def test_nothing_of_others_is_in_it(town: Town) -> None:
    await open_poll(town)
    await town.group_a.press("Photovoltaik")
    await town.group_b.press("Photovoltaik")
    _, data = await my_data(town.school)
    assert data["tables"]["ballot"] == []
    for table in ("account", "notice_shown", "outbox", "posted", "inbox"):
        assert "sg-08" not in json.dumps(data["tables"][table]), table
    deputy_sees = (await my_data(town.group_a_deputy))[1]["tables"]
    assert deputy_sees["ballot"] == [] and not deputy_sees["roll_person"][0]["voted_by_me"]


@pytest.mark.parametrize("closed", [False, True])
async def test_a_secret_choice_is_never_in_it(town: Town, closed: bool) -> None:
    await open_poll(town, secret=True)
    for who in (town.group_a, town.group_b, town.nature_club, town.school):
        await who.press("Photovoltaik")
    if closed:
        await close_poll(town)
    text, data = await my_data(town.group_a)
    assert data["tables"]["ballot"] == [] and data["tables"]["roll_person"][0]["voted"]
    assert "Photovoltaik" not in json.dumps(data["tables"]["roll_person"], ensure_ascii=False)
    assert "geheim" in text


async def test_it_is_sent_into_the_direct_chat_only(town: Town) -> None:
    answer = await town.group_a.says("/meinedaten", at=GROUP)
    assert "meine-daten" not in answer
    assert not [m for m in town.all(WebMessage) if "file" in (m.content or {})]
    await town.somebody("gast").says("/meinedaten")
    assert not [m for m in town.all(WebMessage) if "file" in (m.content or {})]


async def test_it_speaks_the_persons_language(town: Town) -> None:
    text, _ = await my_data(town.one_world_club, "/mydata")
    assert "What is stored about me" in text and "Linked accounts" in text
    text, _ = await my_data(town.seniors)
    assert "Das ist über mich gespeichert" in text


async def test_a_messengers_chat_gets_both_files(town: Town) -> None:
    meeting = Meeting(town.db)
    meeting.link("group_a")
    await meeting.types("group_a", "/meinedaten")
    assert [s.kind for s in meeting.at("d-group_a")] == ["file", "file"]


async def test_every_field_of_every_table_has_a_name(town: Town) -> None:
    await open_poll(town)
    await town.group_a.says("/datenschutz")
    await town.group_a.press("Photovoltaik")
    await town.coordination.says("/abstimmung")
    await town.coordination.press("Neue Abstimmung vorbereiten")
    names = set()
    for who in (town.group_a, town.coordination):
        _, data = await my_data(who)
        names |= {name for rows in data["tables"].values() for row in rows for name in row}
    assert {"option", "given", "poll"} <= names <= set(FIELDS)


def test_what_people_typed_is_only_ever_text_in_the_page() -> None:
    nasty = "<script>alert(1)</script>&<b>"
    section = Section(
        "x", Text("privacy.of_person"), None, [{"text": nasty, "given": {"a": nasty}}]
    )
    made = page([section], lambda text: str(text.args.get("text", "Wort")), "T", MORNING, "de")
    assert b"<script>" not in made and b"&lt;script&gt;" in made
    assert json.loads(as_json([section], "T", MORNING))["tables"]["x"][0]["text"] == nasty
